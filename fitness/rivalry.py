"""Rivalries: pairs of people whose weekly points are so close that either of them may win the week."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from statistics import median

LEAST_WEEKS = 6  # weeks in which both must have points
CLOSE = 0.15  # the largest median gap, as a fraction of the winner's points
LOOKS_BACK = 26  # weeks
MOST_PEOPLE = 40  # in a larger group only those with the most points, because the number of pairs grows with the square
SAME = 1e-9

Weeks = Mapping[date, float]  # the week's first day → points; a missing week counts as zero


@dataclass(frozen=True)
class Duel:
    """Two people's weeks: how many each has won (a draw counts for neither), since when, and the newest common week.

    `gap` is the median, over the common weeks, of the difference as a fraction of the winner's points.
    """

    one: int
    other: int
    one_won: int
    other_won: int
    since: date
    weeks: int
    gap: float

    @property
    def is_close(self) -> bool:
        """Whether it is a rivalry: there are enough common weeks, and the gap is small."""
        return self.weeks >= LEAST_WEEKS and self.gap <= CLOSE + SAME

    def turned(self) -> "Duel":
        """Return the same duel with the two people exchanged."""
        return Duel(self.other, self.one, self.other_won, self.one_won, self.since, self.weeks, self.gap)


def compare_weeks(one: int, other: int, points: Mapping[int, Weeks]) -> Duel | None:
    """Compare two people over the weeks in which both have points. Returns None if there is no such week."""
    mine, theirs = points.get(one, {}), points.get(other, {})
    common = sorted(week for week in mine if mine[week] > 0 and theirs.get(week, 0) > 0)
    if not common:
        return None
    gaps = [abs(mine[week] - theirs[week]) / max(mine[week], theirs[week]) for week in common]
    won = sum(mine[week] > theirs[week] + SAME for week in common)
    lost = sum(theirs[week] > mine[week] + SAME for week in common)
    return Duel(one, other, won, lost, common[0], len(common), median(gaps))


def find_rivalries(points: Mapping[int, Weeks]) -> list[Duel]:
    """Return all pairs who are rivals, the closest first; pairs with the same gap are ordered by their ids."""
    strongest = sorted(points, key=lambda key: (-sum(points[key].values()), key))[:MOST_PEOPLE]
    found = (compare_weeks(one, other, points) for one, other in combinations(sorted(strongest), 2))
    close = [each for each in found if each is not None and each.is_close]
    return sorted(close, key=lambda each: (each.gap, each.one, each.other))


def choose_rivalry_of_week(duels: Sequence[Duel], week: date) -> Duel | None:
    """Return the rivalry to report in this week, or None if there is none. They take turns from week to week."""
    if not duels:
        return None
    in_order = sorted(duels, key=lambda each: (each.one, each.other))
    return in_order[week.toordinal() // 7 % len(in_order)]
