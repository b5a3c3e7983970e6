"""A line is read as a command with arguments, or as a question, or is not understood."""

import os
import random
import sys
import time
from datetime import time as clock
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import commands as _declared  # noqa: F401 - importing declares them
from bot.arguments import Newest, Off, Yes
from bot.declaring.command import Allowed, Command, command, commands, list_commands
from bot.parser import NotUnderstood, Understood, Unfinished, is_command, understand
from bot.words.lines import normalise_line
from fitness.impossible import Impossible, Wrong
from fitness.metrics import Metric
from fitness.periods import LAST_WEEK, THIS_WEEK
from fitness.sports import Sport
from messages.message import Message

DESTRUCTIVE = {"leave", "stop", "cancel", "challenge end"}


def told(line: str) -> tuple[str, dict[str, Any]]:
    """Return the command's name and its arguments."""
    reading = understand(line)
    assert isinstance(reading, Understood), reading
    assert reading.guessed is None
    return reading.command.name, reading.arguments


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("leaderboard", "leaderboard"),
        ("LeaderBoard", "leaderboard"),
        ("  lb  ", "leaderboard"),
        ("/leaderboard", "leaderboard"),
        ("!lb", "leaderboard"),
        ("/ lb", "leaderboard"),
        ("leaderboard!!!", "leaderboard"),
        ("leaderboard?", "leaderboard"),
        ("“leaderboard”", "leaderboard"),
        ("*leaderboard*", "leaderboard"),
        ("leaderboard, please", "leaderboard"),
        ("leaderboard 🏆", "leaderboard"),
        ("🏆🏆 leaderboard", "leaderboard"),
        ("leaderboard\u200f", "leaderboard"),
        ("\u202bleaderboard\u202c", "leaderboard"),
        ("leader\u200bboard", "leaderboard"),
        ("leader\xadboard", "leaderboard"),
        ("\ufeffleaderboard", "leaderboard"),
        ("ｌｅａｄｅｒｂｏａｒｄ", "leaderboard"),
        ("leaderboard\x00", "leaderboard"),
        ("lb\nthe", "leaderboard"),
        ("link\u00a0garmin", "link garmin"),
        ("hi 👋", "start"),
        ("hello there!", "start"),
        ("stop digest", "mute"),
        ("stop", "stop"),
        ("stop now", "stop"),
        ("start group Nine", "new group"),
        ("link invite", "invite"),
        ("link", "link garmin"),
        ("digest schedule", "schedule"),
        ("digest", "digest"),
        ("my week", "me"),
        ("?", "help"),
        ("??", "help"),
        ("?!", "help"),
        ("never mind", "cancel"),
    ],
)
def test_a_command_is_found_by_its_names_however_they_are_dressed(line: str, name: str) -> None:
    assert told(line)[0] == name


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("lb", {}),
        ("lb distance", {"metric": Metric.DISTANCE}),
        ("lb distance run last week", {"metric": Metric.DISTANCE, "sport": Sport.RUN, "period": LAST_WEEK}),
        ("lb last week run distance", {"metric": Metric.DISTANCE, "sport": Sport.RUN, "period": LAST_WEEK}),
        (
            "lb for running by km, last week please",
            {"metric": Metric.DISTANCE, "sport": Sport.RUN, "period": LAST_WEEK},
        ),
        ("stats swim", {"sport": Sport.SWIM}),
        ("me this week", {"period": THIS_WEEK}),
        ("schedule sun 18:00", {"day": 6, "at": clock(18)}),
        ("schedule 6pm on sundays", {"day": 6, "at": clock(18)}),
        ("schedule monday 8am new york", {"day": 0, "at": clock(8), "zone": "America/New_York"}),
        ("schedule Europe/London", {"zone": "Europe/London"}),
        ("schedule off", {"off": Off.OFF}),
        ("mute", {}),
        ("mute 4 weeks", {"weeks": 4}),
        ("mute for 2w", {"weeks": 2}),
        ("mute 2", {"weeks": 2}),
        ("digest last", {"newest": Newest.LAST}),
        ("digest last week", {"period": LAST_WEEK}),
        ("join k7qx2m", {"code": "K7QX2M"}),
        ("join *K7QX2M*.", {"code": "K7QX2M"}),
        ("join code K7QX2M yes", {"code": "K7QX2M", "agreed": Yes.YES}),
        ("join yes K7QX2M 👍", {"code": "K7QX2M", "agreed": Yes.YES}),
        ("leave", {}),
        ("leave yes", {"sure": Yes.YES}),
        ("leave 👍", {"sure": Yes.YES}),
        ("new group Sunday Legends", {"name": "Sunday Legends"}),
        ("new group 🚴🚴", {"name": "🚴🚴"}),
        ("new group Me and the boys!", {"name": "Me and the boys!"}),
        ("new group נבחרת הריצה", {"name": "נבחרת הריצה"}),
        ("use 2", {"wanted": "2"}),
        ("help lb", {"topic": "lb"}),
    ],
)
def test_arguments_are_found_wherever_they_stand(line: str, arguments: dict[str, Any]) -> None:
    assert told(line)[1] == arguments


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("new group", "name"),
        ("create!", "name"),
        ("join", "code"),
        ("join CODE", "code"),
        ("use", "wanted"),
        ("new group ?", "name"),
    ],
)
def test_what_lacks_something_becomes_a_question(line: str, missing: str) -> None:
    reading = understand(line)
    assert isinstance(reading, Unfinished)
    assert reading.missing.name == missing


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("leaderboard", True),
        ("lb distance", True),
        ("🏆 lb", True),
        ("join", True),  # it lacks its code, which is then asked for
        ("lb banana", False),
        ("what is the leaderboard", False),
        ("Sunday Legends", False),
        ("🏆", False),
        ("", False),
    ],
)
def test_only_a_command_with_its_arguments_is_no_answer_to_a_question(line: str, is_one: bool) -> None:
    """While a question such as "What shall the group be called?" waits, any other line is the answer."""
    assert is_command(line) is is_one


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("good morning", "start"),
        ("good morning all", "start"),
        ("hola amigo", "start"),
        ("hello start", "start"),
        ("hello lb", "leaderboard"),
        ("good morning, leaderboard", "leaderboard"),
        ("hi " * 8 + "leaderboard", "leaderboard"),
        ("good morning " * 7 + "leaderboard", "leaderboard"),
        ("show my week", "me"),
        ("show members", "members"),
        ("show Tom", "stats"),
        ("stats run", "stats"),
        ("leave my last run out", "exclude"),
        ("leave out my last run", "exclude"),
        ("nick Wun", "name"),
        ("use miles, not km", "units"),
        ("use the gym", "use"),
    ],
)
def test_greetings_and_sentences_that_begin_like_a_command_are_read_whole(line: str, name: str) -> None:
    assert told(line)[0] == name


