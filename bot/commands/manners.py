"""Commands for kudos, for information about the bot, and for feedback to the operator."""

import tomllib
from pathlib import Path

from bot.arguments import Person, Rest
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from messages.message import Message
from messages.render import Offer
from services.group import kudos as kind_words
from services.people import feedback as box

VERSION = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["version"]
STOPS = 3  # messages of the tour


@command(
    "kudos",
    aliases=("bravo", "well done", "congrats", "👏"),
    help="Say well done to somebody; they read it with their next message",
    allowed=Allowed.MEMBERS,
    examples=("kudos @Ben", "kudos @Ben what a ride", "bravo Ben"),
)
def kudos(turn: Turn, to: Person) -> Message:
    """Store kudos for another member of the group."""
    given, member = kind_words.give(turn.session, turn.membership, to, turn.now)
    unseen = turn.membership.anonymous or turn.membership.hidden
    return turn.say("manners/kudos", member=member, given=given, unseen=unseen)


@command(
    "tour",
    aliases=("show me around", "tutorial"),
    help="What this is, in three short messages",
    allowed=Allowed.ANYONE,
    examples=("tour", "tour 2"),
)
def tour(turn: Turn, stop: int = 1) -> Message:
    """Show one of the three messages of the tour. A button asks for the next one."""
    stop = min(max(stop, 1), STOPS)
    last = [commands["new group"].button("start_a_group"), Offer("connect_garmin", "link garmin")]
    return turn.say("manners/tour", stop=stop, buttons=last if stop == STOPS else [Offer("next", f"tour {stop + 1}")])


@command(
    "feedback",
    aliases=("suggestion", "complaint"),
    help="Tell those who run me what you think",
    allowed=Allowed.ANYONE,
    examples=("feedback I'd like a board for climbers",),
)
def feedback(turn: Turn, text: Rest) -> Message:
    """Store a message for the operator."""
    box.give(turn.session, turn.member, text, turn.now)
    return turn.say("manners/feedback")


@command("about", help="Who I am, and what I'm not", allowed=Allowed.ANYONE, examples=("about",), aliases=("version",))
def about(turn: Turn) -> Message:
    """Say what the bot is, and its version."""
    return turn.say("manners/about", version=VERSION, buttons=[commands["help"].button("help")])


@command(
    "terms",
    aliases=("rules", "conditions"),
    help="What I keep of you, and what I don't do",
    allowed=Allowed.ANYONE,
    examples=("terms",),
)
def terms(turn: Turn) -> Message:
    """Say which data is kept, and who may see it."""
    return turn.say("manners/terms")
