"""The texts in templates/en/chat: each is used, has the facts that it names, offers only
commands, and fits on a phone.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
from jinja2 import meta

from bot.declaring.command import commands, group_by_topic, list_commands
from bot.parser import NotUnderstood, understand
from messages.languages import FIRST
from messages.languages import FOLDER as LANGUAGES
from messages.message import units
from messages.render import Reader, environment, words
from services.ground.refusals import Refusal
from tests.messages import largest, largest_digest

ROOT = Path(__file__).parent.parent.parent
FOLDER = LANGUAGES / FIRST / "chat"
TEMPLATES = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.txt"))
SPEAKERS = {"say", "ask", "render", "words", "notice", "garmin_notice"}
NOT_FACTS = {"buttons", "choices", "picture", "chart", "approved", "about", "says", "short"}
MOST_PLAIN, MOST_DIGEST, MOST_WITH_MORE = 700, 960, 1_024

FACTS = largest.FACTS | largest_digest.FACTS
OTHERWISE = largest.OTHERWISE | largest_digest.OTHERWISE


@dataclass(frozen=True)
class Saying:
    """A call that uses a template: its name, or a pattern of names, and the facts that are passed."""

    template: str
    where: str
    given: frozenset[str]
    is_complete: bool

    @property
    def names(self) -> list[str]:
        return [name for name in TEMPLATES if fnmatch(name, self.template)]


@cache
def sayings() -> list[Saying]:
    files = [path for room in ("bot", "services", "jobs", "messages") for path in (ROOT / room).rglob("*.py")]
    return [saying for path in files for saying in _sayings(path)]


def _sayings(path: Path) -> Iterator[Saying]:
    for call in ast.walk(ast.parse(path.read_text())):
        if not isinstance(call, ast.Call):
            continue
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if called in SPEAKERS and call.args:
            given = frozenset(keyword.arg for keyword in call.keywords if keyword.arg)
            is_complete = all(keyword.arg for keyword in call.keywords)
            for name in _names(call.args[0]):
                yield Saying(name, f"{path.relative_to(ROOT)}:{call.lineno}", given, is_complete)


def _names(said: ast.expr) -> list[str]:
    """Return a text as it is, an f-string as a pattern, and all texts in any other expression."""
    if isinstance(said, ast.Constant) and isinstance(said.value, str):
        return [said.value]
    if isinstance(said, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in said.values)]
    return []


def texts_in_code() -> set[str]:
    """Return every text in the code that is the name of a template."""
    files = [path for room in ("bot", "services", "jobs", "messages", "web") for path in (ROOT / room).rglob("*.py")]
    nodes = (node for path in files for node in ast.walk(ast.parse(path.read_text())))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text.removesuffix(".txt") for text in texts} & set(TEMPLATES)


def source(template: str) -> str:
    return (FOLDER / f"{template}.txt").read_text()


def needed(template: str) -> set[str]:
    return meta.find_undeclared_variables(environment().parse(source(template))) - {"reader"}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_begins_with_the_facts_it_needs(template: str) -> None:
    environment().get_template(f"{template}.txt")  # an unknown filter is an error here
    first = re.match(r"\{# facts: (.+) #\}\n", source(template))
    assert needed(template) == (set(first[1].split(", ")) if first else set())


def test_what_is_said_exists() -> None:
    assert [saying for saying in sayings() if not saying.names] == []
    assert len(sayings()) > 30


def test_a_template_is_given_the_facts_it_needs_and_no_others() -> None:
    wrong = [
        (saying.where, name)
        for saying in sayings()
        for name in saying.names
        if saying.is_complete and "*" not in saying.template and saying.given - NOT_FACTS != needed(name)
    ]
    assert wrong == []


def test_no_template_is_unused() -> None:
    said = {name for saying in sayings() for name in saying.names} | texts_in_code()
    said |= {refusal.template() for refusal in Refusal.__subclasses__()}
    said |= {name for each in TEMPLATES for name in re.findall(r'\{% include "(.+?)\.txt" %\}', source(each))}
    assert set(TEMPLATES) - said == set()


def test_every_refusal_that_is_raised_has_its_text() -> None:
    rooms = ("bot", "services", "jobs")
    code = "\n".join(path.read_text() for room in rooms for path in (ROOT / room).rglob("*.py"))
    raised = {each for each in Refusal.__subclasses__() if re.search(rf"raise {each.__name__}\b", code)}
    assert len(raised) > 10
    assert {each.template() for each in raised} - set(TEMPLATES) == set()


def test_everything_a_command_must_be_told_has_its_question() -> None:
    asked = {f"{each.topic}/ask_{arg.name}" for each in list_commands() for arg in each.arguments if arg.required}
    assert asked - set(TEMPLATES) == set()


def offered(template: str) -> list[str]:
    """Return the bold texts that begin with the name of a command."""
    bold = re.findall(r"(?<!\w)[*_]([^*_{}\n]+)[*_](?!\w)", re.sub(r"\{[#%].*?[#%]\}", "", source(template)))
    names = [name for name in commands if name.isalnum() or " " in name]
    return [each for each in bold if any(re.match(rf"{re.escape(name)}\b", each) for name in names)]


@pytest.mark.parametrize("template", [name for name in TEMPLATES if offered(name)])
def test_every_command_that_is_offered_in_bold_is_understood(template: str) -> None:
    lines = [line.replace("CODE", "K7QX2M").removesuffix(" tells more.") for line in offered(template)]
    assert [line for line in lines if isinstance(understand(line), NotUnderstood)] == []


def test_commands_are_offered_in_bold() -> None:
    assert sum(len(offered(name)) for name in TEMPLATES) > 40
    assert {"me run march", "use 2", "mute 4 weeks"} <= set(offered("start/help"))


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_longest_names_and_the_largest_figures_fit_on_a_phone(template: str) -> None:
    """A reply without picture or buttons is so short that WhatsApp shows it without "Read more"."""
    more = [saying for saying in sayings() if template in saying.names and saying.given & NOT_FACTS]
    most = MOST_WITH_MORE if more else MOST_PLAIN
    for facts in (FACTS, FACTS if template.startswith("words/") else FACTS | OTHERWISE):
        text = words(template, Reader(), **{name: facts[name] for name in needed(template)})
        assert 1 <= units(text) <= most, text
        assert "  " not in text
        assert "None" not in text


@pytest.mark.parametrize("declared", list_commands(), ids=lambda each: each.name)
def test_the_help_about_each_command_is_short(declared: object) -> None:
    assert units(words("start/help_command", Reader(), command=declared)) <= 300


@pytest.mark.parametrize("topic", group_by_topic())
def test_the_help_about_each_topic_fits_on_a_phone(topic: str) -> None:
    command = commands.get(topic)
    others = [each for each in group_by_topic()[topic] if each is not command]
    text = words("start/help_topic", Reader(), topic=topic, command=command, neighbours=others)
    assert 1 <= units(text) <= MOST_PLAIN


def test_the_help_fits_on_a_phone() -> None:
    """The screen of a phone shows about 20 lines of 45 characters."""
    text = words("start/help", Reader(), topic=None, topics=list(group_by_topic()))
    assert units(text) <= MOST_PLAIN
    assert sum(-(-len(line) // 45) or 1 for line in text.splitlines()) <= 22


def test_a_guess_that_is_named_leaves_room_for_the_longest_digest() -> None:
    note = words("start/guessed", Reader(), typed="digest schedul", name="digest")
    assert units(note) + 1 + MOST_DIGEST <= MOST_WITH_MORE
