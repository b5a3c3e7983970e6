"""How far a goal is, and when it will be reached if things go on as they did."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

from fitness.dates import Dates

LOOKS_BACK = 28  # days, today included, whose mean is the pace
TOO_LATE = 2  # times the days that are left: beyond that no date is worth naming


@dataclass(frozen=True)
class Forecast:
    """Where a goal stands: `done` of `target`, in the unit of its metric.

    `on` is the day by which it is reached at the present pace, None where it is reached, over, or not at this pace.
    `by_end` is what will be done on the last day at this pace.
    """

    done: float
    target: float
    on: date | None
    by_end: float
    days_left: int

    @property
    def is_reached(self) -> bool:
        """Whether nothing remains."""
        return self.done >= self.target

    @property
    def is_over(self) -> bool:
        """Whether its days are past."""
        return self.days_left == 0

    @property
    def percent(self) -> int:
        """How much is done; 100 only when all is."""
        return min(math.floor(100 * self.done / self.target), 100)

    @property
    def a_day(self) -> float:
        """What each day that is left needs."""
        return max(self.target - self.done, 0.0) / max(self.days_left, 1)


def look_back(today: date) -> Dates:
    """The days whose mean is the pace."""
    return Dates(today - timedelta(LOOKS_BACK - 1), today)


def forecast(done: float, target: float, recent: float, dates: Dates, today: date) -> Forecast:
    """Reckon when a goal is reached: today + remaining ÷ (`recent` ÷ 28), `recent` being what the last 28 days held.

    Not at this pace, if that takes more than twice the days left, of which today is one. A goal that has yet to begin
    is reckoned from its first day. `target` is above zero.
    """
    start = max(today, dates.start)
    days_left = max((dates.end - start).days + 1, 0)
    pace = max(recent, 0.0) / LOOKS_BACK
    remaining = max(target - done, 0.0)
    needed = remaining / pace if pace > 0 else math.inf
    by_end = done + pace * max((dates.end - start).days, 0)
    # the last bits of a division are no day more
    days = math.ceil(round(needed, 9)) if needed <= TOO_LATE * days_left + 1 else math.inf
    comes = remaining > 0 and days_left > 0 and days <= TOO_LATE * days_left
    return Forecast(done, target, start + timedelta(days) if comes else None, by_end, days_left)
