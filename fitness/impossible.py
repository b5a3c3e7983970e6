"""Why words mean no day, time or schedule. The reason contains no sentence:
`words/impossible.txt` has it for members.
"""

from dataclasses import dataclass
from enum import StrEnum, auto


class Wrong(StrEnum):
    """What is wrong with the words."""

    NO_MONTH = auto()  # count: the month's number
    NO_DAY = auto()  # what: the day in words
    COMES_AFTER = auto()  # what comes after which other one, both in words
    IS_BEFORE = auto()  # what is before which other, both as dates
    ENDS_FIRST = auto()
    NO_TIME_AT_ALL = auto()  # count and unit
    TOO_LONG_AGO = auto()
    BEFORE_ALL_TIME = auto()
    TOO_LONG_TO_PLAN = auto()  # count and unit
    NO_CLOCK = auto()  # what: the words
    NO_CRON = auto()
    CRON_TOO_LONG = auto()  # count: the most characters
    TOO_OFTEN = auto()
    TOO_SELDOM = auto()
    NO_DAY_OF_EVERY_MONTH = auto()


@dataclass(frozen=True)
class Impossible:
    """What is wrong, with the words and the number for its sentence."""

    wrong: Wrong
    what: str = ""
    other: str = ""
    count: int = 0


class ImpossibleError(ValueError):
    """The words mean nothing possible; `why` is the reason for members."""

    def __init__(self, wrong: Wrong, *, what: str = "", other: str = "", count: int = 0) -> None:
        super().__init__(wrong.value)
        self.why = Impossible(wrong, what, other, count)
