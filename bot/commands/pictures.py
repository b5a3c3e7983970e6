"""Commands for pictures of the member's weeks and sports, and for a card about a month or a year."""

from dataclasses import asdict

from bot.arguments import Light, PictureWanted, Whose
from bot.declaring.command import Allowed, command
from bot.declaring.turn import Turn
from fitness.periods import LAST_MONTH, THIS_MONTH, Period
from messages.message import Message
from models import Group
from services.digest import cards, wrapped
from services.people import members
from services.play.tally import MEASURE

FIRST_DAYS = 7  # days at the beginning of a month in which the month before is meant


@command(
    "chart",
    aliases=("graph", "picture"),
    help="Your week, weeks or sports as a picture",
    allowed=Allowed.ANYONE,
    examples=("chart", "chart trend", "chart sport", "graph week", "chart dark"),
)
def chart(turn: Turn, picture: PictureWanted | None = None, light: Light | None = None) -> Message:
    """Show a picture, which is drawn when the message is sent. "dark" and "light" are stored as the member's choice."""
    if light is not None:
        cards.choose_light(turn.member, dark=light is Light.DARK)
        if picture is None:
            return turn.say("pictures/light", dark=light is Light.DARK)
    group, today = _group(turn), turn.today()
    if picture is PictureWanted.TREND:
        card = cards.make_trend(turn.session, turn.member, group, today)
    elif picture is PictureWanted.SPORT:
        card = cards.make_mix(turn.session, turn.member, today)
    else:
        card = cards.make_week(turn.session, turn.member, today)
    if not card.totals.count:
        return turn.say("pictures/nothing", dates=card.dates, group=None)
    return _said(turn, card)


@command(
    "wrapped",
    aliases=("recap", "year in review"),
    help="Your month or year on a card to forward, or the group's",
    allowed=Allowed.ANYONE,
    examples=("wrapped", "wrapped year", "wrapped group", "wrapped group last month", "recap october"),
)
def wrap(turn: Turn, period: Period | None = None, whose: Whose | None = None) -> Message:
    """Show the card of a period. By default it is the last month in the first days of a month, later
    the present one.
    """
    group = turn.group if whose is Whose.GROUP else None
    zone = group.timezone if group else None
    asked = period or (LAST_MONTH if turn.today(zone).day <= FIRST_DAYS else THIS_MONTH)
    dates, _ = turn.resolve(asked, zone)
    if group is not None:
        of_group = wrapped.wrap_group(turn.session, group, dates, turn.reader, dark=cards.is_dark(turn.member))
        if of_group is None:
            return turn.say("pictures/nothing", dates=dates, group=group)
        return turn.say(
            "pictures/wrapped_group",
            chart=asdict(of_group.chart),
            totals=of_group.totals,
            dates=dates,
            group=group,
            size=of_group.people,
        )
    story = wrapped.wrap_member(turn.session, turn.member, dates)
    if story is None:
        return turn.say("pictures/nothing", dates=dates, group=None)
    praise = story.praises[turn.member.id]
    return turn.say("pictures/wrapped", chart=asdict(story.chart), totals=story.totals, dates=dates, praise=praise)


def _group(turn: Turn) -> Group | None:
    """Return the member's current group, or None if they are in none."""
    return turn.group if members.list_memberships(turn.session, turn.member) else None


def _said(turn: Turn, card: cards.Card) -> Message:
    made = asdict(card.chart)
    if card.chart.kind == "trend":
        return turn.say(
            "pictures/trend", chart=made, now=card.weeks[-1], usual=card.usual, weeks=cards.WEEKS, metric=MEASURE
        )
    if card.chart.kind == "mix":
        return turn.say("pictures/sport", chart=made, totals=card.totals, weeks=cards.MIX_WEEKS)
    return turn.say("pictures/week", chart=made, totals=card.totals, dates=card.dates)
