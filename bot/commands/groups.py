"""Commands to start, rename, describe, choose and leave groups."""

from urllib.parse import quote

from bot.arguments import MemberWanted, Rest, Yes
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from messages.message import FEWEST_CHOICES, MOST_CHOICES, MOST_LABEL, Button, Choice, Message
from messages.render import Offer
from models import Membership, Role
from services.group import group_notices, groups, invites, joining, roles
from services.group.invites import Invitation
from services.group.roster import find_member, is_exactly
from services.people import members, naming
from services.training import accounts


@command(
    "new group",
    aliases=("create group", "start group", "newgroup", "create"),
    help="Start a group and invite friends",
    allowed=Allowed.ANYONE,
    examples=("new group Sunday Legends", "create group Les Échappés 🚴"),
)
def new_group(turn: Turn, name: Rest) -> Message:
    """Start a group, and answer with an invite."""
    group = groups.start(turn.session, turn.member, name, turn.now)
    invitation = invites.make_invite(turn.session, members.find_current_membership(turn.session, turn.member), turn.now)
    linked = bool(accounts.list_accounts(turn.session, turn.member))
    steps = [] if linked else [commands["link garmin"].button("connect_garmin")]
    return turn.say(
        "groups/created",
        group=group,
        invitation=invitation,
        link=make_join_link(turn, invitation),
        buttons=[*steps, commands["qr"].button("invite_by_qr_code")],
    )


@command(
    "rename group",
    aliases=("rename", "group name"),
    help="Call your group something else",
    allowed=Allowed.ADMINS,
    examples=("rename group Saturday Legends",),
    destructive=True,
)
def rename_group(turn: Turn, name: Rest) -> Message:
    """Rename the current group."""
    before = turn.group.name
    group = groups.rename(turn.session, turn.membership, name, turn.now)
    return turn.say("groups/renamed", group=group, before=before)


@command(
    "describe",
    aliases=("description", "describe group", "about group"),
    help="Say in a line what your group is about",
    allowed=Allowed.ADMINS,
    examples=("describe Long runs, short breakfasts", "describe off"),
    destructive=True,
)
def describe(turn: Turn, text: Rest) -> Message:
    """Set the group's description. People who are invited read it before they join."""
    group = groups.describe(turn.session, turn.membership, None if text.casefold() == "off" else text, turn.now)
    return turn.say("groups/described", group=group)


@command(
    "members",
    aliases=("who", "people"),
    help="See who is in your group",
    allowed=Allowed.MEMBERS,
    examples=("members", "who"),
)
def list_members(turn: Turn) -> Message:
    """List names and roles, and how many members have connected a watch, but not who."""
    people = groups.list_members(turn.session, turn.group)
    linked = sum(bool(accounts.list_accounts(turn.session, each.member)) for each in people)
    return turn.say("groups/members", group=turn.group, people=people, linked=linked)


@command(
    "groups",
    aliases=("my groups", "list groups"),
    help="See your groups",
    allowed=Allowed.ANYONE,
    examples=("groups",),
)
def list_groups(turn: Turn) -> Message:
    """List the member's groups, with a mark at the current one."""
    mine = members.list_memberships(turn.session, turn.member)
    current = turn.membership.group_id if mine else None
    others = [each for each in mine if each.group_id != current]
    buttons = [Offer("use", f"use {i}", i) for i, each in enumerate(mine, 1) if each in others]
    if len(mine) >= FEWEST_CHOICES:
        choices = [
            Choice(turn.label("use", i), f"use {i}", each.group.name) for i, each in enumerate(mine[:MOST_CHOICES], 1)
        ]
        return turn.say("groups/list", memberships=mine, current=current, waiting=_waits_for(turn), choices=choices)
    return turn.say(
        "groups/list",
        memberships=mine,
        current=current,
        waiting=_waits_for(turn),
        buttons=buttons if mine else [commands["new group"].button("start_a_group")],
    )


def _waits_for(turn: Turn) -> list[str]:
    return [each.name for each in joining.list_groups_waited_for(turn.session, turn.member)]


