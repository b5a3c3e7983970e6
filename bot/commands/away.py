"""Commands about being away and coming back."""

from bot.arguments import Off, Yes
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from fitness.spans import Span
from messages.message import Message
from messages.render import Offer
from models import Absence
from services.group import away as absences


@command(
    "away",
    aliases=("holiday", "on holiday", "vacation"),
    help="Be away for a while: your streak stands still",
    allowed=Allowed.ANYONE,
    examples=("away until 3 jan", "away 2 weeks", "away from 20 dec until 3 jan", "away"),
)
def away(turn: Turn, days: Span | None = None, shown: Yes | None = None, secret: Off | None = None) -> Message:
    """Mark the member as away, from today or in the given days; without an end until they say `back`."""
    return _leave(turn, days, shown, secret, "away/enjoy")


@command(
    "sick",
    aliases=("ill", "unwell"),
    help="Rest until you're well: your streak stands still",
    allowed=Allowed.ANYONE,
    examples=("sick", "sick since monday", "ill until friday"),
)
def sick(turn: Turn, days: Span | None = None, shown: Yes | None = None, secret: Off | None = None) -> Message:
    """The same as `away`. It is not stored that the reason is an illness."""
    return _leave(turn, days, shown, secret, "away/get_well")


@command(
    "injured",
    aliases=("injury", "hurt"),
    help="Heal in peace: your streak stands still",
    allowed=Allowed.ANYONE,
    examples=("injured", "injured 6 weeks"),
)
def injured(turn: Turn, days: Span | None = None, shown: Yes | None = None, secret: Off | None = None) -> Message:
    """The same as `away`. It is not stored that the reason is an injury."""
    return _leave(turn, days, shown, secret, "away/get_well")


@command(
    "back",
    aliases=("i'm back", "im back", "not away"),
    help="Say that you're back",
    allowed=Allowed.ANYONE,
    examples=("back", "I'm back!"),
)
def back(turn: Turn) -> Message:
    """End the absence, so that today counts again."""
    absences.end_absence(turn.session, turn.member, turn.today(), turn.now)
    return turn.say("away/back", buttons=[commands["me"].button("my_week")])


def _leave(turn: Turn, days: Span | None, shown: Yes | None, secret: Off | None, wish: str) -> Message:
    """Store the absence, then ask whether the groups may see it. Until that is answered, they do not see it."""
    if shown or secret:
        if days is not None:
            _note(turn, days)
        absence = absences.show_absence(turn.session, turn.member, turn.today(), wanted=shown is not None)
        return turn.say("away/shown", absence=absence, buttons=[commands["back"].button("im_back")])
    absence = _note(turn, days)
    buttons = [Offer("yes_show_it", "away yes"), Offer("no_keep_it_quiet", "away off")]
    return turn.ask(wish, absence=absence, today=turn.today(), buttons=buttons)


def _note(turn: Turn, days: Span | None) -> Absence:
    today = turn.today()
    starts, ends = (today, None) if days is None else turn.days(days, today, is_past=True)
    return absences.begin_absence(turn.session, turn.member, starts, ends, today, turn.now)
