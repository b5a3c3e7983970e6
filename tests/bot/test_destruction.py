"""Commands that destroy something run only if they are typed exactly, whatever else is in the line."""

import os
import random
import re
import string

import pytest

from bot import commands as _declared  # noqa: F401 - importing declares them
from bot.declaring.command import commands, list_commands
from bot.explained import explain_reading
from bot.parser import NotUnderstood, Understood, Unfinished, understand
from bot.reading.command_names import COURTESY
from bot.reading.intents import NOTHING, read_sentences
from bot.reading.phrases import FRAMES, SENTENCES
from bot.words.lines import normalise_line
from tests.bot.test_kept import kept

NAMES = sorted({name for each in list_commands() if each.destructive for name in each.names})
WORDS = """
please now later lol everyone tomorrow my his that the run group me it dev @Dev Anna yes no not don't why should can i
you we stop leave kick ban delete erase end quit transfer remove 2 👍 challenge account data
""".split()  # noqa: SIM905 - so many words in quotes would read worse


def gaps() -> list[tuple[str, str]]:
    """Return the frames of destructive commands, as the text before and after the gap."""
    frames = [frame for framed in FRAMES.values() for frame in framed if frame.command in commands]
    return [(" ".join(frame.before), " ".join(frame.after)) for frame in frames if commands[frame.command].destructive]


GAPS = gaps()
# What may come before such a line: a greeting, and words of a wish.
LEAD = re.compile(
    r"^(?:(?:hey|hi|hello|ok|okay|so|well|yes|yeah|yep|sure|right|bot|gruppetto|please|pls|plz|just|now|and|but|i|we|want"
    r"|wanna|would|like|need|to|i'd|id|we'd|let's|lets|lemme|let|me|can|could|will|you|u|i'm|going|i'll|is|it|possible"
    r"|kindly|how|where|do|see|find|check|view|should|love|prefer|wish|dear|wonder|wondering|if|whether|might|may|possibly"
    r"|perhaps|maybe|kind|good|as|be|for|it|was|am|grateful|glad|happy|pleased|very|really|appreciate|trouble|ask|morning"
    r"|afternoon|evening|day) )+"
)


def is_to_the_letter(line: str) -> bool:
    """Return whether a line, also after words of a wish, begins with a destructive name or fits a destructive frame."""
    words = [word for word in normalise_line(line).replace("’", "'").split() if any(map(str.isalnum, word))]
    while words and words[-1] in COURTESY:
        words.pop()
    plain = " ".join(words)
    bare = re.sub(r"\b(?:the|a|an|my|our|new|all) ", "", f"{plain} ").strip()
    short = [LEAD.sub("", f"{each} ").strip() for each in (plain, bare)]
    return any(
        f"{each} ".startswith(tuple(f"{name} " for name in NAMES))
        or any(
            f"{each} ".startswith(f"{before} ") and f" {each}".endswith(f" {after}".rstrip()) for before, after in GAPS
        )
        or (each in SENTENCES and commands[SENTENCES[each]].destructive)
        for each in (plain, bare, *short)
    )


def destroys(line: str) -> bool:
    reading = understand(line)
    return isinstance(reading, Understood | Unfinished) and reading.command.destructive


def mutated(line: str, luck: random.Random) -> str:
    """Return a line with one or two slips: a letter left out, doubled, swapped or wrong; a word
    added, left out or moved.
    """
    for _ in range(luck.choice((1, 1, 2, 3))):
        i = luck.randrange(len(line) + 1)
        words = line.split()
        j = luck.randrange(len(words) + 1) if words else 0
        changed = (
            line[:i] + line[i + 1 :],
            line[:i] + line[i : i + 1] * 2 + line[i + 1 :],
            line[:i] + line[i + 1 : i + 2] + line[i : i + 1] + line[i + 2 :],
            line[:i] + luck.choice(string.ascii_lowercase) + line[i + 1 :],
            " ".join([*words[:j], luck.choice(WORDS), *words[j:]]),
            " ".join([*words[:j], *words[j + 1 :]]),
            " ".join(luck.sample(words, len(words))),
        )
        line = luck.choice(changed) or line
    return line


