"""Compares the effects of a line with its cell of `who_may_do_what.md`."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.parser import Understood, understand
from services.people.line_checks import INTRO, NOT_UNDERSTOOD
from tests.security.people import ABOUT, ELSEWHERE, FAR, HERE, RUN_IT, SENDERS, People
from tests.security.table import Row

BROKEN = "Something broke on my side"
INSIDERS = {"owner", "admin", "member", "demoted", "runs another"}


@dataclass(frozen=True)
class Outcome:
    """How a line was read, the answer with its buttons, who else was written to, and what has changed."""

    line: str
    name: str
    text: str
    told: frozenset[str]
    changes: frozenset[str]
    is_asked: bool


def against(people: People, row: Row, role: str, outcome: Outcome) -> Iterator[str]:
    """Yield each point in which the outcome differs from the cell."""
    cell, refused = row.cells[role], outcome.name.startswith("refusals/")
    shown = [people.line(each, row, SENDERS[role], signed=False) for each in row.shows]
    if BROKEN in outcome.text or outcome.name in {"bug", NOT_UNDERSTOOD, INTRO}:
        yield "it broke, or was not understood"
    if cell == "yes":
        yield from _against_yes(people, row, outcome, shown)
        return
    if cell == "no" and not refused:
        yield "it is not refused"
    if cell in {"asks", "elsewhere", "waits"} and refused:
        yield "it is refused"
    if cell == "asks" and not outcome.is_asked:
        yield "nothing is asked"
    yield from _against_nothing(cell, outcome, shown)


def _against_nothing(cell: str, outcome: Outcome, shown: list[str]) -> Iterator[str]:
    """Yield each change, although the cell allows none; the cell "elsewhere" allows changes in another group."""
    there = ("my ", "another group's ") if cell == "elsewhere" else ()
    if changes := {each for each in outcome.changes if not each.startswith(there)}:
        yield f"it changes {sorted(changes)}"
    if outcome.told:
        yield f"it tells {sorted(outcome.told)}"
    if any(each in outcome.text for each in shown):
        yield f"it shows {shown}"


def _against_yes(people: People, row: Row, outcome: Outcome, shown: list[str]) -> Iterator[str]:
    reading = understand(outcome.line)
    if not isinstance(reading, Understood) or outcome.name != reading.command.name:
        yield "it is refused, or taken for something else"
    if missing := row.must - outcome.changes:
        yield f"it does not change {sorted(missing)}"
    if row.may and not outcome.changes:
        yield "it changes nothing"
    if more := outcome.changes - row.must - row.may:
        yield f"it also changes {sorted(more)}"
    if missing := [each for each in shown if each not in outcome.text]:
        yield f"it does not show {missing}"
    if not _is_told(row, outcome):
        yield f"it tells {sorted(outcome.told) or 'nobody'}"


def _is_told(row: Row, outcome: Outcome) -> bool:
    match row.tells:
        case None:
            return not outcome.told
        case "them":
            return outcome.told == {ABOUT[row.about]}
        case "those who run it":
            return outcome.told == set(RUN_IT)
        case "them and those who run it":  # without the sender
            theirs = {ABOUT[row.about]}
            return theirs < outcome.told <= theirs | set(RUN_IT) and len(outcome.told) == len(RUN_IT)
        case "the group":
            return bool(outcome.told) and outcome.told <= set(HERE)
        case name:
            return outcome.told == {name}


def leaks(row: Row, role: str, outcome: Outcome) -> Iterator[str]:
    """Yield each name of a group's member that an outsider reads, and figures of somebody who hides."""
    unseen = set(ELSEWHERE) | (set() if role in INSIDERS or row.line.startswith("join ") else set(HERE))
    if row.line == "new here yes":
        unseen.discard(SENDERS[role])  # the name on the phone that starts as a new member
    if found := {each for each in unseen if each in outcome.text and each not in outcome.line}:
        yield f"it names {sorted(found)}"
    if FAR["Hugo"] in outcome.text or FAR["Hugo"].replace(".", "") + "00" in outcome.text:
        yield "it shows how far Hugo went, who hides"
