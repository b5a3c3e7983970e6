"""A set of lines that friends might type, each with its expected reading and its origin.

A line of the file is: the typed line, tab, the right readings (` / ` between them), tab, its origin. A reading is a
command with its arguments (`me sport=run period="last week"`), with `*` for any, with `?name` if the bot should ask for
it; `-` if no command may run. The reader has been improved with all of these sets; the head of each file says how much
of it was read correctly at first.
"""

import shlex
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bot import commands as _declared  # noqa: F401 - importing declares them
from bot.declaring.command import commands
from bot.explained import explain_reading
from fitness.metrics import Metric

FOLDER = Path(__file__).parent / "kept"
LEAST_RIGHT = 0.97


@dataclass(frozen=True)
class Kept:
    """One line of the set."""

    file: str
    line: str
    readings: tuple[str, ...]
    source: str

    @property
    def is_expected(self) -> bool:
        """Return whether one of its readings is possible with the existing commands and metrics."""
        return any(each == "-" or (_name(each) and _metric(each) in {None, *Metric}) for each in self.readings)


def _name(reading: str) -> str | None:
    """Return the command's own name in a reading, or None if there is no such command."""
    words = reading.split()
    return next((commands[" ".join(words[:n])].name for n in (2, 1) if " ".join(words[:n]) in commands), None)


def _metric(reading: str) -> str | None:
    return _told(reading)[0].get("metric")


def _told(reading: str) -> tuple[dict[str, str], bool, str | None]:
    """Return the arguments of a reading, whether any arguments are accepted, and what is missing."""
    words = shlex.split(reading)
    arguments = dict(word.split("=", 1) for word in words if "=" in word)
    missing = next((word[1:] for word in words if word.startswith("?") and len(word) > 1), None)
    return arguments, "*" in words, missing


@cache
def kept() -> tuple[Kept, ...]:
    rows = [
        (path.stem, *line.split("\t"))
        for path in sorted(FOLDER.glob("*.tsv"))
        for line in path.read_text().splitlines()
        if not line.startswith("#")
    ]
    return tuple(Kept(file, line, tuple(readings.split(" / ")), source) for file, line, readings, source in rows)


def is_right(each: Kept) -> bool:
    found = explain_reading(each.line)
    return any(_fits(found, reading) for reading in each.readings)


def _fits(found: dict, reading: str) -> bool:
    if reading == "-":
        return found["command"] is None
    if found["command"] is None or found["command"] != _name(reading):
        return False
    arguments, anything, missing = _told(reading)
    said = {name: str(value) for name, value in found["arguments"].items()}
    return found["missing"] == missing and (anything or said == arguments)


def report(rows: list[Kept]) -> str:
    wrong = [each for each in rows if not is_right(each)]
    shown = "\n".join(f"{each.line!r}: {' / '.join(each.readings)} but {_short(each.line)}" for each in wrong)
    return f"{len(rows) - len(wrong)} of {len(rows)} right\n{shown}"


def _short(line: str) -> str:
    found = explain_reading(line)
    return f"{found['command']} {found['arguments']} {found['missing'] or ''}{found['choices']}"


@pytest.mark.parametrize("file", sorted(path.stem for path in FOLDER.glob("*.tsv")))
def test_nearly_every_line_of_the_kept_sets_is_read_as_it_was_meant(file: str) -> None:
    rows = [each for each in kept() if each.file == file and each.is_expected]
    right = sum(map(is_right, rows))
    assert right / len(rows) >= LEAST_RIGHT, report(rows)


def test_nothing_destructive_runs_that_was_not_meant() -> None:
    ran = {each.line: explain_reading(each.line)["command"] for each in kept()}
    destroyed = {
        each.line: ran[each.line]
        for each in kept()
        if ran[each.line] and commands[ran[each.line]].destructive and ran[each.line] not in map(_name, each.readings)
    }
    assert destroyed == {}


def test_the_kept_set_is_large_and_says_where_its_lines_come_from() -> None:
    assert len(kept()) >= 2_000
    assert all(each.source and each.readings for each in kept())
    assert [line for line, count in Counter(each.line for each in kept()).items() if count > 1] == []