def test_nothing_that_friends_say_means_what_could_destroy_something() -> None:
    meant = {meaning.command for meaning, _ in read_sentences()} - {NOTHING}
    assert not [name for name in meant if commands[name].destructive]
    lines = [line.replace("@…", "Anna") for _, line in read_sentences()]
    assert [line for line in lines if destroys(line) and not is_to_the_letter(line)] == []


def test_no_slip_in_any_sentence_runs_what_could_destroy_something() -> None:
    """FUZZ_LINES sets the number of lines."""
    luck = random.Random(20_261_126)
    lines = [each.line for each in kept()] + [line.replace("@…", "anna") for _, line in read_sentences()] + NAMES * 20
    lines = [mutated(line, luck) for line in luck.choices(lines, k=int(os.environ.get("FUZZ_LINES", "1500")))]
    destroyed = [line for line in lines if destroys(line)]
    assert len(destroyed) > 20, "names to the letter are among them"
    assert [line for line in destroyed if not is_to_the_letter(line)] == []


@pytest.mark.parametrize(
    "line",
    [
        "erase it", "should I leave?", "stop it lol", "delete my last activity?", "ban plastic",
        "kick off at 8",
        "leave me alone", "how do I leave?", "reset", "delete everything", "dont stop", "end of story", "delete em",
        "leav group", "unlnik", "stop beating me sam", "transfer me some points",
    ],
)  # fmt: skip
def test_lines_that_only_sound_like_it_run_nothing_destructive(line: str) -> None:
    assert not destroys(line)
    assert not any(commands[each].destructive for each in explain_reading(line)["choices"] if each in commands)
    assert isinstance(understand(line), NotUnderstood | Understood)


@pytest.mark.parametrize("line", ["erase", "Delete", "delete!", "wipe please"])
def test_a_lone_erase_runs_nothing_and_offers_what_may_be_erased(line: str) -> None:
    found = explain_reading(line)
    assert found["command"] is None
    assert found["choices"] == ["exclude", "delete me", "unlink"]


@pytest.mark.parametrize(
    ("line", "never"),
    [
        ("That activity is right, please count it", "exclude"),
        ("I want that nobody sees me", "unhide"),
        ("who can see my steps", "share"),
        ("invite for 10 people for a week", "settings"),
        ("bring activity 1 back", "settings"),
        ("Please would you kick off the meeting, Anna", "kick"),
        ("please kick the habit", "kick"),
        ("please leave Anna alone", "leave"),
    ],
)
def test_nothing_runs_that_is_the_opposite_of_what_was_said_or_was_only_asked(line: str, never: str) -> None:
    assert explain_reading(line)["command"] != never


def test_a_polite_wish_about_one_person_is_heard_like_the_command() -> None:
    for line in ("please ban Colin", "Kindly kick Colin", "Could you please decline Gary", "Can you kick Gary please?"):
        found = explain_reading(line)
        assert found["command"] in {"ban", "kick", "decline"}
        assert found["arguments"]["who"] in {"Colin", "Gary"}


@pytest.mark.parametrize("line", ["end of", "quit by", "end of the road", "stop for the", "revoke to"])
def test_a_part_of_a_sentence_stops_nothing(line: str) -> None:
    assert explain_reading(line)["command"] != "stop"


@pytest.mark.parametrize(
    "line", ["rename the file to Foo", "describe yourself", "describe the weather", "rename my dog"]
)
def test_what_is_renamed_or_described_is_the_group_and_nothing_else(line: str) -> None:
    assert not destroys(line)


def test_a_please_is_nobody_s_name() -> None:
    assert explain_reading("leave please")["arguments"] == {}
