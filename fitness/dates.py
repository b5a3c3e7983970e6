"""Ranges of days, and calendar arithmetic that Python does not have."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Dates:
    """A range of whole days, both ends included."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"{self.end} is before {self.start}.")

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def moved(self, days: int) -> "Dates":
        return Dates(self.start + timedelta(days), self.end + timedelta(days))


def find_week(day: date, week_starts: int = 0) -> Dates:
    start = day - timedelta((day.weekday() - week_starts) % 7)
    return Dates(start, start + timedelta(6))


def find_month(day: date) -> Dates:
    return Dates(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def find_year(day: date) -> Dates:
    return Dates(date(day.year, 1, 1), date(day.year, 12, 31))


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
