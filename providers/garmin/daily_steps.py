"""Reads Garmin's list of days with steps, and divides the requests for it."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from providers.sources import DaySteps

LONGEST_STEPS = 28  # days of steps that Garmin returns for one request


def cut_into_spans(start: date, end: date, longest: int = LONGEST_STEPS) -> Iterator[tuple[date, date]]:
    """Yield [start, end] in spans of at most this many days, oldest first."""
    while start <= end:
        last = min(start + timedelta(days=longest - 1), end)
        yield start, last
        start = last + timedelta(days=1)


def read_days(answer: Any) -> list[DaySteps]:
    """Read Garmin's list of days, without days on which the watch was not worn. Raises ValueError
    if it is not a list of days.
    """
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise ValueError("the days are not a list")
    return [
        DaySteps(date.fromisoformat(str(row.get("calendarDate"))), steps, _count(row.get("stepGoal")))
        for row in answer
        if (steps := _count(row.get("totalSteps"))) is not None
    ]


def _count(value: Any) -> int | None:
    """Return a number of steps; None if it is not one. Garmin sends null for a day without data."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
