"""What the bot tells people about their groups without being spoken to."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from messages.message import Message
from messages.render import Offer
from models import Group, JoinRequest, Member, Membership, MessageKind
from services.delivery import mailbox
from services.delivery.notices import notice


def join_asked(session: Session, request: JoinRequest, admins: Iterable[Membership], now: datetime) -> None:
    """Somebody waits to be let in: all who can do that are asked, and the first answer counts."""
    buttons = [Offer("approve", f"approve #{request.id}"), Offer("decline", f"decline #{request.id}")]
    for admin in admins:
        message = notice(
            "invites/asked",
            admin.member,
            about=request.group,
            says="waiting",
            buttons=buttons,
            group=request.group,
            person=request.member,
        )
        _post(session, admin.member, request.group, message, f"asked:{request.id}:{admin.member_id}", now)


def let_in(session: Session, joined: Membership, now: datetime, *, linked: bool, called: str | None) -> None:
    """They waited, and are in; `called` is their new name, where their own was taken."""
    member, group = joined.member, joined.group
    first = Offer("leaderboard", "leaderboard") if linked else Offer("connect_garmin", "link garmin")
    buttons = [first, Offer("my_groups", "groups")]
    message = notice("invites/let_in", member, about=group, says="groups", buttons=buttons, group=group, called=called)
    _post(session, member, group, message, f"in:{joined.id}:{now.timestamp()}", now)


def turned_down(session: Session, request: JoinRequest, now: datetime) -> None:
    """They waited, and are not in."""
    member, group = request.member, request.group
    message = notice("invites/turned_down", member, about=group, says="groups", group=group)
    _post(session, member, group, message, f"down:{request.id}", now)


def ended(session: Session, request: JoinRequest, now: datetime) -> None:
    """They waited, and there is no group any more."""
    member, group = request.member, request.group
    message = notice("invites/group_ended", member, about=group, says="groups", group=group)
    _post(session, member, group, message, f"ended:{request.id}", now)


def role_changed(session: Session, theirs: Membership, now: datetime) -> None:
    """They may do more, or less, than before."""
    member, group = theirs.member, theirs.group
    buttons = [Offer("help", "help groups")]
    message = notice(
        "roles/changed", member, about=group, says="help groups", buttons=buttons, group=group, role=theirs.role
    )
    _post(session, member, group, message, f"role:{theirs.id}:{theirs.role}:{now.timestamp()}", now)


def removed(session: Session, theirs: Membership, now: datetime, *, for_good: bool) -> None:
    """They are in the group no more."""
    member, group = theirs.member, theirs.group
    message = notice("roles/removed", member, about=group, says="groups", group=group, for_good=for_good)
    _post(session, member, group, message, f"removed:{theirs.id}:{now.timestamp()}", now)


def _post(session: Session, member: Member, group: Group, message: Message, key: str, now: datetime) -> None:
    """Put it into the outbox, unless they want nothing of us."""
    if member.opted_out_at is None:
        mailbox.post(session, member.id, message, now, kind=MessageKind.NOTICE, key=key, group_id=group.id)
