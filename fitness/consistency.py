"""A board on which six easy days beat one enormous one, an idea of Freezing Saddles."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from fitness.metrics import tenth

FULL, HALF = 60.0, 120.0  # a day's points count whole up to here, and half up to there; a quarter above
BONUS, BONUS_FROM, MOST_BONUS_DAYS = 5.0, 10.0, 5


def day_score(points: float) -> float:
    """What a day's points are worth here."""
    if points <= FULL:
        return points
    return FULL + 0.5 * (min(points, HALF) - FULL) + 0.25 * max(0.0, points - HALF)


def consistency(days: Mapping[date, float]) -> float:
    """The score of these days: each flattened, and five more for each active one, at most five days a week.

    Boards add it up in the database, by the same figures: `services.play.series.consistency_of`.
    """
    # By the number of its Monday: the calendar's first day is one.
    weeks = Counter((day.toordinal() - 1) // 7 for day, points in days.items() if points >= BONUS_FROM)
    bonus = sum(BONUS * min(count, MOST_BONUS_DAYS) for count in weeks.values())
    return tenth(sum(map(day_score, days.values())) + bonus)
