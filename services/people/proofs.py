"""Proving to be who held a number before: by the Garmin account, by an admin's word, or by the operator's."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from messages.message import Button
from models import GarminAccount, Member, Membership, MessageKind, Role
from services.delivery import mailbox, outbox
from services.delivery.notices import notice
from services.group import roster
from services.people import numbers
from services.people.members import memberships
from services.refusals import MayNotVouch, NotDoubted, NotOverYourself


@dataclass(frozen=True)
class Ways:
    """How a member can prove themselves: with the Garmin account that they connected, by the word of others."""

    garmin: bool
    others: bool


def ways(session: Session, member: Member) -> Ways:
    """The ways that this member has. There may be none: then only the operator can help."""
    account = session.scalar(select(GarminAccount.id).where(GarminAccount.member_id == member.id))
    return Ways(account is not None, any(_who_can_tell(session, each) for each in memberships(session, member)))


def ask_admins(session: Session, member: Member, now: datetime) -> int:
    """Ask those who run the member's groups whether it is still the same person. Gives how many are asked.

    Each is asked once for each doubt, by the name that the member has in the group.
    """
    asked = set()
    for place in memberships(session, member):
        for other in _who_can_tell(session, place):
            if other.member_id not in asked:
                asked.add(other.member_id)
                _ask(session, place, other.member, now)
    return len(asked)


def require_may_vouch(session: Session, mine: Membership, theirs: Membership) -> None:
    """Refuse to whoever is not asked about this person: `NotOverYourself`, `NotDoubted` or `MayNotVouch`."""
    if mine.member_id == theirs.member_id:
        raise NotOverYourself(what="vouch")
    if theirs.left_at is not None or theirs.member.doubted_at is None:
        raise NotDoubted(person=theirs.member)
    others = _who_can_tell(session, theirs)
    if mine.id not in {each.id for each in others}:
        raise MayNotVouch(others=[each.member.name for each in others])


def vouch(session: Session, mine: Membership, theirs: Membership, now: datetime) -> None:
    """Say that it is still the same person. Raises as `require_may_vouch`."""
    roster.hold(session, mine, theirs)
    session.refresh(theirs.member, ["doubted_at"], with_for_update=True)
    require_may_vouch(session, mine, theirs)
    confirm(session, theirs.member, now, by="admin", who=mine.member_id)


def confirm(session: Session, member: Member, now: datetime, *, by: str, who: int | None = None) -> None:
    """End the doubt, tell the member so, and let what waited for them leave."""
    doubted = member.doubted_at
    numbers.confirm(session, member, now, by=by, who=who)
    outbox.release(session, member.id, now)
    if doubted is not None and member.opted_out_at is None:
        buttons = [Button("Go on", "start")]
        message = notice("start/proved", member, about=None, says="start", buttons=buttons, member=member)
        key = f"proved:{member.id}:{doubted.timestamp()}"
        mailbox.post(session, member.id, message, now, kind=MessageKind.NOTICE, key=key)


def _who_can_tell(session: Session, place: Membership) -> list[Membership]:
    """Who runs the group besides this member; where nobody does, whoever has belonged to it longest."""
    others = [each for each in roster.members(session, place.group) if each.id != place.id]
    sure = [each for each in others if each.member.doubted_at is None]
    return [each for each in sure if each.role is not Role.MEMBER] or sure[:1]


def _ask(session: Session, place: Membership, asked: Member, now: datetime) -> None:
    doubted = place.member.doubted_at or now
    if asked.opted_out_at is not None:
        return
    message = notice(
        "roles/ask_word",
        asked,
        about=place.group,
        says=f"vouch #{place.id}",
        buttons=[Button("Yes, it's them", f"vouch #{place.id} yes"), Button("I can't tell", "never mind")],
        group=place.group,
        person=place.member,
    )
    key = f"vouch:{place.id}:{asked.id}:{doubted.timestamp()}"
    mailbox.post(session, asked.id, message, now, kind=MessageKind.NOTICE, key=key, group_id=place.group_id)
