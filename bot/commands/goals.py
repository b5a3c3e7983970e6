"""Commands about goals of a member and of a group."""

from bot.arguments import Amount, Off
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from fitness.metrics import Metric
from fitness.periods import THIS_MONTH, Dates
from fitness.spans import Span
from fitness.sports import Sport
from messages.message import Button, Message
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
        goals.drop(turn.session, turn.member)
        return turn.say("goals/dropped", buttons=[commands["me"].button("My week")])
    if amount or times:
        _aim(turn, turn.member, _wanted(amount, times), sport, days)
    return _shown(turn, turn.member)


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
    if off or amount or times:
        groups.require_admin(turn.session, turn.membership, "group goal")
    if off:
        goals.drop(turn.session, turn.group)
        return turn.say("goals/dropped", buttons=[commands["leaderboard"].button("Leaderboard")])
    if amount or times:
        _aim(turn, turn.group, _wanted(amount, times), sport, days)
    return _shown(turn, turn.group)


def _wanted(amount: Amount | None, times: int | None) -> Amount:
    """Return the amount, or the number of sessions as in "12 runs"."""
    return amount or Amount(Metric.COUNT.value, float(times or 0))


def _aim(turn: Turn, whose: Member | Group, amount: Amount, sport: Sport | None, days: Span | None) -> None:
    """Set a goal. Without days it is for this month."""
    today = turn.today(whose.timezone)
    start, end = turn.days(days or Span(named=THIS_MONTH), today)
    dates = Dates(start, end or start)
    goals.aim(turn.session, whose, Aim(amount.kind, amount.size, sport, dates), today, turn.now)


def _shown(turn: Turn, whose: Member | Group) -> Message:
    progress = goals.progress(turn.session, whose, turn.today(whose.timezone))
    group = whose if isinstance(whose, Group) else None
    if progress is None:
        may = group is None or turn.membership.role is not Role.MEMBER
        return turn.say("goals/none", group=group, may=may)
    buttons = [
        Button("Leaderboard", "leaderboard") if group else Button("My week", "me"),
        Button("Drop it", "group goal off" if group else "goal off"),
    ]
    if group and turn.membership.role is Role.MEMBER:
        buttons.pop()
    return turn.say("goals/progress", progress=progress, group=group, today=turn.today(whose.timezone), buttons=buttons)
