"""Boards by pace: the sports that have one, and the shortest distance for being on it."""

from dataclasses import dataclass

from fitness.dates import Dates
from fitness.sports import Sport

USUAL = Sport.RUN  # if no sport is named
# Metres in a week, so that a single short sprint does not win.
LEAST = {
    Sport.RUN: 5_000.0,
    Sport.RIDE: 20_000.0,
    Sport.SWIM: 1_000.0,
    Sport.WALK: 5_000.0,
    Sport.HIKE: 5_000.0,
    Sport.ROW: 5_000.0,
    Sport.PADDLE: 5_000.0,
    Sport.SKI: 10_000.0,
}
MOST_WEEKS = 4  # so that a member who joins a club in autumn can still be on the board of the year


@dataclass(frozen=True)
class Way:
    """A member's distance in one sport, in metres, and the time for it, in seconds; both are positive."""

    metres: float
    seconds: float

    @property
    def speed(self) -> float:
        """The mean speed in metres per second; long activities count more than short ones."""
        return self.metres / self.seconds


def compute_least_metres(sport: Sport, dates: Dates) -> float:
    """Return the shortest distance in these days for a comparison: `LEAST` for each whole week, for
    one at least and four at most.

    It is 0 in a sport that has no pace.
    """
    return LEAST.get(sport, 0.0) * min(max(dates.days // 7, 1), MOST_WEEKS)
