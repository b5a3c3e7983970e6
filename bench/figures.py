"""Computes figures from the measurements, and prints them."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from simulator.twilio.values import PretendMessage


def most_within(instants: Sequence[datetime], span: timedelta) -> int:
    """Return the largest number of these times (sorted) in any period shorter than `span`."""
    return max((at - bisect_right(instants, instants[at] - span) + 1 for at in range(len(instants))), default=0)


def least_gap(sent: Sequence[PretendMessage]) -> float:
    """Return the smallest number of seconds between two messages to the same person."""
    by_person: defaultdict[str, list[datetime]] = defaultdict(list)
    for message in sent:
        by_person[message.to].append(message.created_at)
    pairs = [pair for instants in by_person.values() for pair in pairwise(instants)]
    return min(((later - sooner).total_seconds() for sooner, later in pairs), default=float("inf"))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the percentile of these values (sorted): the smallest that is at least as large as `share` per
    cent of them.
    """
    shares = [100 * (place + 1) / len(values) for place in range(len(values))]
    return values[min(bisect_left(shares, share), len(values) - 1)]


def table(rows: Sequence[Sequence[object]]) -> str:
    """Return the rows as a table. The first column is aligned to the left, the others to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join([first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))])
        for first, *rest in cells
    )
