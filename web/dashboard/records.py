"""Records and streaks of the member, and the group's streak."""

from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from flask import Response

from fitness.dates import Dates, find_week
from fitness.streaks import Week
from services.group import privacy
from services.play import series
from services.training import records
from services.training.totals import SPORTS
from web.dashboard.visit import Visit

SHOWN = 26  # weeks
WEEK = timedelta(weeks=1)


class ShownWeek(NamedTuple):
    """A week in the row of weeks: "kept", "frozen", "away", "now" (not over and not kept yet) or "missed"."""

    start: date
    state: str
    week: Week


def show_records(visit: Visit) -> Response:
    """Show what the member has done best, and for how many weeks in a row they have been active."""
    found = records.find_best(visit.session, visit.member)
    today, settings = visit.today(visit.group), visit.settings
    mine = [visit.member.id]
    streak = series.count_streaks(visit.session, mine, today, settings.manual, settings.week_start)[visit.member.id]
    return visit.page(
        "records.html",
        "my_records",
        sports=[(sport, list(rows)) for sport, rows in groupby(found, key=lambda row: SPORTS[row.sport])],
        streak=streak,
        weeks=_list_weeks(visit, today, streak.frozen),
        until=find_week(today, settings.week_start).end,
        together=_count_together(visit, today),
        today=today,
    )


def _list_weeks(visit: Visit, today: date, frozen: tuple[date, ...]) -> list[ShownWeek]:
    settings, mine = visit.settings, [visit.member.id]
    this_week = find_week(today, settings.week_start)
    dates = Dates(this_week.start - (SHOWN - 1) * WEEK, this_week.end)
    weeks = series.read_weeks(visit.session, mine, dates, settings.manual, settings.week_start)
    away = series.list_weeks_away(visit.session, mine, dates, settings.week_start).get(visit.member.id, set())
    shown = []
    for n in range(SHOWN):
        start = dates.start + n * WEEK
        week = weeks.get(visit.member.id, {}).get(start, Week())
        other = "frozen" if start in frozen else "away" if start in away else "missed"
        state = "kept" if week.kept else "now" if start == this_week.start else other
        shown.append(ShownWeek(start, state, week))
    return shown


def _count_together(visit: Visit, today: date) -> int:
    """For how many weeks in a row enough members of the group have been active."""
    if visit.group is None:
        return 0
    people = list(privacy.find_sharing(visit.session, visit.group, "points"))
    enough = series.choose_enough_for_group(len(people))
    settings = visit.settings
    return series.count_group_streak_of(visit.session, people, today, settings.manual, enough, settings.week_start)
