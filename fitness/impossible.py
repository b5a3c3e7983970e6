"""Why words mean no day, time or schedule. It is told without a sentence: `words/impossible.txt` says it to members."""

from dataclasses import dataclass
from enum import StrEnum, auto


class Wrong(StrEnum):
    """What is wrong with what was said."""

    NO_MONTH = auto()  # count: the month's number
    NO_DAY = auto()  # what: the day in words
    COMES_AFTER = auto()  # what comes after which other, both in words
    IS_BEFORE = auto()  # what is before which other, both as dates
    ENDS_FIRST = auto()
    NO_TIME_AT_ALL = auto()  # count of what
    TOO_LONG_AGO = auto()
    BEFORE_ALL_TIME = auto()
    TOO_LONG_TO_PLAN = auto()  # count of what
    NO_CLOCK = auto()  # what was said
    NO_CRON = auto()
    CRON_TOO_LONG = auto()  # count: the most signs
    TOO_OFTEN = auto()
    TOO_SELDOM = auto()
    NO_DAY_OF_EVERY_MONTH = auto()


@dataclass(frozen=True)
class Impossible:
    """What is wrong, and the words and the number that tell it."""

    wrong: Wrong
    what: str = ""
    other: str = ""
    count: int = 0


class ImpossibleError(ValueError):
    """What was said cannot be; `why` tells members."""

    def __init__(self, wrong: Wrong, *, what: str = "", other: str = "", count: int = 0) -> None:
        super().__init__(wrong.value)
        self.why = Impossible(wrong, what, other, count)
