"""A year of the member: a grid of its days, against the year before, by sport, and a calendar."""

from calendar import Calendar
from collections.abc import Sequence
from datetime import date

from flask import Response, request

from fitness.dates import add_months
from fitness.wrapped import DaySport
from services.play.years import TrainingYear, read_year
from services.training import activities
from web.dashboard import charts
from web.dashboard.visit import Visit


def show_year(visit: Visit) -> Response:
    """Show this year, or the one in the address, with the calendar of one of its months."""
    today = visit.today(visit.group)
    first = activities.find_first_day(visit.session, visit.member) or today
    wanted = request.args.get("year", type=int) or today.year
    year = min(max(wanted, first.year), today.year)
    found = read_year(visit.session, visit.member, year, today, visit.settings.manual)
    month = _choose_month(visit, year, today)
    starts = visit.settings.week_start
    return visit.page(
        "year.html",
        "my_year",
        year=year,
        today=today,
        last=year - 1 if year > first.year else None,
        next=year + 1 if year < today.year else None,
        found=found,
        grid=charts.make_grid(found.dates, found.days, starts),
        most=max((max(each.points, each.before) for each in found.months), default=0.0),
        month=month,
        month_before=add_months(month, -1) if month.month > 1 else None,
        month_after=add_months(month, 1) if month.month < _find_last_month(year, today) else None,
        weeks=_fill_calendar(found, month, starts),
    )


def _choose_month(visit: Visit, year: int, today: date) -> date:
    """The first day of the month in the address, if it lies in this year; else of the last month that has begun."""
    asked = visit.read_day("month")
    last = _find_last_month(year, today)
    return date(year, min(asked.month, last) if asked and asked.year == year else last, 1)


def _find_last_month(year: int, today: date) -> int:
    return today.month if year == today.year else 12


def _fill_calendar(found: TrainingYear, month: date, starts: int) -> list[list[tuple[date, Sequence[DaySport]]]]:
    """The weeks of a month, each day with what was done on it. Days of other months are empty."""
    weeks = Calendar(starts).monthdatescalendar(month.year, month.month)
    return [[(day, found.days.get(day, ()) if day.month == month.month else ()) for day in week] for week in weeks]
