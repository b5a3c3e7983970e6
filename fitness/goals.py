"""How much of a goal is done, and when it will be reached at the present pace."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

from fitness.dates import Dates

LOOKS_BACK = 28  # the pace is the mean of so many days, today included
TOO_LATE = 2  # no date is named if reaching the goal takes more than so many times the days that are left


@dataclass(frozen=True)
class Forecast:
    """The state of a goal: `done` of `target`, in the unit of its metric.

    `on` is the day on which it will be reached at the present pace; None if it is reached already, is over, or will not
    be reached. `by_end` is how much will be done on the last day at this pace.
    """

    done: float
    target: float
    on: date | None
    by_end: float
    days_left: int

    @property
    def is_reached(self) -> bool:
        """Whether the target is reached."""
        return self.done >= self.target

    @property
    def is_over(self) -> bool:
        """Whether its last day has passed."""
        return self.days_left == 0

    @property
    def percent(self) -> int:
        """The percentage that is done, rounded down, so that 100 means the target is reached."""
        return min(math.floor(100 * self.done / self.target), 100)

    @property
    def a_day(self) -> float:
        """How much must be done on each remaining day, in the unit of the metric."""
        return max(self.target - self.done, 0.0) / max(self.days_left, 1)


def look_back(today: date) -> Dates:
    """Return the days of which the pace is the mean."""
    return Dates(today - timedelta(LOOKS_BACK - 1), today)


def forecast_goal(done: float, target: float, recent: float, dates: Dates, today: date) -> Forecast:
    """Compute when a goal is reached: today + remaining ÷ (`recent` ÷ 28), where `recent` is the sum of the
    last 28 days.

    If that takes more than twice the remaining days (today included), no day is named. A goal that has not begun is
    computed from its first day. All amounts are in the unit of the metric; `target` must be above zero.
    """
    start = max(today, dates.start)
    days_left = max((dates.end - start).days + 1, 0)
    pace = max(recent, 0.0) / LOOKS_BACK
    remaining = max(target - done, 0.0)
    needed = remaining / pace if pace > 0 else math.inf
    by_end = done + pace * max((dates.end - start).days, 0)
    # rounding first, so that the inexact last digits of a division do not add a day
    days = math.ceil(round(needed, 9)) if needed <= TOO_LATE * days_left + 1 else math.inf
    comes = remaining > 0 and days_left > 0 and days <= TOO_LATE * days_left
    return Forecast(done, target, start + timedelta(days) if comes else None, by_end, days_left)
