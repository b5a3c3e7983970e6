"""The command about rivalries: two people compared week by week."""

from bot.arguments import Person, Switch
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from fitness.periods import THIS_WEEK
from messages.message import Message
from messages.render import Offer
from services.ground.group_settings import read_settings
from services.ground.refusals import KeepsOutOfRivalries
from services.group import groups
from services.play import rivalry as duels


@command(
    "rivalry",
    aliases=("rivals", "vs", "rivalries"),
    help="See who is close to you, week by week",
    allowed=Allowed.MEMBERS,
    examples=("rivalry", "rivalry José", "rivalry off", "rivalry on"),
)
def rivalry(turn: Turn, switch: Switch | None = None, person: Person | None = None) -> Message:
    """Show the member's rivals or one duel, or switch rivalries on or off."""
    if switch is not None:
        duels.switch_rivalry(turn.member, on=switch is Switch.ON)
        back = Offer("switch_on", "rivalry on")
        return turn.say(
            "rivalry/switched", on=duels.is_willing(turn.member), buttons=[] if switch is Switch.ON else [back]
        )
    week = THIS_WEEK.dates(turn.today(turn.group.timezone), read_settings(turn.group).week_start)
    if person is None:
        found = duels.list_rivalries_of(turn.session, turn.group, turn.member, week)
        return turn.say("rivalry/mine", rivals=found, on=duels.is_willing(turn.member), buttons=_more(turn))
    other = groups.find_member(turn.session, turn.group, person).member
    if not duels.may_meet(turn.session, turn.group, turn.member, other):
        raise KeepsOutOfRivalries(person=other)
    told = duels.find_rivalry_between(turn.session, turn.group, turn.member, other, week)
    return turn.say("rivalry/duel", told=told, other=other, buttons=_more(turn))


def _more(turn: Turn) -> list[Offer]:
    wanted = duels.is_willing(turn.member)
    return [commands["leaderboard"].button("leaderboard"), *([Offer("switch_off", "rivalry off")] if wanted else [])]
