"""The first screen: a week of the member, their place in the group, and their points by day."""

from datetime import timedelta

from flask import Response

from fitness.dates import Dates, find_week
from fitness.metrics import Metric
from services.play import series, standings, tally
from services.play.standings import Board
from services.training import accounts, activities
from services.training.totals import sum_totals
from web.dashboard import charts
from web.dashboard.visit import Visit

WEEK = 7


def show_week(visit: Visit) -> Response:
    """Show this week, or the one in which the day `week` of the address lies."""
    today, starts = visit.today(visit.group), visit.settings.week_start
    this_week = find_week(today, starts)
    dates = find_week(min(visit.read_day("week") or today, today), starts)
    manual = visit.settings.manual
    before = _find_before(dates, this_week, visit)
    efforts = tally.read_efforts(visit.session, [visit.member.id], dates, manual).get(visit.member.id, [])
    totals, earlier = (
        sum_totals(visit.session, [visit.member.id], each, manual=manual).get(visit.member.id)
        for each in (dates, before)
    )
    board = _make_board(visit, dates, before)
    return visit.page(
        "week.html",
        "this_week",
        dates=dates,
        is_now=dates == this_week,
        last=dates.moved(-WEEK).start,
        next=dates.moved(WEEK).start,
        today=today,
        totals=totals,
        earlier=earlier,
        columns=charts.stack_days(dates, efforts),
        sessions=activities.list_counting(visit.session, visit.member, dates, manual),
        board=board,
        mine=board.row_of(visit.member) if board and board.ranked else None,
        streak=series.count_streaks(visit.session, [visit.member.id], today, manual, starts)[visit.member.id],
        is_connected=bool(totals) or bool(accounts.list_accounts(visit.session, visit.member)),
    )


def _find_before(dates: Dates, this_week: Dates, visit: Visit) -> Dates:
    """The week before; as much of it as there is of this one, if this one is not over."""
    before = dates.moved(-WEEK)
    if dates != this_week:
        return before
    return Dates(before.start, before.start + timedelta((visit.today(visit.group) - dates.start).days))


def _make_board(visit: Visit, dates: Dates, before: Dates) -> Board | None:
    if visit.group is None:
        return None
    return standings.make_board(visit.session, visit.group, Metric.POINTS, dates, before)
