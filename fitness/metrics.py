"""The figures that members are compared by, and how they are rounded.

Each is declared once, in `Metric`. Boards, sums, what a member shares, goals, challenges, the texts and the reading of
lines follow from the declaration. docs/decisions/0024-one-declaration-per-metric.md explains how to add one.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from math import floor
from typing import Self

# The order of a sum changes its result by much less than what is added here to a half.
HALF_UP = 0.5 + 1e-6


class Made(Enum):
    """How a figure is computed."""

    ADDED_UP = auto()  # the sum of a column of the activities that count, or their number
    BY_DAY = auto()  # the sum of the steps of the watch's days
    FROM_POINTS = auto()  # computed from the points of days and weeks
    SPEED = auto()  # distance by time, in one sport


@dataclass(frozen=True)
class Figure:
    """The declaration of one metric.

    `name` is its English name: it is typed, stored, shared and shown by this name. Further words for it are in
    bot/languages/en/metrics.txt, other labels in metric.txt and figure_name.txt of templates/en/chat/words.
    `column` is the column of `models.Activity` that is added up; None for the number of activities, and for
    figures without a column. `unit` is how it is written: a name in `messages.filters.WRITTEN`. `sign` is written
    after it: "kcal". `needs` is what a member must share to be compared by it; by default the figure itself, which
    can then be shared. `at_first` says whether new members of a group share it. `is_aim` says whether it can be a
    goal or a challenge. Values below `least` would be written as zero: they are not listed on a board, and a lead
    smaller than that is not mentioned.
    """

    name: str
    made: Made = Made.ADDED_UP
    column: str | None = None
    unit: str = "number"
    sign: str = ""
    needs: tuple[str, ...] = ()
    at_first: bool = False
    is_aim: bool = False
    least: float = 0.0


class Metric(StrEnum):
    """A figure that members are compared by. The order is that of the list of what a member shares."""

    made: Made
    column: str | None
    unit: str
    sign: str
    fields: tuple[str, ...]
    at_first: bool
    is_aim: bool
    least: float

    def __new__(cls, declared: Figure) -> Self:
        metric = str.__new__(cls, declared.name)
        metric._value_ = declared.name
        metric.made, metric.column = declared.made, declared.column
        metric.unit, metric.sign = declared.unit, declared.sign
        metric.fields = declared.needs or (declared.name,)
        metric.at_first, metric.is_aim = declared.at_first, declared.is_aim
        metric.least = declared.least
        return metric

    # `least`: smaller values are written as "0 min", "0.0 km" or "0.0 mi", "0 pts", "0 m" or "0 kcal".
    TIME = Figure("time", column="duration", unit="duration", at_first=True, is_aim=True, least=31.0)
    DISTANCE = Figure("distance", column="distance", unit="far", at_first=True, is_aim=True, least=81.0)
    COUNT = Figure("count", unit="times", at_first=True, is_aim=True)
    POINTS = Figure("points", column="points", unit="points", at_first=True, is_aim=True, least=0.6)
    ELEVATION = Figure("elevation", column="elevation_gain", unit="climbed", is_aim=True, least=0.6)
    STEPS = Figure("steps", Made.BY_DAY)
    CALORIES = Figure("calories", column="calories", sign="kcal", is_aim=True, least=0.6)
    PACE = Figure("pace", Made.SPEED, unit="pace", needs=("time", "distance", "sports"))
    STREAK = Figure("streak", Made.FROM_POINTS, unit="weeks", needs=("points",))
    IMPROVED = Figure("improved", Made.FROM_POINTS, unit="usual", needs=("points",))
    CONSISTENCY = Figure("consistency", Made.FROM_POINTS, unit="points", needs=("points",))

    @property
    def is_sum(self) -> bool:
        """Whether the figures of several members can be added up."""
        return self.made in {Made.ADDED_UP, Made.BY_DAY}

    @property
    def is_told_alone(self) -> bool:
        """Whether one member's figure makes sense without those of others; a figure computed from points does not."""
        return self.made is not Made.FROM_POINTS

    @property
    def is_counted(self) -> bool:
        """Whether a goal's amount is a number before the figure's name: "120 points", "12 sessions"."""
        return self.is_sum and self.unit in {"points", "times", "number"}

    def reads_as_zero(self, value: float) -> bool:
        """Return whether this figure would be written as zero: then it is left out, on a board and
        between two of its rows.
        """
        return value < self.least


METRICS: dict[str, Metric] = {metric.value: metric for metric in Metric}
COLUMNS = tuple(metric.column for metric in Metric if metric.column)
# What a member may share with a group, in the order in which it is listed.
FIELDS = ("sports", *(metric.value for metric in Metric if metric.fields == (metric.value,)), "titles")
SHARED_AT_FIRST = ("sports", *(metric.value for metric in Metric if metric.at_first))


def round_points(points: float) -> float:
    """Return points rounded to a tenth, as they are shown and compared: the same for the
    same activities in any order.
    """
    return floor(points * 10 + HALF_UP) / 10
