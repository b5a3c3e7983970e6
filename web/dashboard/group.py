"""The group: its board by metric, sport and period, who moved up or down, and its last digests."""

from collections.abc import Sequence

from flask import Response, abort, request

from fitness.dates import Dates
from fitness.metrics import Metric
from fitness.periods import (
    ALL_TIME,
    LAST_MONTH,
    LAST_WEEK,
    THIS_MONTH,
    THIS_WEEK,
    THIS_YEAR,
    Period,
    resolve_with_before,
)
from fitness.sports import Sport
from models import DigestRun, Group, RunStatus
from services.digest import digests
from services.play import board_figures, standings
from services.play.standings import BoardRow
from web.dashboard.visit import LARGEST_ID, Visit

PERIODS: dict[str, Period] = {
    "this-week": THIS_WEEK,
    "last-week": LAST_WEEK,
    "this-month": THIS_MONTH,
    "last-month": LAST_MONTH,
    "this-year": THIS_YEAR,
    "all-time": ALL_TIME,
}
MOST_ROWS, MOST_MOVERS, MOST_DIGESTS = 50, 3, 8


def show_group(visit: Visit) -> Response:
    """Show the board that the form at the top asks for; by default, this week's by points."""
    if visit.group is None:
        return visit.page("no_group.html", "the_group")
    metric, sport, chosen = _read_choice()
    today = visit.today(visit.group)
    dates, before = resolve_with_before(PERIODS[chosen], today)
    board = standings.make_board(visit.session, visit.group, metric, dates, before, sport)
    mine = board.row_of(visit.member)
    shown = list(board.rows if "all" in request.args else board.rows[:MOST_ROWS])
    return visit.page(
        "group.html",
        "the_group",
        board=board,
        rows=shown if mine is None or mine in shown else [*shown, mine],
        mine=mine,
        most=max((row.place.value for row in board.rows), default=0.0),
        movers=_find_movers(board.rows) if board.ranked else [],
        metric=metric,
        sport=sport,
        chosen=chosen,
        periods=list(PERIODS),
        today=today,
        digests=[
            (run.id, Dates(run.period_start, run.period_end))
            for run in digests.list_sent(visit.session, visit.group, MOST_DIGESTS)
        ],
    )


def show_digest(visit: Visit, digest_id: int) -> Response:
    """Show the text of a digest, told from the figures as they are now, as one would read it in the chat."""
    run = visit.session.get(DigestRun, digest_id) if digest_id < LARGEST_ID else None
    if run is None or run.status is not RunStatus.SENT:
        abort(404)
    group: Group = visit.place_in(run.group_id).group
    dates = Dates(run.period_start, run.period_end)
    message = digests.write_for_reader(visit.session, group, visit.member, dates, visit.now)
    return visit.page("digest.html", "the_group", group=group, dates=dates, text=message.text, is_preview=False)


def _read_choice() -> tuple[Metric, Sport | None, str]:
    """What the address asks for. What it does not say, or says wrongly, is as by default."""
    asked = request.args.get
    metric = next((each for each in Metric if each.value == asked("metric")), Metric.POINTS)
    sport = next((each for each in Sport if each.value == asked("sport")), None)
    chosen = asked("period", "")
    return metric, board_figures.choose_sport(metric, sport), chosen if chosen in PERIODS else next(iter(PERIODS))


def _find_movers(rows: Sequence[BoardRow]) -> list[BoardRow]:
    """The rows that moved by most places, up or down."""
    moved = [row for row in rows if row.moved]
    return sorted(moved, key=lambda row: (-abs(row.moved or 0), -(row.moved or 0), row.place.place))[:MOST_MOVERS]
