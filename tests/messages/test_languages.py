"""A language consists of a folder of texts, and a folder of the words that members write."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

import pytest
from jinja2 import Environment, meta

from bot import commands as _declared  # noqa: F401 - importing declares them
from bot.declaring.command import list_commands
from bot.languages import lists as read
from bot.parser import Understood, understand
from bot.words.lines import normalise_word
from messages import languages
from messages.message import MOST_LABEL, units
from messages.render import Offer, Reader, environment, label
from tests.imports import ROOT
from tests.patience import AT_MOST

ENGLISH = languages.FOLDER / languages.FIRST
LONGEST = 99_999
PARTS = {"chat", "pages", "approved", "labels.toml", "help.toml", "language.toml"}


def named_in_code() -> Iterator[str]:
    """Yield the names of labels that the code uses; a pattern if the code puts a name together."""
    for path in (file for room in ("bot", "services", "jobs", "messages") for file in (ROOT / room).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and call.args:
                called = ast.unparse(call.func)
                if called in {"Offer", "turn.label"} or called.endswith(".button"):
                    yield from _patterns(call.args[0])


def _patterns(name: ast.expr) -> list[str]:
    if isinstance(name, ast.Constant):
        return [str(name.value)]
    if isinstance(name, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in name.values)]
    return []


def texts_in_code() -> set[str]:
    files = (file for room in ("bot", "services", "jobs", "messages") for file in (ROOT / room).rglob("*.py"))
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_label_that_is_asked_for_is_there() -> None:
    there = languages.labels(languages.FIRST)
    asked = list(named_in_code())
    assert len(asked) > 60
    assert [name for name in asked if not any(fnmatch(each, name) for each in there)] == []


def test_no_label_is_unused() -> None:
    said, patterns = texts_in_code(), [name for name in named_in_code() if "*" in name]
    unused = [each for each in languages.labels(languages.FIRST) if each not in said]
    assert [each for each in unused if not any(fnmatch(each, name) for name in patterns)] == []


@pytest.mark.parametrize("code", languages.languages())
def test_every_label_fits_on_a_button(code: str) -> None:
    names = languages.labels(code)
    assert {name for name in names if not 1 <= units(label(name, Reader(code), LONGEST)) <= MOST_LABEL} == set()
    assert Offer("challenge", "challenge 7", 7).button(Reader(code)).says == "challenge 7"


def faults(folder: Path, code: str) -> list[str]:
    """Return what is wrong with a language's folder, compared with the English one."""
    mine, english = folder / code, folder / languages.FIRST
    found = [f"{path.name} is no part of a language" for path in mine.iterdir() if path.name not in PARTS]
    texts = {path.relative_to(mine): path for path in mine.rglob("*") if path.suffix in {".txt", ".html", ".json"}}
    found += [f"nobody says {name}" for name in texts if not (english / name).exists()]
    for name, path in texts.items():
        if path.suffix == ".txt" and (english / name).exists():
            more = _facts(path) - _facts(english / name)
            found += [f"{name} asks for {fact}" for fact in sorted(more)]
        if path.suffix == ".json" and (english / name).exists():
            found += [] if _samples(path) == _samples(english / name) else [f"{name} has other values"]
    return found


def _facts(path: Path) -> set[str]:
    made = Environment()
    made.filters.update(environment().filters)
    return set(meta.find_undeclared_variables(made.parse(path.read_text()))) - {"reader"}


def _samples(path: Path) -> set[str]:
    return set(json.loads(path.read_text())["samples"])


def test_every_language_says_what_english_says() -> None:
    assert {code: faults(languages.FOLDER, code) for code in languages.languages()} == {
        code: [] for code in languages.languages()
    }
    names = {command.name for command in list_commands()}
    for code in languages.languages():
        assert languages.labels(code).keys() == languages.labels(languages.FIRST).keys()
        assert languages.help_of(code).keys() <= names


