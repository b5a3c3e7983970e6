"""A period of time in people's words, and the forms of it that are told from today."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum, StrEnum
from typing import override

from fitness.dates import Dates, month_of, months_later, week_of, year_of
from fitness.impossible import ImpossibleError, Wrong

EARLIEST = date(1970, 1, 1)  # "all time" begins before anybody had a watch that could tell


class BadPeriod(ImpossibleError):
    """Words that name days which no calendar has."""


class FuturePeriod(ValueError):
    """A period of which not one day has begun."""

    def __init__(self, starts: date) -> None:
        super().__init__(starts.isoformat())
        self.starts = starts


class Kind(StrEnum):
    """What a period is, for choosing words about it."""

    DAY = "day"
    WEEK = "week"
    WEEKEND = "weekend"
    MONTH = "month"
    YEAR = "year"
    ROLLING = "rolling"
    SINCE = "since"
    BETWEEN = "between"
    ALL_TIME = "all time"


class Unit(StrEnum):
    """A step of the calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Which(IntEnum):
    """Which of its kind, counted from the one that is running."""

    LAST = -1
    THIS = 0
    NEXT = 1


class Period(ABC):
    """A stretch of time as people say it; it becomes days only when today is known."""

    @property
    @abstractmethod
    def kind(self) -> Kind: ...

    @property
    @abstractmethod
    def words(self) -> str: ...

    def resolve(self, today: date, week_starts: int = 0) -> Dates:
        """Its days, with those of a running week that are still to come; FuturePeriod if not one has begun."""
        dates = self.dates(today, week_starts)
        if dates.start > today:
            raise FuturePeriod(dates.start)
        return dates

    def previous(self, today: date, week_starts: int = 0) -> Dates:
        """The whole stretch one step back."""
        dates = self.resolve(today, week_starts)
        eve = dates.start - timedelta(1)
        match self.kind:
            case Kind.MONTH:
                return month_of(eve)
            case Kind.YEAR:
                return year_of(eve)
            case Kind.WEEKEND:
                return dates.moved(-7)
        return dates.moved(-dates.days)

    @abstractmethod
    def dates(self, today: date, week_starts: int) -> Dates:
        """Its days, even if they are all to come."""


@dataclass(frozen=True)
class Relative(Period):
    """The running, last or next week, month or year; today, yesterday or tomorrow."""

    unit: Unit
    which: Which

    @property
    def kind(self) -> Kind:
        return Kind(self.unit.value)

    @property
    def words(self) -> str:
        if self.unit is Unit.DAY:
            return ("yesterday", "today", "tomorrow")[self.which + 1]
        return f"{self.which.name.lower()} {self.unit}"

    def dates(self, today: date, week_starts: int) -> Dates:
        match self.unit:
            case Unit.DAY:
                return Dates(today, today).moved(self.which)
            case Unit.WEEK:
                return week_of(today, week_starts).moved(7 * self.which)
            case Unit.MONTH:
                return month_of(months_later(today, self.which))
            case Unit.YEAR:
                return year_of(months_later(today, 12 * self.which))


@dataclass(frozen=True)
class Rolling(Period):
    """The last so many days, weeks, months or years, today included."""

    count: int
    unit: Unit

    kind = Kind.ROLLING

    def __post_init__(self) -> None:
        if self.count < 1:
            raise BadPeriod(Wrong.NO_TIME_AT_ALL, count=self.count, what=self.unit)
        if self.count > _MOST[self.unit]:
            raise BadPeriod(Wrong.TOO_LONG_AGO)

    @property
    def words(self) -> str:
        return f"last {self.count} {self.unit}{'s' if self.count > 1 else ''}"

    @override
    def dates(self, today: date, week_starts: int) -> Dates:
        match self.unit:
            case Unit.DAY:
                eve = today - timedelta(self.count)
            case Unit.WEEK:
                eve = today - timedelta(weeks=self.count)
            case Unit.MONTH:
                eve = months_later(today, -self.count)
            case Unit.YEAR:
                eve = months_later(today, -12 * self.count)
        return Dates(eve + timedelta(1), today)

    def previous(self, today: date, week_starts: int = 0) -> Dates:
        return self.dates(self.dates(today, week_starts).start - timedelta(1), week_starts)


@dataclass(frozen=True)
class Ago(Period):
    """A whole day, week, month or year, two or more of them back."""

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        if not 0 < self.count <= _MOST[self.unit]:
            raise BadPeriod(Wrong.TOO_LONG_AGO)

    @property
    def kind(self) -> Kind:
        return Kind(self.unit.value)

    @property
    def words(self) -> str:
        return f"{self.count} {self.unit}{'s' if self.count > 1 else ''} ago"

    @override
    def dates(self, today: date, week_starts: int) -> Dates:
        match self.unit:
            case Unit.DAY:
                return Dates(today, today).moved(-self.count)
            case Unit.WEEK:
                return week_of(today, week_starts).moved(-7 * self.count)
            case Unit.MONTH:
                return month_of(months_later(today, -self.count))
            case Unit.YEAR:
                return year_of(months_later(today, -12 * self.count))


_MOST = {Unit.DAY: 36_525, Unit.WEEK: 5_218, Unit.MONTH: 1_200, Unit.YEAR: 100}


@dataclass(frozen=True)
class AllTime(Period):
    """Everything up to today."""

    kind = Kind.ALL_TIME
    words = "all time"

    @override
    def dates(self, today: date, week_starts: int) -> Dates:
        return Dates(EARLIEST, today)

    @override
    def previous(self, today: date, week_starts: int = 0) -> Dates:
        raise BadPeriod(Wrong.BEFORE_ALL_TIME)
