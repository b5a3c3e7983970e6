"""What a board can be about, and how fine it counts."""

from enum import StrEnum
from math import floor
from typing import Self

# A sum in another order differs by far less than is added to the half.
HALF_UP = 0.5 + 1e-6


class Metric(StrEnum):
    """A figure that people are compared by, with the words typed for it; "how far" is understood by its "far"."""

    words: tuple[str, ...]

    def __new__(cls, name: str, words: str) -> Self:
        metric = str.__new__(cls, name)
        metric._value_ = name
        metric.words = tuple(words.split())
        return metric

    POINTS = "points", "points point pts score effort"
    TIME = "time", "time long duration hours hour minutes"
    DISTANCE = "distance", "distance far km kms kilometres kilometers miles mileage"
    ELEVATION = "elevation", "elevation climb climbed climbing ascent hm metres meters vert"
    COUNT = "count", "count many often times sessions activities workouts"
    STEPS = "steps", "steps step"
    STREAK = "streak", "streak streaks"
    IMPROVED = "improved", "improved improvement improver handicap"
    CONSISTENCY = "consistency", "consistency consistent steady regular"

    @property
    def is_sum(self) -> bool:
        """Whether what several people did can be added up."""
        return self not in {Metric.STREAK, Metric.IMPROVED, Metric.CONSISTENCY}

    @property
    def field(self) -> str:
        """What a member must share to be on such a board: these three are read out of points."""
        return self.value if self.is_sum else "points"


def tenth(points: float) -> float:
    """Points as they are told, and tied, half a tenth upwards: the same for the same sessions in any order."""
    return floor(points * 10 + HALF_UP) / 10
