"""Weeks in a row. Daily streaks are nobody's business here: they make people train ill."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

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
        return self.points >= ENOUGH_POINTS or self.days >= ENOUGH_DAYS


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


def streak(weeks: Mapping[date, Week], this_week: date, away: Collection[date] = ()) -> Streak:
    """The streak that stands in `this_week`; weeks are named by their first day.

    A missed week ends it, except an away one, which counts for nothing, and one in every eight weeks, which is frozen.
    A week that is not over ends nothing.
    """
    count = longest = 0
    frozen: list[date] = []
    run_frozen: list[date] = []
    monday = min((*weeks, this_week))
    while monday <= this_week:
        if weeks.get(monday, Week()).kept:
            count += 1
            longest = max(longest, count)
        elif monday not in away and monday < this_week and count:
            if _is_ready(frozen, monday):
                frozen.append(monday)
                run_frozen.append(monday)
            else:
                count, run_frozen = 0, []
        monday += WEEK
    now = weeks.get(this_week, Week())
    return Streak(count, longest, now.kept, tuple(run_frozen if count else ()), _is_ready(frozen, this_week), now)


def group_streak(active: Mapping[date, int], this_week: date, enough: int) -> int:
    """How many weeks in a row at least `enough` members had enough points; this week counts once it has them."""
    count = 0
    monday = this_week if active.get(this_week, 0) >= enough else this_week - WEEK
    while active.get(monday, 0) >= enough:
        count += 1
        monday -= WEEK
    return count


def _is_ready(frozen: list[date], monday: date) -> bool:
    return not frozen or monday - frozen[-1] >= FREEZE_EVERY * WEEK
