"""Commands about goals of a member and of a group."""

from bot.arguments import Amount, Off
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from fitness.metrics import Metric
from fitness.periods import THIS_MONTH, Dates
from fitness.spans import Span
from fitness.sports import Sport
from messages.message import Message
from messages.render import Offer
from models import Group, Member, Role
from services.group import groups
from services.play import goals
from services.play.goals import Aim


@command(
    "goal",
    aliases=("target", "my goal"),
    help="Set yourself a goal, and see when you'll be there",
    allowed=Allowed.ANYONE,
    examples=("goal 120 km run month", "goal", "goal 12 runs in december", "goal 1,000 points this year", "goal off"),
)
def goal(
    turn: Turn,
    amount: Amount | None = None,
    sport: Sport | None = None,
    days: Span | None = None,
    times: int | None = None,
    off: Off | None = None,
) -> Message:
    """Show, set or drop the member's own goal. Nobody else sees it."""
    if off:
        return _drop(turn, turn.member, commands["me"].button("my_week"))
    return _set_and_show(turn, turn.member, _wanted(amount, times), sport, days)


@command(
    "group goal",
    aliases=("our goal",),
    help="Aim for something together, and see when you'll be there",
    allowed=Allowed.MEMBERS,
    examples=("group goal", "group goal 500 km month", "group goal 40 h until 31 dec", "group goal off"),
)
def group_goal(
    turn: Turn,
    amount: Amount | None = None,
    sport: Sport | None = None,
    days: Span | None = None,
    times: int | None = None,
    off: Off | None = None,
) -> Message:
    """Show, set or drop the group's common goal. Every member may see it; only admins may set it."""
    wanted = _wanted(amount, times)
    if off or wanted:
        groups.require_admin(turn.session, turn.membership, "group goal")
    if off:
        return _drop(turn, turn.group, commands["leaderboard"].button("leaderboard"))
    return _set_and_show(turn, turn.group, wanted, sport, days)


def _wanted(amount: Amount | None, times: int | None) -> Amount | None:
    """Return the amount, or a number of activities as in "12 runs"; None if the line contains neither."""
    return amount or (Amount(Metric.COUNT.value, float(times)) if times else None)


def _drop(turn: Turn, whose: Member | Group, more: Offer) -> Message:
    goals.drop_goal(turn.session, whose, turn.now)
    return turn.say("goals/dropped", buttons=[more])


def _set_and_show(
    turn: Turn, whose: Member | Group, wanted: Amount | None, sport: Sport | None, days: Span | None
) -> Message:
    """Set the goal if the line contains an amount, and show its progress."""
    if wanted:
        _aim(turn, whose, wanted, sport, days)
    return _show(turn, whose)


def _aim(turn: Turn, whose: Member | Group, amount: Amount, sport: Sport | None, days: Span | None) -> None:
    """Set a goal. Without days it is for this month."""
    today = turn.today(whose.timezone)
    start, end = turn.days(days or Span(named=THIS_MONTH), today)
    dates = Dates(start, end or start)
    goals.set_goal(turn.session, whose, Aim(amount.kind, amount.size, sport, dates), today, turn.now)


def _show(turn: Turn, whose: Member | Group) -> Message:
    progress = goals.measure_progress(turn.session, whose, turn.today(whose.timezone))
    group = whose if isinstance(whose, Group) else None
    if progress is None:
        may = group is None or turn.membership.role is not Role.MEMBER
        return turn.say("goals/none", group=group, may=may)
    buttons = [
        Offer("leaderboard", "leaderboard") if group else Offer("my_week", "me"),
        Offer("drop_it", "group goal off" if group else "goal off"),
    ]
    if group and turn.membership.role is Role.MEMBER:
        buttons.pop()
    return turn.say("goals/progress", progress=progress, group=group, today=turn.today(whose.timezone), buttons=buttons)