def test_a_fault_in_a_language_is_told(tmp_path: Path) -> None:
    for name, text in {
        "en/chat/goals/dropped.txt": "Dropped.",
        "xx/chat/goals/dropped.txt": "{{ goal }}",
        "xx/chat/goals/new.txt": "Neu",
        "xx/texts.toml": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    told = sorted(faults(tmp_path, "xx"))
    assert told == [
        "chat/goals/dropped.txt asks for goal",
        "nobody says chat/goals/new.txt",
        "texts.toml is no part of a language",
    ]


def find_words_without_effect(means: Mapping[str, str], names: set[str]) -> list[str]:
    """Return the words of a `means.toml` that no typed word can match, and those whose meaning would not be read."""
    odd = [word for word in means if len(word.split()) != 1 or normalise_word(word) != word]
    return odd + [word for word, meant in means.items() if len(meant.split()) != 1 and meant not in names]


def test_words_of_a_language_can_be_typed_and_mean_something() -> None:
    names = {name for command in list_commands() for name in command.names}
    assert {code: find_words_without_effect(read.read_meanings(code), names) for code in languages.languages()} == {
        code: [] for code in languages.languages()
    }
    odd = {"Mai": "may", "große": "big", "guten tag": "hi", "hm": "m climb", "ziel!": "goal"}
    good = {"gruppenziel": "group goal", "märz": "march", "grosse": "big"}
    assert find_words_without_effect(odd | good, names) == ["Mai", "große", "guten tag", "ziel!", "hm"]


def test_members_write_only_languages_that_they_are_written_to_in() -> None:
    written = {path.name for path in read.FOLDER.iterdir() if path.is_dir() and not path.name.startswith("__")}
    assert {languages.FIRST} <= written <= set(languages.languages())


SAYS = """
from messages.render import Offer, Reader, label, render, words
from messages.languages import approved_name, language_of, languages
from bot.words.lines import normalise_line
xx, eo = Reader("xx"), Reader("eo")
print("xx" in languages(), language_of("xx_AT"), language_of("eo"))
print(render("goals/dropped", xx, buttons=[Offer("my_week", "me"), Offer("undo", "undo")]).offers)
print(words("goals/dropped", xx), "|", words("words/metric", xx, metric="time"), "|", words("goals/dropped", eo))
print(render("goals/dropped", xx).language, approved_name("digest_ready", "xx"), approved_name("garmin_notice", "xx"))
print(normalise_line("Meine Woche", "xx"), "|", normalise_line("Meine Woche"))
"""


def test_a_language_is_added_by_its_two_folders(tmp_path: Path) -> None:
    """In a copy of the project, because the list of languages is read only once."""
    for room in ("messages", "templates", "bot/languages", "bot/words", "fitness"):
        shutil.copytree(ROOT / room, tmp_path / room)
    (tmp_path / "bot" / "__init__.py").write_text("")
    for name, text in {
        "templates/xx/chat/goals/dropped.txt": "Das Ziel ist weg.",
        "templates/xx/labels.toml": 'my_week = "Meine Woche"',
        "templates/xx/approved/digest_ready.json": (ENGLISH / "approved" / "digest_ready.json").read_text(),
        "bot/languages/xx/means.toml": 'meine = "my"\nwoche = "week"',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", SAYS], cwd=tmp_path, capture_output=True, text=True, timeout=AT_MOST, check=False
    )
    assert done.stdout.splitlines() == [
        "True xx en",
        "[('Meine Woche', 'me'), ('Undo', 'undo')]",
        f"Das Ziel ist weg. | by time | {(ENGLISH / 'chat' / 'goals' / 'dropped.txt').read_text().strip()}",
        "xx digest_ready_xx garmin_notice",
        "my week | meine woche",
    ], done.stderr


def copy_house(to: Path, files: dict[str, str]) -> None:
    """Make a copy of the house in which these files of a language are, too; what is not changed is only linked."""
    for each in [*ROOT.glob("*.py"), *(path.parent for path in ROOT.glob("*/__init__.py"))]:
        if each.name != "bot":
            (to / each.name).symlink_to(each)
    (to / "pyproject.toml").symlink_to(ROOT / "pyproject.toml")
    shutil.copytree(ROOT / "templates", to / "templates")
    shutil.copytree(ROOT / "bot", to / "bot")
    for name, text in files.items():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_text(text, encoding="utf-8")


def run_in(house: Path, *arguments: str) -> str:
    """Run Python in a copy of the house, and return what it prints."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=house, capture_output=True, text=True, timeout=AT_MOST, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


GERMAN = {
    "templates/xx/chat/goals/dropped.txt": "Das Ziel ist weg.",
    "bot/languages/xx/means.toml": 'hilfe = "help"\nziel = "goal"\ngruppenziel = "group goal"\ngruppen = "groups"',
}

HELPS = """
from types import SimpleNamespace
from bot.commands.start import explain
from bot.explained import explain_reading
turn = SimpleNamespace(is_in_doubt=False, member=SimpleNamespace(locale="xx"))
turn.say = lambda text, **facts: (text, facts.get("topic"), getattr(facts.get("command"), "name", None))
for topic in ("Ziel", "Gruppenziel?", "gruppen", "group goal", "Fahrrad"):
    print(*explain(turn, topic=topic))
print(explain_reading("Gruppenziel", "xx")["command"])
"""


def test_help_knows_commands_and_topics_by_their_words_in_the_language(tmp_path: Path) -> None:
    copy_house(tmp_path, GERMAN)
    assert run_in(tmp_path, "-c", HELPS).splitlines() == [
        "start/help_command None goal",
        "start/help_command None group goal",
        "start/help_topic groups groups",
        "start/help_command None group goal",
        "start/help Fahrrad None",
        "group goal",
    ]


def test_a_line_is_read_in_english_whatever_language_its_writer_chose() -> None:
    assert isinstance(understand("leaderboard last week", "de"), Understood)
    assert understand("leaderboard last week", "de") == understand("leaderboard last week")
