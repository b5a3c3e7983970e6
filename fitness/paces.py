"""Boards by pace: in which sports there is one, and how far one must have gone to be on it."""

from dataclasses import dataclass

from fitness.dates import Dates
from fitness.sports import Sport

USUAL = Sport.RUN  # where no sport is named
# Metres in a week, so that one short sprint does not win.
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
MOST_WEEKS = 4  # so that who joins a club in autumn can still be on the board of the year


@dataclass(frozen=True)
class Way:
    """What somebody covered in one sport, in metres, and how long that took, in seconds; both above zero."""

    metres: float
    seconds: float

    @property
    def speed(self) -> float:
        """The mean, in metres per second: each session weighs as much as it is long."""
        return self.metres / self.seconds


def compute_least_metres(sport: Sport, dates: Dates) -> float:
    """How far one must have gone in these days to be compared: so much for each whole week, and for four at most.

    It is 0 in a sport that has no pace.
    """
    return LEAST.get(sport, 0.0) * min(max(dates.days // 7, 1), MOST_WEEKS)
