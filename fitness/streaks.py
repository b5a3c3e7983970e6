"""Streaks: active weeks in a row. There are no daily streaks, because they make people train when they are ill."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

ENOUGH_POINTS = 30.0
ENOUGH_DAYS = 2
FREEZE_EVERY = 8  # weeks
WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Week:
    """A person's points in a week, and the number of days with sessions."""

    points: float = 0.0
    days: int = 0

    @property
    def kept(self) -> bool:
        """Whether it is enough to continue the streak."""
        return is_kept(self.points, self.days)


@dataclass(frozen=True)
class Streak:
    """The number of active weeks in a row.

    `safe` says that this week is active already. `frozen` are the missed weeks that were forgiven; `freeze_ready` says
    whether the next missed week would be forgiven too. `longest` is the longest streak so far.
    """

    weeks: int = 0
    longest: int = 0
    safe: bool = False
    frozen: tuple[date, ...] = ()
    freeze_ready: bool = True
    this_week: Week = Week()


class Run(NamedTuple):
    """A streak with weeks as numbers: its length, the longest one, the weeks that were forgiven, and whether the next
    missed week would be forgiven.
    """

    weeks: int
    longest: int
    frozen: tuple[int, ...]
    freeze_ready: bool


def is_kept(points: float, days: int) -> bool:
    """Return whether so many points, or sessions on so many days, make a week active."""
    return points >= ENOUGH_POINTS or days >= ENOUGH_DAYS


def find_streak(weeks: Mapping[date, Week], this_week: date, away: Collection[date] = ()) -> Streak:
    """Return the streak as it is in `this_week`. Weeks are named by their first day.

    A missed week ends it, with two exceptions: a week away neither counts nor ends it, and one missed week in eight is
    forgiven. The present week cannot end it before it is over.
    """
    kept = {(first - this_week) // WEEK for first, week in weeks.items() if week.kept}
    made = count_run(kept, 0, {(first - this_week) // WEEK for first in away})
    now = weeks.get(this_week, Week())
    frozen = tuple(this_week + number * WEEK for number in made.frozen)
    return Streak(made.weeks, made.longest, now.kept, frozen, made.freeze_ready, now)


def count_run(kept: Collection[int], now: int, away: Collection[int] = ()) -> Run:
    """The same as `find_streak`, with weeks as numbers, which is faster for boards of a thousand people. `kept` are the
    active weeks, `now` is the present one.
    """
    count = longest = 0
    last_frozen: int | None = None
    frozen: list[int] = []
    for week in range(min(kept, default=now), now + 1):
        if week in kept:
            count += 1
            longest = max(longest, count)
        elif count and week < now and week not in away:
            if last_frozen is None or week - last_frozen >= FREEZE_EVERY:
                last_frozen = week
                frozen.append(week)
            else:
                count, frozen = 0, []
    is_ready = last_frozen is None or now - last_frozen >= FREEZE_EVERY
    return Run(count, longest, tuple(frozen) if count else (), is_ready)


def count_group_streak(active: Mapping[date, int], this_week: date, enough: int) -> int:
    """Return in how many weeks in a row at least `enough` members were active. `active` maps each week to their number.
    This week is counted only if there are enough already.
    """
    count = 0
    monday = this_week if active.get(this_week, 0) >= enough else this_week - WEEK
    while active.get(monday, 0) >= enough:
        count += 1
        monday -= WEEK
    return count
