"""Commands about roles in a group, and about removing and confirming members."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from bot.arguments import MemberWanted, Sure
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from messages.message import Message
from messages.render import Offer
from models import Ban, Group, Member, Membership
from services.group import group_notices, groups, proofs, roles
from services.group.roster import is_exactly
from services.people import bans


@command(
    "promote",
    aliases=("make admin", "admin"),
    help="Make somebody an admin of your group",
    allowed=Allowed.OWNER,
    examples=("promote José",),
    destructive=True,
)
def promote(turn: Turn, who: MemberWanted) -> Message:
    """Make a member an admin. Admins invite, approve and remove members, and change the settings."""
    return _changed(turn, who, roles.promote)


@command(
    "demote",
    aliases=("unadmin",),
    help="Make an admin a member again",
    allowed=Allowed.OWNER,
    examples=("demote José",),
    destructive=True,
)
def demote(turn: Turn, who: MemberWanted) -> Message:
    """Make an admin an ordinary member."""
    return _changed(turn, who, roles.demote)


@command(
    "transfer",
    aliases=("hand over", "transfer group", "make owner"),
    help="Hand your group to somebody else",
    allowed=Allowed.OWNER,
    examples=("transfer José",),
    destructive=True,
)
def transfer(turn: Turn, who: MemberWanted, sure: Sure | None = None) -> Message:
    """Make another member the owner. It asks first, because only the new owner could reverse it."""
    mine, theirs = _places(turn, roles.find_meant, who)
    if not _is_sure(theirs, who, sure):
        roles.require_transfer(turn.session, mine, theirs)
        return _ask(turn, theirs, "roles/ask_transfer", "transfer", "yes_hand_it_over")
    roles.transfer(turn.session, mine, theirs, turn.now)
    group_notices.tell_role_changed(turn.session, theirs, turn.now)
    return turn.say("roles/transferred", group=theirs.group, person=theirs.member)


@command(
    "kick",
    aliases=("remove member", "throw out"),
    help="Remove somebody from your group",
    allowed=Allowed.ADMINS,
    examples=("kick José",),
    destructive=True,
)
def kick(turn: Turn, who: MemberWanted, sure: Sure | None = None) -> Message:
    """Remove a member; they disappear from all boards at once, and can come back with an invite."""
    mine, theirs = _places(turn, roles.find_meant, who)
    if not _is_sure(theirs, who, sure):
        return _ask_to_exclude(turn, mine, theirs, "kick", "yes_remove")
    roles.kick(turn.session, mine, theirs, turn.now)
    group_notices.tell_removed(turn.session, theirs, turn.now, for_good=False)
    return turn.say("roles/kicked", group=theirs.group, person=theirs.member)


@command(
    "ban",
    aliases=("block",),
    help="Remove somebody for good: no code lets them back in",
    allowed=Allowed.ADMINS,
    examples=("ban José",),
    destructive=True,
)
def ban(turn: Turn, who: MemberWanted, sure: Sure | None = None) -> Message:
    """Ban a person, who may have left the group already."""
    mine, theirs = _places(turn, roles.find_meant_ever, who)
    if not _is_sure(theirs, who, sure):
        return _ask_to_exclude(turn, mine, theirs, "ban", "yes_ban")
    if roles.ban(turn.session, mine, theirs, turn.now):
        group_notices.tell_removed(turn.session, theirs, turn.now, for_good=True)
    undo = Offer("undo", f"unban #{theirs.id} yes")
    return turn.say("roles/banned", group=theirs.group, person=theirs.member, buttons=[undo])


@command(
    "unban",
    aliases=("unblock",),
    help="Let somebody join again who was banned",
    allowed=Allowed.ADMINS,
    examples=("unban José", "unban", "unban @erased 5"),
    destructive=True,
)
def unban(turn: Turn, who: MemberWanted | None = None, sure: Sure | None = None) -> Message:
    """End a ban. The person still needs an invite to come back. Without a name, list who is banned."""
    if who is None:
        return _ask_whom_to_unban(turn)
    if ban := roles.find_meant_erased(turn.session, turn.member, who):
        return _unban_erased(turn, ban, sure)
    mine, theirs = _places(turn, roles.find_meant_banned, who)
    if not _is_sure(theirs, who, sure):
        return _ask_to_exclude(turn, mine, theirs, "unban", "yes_unban")
    roles.unban(turn.session, mine, theirs, turn.now)
    button = commands["invite"].button("new_invite")
    return turn.say("roles/unbanned", group=theirs.group, person=theirs.member, buttons=[button])


@command(
    "vouch",
    aliases=("vouch for",),
    help="Tell me that somebody's number is still theirs",
    allowed=Allowed.MEMBERS,
    examples=("vouch José",),
    destructive=True,
)
def vouch(turn: Turn, who: MemberWanted, sure: Sure | None = None) -> Message:
    """Confirm that a member's number is still theirs, after a long silence. The people who run the
    group may do this.
    """
    mine, theirs = _places(turn, roles.find_meant, who)
    if not _is_sure(theirs, who, sure):
        proofs.require_may_vouch(turn.session, mine, theirs, turn.now)
        return _ask(turn, theirs, "roles/ask_word", "vouch", "yes_its_them")
    proofs.vouch(turn.session, mine, theirs, turn.now)
    return turn.say("roles/vouched", person=theirs.member)


def _ask_whom_to_unban(turn: Turn) -> Message:
    """List the banned people by name, and those who were erased since by a number, and ask whom to unban."""
    people, erased = roles.list_banned(turn.session, turn.group), bans.list_of_erased(turn.session, turn.group)
    if not people and not erased:
        return turn.say("roles/nobody_banned", group=turn.group)
    return turn.ask("roles/whom_to_unban", group=turn.group, people=people, erased=erased)


def _unban_erased(turn: Turn, ban: Ban, sure: Sure | None) -> Message:
    mine, line = turn.place(ban.group_id), f"unban @erased {ban.id}"
    if sure is None:
        groups.require_admin(turn.session, mine, "unban")
        buttons = [Offer("yes_unban", f"{line} yes"), Offer("no", "never mind")]
        return turn.ask("roles/ask_unban_erased", about=line, ban=ban, buttons=buttons)
    roles.unban_erased(turn.session, mine, ban, turn.now)
    return turn.say("roles/unbanned_erased", group=ban.group, buttons=[commands["invite"].button("new_invite")])


def _changed(
    turn: Turn, who: MemberWanted, change: Callable[[Session, Membership, Membership, datetime], None]
) -> Message:
    mine, theirs = _places(turn, roles.find_meant, who)
    change(turn.session, mine, theirs, turn.now)
    group_notices.tell_role_changed(turn.session, theirs, turn.now)
    return turn.say("roles/became", group=theirs.group, person=theirs.member, role=theirs.role)


def _places(
    turn: Turn, find: Callable[[Session, Member, Group, str], Membership], who: MemberWanted
) -> tuple[Membership, Membership]:
    """Return the memberships of the member and of the named person in the same group."""
    theirs = find(turn.session, turn.member, turn.group, who)
    return turn.place(theirs.group_id), theirs


def _is_sure(theirs: Membership, who: MemberWanted, sure: Sure | None) -> bool:
    """Return whether the yes is valid: the person was named by number or whole name. Otherwise the bot asks,
    with the name that it understood.
    """
    return sure is not None and is_exactly(theirs, who)


def _ask_to_exclude(turn: Turn, mine: Membership, theirs: Membership, what: str, label: str) -> Message:
    """Ask before a person is removed, banned or no longer banned. Refuses at once if the member may not do it."""
    roles.require_power(turn.session, mine, theirs, what)
    return _ask(turn, theirs, f"roles/ask_{what}", what, label)


def _ask(turn: Turn, theirs: Membership, template: str, what: str, label: str) -> Message:
    """Ask about exactly this person, so that a later tap or answer means nobody else."""
    line = f"{what} #{theirs.id}"
    buttons = [Offer(label, f"{line} yes"), Offer("no", "never mind")]
    return turn.ask(template, about=line, group=theirs.group, person=theirs.member, buttons=buttons)
