"""How a week compares with one's own usual one: the board on which the sixth of six may come first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

BASELINE_WEEKS = 6
FEWEST_WEEKS = 3
LOOK_BACK = timedelta(weeks=26)
LEAST_USUAL = 40.0  # a floor, or from 5 points to 20 would be four times as good
LEAST_NOW = 30.0
WORST, BEST = -1.0, 1.5


@dataclass(frozen=True)
class Improved:
    """Points now and usually; the change, bounded; and the score of the board, "137 % of usual"."""

    points: float
    usual: float
    change: float
    score: int


def improved(points: float, usual: float | None) -> Improved | None:
    """How much better than usual, or None for who has no usual week yet, or hardly moved."""
    if usual is None or points < LEAST_NOW:
        return None
    ratio = points / usual
    return Improved(points, usual, max(WORST, min(BEST, ratio - 1)), round(100 * ratio))


def usual_week(weeks: Mapping[date, float], before: date, away: Collection[date] = ()) -> float | None:
    """The median of the last six whole weeks before `before` that had any points and were not away; at least three.

    Weeks are named by their first day. What is longer ago than half a year tells nothing.
    """
    oldest, newest = before - LOOK_BACK, before - timedelta(weeks=1)
    counted = [
        (monday, points)
        for monday, points in weeks.items()
        if points > 0 and oldest <= monday <= newest and monday not in away
    ]
    last = [points for _, points in sorted(counted)[-BASELINE_WEEKS:]]
    return max(median(last), LEAST_USUAL) if len(last) >= FEWEST_WEEKS else None
