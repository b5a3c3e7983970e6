"""Commands about what the others see: shares, hiding, and rows without a name."""

from bot.arguments import Field, OwnMembership, Switch
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from fitness.metrics import FIELDS, METRICS
from messages.message import Message
from messages.render import Offer
from models import Membership
from services.ground import undoable
from services.group import privacy
from services.people import members
from services.training import entries


@command(
    "privacy",
    aliases=("who sees", "who sees what", "sharing", "my privacy"),
    help="See what your group sees of you, and what stays after *delete me*",
    allowed=Allowed.ANYONE,
    examples=("privacy", "who sees what"),
)
def show_privacy(turn: Turn) -> Message:
    """Show what the current group may and may not see, the commands to change it, and the data that
    stays after erasing.
    """
    if not members.list_memberships(turn.session, turn.member):
        return turn.say("privacy/nobody")
    mine = turn.membership
    shares = [field for field in FIELDS if field in mine.shares]
    return turn.say(
        "privacy/privacy",
        group=turn.group,
        membership=mine,
        shares=shares,
        unshared=[field for field in FIELDS if field not in shares],
        enough=privacy.are_enough(turn.session, turn.group),
        left_out=entries.count_private_left_out(turn.session, turn.member),
        buttons=[_back(mine)],
    )


@command(
    "share",
    aliases=("sharing of",),
    help="Let your group see a figure of yours, or no longer",
    allowed=Allowed.MEMBERS,
    examples=("share titles on", "share distance off"),
)
def share(turn: Turn, field: Field, switch: Switch = Switch.ON) -> Message:
    """Share one field in the current group, or stop sharing it. A figure that is computed from
    others has no setting of its own.
    """
    mine, on = turn.membership, switch is Switch.ON
    if field not in FIELDS:
        return turn.say("privacy/comes_with", metric=str(field), fields=METRICS[field].fields)
    undoable.remember(turn.session, turn.member, "share", turn.now, mine, shares=list(mine.shares))
    privacy.share(turn.session, mine, field, turn.now, on=on)
    return turn.say("privacy/shared", group=turn.group, field=field, on=on, buttons=[Offer("undo", "undo")])


@command(
    "hide",
    aliases=("hide me", "incognito"),
    help="Appear on no board of your group, and in no total",
    allowed=Allowed.MEMBERS,
    examples=("hide", "incognito"),
)
def hide(turn: Turn, place: OwnMembership | None = None) -> Message:
    """Hide the member in everything that the group sees."""
    return _hide(turn, place, on=True)


@command(
    "unhide",
    aliases=("unhide me", "show me again", "show myself"),
    help="Appear on your group's boards again",
    allowed=Allowed.MEMBERS,
    examples=("unhide",),
)
def unhide(turn: Turn, place: OwnMembership | None = None) -> Message:
    """Show the member on the boards again."""
    return _hide(turn, place, on=False)


@command(
    "anonymous",
    aliases=("anonymously", "nameless"),
    help="Count on the boards without your name",
    allowed=Allowed.MEMBERS,
    examples=("anonymous on", "anonymous off"),
)
def anonymous(turn: Turn, switch: Switch = Switch.ON) -> Message:
    """Show the member on boards without a name, if enough members want that. Until then, and until tomorrow,
    they are hidden.
    """
    mine, on = turn.membership, switch is Switch.ON
    undoable.remember(turn.session, turn.member, "anonymous", turn.now, mine, anonymous=mine.anonymous)
    privacy.be_anonymous(turn.session, mine, turn.now, on=on)
    return turn.say(
        "privacy/anonymous",
        group=turn.group,
        on=on,
        enough=privacy.are_enough(turn.session, turn.group),
        fewest=privacy.FEWEST_ANONYMOUS,
        buttons=[Offer("undo", "undo"), *([commands["hide"].button("hide_me", f"#{mine.id}")] if on else [])],
    )


def _hide(turn: Turn, place: OwnMembership | None, *, on: bool) -> Message:
    mine = turn.here(place)
    if mine.hidden != on:
        undoable.remember(turn.session, turn.member, "hide" if on else "unhide", turn.now, mine, hidden=mine.hidden)
        privacy.hide(turn.session, mine, turn.now, on=on)
    name = "privacy/hidden" if on else "privacy/unhidden"
    return turn.say(name, group=mine.group, buttons=[_back(mine)])


def _back(mine: Membership) -> Offer:
    """Return a button that reverses the change in this group, even if another group is current when it is tapped."""
    label, what = ("show_me_again", "unhide") if mine.hidden else ("hide_me", "hide")
    return commands[what].button(label, f"#{mine.id}")
