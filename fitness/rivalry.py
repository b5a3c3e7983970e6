"""Pairs of people who are so close that every week is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from statistics import median

LEAST_WEEKS = 6  # in which both have points
CLOSE = 0.15  # the median of their gaps, as a part of the better one's points
LOOKS_BACK = 26  # weeks
MOST_PEOPLE = 40  # pairs grow with the square: of a larger group, those with the most points
SAME = 1e-9

Weeks = Mapping[date, float]  # the week's first day → points; what is missing is nothing


@dataclass(frozen=True)
class Duel:
    """Two people's weeks: how many each has won (a draw is nobody's), since when, and the newest common one.

    `gap` is the median over the common weeks of the difference, as a part of the better one's points.
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
        """Whether it is a rivalry: enough weeks, and a small gap."""
        return self.weeks >= LEAST_WEEKS and self.gap <= CLOSE + SAME

    def turned(self) -> "Duel":
        """The same, told from the other's side."""
        return Duel(self.other, self.one, self.other_won, self.one_won, self.since, self.weeks, self.gap)


def duel(one: int, other: int, points: Mapping[int, Weeks]) -> Duel | None:
    """Hold two people against each other over the weeks in which both have points; None where there is no such week."""
    mine, theirs = points.get(one, {}), points.get(other, {})
    common = sorted(week for week in mine if mine[week] > 0 and theirs.get(week, 0) > 0)
    if not common:
        return None
    gaps = [abs(mine[week] - theirs[week]) / max(mine[week], theirs[week]) for week in common]
    won = sum(mine[week] > theirs[week] + SAME for week in common)
    lost = sum(theirs[week] > mine[week] + SAME for week in common)
    return Duel(one, other, won, lost, common[0], len(common), median(gaps))


def rivalries(points: Mapping[int, Weeks]) -> list[Duel]:
    """All pairs who are rivals, the closest first; whom they are called by decides a tie."""
    strongest = sorted(points, key=lambda key: (-sum(points[key].values()), key))[:MOST_PEOPLE]
    found = (duel(one, other, points) for one, other in combinations(sorted(strongest), 2))
    close = [each for each in found if each is not None and each.is_close]
    return sorted(close, key=lambda each: (each.gap, each.one, each.other))


def of_the_week(duels: Sequence[Duel], week: date) -> Duel | None:
    """The one to tell of in this week: every rivalry gets its turn before one comes again."""
    if not duels:
        return None
    in_order = sorted(duels, key=lambda each: (each.one, each.other))
    return in_order[week.toordinal() // 7 % len(in_order)]
