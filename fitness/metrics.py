"""What a board can be about."""

from enum import StrEnum
from typing import Self


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
