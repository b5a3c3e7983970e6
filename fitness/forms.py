"""Periods of time as people name them, and those of them that are relative to today."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum, StrEnum
from typing import override

from fitness.dates import Dates, add_months, find_month, find_week, find_year
from fitness.impossible import ImpossibleError, Wrong

EARLIEST = date(1970, 1, 1)  # the first day of "all time": earlier than any recorded activity


class BadPeriod(ImpossibleError):
    """The words name days that no calendar has."""


class FuturePeriod(ValueError):
    """A period that lies wholly in the future."""

    def __init__(self, starts: date) -> None:
        super().__init__(starts.isoformat())
        self.starts = starts


class Kind(StrEnum):
    """The kind of a period, by which texts about it are chosen."""

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
    """A unit of the calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Which(IntEnum):
    """Which week, month or year is meant, counted from the present one."""

    LAST = -1
    THIS = 0
    NEXT = 1


class Period(ABC):
    """A period of time as people name it. Which days it has depends on today."""

    @property
    @abstractmethod
    def kind(self) -> Kind: ...

    @property
    @abstractmethod
    def words(self) -> str: ...

    def resolve(self, today: date, week_starts: int = 0) -> Dates:
        """Return its days. A period that is not over includes its days to come. Raises `FuturePeriod`
        if it has not begun.
        """
        dates = self.dates(today, week_starts)
        if dates.start > today:
            raise FuturePeriod(dates.start)
        return dates

    def previous(self, today: date, week_starts: int = 0) -> Dates:
        """Return the whole period before this one."""
        dates = self.resolve(today, week_starts)
        eve = dates.start - timedelta(1)
        match self.kind:
            case Kind.MONTH:
                return find_month(eve)
            case Kind.YEAR:
                return find_year(eve)
            case Kind.WEEKEND:
                return dates.moved(-7)
        return dates.moved(-dates.days)

    @abstractmethod
    def dates(self, today: date, week_starts: int) -> Dates:
        """Return its days, even if all of them are in the future."""


@dataclass(frozen=True)
class Relative(Period):
    """The present, last or next week, month or year; today, yesterday or tomorrow."""

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
                return find_week(today, week_starts).moved(7 * self.which)
            case Unit.MONTH:
                return find_month(add_months(today, self.which))
            case Unit.YEAR:
                return find_year(add_months(today, 12 * self.which))


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
                eve = add_months(today, -self.count)
            case Unit.YEAR:
                eve = add_months(today, -12 * self.count)
        return Dates(eve + timedelta(1), today)

    def previous(self, today: date, week_starts: int = 0) -> Dates:
        return self.dates(self.dates(today, week_starts).start - timedelta(1), week_starts)


@dataclass(frozen=True)
class Ago(Period):
    """A whole day, week, month or year that lies two or more of its kind in the past."""

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
                return find_week(today, week_starts).moved(-7 * self.count)
            case Unit.MONTH:
                return find_month(add_months(today, -self.count))
            case Unit.YEAR:
                return find_year(add_months(today, -12 * self.count))


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
