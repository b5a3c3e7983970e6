"""The notices about groups that the bot sends unasked."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from messages.message import Message
from messages.render import Offer
from models import Group, JoinRequest, Member, Membership, MessageKind
from services.delivery import mailbox
from services.delivery.notices import write_notice


def join_asked(session: Session, request: JoinRequest, admins: Iterable[Membership], now: datetime) -> None:
    """Ask all admins whether a person may join. The first answer counts."""
    buttons = [Offer("approve", f"approve #{request.id}"), Offer("decline", f"decline #{request.id}")]
    for admin in admins:
        message = write_notice(
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
    """Tell a person who waited that they are in the group. `called` is their new name if their own was
    taken, else None.
    """
    member, group = joined.member, joined.group
    first = Offer("leaderboard", "leaderboard") if linked else Offer("connect_garmin", "link garmin")
    buttons = [first, Offer("my_groups", "groups")]
    message = write_notice(
        "invites/let_in", member, about=group, says="groups", buttons=buttons, group=group, called=called
    )
    _post(session, member, group, message, f"in:{joined.id}:{now.timestamp()}", now)


def tell_turned_down(session: Session, request: JoinRequest, now: datetime) -> None:
    """Tell a person who waited that they were declined."""
    member, group = request.member, request.group
    message = write_notice("invites/turned_down", member, about=group, says="groups", group=group)
    _post(session, member, group, message, f"down:{request.id}", now)


def tell_group_ended(session: Session, request: JoinRequest, now: datetime) -> None:
    """Tell a person who waited that the group has ended."""
    member, group = request.member, request.group
    message = write_notice("invites/group_ended", member, about=group, says="groups", group=group)
    _post(session, member, group, message, f"ended:{request.id}", now)


def tell_role_changed(session: Session, theirs: Membership, now: datetime) -> None:
    """Tell a member that their role has changed."""
    member, group = theirs.member, theirs.group
    buttons = [Offer("help", "help groups")]
    message = write_notice(
        "roles/changed", member, about=group, says="help groups", buttons=buttons, group=group, role=theirs.role
    )
    _post(session, member, group, message, f"role:{theirs.id}:{theirs.role}:{now.timestamp()}", now)


def tell_removed(session: Session, theirs: Membership, now: datetime, *, for_good: bool) -> None:
    """Tell a member that they were removed from the group; `for_good` if they were banned."""
    member, group = theirs.member, theirs.group
    message = write_notice("roles/removed", member, about=group, says="groups", group=group, for_good=for_good)
    _post(session, member, group, message, f"removed:{theirs.id}:{now.timestamp()}", now)


def _post(session: Session, member: Member, group: Group, message: Message, key: str, now: datetime) -> None:
    """Put the notice into the outbox, unless the member has opted out."""
    if member.opted_out_at is None:
        mailbox.post(session, member.id, message, now, kind=MessageKind.NOTICE, key=key, group_id=group.id)
