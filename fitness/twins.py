"""Finds sessions that were recorded by two devices, and decides which of the two records counts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

START_APART = timedelta(minutes=5)
SHARED = 0.8  # twins share at least this part of the shorter one's time


@dataclass(frozen=True)
class PossibleTwin:
    """The facts that are compared: the sport, the start, the seconds, and whether it was logged by hand."""

    key: int
    sport: str
    start: datetime
    seconds: float
    manual: bool


def find_twins(records: Sequence[PossibleTwin]) -> dict[int, int]:
    """Return, for each record that does not count, the one that counts instead.

    Twins have the same sport, begin within five minutes, and share at least four fifths of the shorter one's time. Of
    twins, a recorded one counts before one logged by hand, then the longer one, then the one that was stored earlier.

    Apart from sorting, the running time is proportional to the number of records, even if all begin in the same minute.
    A record is compared with those that begin before it ends, until it is found to be a twin. So the records with which
    one record is compared without success overlap at its start, and no two of them are twins. At most 15 such records
    can overlap at one moment. Proof: order them by the quotient of the time that each lasts after that moment and the
    time that it has lasted before it. From one to the next the quotient grows by a quarter or more, and it is below 1/4
    for at most one record, and above 4 for at most one.
    """
    pairs: dict[int, int] = {}
    by_sport: dict[str, list[PossibleTwin]] = defaultdict(list)
    for each in sorted(records, key=lambda each: each.start):
        if each.seconds > 0:  # a record without duration shares no time with any other
            by_sport[each.sport].append(each)
    for ordered in by_sport.values():
        _pair(ordered, pairs)
    return {worse: _root(pairs, worse) for worse in pairs}


def _pair(ordered: Sequence[PossibleTwin], pairs: dict[int, int]) -> None:
    """Find the twins among records of one sport, sorted by their start, and put the better one of each into `pairs`."""
    for i, first in enumerate(ordered):
        j = i + 1
        while first.key not in pairs and j < len(ordered) and _may_be_twins(first, ordered[j]):
            second = ordered[j]
            if second.key not in pairs and _same(first, second):
                better, worse = sorted((first, second), key=lambda each: (each.manual, -each.seconds, each.key))
                pairs[worse.key] = better.key
            j += 1


def _may_be_twins(first: PossibleTwin, second: PossibleTwin) -> bool:
    """Return whether `second`, or a record that begins later, can share time with `first`."""
    apart = second.start - first.start
    return apart <= START_APART and apart.total_seconds() < first.seconds


def _same(first: PossibleTwin, second: PossibleTwin) -> bool:
    ends = min(first.start + timedelta(seconds=first.seconds), second.start + timedelta(seconds=second.seconds))
    shared = (ends - max(first.start, second.start)).total_seconds()
    return shared >= SHARED * min(first.seconds, second.seconds) > 0


def _root(pairs: dict[int, int], key: int) -> int:
    """Return the record at the end of a chain, which counts. The chain is shortened, so that the next
    search is faster.
    """
    passed = []
    while key in pairs:
        passed.append(key)
        key = pairs[key]
    for each in passed:
        pairs[each] = key
    return key
