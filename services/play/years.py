"""A member's year, day by day, and what they had done by the same day a year before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from fitness.dates import Dates, add_months, find_year
from fitness.wrapped import DaySport
from models import Member
from services.play import tally
from services.training.totals import Totals

MONTHS = 12


@dataclass(frozen=True)
class Month:
    """The points of a month, and of the same month a year before."""

    start: date
    points: float
    before: float


@dataclass(frozen=True)
class TrainingYear:
    """A year of a member. `before` is what they did a year earlier up to the same day, if this year is not over."""

    dates: Dates
    days: Mapping[date, Sequence[DaySport]]
    totals: Totals
    before: Totals
    months: Sequence[Month]


def read_year(session: Session, member: Member, year: int, today: date, manual: float) -> TrainingYear:
    """Read a year of the member and the one before it. One query.

    `manual` is the part of its points that an entry by hand keeps.
    """
    dates = find_year(date(year, 1, 1))
    both = Dates(date(year - 1, 1, 1), dates.end)
    efforts = tally.read_efforts(session, [member.id], both, manual).get(member.id, [])
    mine = [each for each in efforts if each.day.year == year]
    earlier = [each for each in efforts if each.day.year < year]
    same_day = add_months(min(today, dates.end), -MONTHS)
    return TrainingYear(
        dates=dates,
        days=tally.divide_by_day(mine),
        totals=tally.sum_efforts(mine),
        before=tally.sum_efforts(each for each in earlier if each.day <= same_day),
        months=_months(mine, earlier, year),
    )


def _months(mine: Sequence[DaySport], earlier: Sequence[DaySport], year: int) -> list[Month]:
    points = [0.0] * MONTHS
    before = [0.0] * MONTHS
    for each in mine:
        points[each.day.month - 1] += each.value
    for each in earlier:
        before[each.day.month - 1] += each.value
    return [Month(date(year, n + 1, 1), points[n], before[n]) for n in range(MONTHS)]
