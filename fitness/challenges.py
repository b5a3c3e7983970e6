"""The rules by which a challenge is decided: a sum, weeks in a row, or the improvement on a usual week."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from fitness.dates import Dates
from fitness.ranking import rank
from fitness.streaks import Week


class Contest(StrEnum):
    """The kind of a challenge, with the words that people type for it."""

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
        """Whether the participants are ranked against each other."""
        return self not in {Contest.TOGETHER, Contest.ROUTE}


@dataclass(frozen=True)
class DayDone:
    """One person's effort points and number of sessions on one day."""

    day: date
    points: float
    count: int


def split_into_weeks(dates: Dates) -> list[Dates]:
    """Return the whole weeks of seven days, counted from the first day. A shorter rest at the end is left out."""
    first = Dates(dates.start, dates.start + timedelta(6))
    return [first.moved(7 * number) for number in range(dates.days // 7)]


def is_active(days: Iterable[DayDone], dates: Dates) -> bool:
    """Return whether the person did enough in this week, by the same rule as for streaks."""
    inside = [each for each in days if each.day in dates]
    return Week(sum(each.points for each in inside), len({each.day for each in inside})).kept


def count_longest_run(weeks: Sequence[bool | None]) -> int:
    """Return the largest number of active weeks in a row. None means a week away: it does not count,
    nor end the row.
    """
    best = run = 0
    for week in weeks:
        if week is not None:
            run = run + 1 if week else 0
            best = max(best, run)
    return best


def count_challenge_streak(days: Sequence[DayDone], away: Sequence[Dates], dates: Dates) -> int:
    """Return the largest number of active weeks in a row within a challenge. A week in which the person was away for a
    day or more does not count, nor end the row.
    """
    weeks = split_into_weeks(dates)
    return count_longest_run(
        [None if any(_overlap(week, gone) for gone in away) else is_active(days, week) for week in weeks]
    )


def award_medals(weeks: Sequence[Mapping[int, float]]) -> dict[int, int]:
    """Return each person's medal points of a season: 3 for the first place in a week, 2 for the second,
    1 for the third.

    People with the same value share a place, and the next place is left out, as on every board.
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