@pytest.mark.parametrize("line", ["nice one", "leave the pool", "leave and leaderboard", "lb and leave", "me too"])
def test_what_only_resembles_a_command_runs_nothing(line: str) -> None:
    assert isinstance(understand(line), NotUnderstood)


@pytest.mark.parametrize(
    ("question", "answer", "arguments"),
    [
        ("new group", "Sunday Legends", {"name": "Sunday Legends"}),
        ("join", "k7qx2m", {"code": "K7QX2M"}),
        ("join K7QX2M", "Yes!", {"code": "K7QX2M", "agreed": Yes.YES}),
        ("use", "2", {"wanted": "2"}),
        ("leave", "ok", {"sure": Yes.YES}),
    ],
)
def test_the_next_line_completes_a_question(question: str, answer: str, arguments: dict[str, Any]) -> None:
    assert told(f"{question} {answer}")[1] == arguments


@pytest.mark.parametrize(
    ("line", "strange", "why"),
    [
        ("lb banana", "banana", None),
        ("me tri banana 🍌 split", "banana split", None),
        ("sync 5", "5", None),
        ("join K7QX2", "K7QX2", None),
        ("me 31 february", "", Impossible(Wrong.NO_DAY, "31 february")),
        ("schedule 25:00", "", Impossible(Wrong.NO_CLOCK, "25:00")),
    ],
)
def test_words_that_mean_nothing_to_a_command_are_named(line: str, strange: str, why: Impossible | None) -> None:
    reading = understand(line)
    assert isinstance(reading, NotUnderstood)
    assert (reading.strange, reading.why) == (strange, why)
    assert len(reading.nearest) == 1


@pytest.mark.parametrize(
    ("line", "name"), [("leadrboard", "leaderboard"), ("shedule", "schedule"), ("creat group X", "new group")]
)
def test_a_slip_of_the_finger_is_forgiven(line: str, name: str) -> None:
    reading = understand(line)
    assert isinstance(reading, Understood)
    assert reading.command.name == name
    assert reading.guessed == " ".join(line.split()[: len(reading.guessed.split())])


def slips(word: str) -> set[str]:
    """Return every word that differs from this one by one slip: a letter left out, doubled, swapped
    or replaced by a neighbour.
    """
    pairs = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    left_out = {a + b[1:] for a, b in pairs if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in pairs if len(b) > 1}
    beside = {a + letter + b[1:] for a, b in pairs if b for letter in "aeiopst"}
    doubled = {a + letter + b for a, b in pairs for letter in "aeiopst "}
    return left_out | swapped | beside | doubled


