"""Weeks in a row. Daily streaks are nobody's business here: they make people train ill."""

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
    """What somebody did in a week: points, and on how many different days."""

    points: float = 0.0
    days: int = 0

    @property
    def kept(self) -> bool:
        """Whether it is enough for the streak."""
        return is_kept(self.points, self.days)


@dataclass(frozen=True)
class Streak:
    """How many weeks in a row were kept.

    `safe`: this week is kept already. `frozen` are the weeks that a freeze bridged; `freeze_ready` tells whether the
    next missed one would be bridged too. `longest` is the longest there ever was.
    """

    weeks: int = 0
    longest: int = 0
    safe: bool = False
    frozen: tuple[date, ...] = ()
    freeze_ready: bool = True
    this_week: Week = Week()


class Run(NamedTuple):
    """A streak in numbers of weeks: how many, the longest, which were frozen, and whether a freeze is ready."""

    weeks: int
    longest: int
    frozen: tuple[int, ...]
    freeze_ready: bool


def is_kept(points: float, days: int) -> bool:
    """Whether so many points, or sessions on so many days, keep a week."""
    return points >= ENOUGH_POINTS or days >= ENOUGH_DAYS


def streak(weeks: Mapping[date, Week], this_week: date, away: Collection[date] = ()) -> Streak:
    """The streak that stands in `this_week`; weeks are named by their first day.

    A missed week ends it, except an away one, which counts for nothing, and one in every eight weeks, which is frozen.
    A week that is not over ends nothing.
    """
    kept = {(first - this_week) // WEEK for first, week in weeks.items() if week.kept}
    made = run(kept, 0, {(first - this_week) // WEEK for first in away})
    now = weeks.get(this_week, Week())
    frozen = tuple(this_week + number * WEEK for number in made.frozen)
    return Streak(made.weeks, made.longest, now.kept, frozen, made.freeze_ready, now)


def run(kept: Collection[int], now: int, away: Collection[int] = ()) -> Run:
    """`streak` in numbers, one for each week, for boards of a thousand: the weeks that were kept, and those away."""
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


def group_streak(active: Mapping[date, int], this_week: date, enough: int) -> int:
    """How many weeks in a row at least `enough` members had enough points; this week counts once it has them."""
    count = 0
    monday = this_week if active.get(this_week, 0) >= enough else this_week - WEEK
    while active.get(monday, 0) >= enough:
        count += 1
        monday -= WEEK
    return count
