"""Joining a group: at once, or after an admin's approval."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Answer, Group, JoinRequest, Member, Membership, Role
from services.ground import audit, limits, recipients, undoable
from services.ground.refusals import (
    AskedOften,
    DeclinedLately,
    MayBeAnother,
    NobodyWaits,
    NoSuchPerson,
    NoSuchRequest,
    NotInThatGroup,
    RequestAnswered,
    StillWaiting,
)
from services.group import groups, invites
from services.group.roster import find_among, read_sign
from services.people import naming
from services.people.members import find_membership_in, list_memberships

DECLINED_FOR = timedelta(days=1)
MOST_ASKED = 3  # requests of one person to join one group in a day; each is sent to all its admins


def join(
    session: Session, member: Member, code: str, now: datetime, *, hidden: bool = False
) -> Membership | JoinRequest:
    """Use a code, after the member has agreed to what the others will see. Returns the membership, or a request if the
    group's admins approve new members.

    With `hidden` the others see nothing until the member has chosen what they may see.
    """
    invite = invites.lock_invite(session, member, code, now)
    group = invite.group
    is_watched = groups.read_settings(group).approval
    if is_watched:
        _require_first_time(session, member, group, now)
    groups.require_room(session, member)
    invite.uses += 1
    consent = groups.CONSENT_VERSION
    if is_watched:
        request = JoinRequest(group_id=group.id, member_id=member.id, asked_at=now, hidden=hidden)
        session.add(request)
        session.flush()
        limits.count(session, limits.hash_member_addresses(session, member), _asked(group), now)
        naming.tell_apart(session, member, group.id)
        audit.note(session, "group.asked", now, member_id=member.id, group_id=group.id, consent=consent)
        return request
    membership = groups.add_member(session, group, member, Role.MEMBER, now)
    membership.hidden = hidden
    undoable.remember(session, member, "join", now, membership, left_at=now)
    _drop(session, member, group, now)
    member.current_group_id = group.id
    audit.note(session, "group.joined", now, member_id=member.id, group_id=group.id, consent=consent)
    return membership


def list_waiting(session: Session, group: Group) -> list[JoinRequest]:
    """Return the open requests to join, oldest first."""
    query = select(JoinRequest).where(JoinRequest.group_id == group.id, JoinRequest.answer.is_(None))
    query = query.options(joinedload(JoinRequest.member))
    return list(session.scalars(query.order_by(JoinRequest.asked_at, JoinRequest.id)))


def list_waiting_anywhere(session: Session, membership: Membership) -> tuple[Group, list[JoinRequest]]:
    """Return the open requests for this group, or for the first other group that the member runs and that has some,
    with that group.
    """
    places = [membership, *(each for each in list_memberships(session, membership.member) if each.id != membership.id)]
    run = [each for each in places if each.role is not Role.MEMBER]
    if not run:
        groups.require_admin(session, membership, "waiting")
    found = ((each.group, list_waiting(session, each.group)) for each in run)
    return next((each for each in found if each[1]), (run[0].group, []))


def list_groups_waited_for(session: Session, member: Member) -> list[Group]:
    """Return the groups that this member waits to join."""
    query = select(Group).join(JoinRequest).where(JoinRequest.member_id == member.id, JoinRequest.answer.is_(None))
    return list(session.scalars(query.order_by(JoinRequest.asked_at)))


def find_request(session: Session, member: Member, group: Group, text: str) -> JoinRequest:
    """Find a request to join by a text: "#17" (in any group of the member), a number in the list, or a name.

    Raises `NoSuchRequest`, `NobodyWaits` or `NotInThatGroup`.
    """
    if number := read_sign(text):
        return _signed(session, member, number)
    people = list_waiting(session, group)
    if not people:
        raise NobodyWaits(group=group)
    if text.isdecimal() and 1 <= int(text) <= len(people):
        return people[int(text) - 1]
    return _named(people, text)


def approve(session: Session, membership: Membership, request: JoinRequest, now: datetime) -> Membership:
    """Let a person who waits join, and return the membership. They agreed to the consent when they asked.

    Raises `MayBeAnother` while it is in doubt who has their number: it may be somebody who has not agreed.
    """
    groups.require_admin(session, membership, "approve")
    session.refresh(request.member, ["doubted_at", "last_inbound_at"])
    if request.answer is None and recipients.is_in_doubt(request.member, now):
        raise MayBeAnother(person=request.member)
    _answer(session, membership, request, Answer.APPROVED, now, "approve")
    joined = groups.add_member(session, request.group, request.member, Role.MEMBER, now)
    joined.consented_at, joined.hidden = request.asked_at, request.hidden
    return joined


def decline(session: Session, membership: Membership, request: JoinRequest, now: datetime) -> None:
    """Decline a request to join. The person may ask again a day later."""
    _answer(session, membership, request, Answer.DECLINED, now, "decline")
    limits.count(session, limits.hash_member_addresses(session, request.member), _declined(request.group), now)


def list_admins(session: Session, group: Group) -> list[Membership]:
    """Return the owner and the admins, who are told about requests."""
    return [each for each in groups.list_members(session, group) if each.role is not Role.MEMBER]


def _answer(
    session: Session, membership: Membership, request: JoinRequest, answer: Answer, now: datetime, what: str
) -> None:
    groups.hold(session, membership)
    groups.require_admin(session, membership, what)
    session.refresh(request, ["answer"])
    if request.answer is not None:
        raise RequestAnswered(person=request.member, answer=request.answer)
    request.answer, request.answered_at = answer, now
    audit.note(
        session,
        f"group.{answer.value}",
        now,
        member_id=membership.member_id,
        group_id=membership.group_id,
        person=request.member_id,
    )


def _require_first_time(session: Session, member: Member, group: Group, now: datetime) -> None:
    """Raise a refusal if the person waits already, was declined within a day, or has asked too often today."""
    waiting = (JoinRequest.group_id == group.id, JoinRequest.member_id == member.id, JoinRequest.answer.is_(None))
    if session.scalar(select(JoinRequest.id).where(*waiting).limit(1)) is not None:
        raise StillWaiting(group=group)
    mine = limits.hash_member_addresses(session, member)
    if limits.list_times(session, mine, _declined(group), now - DECLINED_FOR):
        raise DeclinedLately(group=group)
    if len(limits.list_times(session, mine, _asked(group), now - DECLINED_FOR)) >= MOST_ASKED:
        raise AskedOften(group=group, most=MOST_ASKED)


def _declined(group: Group) -> str:
    return f"declined: {group.id}"


def _asked(group: Group) -> str:
    return f"asked: {group.id}"


def _drop(session: Session, member: Member, group: Group, now: datetime) -> None:
    """End the open requests of a member who has joined in another way."""
    for each in list_waiting(session, group):
        if each.member_id == member.id:
            each.answer, each.answered_at = Answer.DROPPED, now


def _signed(session: Session, member: Member, number: int) -> JoinRequest:
    """Return the request with this number, if the member belongs to its group. Whether they may answer it is checked
    later. Raises `NotInThatGroup`.
    """
    request = session.get(JoinRequest, number)
    if request is None or find_membership_in(session, member, request.group_id) is None:
        raise NotInThatGroup
    return request


def _named(people: list[JoinRequest], text: str) -> JoinRequest:
    try:
        return find_among(people, text)
    except NoSuchPerson as refusal:
        raise NoSuchRequest(**refusal.facts) from None