@command(
    "use",
    aliases=("switch", "switch to"),
    help="Talk about another of your groups",
    allowed=Allowed.MEMBERS,
    examples=("use 2", "use Office swim"),
)
def use(turn: Turn, wanted: Rest) -> Message:
    """Make a group the current one, by its number in the list or its name."""
    group = groups.choose(turn.session, turn.member, wanted)
    return turn.say("groups/using", group=group, buttons=[commands["leaderboard"].button("leaderboard")])


@command(
    "leave",
    aliases=("leave group", "exit"),
    help="Leave your group",
    allowed=Allowed.MEMBERS,
    examples=("leave", "leave Office swim", "leave yes"),
    destructive=True,
)
def leave(turn: Turn, sure: Yes | None = None, who: MemberWanted | None = None) -> Message:
    """Leave a group, after a confirmation. An owner must first say who becomes the next owner, unless they are
    alone in it.

    `who` is the member's own membership ("#33"), a group's name, or the next owner.
    """
    mine, successor = _leaving(turn, who)
    others = [each for each in groups.list_members(turn.session, mine.group) if each.id != mine.id]
    if mine.role is not Role.OWNER or not others:
        return _leave(turn, mine, sure=sure is not None, alone=not others)
    if successor is None:
        return _ask_successor(turn, mine, others)
    if sure is None or not (who and is_exactly(successor, who)):
        roles.require_transfer(turn.session, mine, successor)
        return turn.ask(
            "groups/ask_handing",
            about=f"leave #{successor.id}",
            group=mine.group,
            person=successor.member,
            buttons=[Offer("yes_leave", f"leave #{successor.id} yes"), Offer("no_stay", "never mind")],
        )
    roles.transfer(turn.session, mine, successor, turn.now)
    group_notices.tell_role_changed(turn.session, successor, turn.now)
    groups.leave(turn.session, mine, turn.now)
    return turn.say("groups/handed", group=mine.group, person=successor.member)


def _leaving(turn: Turn, who: str | None) -> tuple[Membership, Membership | None]:
    """Return the membership to leave, and the next owner's membership, or None."""
    if who is None:
        return turn.membership, None
    theirs = roles.find_signed(turn.session, turn.member, who)
    if theirs is None and (group := groups.find_named(turn.session, turn.member, who)):
        return turn.place(group.id), None
    if theirs is None:
        groups.require_owner(turn.session, turn.membership, "leave_to_somebody")
        return turn.membership, find_member(turn.session, turn.group, who)
    mine = turn.place(theirs.group_id)
    if theirs.id == mine.id:
        return mine, None
    groups.require_owner(turn.session, mine, "leave_to_somebody")
    return mine, theirs


def _leave(turn: Turn, mine: Membership, *, sure: bool, alone: bool) -> Message:
    if not sure:
        buttons = [Offer("yes_leave", f"leave #{mine.id} yes"), Offer("no_stay", "never mind")]
        return turn.ask("groups/ask_sure", about=f"leave #{mine.id}", group=mine.group, alone=alone, buttons=buttons)
    groups.leave(turn.session, mine, turn.now)
    return turn.say("groups/left", group=mine.group)


def _ask_successor(turn: Turn, mine: Membership, others: list[Membership]) -> Message:
    """Ask who becomes the next owner. The buttons offer admins first, then the members who joined first."""
    offered = sorted(others, key=lambda each: each.role is not Role.ADMIN)[:3]
    buttons = [Button(naming.shorten_name(each.member.name, MOST_LABEL), f"leave #{each.id}") for each in offered]
    return turn.ask(
        "groups/ask_successor",
        about="leave",
        group=mine.group,
        others=[each.member.name for each in others],
        buttons=buttons,
    )


def make_join_link(turn: Turn, invitation: Invitation) -> str:
    """Return a link that opens WhatsApp with "join CODE" typed, so that the friend only has to press send."""
    return f"https://wa.me/{turn.world.settings.bot_phone}?text={quote(f'join {invitation.code}')}"
