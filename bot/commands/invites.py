"""Commands about invites, joining, and requests to join."""

import io

import segno

from bot.arguments import Choose, Code, Days, MemberWanted, Uses, Yes
from bot.commands.groups import make_join_link
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from messages.message import Message
from messages.render import Offer
from models import JoinRequest
from services.digest import media
from services.group import group_notices, groups, invites, joining
from services.people import naming
from services.training import accounts

DAYS, USES = Days(invites.DAYS), Uses(invites.USES)


@command(
    "invite",
    aliases=("invite link", "link invite"),
    help="Get a link that lets friends join",
    allowed=Allowed.MEMBERS,
    examples=("invite", "invite 7 days 10 uses", "invite once"),
)
def invite(turn: Turn, days: Days = DAYS, uses: Uses = USES) -> Message:
    """Make a new code, and answer with a link to forward."""
    made = invites.make_invite(turn.session, turn.membership, turn.now, days=days, uses=uses, what="invite")
    again = " ".join(["qr", f"{days} days", f"{uses} uses"])
    return turn.say(
        "invites/invite", invitation=made, link=make_join_link(turn, made), buttons=[Offer("qr_code_instead", again)]
    )


@command(
    "qr",
    aliases=("qr code", "invite qr", "qrcode"),
    help="Get the invite as a QR code to scan",
    allowed=Allowed.MEMBERS,
    examples=("qr", "qr 2 days"),
)
def qr(turn: Turn, days: Days = DAYS, uses: Uses = USES) -> Message:
    """Make a new code, and answer with a QR code."""
    made = invites.make_invite(turn.session, turn.membership, turn.now, days=days, uses=uses, what="qr")
    png = io.BytesIO()
    segno.make(make_join_link(turn, made), error="m").save(png, kind="png", scale=16, border=4, dark="#0b3b3c")
    picture = media.publish_picture(turn.session, png.getvalue(), turn.now)
    return turn.say("invites/qr", invitation=made, picture=picture)


@command(
    "invites",
    aliases=("list invites", "codes"),
    help="See which invites are open",
    allowed=Allowed.ADMINS,
    examples=("invites",),
)
def list_invites(turn: Turn) -> Message:
    """List how long each invite is valid and for how many people. The codes themselves are not stored."""
    found = invites.list_active(turn.session, turn.group, turn.now)
    buttons = [commands["revoke invites"].button("revoke_all")] if found else []
    return turn.say(
        "invites/list", group=turn.group, invites=found, buttons=[*buttons, commands["invite"].button("new_invite")]
    )


@command(
    "revoke invites",
    aliases=("revoke codes", "cancel invites", "revoke invite"),
    help="Make every invite of your group worthless",
    allowed=Allowed.ADMINS,
    examples=("revoke invites",),
    destructive=True,
)
def revoke_invites(turn: Turn) -> Message:
    """Revoke all invites of the group."""
    count = invites.revoke(turn.session, turn.membership, turn.now)
    return turn.say("invites/revoked", group=turn.group, count=count, buttons=[commands["invite"].button("new_invite")])


@command(
    "join",
    aliases=("j",),
    help="Join a friend's group",
    allowed=Allowed.ANYONE,
    examples=("join K7QX2M", "join K7QX2M yes", "join K7QX2M privacy"),
)
def join(turn: Turn, code: Code, agreed: Yes | None = None, choose: Choose | None = None) -> Message:
    """Show what the others will see. Once the person agrees, let them join or wait for an admin; with `choose` they
    join hidden, to choose first.
    """
    if agreed is None and choose is None:
        return _ask_consent(turn, code)
    before = turn.member.name
    got = joining.join(turn.session, turn.member, code, turn.now, hidden=choose is not None)
    called = turn.member.name if turn.member.name != before else None
    unnamed = called is None and naming.is_unnamed(turn.member)
    if isinstance(got, JoinRequest):
        group_notices.join_asked(turn.session, got, joining.list_admins(turn.session, got.group), turn.now)
        return turn.say("invites/waits", group=got.group, called=called, unnamed=unnamed)
    if choose is not None:
        more = [commands["privacy"].button("privacy"), commands["unhide"].button("show_me", f"#{got.id}")]
        return turn.say("groups/joined_hidden", group=got.group, called=called, unnamed=unnamed, buttons=more)
    account = accounts.find_main_account(turn.session, turn.member)
    step = (
        commands["leaderboard"].button("leaderboard") if account else commands["link garmin"].button("connect_garmin")
    )
    return turn.say(
        "invites/joined",
        group=got.group,
        linked=account is not None,
        called=called,
        unnamed=unnamed,
        buttons=[step, commands["help"].button("help")],
    )


@command(
    "waiting",
    aliases=("requests", "join requests"),
    help="See who waits to be let into your group",
    allowed=Allowed.MEMBERS,
    examples=("waiting",),
)
def waiting(turn: Turn) -> Message:
    """List the requests to join, with numbers. If there is only one, it has buttons.

    If nobody waits for the current group, another group that the member runs becomes the current one, because the
    approved template of the notice has a fixed button and cannot name the group.
    """
    group, people = joining.list_waiting_anywhere(turn.session, turn.membership)
    turn.member.current_group_id = group.id
    buttons = _answers(people[0]) if len(people) == 1 else []
    return turn.say("invites/waiting", group=group, requests=people, buttons=buttons)


@command(
    "approve",
    aliases=("accept", "let in"),
    help="Let somebody in who waits",
    allowed=Allowed.ADMINS,
    examples=("approve 1", "approve José"),
)
def approve(turn: Turn, who: MemberWanted) -> Message:
    """Let a person join, by their number in the list, their name, or a tap on the notice."""
    request = joining.find_request(turn.session, turn.member, turn.group, who)
    before = request.member.name
    joined = joining.approve(turn.session, turn.place(request.group_id), request, turn.now)
    linked = bool(accounts.list_accounts(turn.session, joined.member))
    called = joined.member.name if joined.member.name != before else None
    group_notices.let_in(turn.session, joined, turn.now, linked=linked, called=called)
    return turn.say("invites/approved", group=request.group, person=request.member)


@command(
    "decline",
    aliases=("reject", "refuse"),
    help="Turn somebody down who waits",
    allowed=Allowed.ADMINS,
    examples=("decline 1", "decline José"),
    destructive=True,
)
def decline(turn: Turn, who: MemberWanted) -> Message:
    """Decline a request to join. The person is told, but not by whom and why."""
    request = joining.find_request(turn.session, turn.member, turn.group, who)
    joining.decline(turn.session, turn.place(request.group_id), request, turn.now)
    group_notices.tell_turned_down(turn.session, request, turn.now)
    return turn.say("invites/declined", group=request.group, person=request.member)


def _ask_consent(turn: Turn, code: Code) -> Message:
    group = invites.lock_invite(turn.session, turn.member, code, turn.now).group
    return turn.ask(
        "invites/consent",
        group=group,
        size=groups.count_members(turn.session, group),
        inviter=groups.list_members(turn.session, group)[0].member,
        waits=groups.read_settings(group).approval,
        buttons=[
            Offer("yes_join", f"join {code} yes"),
            Offer("choose_first", f"join {code} privacy"),
            Offer("no_thanks", "never mind"),
        ],
    )


def _answers(request: JoinRequest) -> list[Offer]:
    return [Offer("approve", f"approve #{request.id}"), Offer("decline", f"decline #{request.id}")]
