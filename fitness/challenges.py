"""What a challenge is decided by: a sum, weeks in a row, or how much more than usual."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from fitness.dates import Dates
from fitness.ranking import rank
from fitness.streaks import Week


class Contest(StrEnum):
    """What people try to do, with the words typed for it."""

    words: tuple[str, ...]

    def __new__(cls, name: str, words: str) -> Self:
        contest = str.__new__(cls, name)
        contest._value_ = name
        contest.words = tuple(words.split())
        return contest

    MOST = "most", "most"
    TOGETHER = "together", "together jointly"
    ROUTE = "route", "route journey"
    STREAK = "streak", "streak streaks"
    IMPROVED = "improved", "improved improvement improve improvers"

    @property
    def is_ranked(self) -> bool:
        """Whether people are held against each other."""
        return self not in {Contest.TOGETHER, Contest.ROUTE}


@dataclass(frozen=True)
class DayDone:
    """What one person did on one day: effort points and sessions."""

    day: date
    points: float
    count: int


def weeks_of(dates: Dates) -> list[Dates]:
    """The stretches of seven days from its first day; a last one that is shorter does not count."""
    first = Dates(dates.start, dates.start + timedelta(6))
    return [first.moved(7 * number) for number in range(dates.days // 7)]


def is_active(days: Iterable[DayDone], dates: Dates) -> bool:
    """Whether somebody has moved enough in this week, by the rule of all streaks."""
    inside = [each for each in days if each.day in dates]
    return Week(sum(each.points for each in inside), len({each.day for each in inside})).kept


def longest_run(weeks: Sequence[bool | None]) -> int:
    """The most active weeks in a row. None is a week away: it neither counts nor breaks the row."""
    best = run = 0
    for week in weeks:
        if week is not None:
            run = run + 1 if week else 0
            best = max(best, run)
    return best


def streak(days: Sequence[DayDone], away: Sequence[Dates], dates: Dates) -> int:
    """The most weeks in a row within a challenge; a week of which somebody was away on a day stands still."""
    weeks = weeks_of(dates)
    return longest_run(
        [None if any(_overlap(week, gone) for gone in away) else is_active(days, week) for week in weeks]
    )


def medals(weeks: Sequence[Mapping[int, float]]) -> dict[int, int]:
    """What a season's weeks brought each one: 3 for the most in a week, 2 for the second place, 1 for the third.

    Who has the same shares the place, and the next one is left out, as on every board.
    """
    tally: dict[int, int] = {}
    for week in weeks:
        for place, key, value, _ in rank(week):
            if value <= 0 or place > 3:
                break
            tally[key] = tally.get(key, 0) + 4 - place
    return tally


def _overlap(one: Dates, other: Dates) -> bool:
    return one.start <= other.end and other.start <= one.end
