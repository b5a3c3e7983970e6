"""One session recorded by two devices: which of the records counts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

START_APART = timedelta(minutes=5)
SHARED = 0.8  # of the shorter one


@dataclass(frozen=True)
class Record:
    """What is compared: family of sport, start, seconds, and whether it was typed in by hand."""

    key: int
    sport: str
    start: datetime
    seconds: float
    manual: bool


def twins(records: Sequence[Record]) -> dict[int, int]:
    """For each record that does not count, the one that counts instead.

    Twins are of one sport, begin within five minutes, and share at least four fifths of the shorter one's time. A
    recorded one counts before one typed by hand, then the longer, then the earlier known.

    The time grows with the number of records, apart from sorting them, even where all begin in one minute. A record is
    compared with those that begin before it ends, and no more once it is found to be a twin. So those that one record
    is compared with in vain overlap at its start, and no two of them are twins. At most 15 such records can overlap at
    one instant: from each to the next, the time that it lasts after that instant, divided by the time that it has
    lasted before it, grows by a quarter or more; and this quotient is below 1/4 for one record at most, and above 4 for
    one at most.
    """
    pairs: dict[int, int] = {}
    by_sport: dict[str, list[Record]] = defaultdict(list)
    for each in sorted(records, key=lambda each: each.start):
        if each.seconds > 0:  # others share no time with any
            by_sport[each.sport].append(each)
    for ordered in by_sport.values():
        _pair(ordered, pairs)
    return {worse: _root(pairs, worse) for worse in pairs}


def _pair(ordered: Sequence[Record], pairs: dict[int, int]) -> None:
    """Find the twins among records of one sport, sorted by their start; `pairs` gets the better one of each."""
    for i, first in enumerate(ordered):
        j = i + 1
        while first.key not in pairs and j < len(ordered) and _may_be_twins(first, ordered[j]):
            second = ordered[j]
            if second.key not in pairs and _same(first, second):
                better, worse = sorted((first, second), key=lambda each: (each.manual, -each.seconds, each.key))
                pairs[worse.key] = better.key
            j += 1


def _may_be_twins(first: Record, second: Record) -> bool:
    """Whether `second`, or one that begins later, may share time with `first`."""
    apart = second.start - first.start
    return apart <= START_APART and apart.total_seconds() < first.seconds


def _same(first: Record, second: Record) -> bool:
    ends = min(first.start + timedelta(seconds=first.seconds), second.start + timedelta(seconds=second.seconds))
    shared = (ends - max(first.start, second.start)).total_seconds()
    return shared >= SHARED * min(first.seconds, second.seconds) > 0


def _root(pairs: dict[int, int], key: int) -> int:
    """Who counts at the end of a chain. It is shortened on the way: the next one does not go through it again."""
    passed = []
    while key in pairs:
        passed.append(key)
        key = pairs[key]
    for each in passed:
        pairs[each] = key
    return key
