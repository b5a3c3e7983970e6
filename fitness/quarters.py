"""The present and the last quarter of the calendar year."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import override

from fitness.dates import Dates, add_months, find_month
from fitness.forms import Kind, Period, Which

MONTHS_IN = 3


@dataclass(frozen=True)
class Quarter(Period):
    """January to March, April to June, and so on: the present quarter or the one before."""

    which: Which

    kind = Kind.BETWEEN

    @property
    def words(self) -> str:
        return f"{self.which.name.lower()} quarter"

    @override
    def dates(self, today: date, week_starts: int) -> Dates:
        since = (today.month - 1) % MONTHS_IN
        first = add_months(today.replace(day=1), MONTHS_IN * self.which - since)
        return Dates(first, find_month(add_months(first, MONTHS_IN - 1)).end)

    @override
    def previous(self, today: date, week_starts: int = 0) -> Dates:
        """Return the whole quarter before, which may be a day or two shorter or longer."""
        return Quarter(Which.THIS).dates(self.dates(today, week_starts).start - timedelta(1), week_starts)
