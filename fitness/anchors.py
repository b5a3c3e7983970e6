"""Periods with a fixed place in the calendar (a day, a month, a weekday), and periods that run from one to another."""

from abc import abstractmethod
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import override

from fitness.dates import Dates, find_month, find_week, find_year
from fitness.forms import BadPeriod, Kind, Period, Relative
from fitness.impossible import Wrong
from fitness.vocabulary import MONTH_NAMES, WEEKDAY_NAMES


class Anchor(Period):
    """A period with a place in the calendar. Without a year it recurs, and then the latest one that has
    begun is meant.
    """

    year: int | None = None
    over: bool = False  # whether it must be over: "last monday" is never today

    @override
    def dates(self, today: date, week_starts: int) -> Dates:
        turns = self.turns(today)
        begun = [turn for turn in turns if (turn.end < today if self.over else turn.start <= today)]
        return begun[-1] if begun else turns[0]

    @abstractmethod
    def turns(self, around: date) -> list[Dates]:
        """Return its occurrences around a date, oldest first; with a year there is only one."""

    def years(self, around: date) -> range:
        # Two 29 Februaries can lie eight years apart (2096, 2104).
        return range(around.year - 8, around.year + 9) if self.year is None else range(self.year, self.year + 1)


@dataclass(frozen=True)
class CalendarDay(Anchor):
    """1 November, or 1 November 2026."""

    day: int
    month: int
    year: int | None = None

    kind = Kind.DAY

    def __post_init__(self) -> None:
        if not 1 <= self.month <= 12:
            raise BadPeriod(Wrong.NO_MONTH, count=self.month)
        leap_year = 2024
        if not 1 <= self.day <= monthrange(self.year or leap_year, self.month)[1]:
            raise BadPeriod(Wrong.NO_DAY, what=self.words)

    @property
    def words(self) -> str:
        return f"{self.day} {MONTH_NAMES[self.month - 1]}" + (f" {self.year}" if self.year else "")

    def turns(self, around: date) -> list[Dates]:
        years = [year for year in self.years(around) if self.day <= monthrange(year, self.month)[1]]
        days = [date(year, self.month, self.day) for year in years]
        return [Dates(day, day) for day in days]


@dataclass(frozen=True)
class NamedMonth(Anchor):
    """March, last March (never the present month), or March 2025."""

    month: int
    year: int | None = None
    over: bool = False

    kind = Kind.MONTH

    def __post_init__(self) -> None:
        if self.year and self.over:
            raise ValueError(f"{MONTH_NAMES[self.month - 1].title()} {self.year} comes only once.")

    @property
    def words(self) -> str:
        name = MONTH_NAMES[self.month - 1]
        return f"{name} {self.year}" if self.year else f"last {name}" if self.over else name

    def turns(self, around: date) -> list[Dates]:
        return [find_month(date(year, self.month, 1)) for year in self.years(around)]


@dataclass(frozen=True)
class NamedYear(Anchor):
    """A calendar year, such as 2025."""

    year: int

    kind = Kind.YEAR

    @property
    def words(self) -> str:
        return str(self.year)

    def turns(self, around: date) -> list[Dates]:
        return [find_year(date(year, 1, 1)) for year in self.years(around)]


@dataclass(frozen=True)
class NamedWeekday(Anchor):
    """Monday (today, if it is one), or last Monday (never today)."""

    weekday: int
    over: bool = False

    kind = Kind.DAY

    @property
    def words(self) -> str:
        return f"{'last ' if self.over else ''}{WEEKDAY_NAMES[self.weekday]}"

    def turns(self, around: date) -> list[Dates]:
        day = find_week(around).start + timedelta(self.weekday)
        return [Dates(day, day).moved(7 * week) for week in (-2, -1, 0, 1, 2)]

    def previous(self, today: date, week_starts: int = 0) -> Dates:
        return self.resolve(today, week_starts).moved(-7)


@dataclass(frozen=True)
class Weekend(Anchor):
    """The latest Saturday and Sunday that have begun; for "last weekend", the latest that are over."""

    over: bool = False

    kind = Kind.WEEKEND

    @property
    def words(self) -> str:
        return "last weekend" if self.over else "this weekend"

    def turns(self, around: date) -> list[Dates]:
        saturday = find_week(around).start + timedelta(5)
        return [Dates(saturday, saturday + timedelta(1)).moved(7 * week) for week in (-2, -1, 0, 1, 2)]


@dataclass(frozen=True)
class Since(Period):
    """From the first day of something until today."""

    what: Anchor | Relative

    kind = Kind.SINCE

    @property
    def words(self) -> str:
        return f"since {self.what.words}"

    def dates(self, today: date, week_starts: int) -> Dates:
        start = self.what.dates(today, week_starts).start
        return Dates(start, max(start, today))


@dataclass(frozen=True)
class Between(Period):
    """From the first day of one thing to the last day of another."""

    first: Anchor
    last: Anchor

    kind = Kind.BETWEEN

    def __post_init__(self) -> None:
        if _backwards(self.first, self.last):
            raise BadPeriod(Wrong.COMES_AFTER, what=self.first.words, other=self.last.words)

    @property
    def words(self) -> str:
        return f"between {self.first.words} and {self.last.words}"

    def dates(self, today: date, week_starts: int) -> Dates:
        if self.first.year is None and self.last.year is not None:
            last = self.last.turns(today)[0]
            first = [turn for turn in self.first.turns(last.end) if turn.start <= last.end][-1]
        else:
            first = self.first.dates(today, week_starts)
            last = next(turn for turn in self.last.turns(first.start) if turn.end >= first.start)
        return Dates(first.start, last.end)


def _backwards(first: Anchor, last: Anchor) -> bool:
    if first.year is not None and last.year is not None:
        anywhere = date(first.year, 1, 1)
        return first.turns(anywhere)[0].start > last.turns(anywhere)[0].end
    # "between 9 and 3 nov" is a mistake; only if the months differ can the period run into the next year
    if isinstance(first, CalendarDay) and isinstance(last, CalendarDay):
        return (first.month, first.year) == (last.month, last.year) and first.day > last.day
    return False
