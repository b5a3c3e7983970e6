"""Who runs a group, and who has to leave it."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from bot.arguments import Sure, Who
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
def promote(turn: Turn, who: Who) -> Message:
    """Admins invite, let in, remove members, and choose the settings."""
    return _changed(turn, who, roles.promote)


@command(
    "demote",
    aliases=("unadmin",),
    help="Make an admin a member again",
    allowed=Allowed.OWNER,
    examples=("demote José",),
    destructive=True,
)
def demote(turn: Turn, who: Who) -> Message:
    """They stay in the group."""
    return _changed(turn, who, roles.demote)


@command(
    "transfer",
    aliases=("hand over", "transfer group", "make owner"),
    help="Hand your group to somebody else",
    allowed=Allowed.OWNER,
    examples=("transfer José",),
    destructive=True,
)
def transfer(turn: Turn, who: Who, sure: Sure | None = None) -> Message:
    """The new owner alone can take it back, so it is asked first."""
    mine, theirs = _places(turn, roles.meant, who)
    if not _is_sure(theirs, who, sure):
        roles.require_transfer(turn.session, mine, theirs)
        return _ask(turn, theirs, "roles/ask_transfer", "transfer", "yes_hand_it_over")
    roles.transfer(turn.session, mine, theirs, turn.now)
    group_notices.role_changed(turn.session, theirs, turn.now)
    return turn.say("roles/transferred", group=theirs.group, person=theirs.member)


@command(
    "kick",
    aliases=("remove member", "throw out"),
    help="Remove somebody from your group",
    allowed=Allowed.ADMINS,
    examples=("kick José",),
    destructive=True,
)
def kick(turn: Turn, who: Who, sure: Sure | None = None) -> Message:
    """Out of all boards at once. An invite lets them in again."""
    mine, theirs = _places(turn, roles.meant, who)
    if not _is_sure(theirs, who, sure):
        return _ask_to_exclude(turn, mine, theirs, "kick", "yes_remove")
    roles.kick(turn.session, mine, theirs, turn.now)
    group_notices.removed(turn.session, theirs, turn.now, for_good=False)
    return turn.say("roles/kicked", group=theirs.group, person=theirs.member)


@command(
    "ban",
    aliases=("block",),
    help="Remove somebody for good: no code lets them back in",
    allowed=Allowed.ADMINS,
    examples=("ban José",),
    destructive=True,
)
def ban(turn: Turn, who: Who, sure: Sure | None = None) -> Message:
    """Whoever has left already can be banned too."""
    mine, theirs = _places(turn, roles.meant_ever, who)
    if not _is_sure(theirs, who, sure):
        return _ask_to_exclude(turn, mine, theirs, "ban", "yes_ban")
    if roles.ban(turn.session, mine, theirs, turn.now):
        group_notices.removed(turn.session, theirs, turn.now, for_good=True)
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
def unban(turn: Turn, who: Who | None = None, sure: Sure | None = None) -> Message:
    """They are not back by that: they need an invite like anybody else. Without a name: who is banned."""
    if who is None:
        return _ask_whom_to_unban(turn)
    if ban := roles.meant_erased(turn.session, turn.member, who):
        return _unban_erased(turn, ban, sure)
    mine, theirs = _places(turn, roles.meant_banned, who)
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
def vouch(turn: Turn, who: Who, sure: Sure | None = None) -> Message:
    """Asked of those who run the group, when a number writes again after a long silence."""
    mine, theirs = _places(turn, roles.meant, who)
    if not _is_sure(theirs, who, sure):
        proofs.require_may_vouch(turn.session, mine, theirs, turn.now)
        return _ask(turn, theirs, "roles/ask_word", "vouch", "yes_its_them")
    proofs.vouch(turn.session, mine, theirs, turn.now)
    return turn.say("roles/vouched", person=theirs.member)


def _ask_whom_to_unban(turn: Turn) -> Message:
    """Who is banned: by name, and by a number those who were erased since, whose names are not kept."""
    people, erased = roles.banned(turn.session, turn.group), bans.of_erased(turn.session, turn.group)
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


def _changed(turn: Turn, who: Who, change: Callable[[Session, Membership, Membership, datetime], None]) -> Message:
    mine, theirs = _places(turn, roles.meant, who)
    change(turn.session, mine, theirs, turn.now)
    group_notices.role_changed(turn.session, theirs, turn.now)
    return turn.say("roles/became", group=theirs.group, person=theirs.member, role=theirs.role)


def _places(
    turn: Turn, find: Callable[[Session, Member, Group, str], Membership], who: Who
) -> tuple[Membership, Membership]:
    """The member's own place and that of the person they named, in the group which that person's place is in."""
    theirs = find(turn.session, turn.member, turn.group, who)
    return turn.place(theirs.group_id), theirs


def _is_sure(theirs: Membership, who: Who, sure: Sure | None) -> bool:
    """A yes counts for a sign or a whole name; a beginning or a slip is asked about, with the name it was taken for."""
    return sure is not None and is_exactly(theirs, who)


def _ask_to_exclude(turn: Turn, mine: Membership, theirs: Membership, what: str, label: str) -> Message:
    """Ask before somebody is removed, banned, or no longer banned. Refuse at once where the member may not do it."""
    roles.require_power(turn.session, mine, theirs, what)
    return _ask(turn, theirs, f"roles/ask_{what}", what, label)


def _ask(turn: Turn, theirs: Membership, template: str, what: str, label: str) -> Message:
    """Ask about this very person: what is tapped or said later means nobody else."""
    line = f"{what} #{theirs.id}"
    buttons = [Offer(label, f"{line} yes"), Offer("no", "never mind")]
    return turn.ask(template, about=line, group=theirs.group, person=theirs.member, buttons=buttons)
