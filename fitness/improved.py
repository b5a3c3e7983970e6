"""The board of the most improved: it compares a week with the person's own usual week, so that anybody
can come first.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

BASELINE_WEEKS = 6
FEWEST_WEEKS = 3
LOOK_BACK = timedelta(weeks=26)
LEAST_USUAL = 40.0  # a minimum; without it, going from 5 points to 20 would count as four times as good
LEAST_NOW = 30.0
WORST, BEST = -1.0, 1.5


@dataclass(frozen=True)
class Improved:
    """A week compared with the usual one: points now, usual points, the limited change as a fraction, and the score on
    the board in per cent of the usual points.
    """

    points: float
    usual: float
    change: float
    score: int


def compare_with_usual(points: float, usual: float | None) -> Improved | None:
    """Compare `points` with the `usual` points of a week. Returns None if there is no usual week yet, or if `points` is
    below `LEAST_NOW`.
    """
    if usual is None or points < LEAST_NOW:
        return None
    ratio = points / usual
    return Improved(points, usual, max(WORST, min(BEST, ratio - 1)), round(100 * ratio))


def find_usual_week(weeks: Mapping[date, float], before: date, away: Collection[date] = ()) -> float | None:
    """Return the median points of the last six whole weeks before `before` in which the person had points and was not
    away. Returns None if there are fewer than three.

    The keys of `weeks` are the first days of weeks. Weeks more than half a year ago are ignored.
    """
    oldest, newest = before - LOOK_BACK, before - timedelta(weeks=1)
    counted = [
        (monday, points)
        for monday, points in weeks.items()
        if points > 0 and oldest <= monday <= newest and monday not in away
    ]
    last = [points for _, points in sorted(counted)[-BASELINE_WEEKS:]]
    return max(median(last), LEAST_USUAL) if len(last) >= FEWEST_WEEKS else None
