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

    TIME = "time", "time long duration hours hour minutes"
    DISTANCE = "distance", "distance far km kms kilometres kilometers miles mileage"
    COUNT = "count", "count many often times sessions activities workouts"
