"""One session recorded by two devices: which of the records counts."""

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
    """
    pairs: dict[int, int] = {}
    ordered = sorted(records, key=lambda each: each.start)
    for i, first in enumerate(ordered):
        for second in ordered[i + 1 :]:
            if second.start - first.start > START_APART:
                break
            if first.key not in pairs and second.key not in pairs and _same(first, second):
                better, worse = sorted((first, second), key=lambda each: (each.manual, -each.seconds, each.key))
                pairs[worse.key] = better.key
    return {worse: _root(pairs, better) for worse, better in pairs.items()}


def _same(first: Record, second: Record) -> bool:
    if first.sport != second.sport:
        return False
    ends = min(first.start + timedelta(seconds=first.seconds), second.start + timedelta(seconds=second.seconds))
    shared = (ends - max(first.start, second.start)).total_seconds()
    return shared >= SHARED * min(first.seconds, second.seconds) > 0


def _root(pairs: dict[int, int], key: int) -> int:
    while key in pairs:
        key = pairs[key]
    return key