def test_no_slip_of_the_finger_runs_what_could_destroy_something() -> None:
    """FUZZ_LINES sets the number of lines."""
    assert {each.name for each in list_commands() if each.destructive} >= DESTRUCTIVE
    names = {name for each in list_commands() if each.destructive for name in each.names}
    lines = {f"{slip}{end}" for name in names for slip in slips(name) for end in ("", " yes")}
    assert len(lines) > 2_000
    most = min(len(lines), int(os.environ.get("FUZZ_LINES", "2500")))
    ran = {line: understand(line) for line in random.Random(20_261_126).sample(sorted(lines), most)}
    destroyed = {
        line: reading.command.name
        for line, reading in ran.items()
        if isinstance(reading, Understood) and (reading.command.destructive and reading.guessed is not None)
    }
    assert destroyed == {}
    exact = {line for line, reading in ran.items() if isinstance(reading, Understood) and reading.command.destructive}
    spelled = tuple(f"{normalise_line(name)} " for name in names)
    assert {line for line in exact if not f"{normalise_line(line)} ".startswith(spelled)} == set()


def test_what_could_destroy_something_is_not_even_offered() -> None:
    for line in ("stpo", "leav", "cancle everything", "unsubscibe"):
        assert not any(each.destructive for each in understand(line).nearest)


@pytest.mark.parametrize("declared", list_commands(), ids=lambda each: each.name)
def test_a_button_says_what_one_could_type(declared: Command) -> None:
    for line in declared.examples:
        button = declared.button("Label", *line.split()[1:])
        assert button.says.startswith(declared.name)
    assert declared.usage.startswith(declared.name)
    plain = understand(declared.button("Label").says)
    assert plain.command is declared


def test_two_commands_of_one_name_are_an_error() -> None:
    before = dict(commands)

    def again(_turn: object) -> Message:
        return Message("x")

    with pytest.raises(ValueError, match="'lb' already means 'leaderboard'"):
        command("new board", aliases=("lb",), help="x", allowed=Allowed.ANYONE, examples=("lb",))(again)
    commands.clear()
    commands.update(before)


LONG = [
    "a " * 2_048, "1 " * 2_048, "me " * 1_365, "lb " + "last 4 weeks " * 300, "me " + "between 1 and " * 290,
    "x" * 4_096, "leadrboard " * 372, "schedule " + "new york " * 450, "a/b " * 1_024, "join " + "ABCDEF " * 580,
    "new group " + "é" * 4_000, "🏃" * 4_096, "me " + "1" * 4_090, "mon " * 1_024, "schedule " + "12:00 " * 680,
    "?" * 4_096, "\x00" * 4_096, "\u200f" * 4_096, "help " + "*" * 4_000, "e\u0301" * 2_048, "ﷺ" * 4_096,
    "me since " * 455,
]  # fmt: skip


@pytest.mark.parametrize("line", LONG, ids=lambda line: line[:12].encode("unicode_escape").decode())
def test_a_line_as_long_as_whatsapp_allows_is_read_in_no_time(line: str) -> None:
    assert quickest(line) < 0.05


def quickest(line: str) -> float:
    """Return the fastest of three tries, because other processes on the machine do not matter here."""
    return min(_seconds(line) for _ in range(3))


def _seconds(line: str) -> float:
    began = time.process_time()
    understand(line)
    return time.process_time() - began


def test_twenty_thousand_typical_lines_are_read_in_a_second() -> None:
    """People mostly type lines that were typed before. The fastest of three tries, in CPU time."""
    examples = [example for each in list_commands() for example in each.examples]
    lines = random.Random(20_261_126).choices(examples, k=20_000)
    assert min(sum(map(_seconds, lines)) for _ in range(3)) < 1


def noise(luck: random.Random) -> str:
    """Return a random line: characters of all scripts, or words of commands, or both."""
    words = [
        *commands,
        "yes",
        "18:00",
        "25:99",
        "31 feb",
        "last",
        "4",
        "weeks",
        "march 2025",
        "K7QX2M",
        "since",
        "between",
    ]
    parts = []
    for _ in range(luck.choice((1, 2, 3, 5, 8, 40))):
        if luck.random() < 0.5:
            parts.append(luck.choice(words))
        else:
            most = luck.choice((0x7F, 0x7FF, 0xFFFF, sys.maxunicode))
            parts.append("".join(chr(luck.randint(0, most)) for _ in range(luck.randint(1, 12))))
    return luck.choice((" ", "", "\n")).join(parts)[:4_096]


def test_lines_of_noise_are_read_without_a_crash_and_in_no_time() -> None:
    """FUZZ_LINES sets the number of lines. The time is CPU time."""
    luck = random.Random(20_261_118)
    slow = []
    for _ in range(int(os.environ.get("FUZZ_LINES", "2000"))):
        line = noise(luck)
        if _seconds(line) > 0.05:
            slow.append(line)
    assert [line for line in slow if quickest(line) > 0.05] == []


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_any_text_has_one_of_three_readings(line: str) -> None:
    reading = understand(line)
    assert isinstance(reading, Understood | Unfinished | NotUnderstood)
    assert understand(f" {line}\u200f") == reading or "\u200d" in line
