"""Commands for the member's own totals and the group's boards."""

from datetime import date

from bot.arguments import Each
from bot.commands.questions import AskedFigure, say_one_figure
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from fitness.dates import Dates
from fitness.metrics import Metric
from fitness.periods import LAST_MONTH, LAST_WEEK, THIS_WEEK, Period
from fitness.sports import Sport
from messages.message import Message
from messages.render import Offer
from models import GarminAccount, GarminStatus
from services.ground.refusals import LinkNeedsRenewing, NotLinked
from services.people import members
from services.play import board_figures, standings
from services.training import accounts, activities, entries
from services.training.totals import Totals, sum_totals


@command(
    "me",
    aliases=("my week", "mine"),
    help="Your own numbers",
    allowed=Allowed.ANYONE,
    examples=("me", "me last month", "me run march", "me distance since 1 oct"),
)
def me(
    turn: Turn,
    sport: Sport | None = None,
    period: Period = THIS_WEEK,
    metric: Metric | None = None,
    each: Each | None = None,
) -> Message:
    """Show the member's totals, and their place in the group if they are in one. Members who send files need no Garmin
    account.
    """
    account = accounts.find_main_account(turn.session, turn.member)
    first = activities.find_first_day(turn.session, turn.member)
    if first is None:
        _require_account(account)
    if metric or each:
        return say_one_figure(turn, AskedFigure(metric, each), sport, period)
    dates, before = turn.resolve(period)
    manual = members.read_settings_for(turn.session, turn.member).manual
    totals = sum_totals(turn.session, [turn.member.id], dates, sport, manual).get(turn.member.id)
    if totals is None:
        return _say_nothing(turn, dates, first, sport, has_account=account is not None)
    earlier = sum_totals(turn.session, [turn.member.id], before, sport, manual).get(turn.member.id)
    place, of = _place(turn, period, sport)
    return turn.say(
        "standings/me",
        totals=totals,
        earlier=earlier or Totals(),
        dates=dates,
        today=turn.today(),
        sport=sport,
        place=place,
        of=of,
        buttons=_other_periods(period, sport),
    )


def _say_nothing(turn: Turn, dates: Dates, first: date | None, sport: Sport | None, *, has_account: bool) -> Message:
    """Return the answer for days without activities. `first` is the day of the member's first activity."""
    more = commands["sync"].button("sync_now") if has_account else commands["link garmin"].button("connect_garmin")
    return turn.say(
        "standings/nothing",
        dates=dates,
        today=turn.today(),
        first=first,
        sport=sport,
        left_out=entries.count_private_left_out(turn.session, turn.member),
        buttons=[more],
    )


@command(
    "last week",
    aliases=("my last week",),
    help="Your numbers of last week",
    allowed=Allowed.ANYONE,
    examples=("last week", "last week run"),
)
def last_week(turn: Turn, sport: Sport | None = None) -> Message:
    """Answer like "me last week"."""
    return me(turn, sport=sport, period=LAST_WEEK)


@command(
    "last month",
    aliases=("my last month",),
    help="Your numbers of last month",
    allowed=Allowed.ANYONE,
    examples=("last month", "last month swim"),
)
def last_month(turn: Turn, sport: Sport | None = None) -> Message:
    """Answer like "me last month"."""
    return me(turn, sport=sport, period=LAST_MONTH)


@command(
    "leaderboard",
    aliases=("lb", "board", "top", "rank", "ranking", "leader board"),
    help="See who moved most in your group",
    allowed=Allowed.MEMBERS,
    examples=("leaderboard", "lb distance run march", "top points last week", "rank ride last 4 weeks"),
)
def leaderboard(
    turn: Turn, metric: Metric = Metric.POINTS, sport: Sport | None = None, period: Period = THIS_WEEK
) -> Message:
    """Show the group's board over any days."""
    sport = board_figures.choose_sport(metric, sport)
    dates, before = turn.resolve(period, turn.group.timezone)
    board = standings.make_board(turn.session, turn.group, metric, dates, before, sport)
    return turn.say(
        "standings/board",
        **standings.gather_board_facts(board, turn.member),
        today=turn.today(turn.group.timezone),
        sport=sport,
        buttons=_other_boards(metric, sport, period),
    )


def _require_account(account: GarminAccount | None) -> None:
    if account is None:
        raise NotLinked
    if account.status is GarminStatus.NEEDS_RELINK and account.last_sync_at is None:
        raise LinkNeedsRenewing


def _place(turn: Turn, period: Period, sport: Sport | None) -> tuple[standings.BoardRow | None, int]:
    if not members.list_memberships(turn.session, turn.member):
        return None, 0
    dates, before = turn.resolve(period, turn.group.timezone)
    board = standings.make_board(turn.session, turn.group, Metric.POINTS, dates, before, sport)
    return board.row_of(turn.member) if board.ranked else None, len(board.rows)


def _other_periods(period: Period, sport: Sport | None) -> list[Offer]:
    said = [sport.value] if sport else []
    other = (LAST_WEEK, "last_week") if period == THIS_WEEK else (THIS_WEEK, "this_week")
    return [
        commands["me"].button(other[1], *said, other[0].words),
        commands["leaderboard"].button("leaderboard"),
        commands["dashboard"].button("dashboard"),
    ]


def _other_boards(metric: Metric, sport: Sport | None, period: Period) -> list[Offer]:
    said = [sport.value] if sport else []
    other = Metric.TIME if metric is Metric.POINTS else Metric.POINTS
    label = {Metric.TIME: "by_time", Metric.POINTS: "by_points"}[other]
    when = (LAST_WEEK, "last_week") if period == THIS_WEEK else (THIS_WEEK, "this_week")
    return [
        commands["leaderboard"].button(label, other, *said, period.words),
        commands["leaderboard"].button(when[1], metric, *said, when[0].words),
        commands["me"].button("my_week"),
    ]
