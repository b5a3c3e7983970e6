"""Groups: starting, inviting, joining, choosing, leaving."""

import io
from urllib.parse import quote

import segno

from bot.arguments import Code, Rest, Yes
from bot.command import Allowed, command, commands
from bot.turn import Turn
from messages.message import Button, Message
from services import groups, linking, media, members
from services.groups import Invitation


@command(
    "new group",
    aliases=("create group", "start group", "newgroup", "create"),
    help="Start a group and invite friends",
    allowed=Allowed.ANYONE,
    examples=("new group Sunday Legends", "create group Les Échappés 🚴"),
)
def new_group(turn: Turn, name: Rest) -> Message:
    """Start a group; answer with its invite, since that is what one wants next."""
    group = groups.start(turn.session, turn.member, name, turn.now)
    invitation = groups.invite(turn.session, members.membership_of(turn.session, turn.member), turn.now)
    linked = linking.account_of(turn.session, turn.member) is not None
    steps = [] if linked else [commands["link garmin"].button("Connect Garmin")]
    return turn.say(
        "groups/created",
        group=group,
        invitation=invitation,
        link=_link(turn, invitation),
        buttons=[*steps, commands["qr"].button("Invite by QR code")],
    )


@command(
    "invite",
    aliases=("invite link", "link invite", "share"),
    help="Get a link that lets friends join",
    allowed=Allowed.ADMINS,
    examples=("invite",),
)
def invite(turn: Turn) -> Message:
    """A new code, as a link to forward."""
    invitation = groups.invite(turn.session, turn.membership, turn.now)
    return turn.say(
        "groups/invite",
        invitation=invitation,
        link=_link(turn, invitation),
        buttons=[commands["qr"].button("QR code")],
    )


@command(
    "qr",
    aliases=("qr code", "invite qr", "qrcode"),
    help="Get the invite as a QR code to scan",
    allowed=Allowed.ADMINS,
    examples=("qr",),
)
def qr(turn: Turn) -> Message:
    """A new code, as a picture."""
    invitation = groups.invite(turn.session, turn.membership, turn.now)
    png = io.BytesIO()
    segno.make(_link(turn, invitation), error="m").save(png, kind="png", scale=16, border=4, dark="#0b3b3c")
    picture = media.publish(turn.session, png.getvalue(), turn.now)
    return turn.say("groups/qr", invitation=invitation, picture=picture)


@command(
    "join",
    aliases=("j",),
    help="Join a friend's group",
    allowed=Allowed.ANYONE,
    examples=("join K7QX2M", "join K7QX2M yes"),
)
def join(turn: Turn, code: Code, agreed: Yes | None = None) -> Message:
    """Say what the others will see; join when that is agreed to."""
    if agreed is None:
        found = groups.invited_to(turn.session, turn.member, code, turn.now)
        return turn.ask(
            "groups/consent",
            group=found.group,
            size=groups.size(turn.session, found.group),
            inviter=next(iter(groups.members(turn.session, found.group))).member,
            buttons=[Button("Yes, join", f"join {code} yes"), Button("No, thanks", "never mind")],
        )
    membership = groups.join(turn.session, turn.member, code, turn.now)
    account = linking.account_of(turn.session, turn.member)
    step = (
        commands["leaderboard"].button("Leaderboard") if account else commands["link garmin"].button("Connect Garmin")
    )
    return turn.say(
        "groups/joined",
        group=membership.group,
        linked=account is not None,
        buttons=[step, commands["help"].button("Help")],
    )


@command(
    "members",
    aliases=("who", "people"),
    help="See who is in your group",
    allowed=Allowed.MEMBERS,
    examples=("members", "who"),
)
def list_members(turn: Turn) -> Message:
    """Names and roles; how many have connected a watch, not who has not."""
    people = groups.members(turn.session, turn.group)
    linked = sum(linking.account_of(turn.session, each.member) is not None for each in people)
    return turn.say("groups/members", group=turn.group, people=people, linked=linked)


@command(
    "groups",
    aliases=("my groups", "list groups"),
    help="See your groups",
    allowed=Allowed.ANYONE,
    examples=("groups",),
)
def list_groups(turn: Turn) -> Message:
    """All one's groups, the current one marked."""
    mine = members.memberships(turn.session, turn.member)
    current = turn.membership.group_id if mine else None
    others = [each for each in mine if each.group_id != current]
    buttons = [Button(f"Use {i}", f"use {i}") for i, each in enumerate(mine, 1) if each in others][:3]
    return turn.say(
        "groups/list",
        memberships=mine,
        current=current,
        buttons=buttons if mine else [commands["new group"].button("Start a group")],
    )


@command(
    "use",
    aliases=("switch", "switch to"),
    help="Talk about another of your groups",
    allowed=Allowed.MEMBERS,
    examples=("use 2", "use Office swim"),
)
def use(turn: Turn, wanted: Rest) -> Message:
    """Choose the current group by number or name."""
    group = groups.choose(turn.session, turn.member, wanted)
    return turn.say("groups/using", group=group, buttons=[commands["leaderboard"].button("Leaderboard")])


@command(
    "leave",
    aliases=("leave group", "exit"),
    help="Leave your group",
    allowed=Allowed.MEMBERS,
    examples=("leave", "leave yes"),
    destructive=True,
)
def leave(turn: Turn, sure: Yes | None = None) -> Message:
    """Leave, once that is confirmed."""
    group = turn.group
    if sure is None:
        alone = groups.size(turn.session, group) == 1
        buttons = [Button("Yes, leave", "leave yes"), Button("No, stay", "never mind")]
        return turn.ask("groups/ask_sure", group=group, alone=alone, buttons=buttons)
    groups.leave(turn.session, turn.membership, turn.now)
    return turn.say("groups/left", group=group)


def _link(turn: Turn, invitation: Invitation) -> str:
    """A link that opens WhatsApp with "join CODE" typed; the friend only presses send."""
    return f"https://wa.me/{turn.world.settings.bot_phone}?text={quote(f'join {invitation.code}')}"
