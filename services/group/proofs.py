"""How a member proves that a number is still theirs: by the Garmin account, or by the confirmation of an admin
or of the operator.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from messages.render import Offer
from models import GarminAccount, Member, Membership, MessageKind, OutboundMessage, Role
from services.delivery import mailbox, waiting
from services.delivery.notices import write_notice
from services.ground import audit, recipients
from services.ground.refusals import CameTooLate, MayNotVouch, NotDoubted, NotOverYourself
from services.ground.telling import tell
from services.group import roster
from services.people import phone_numbers
from services.people.members import list_memberships

MOST_ASKED = 3  # times that one admin is asked in one doubt, because they may have been away the first time
ASKED_AGAIN = timedelta(days=1)
MEMBERS = Offer("members", "members")


@dataclass(frozen=True)
class Ways:
    """The ways in which a member can prove that the number is theirs: by the Garmin account that they had connected,
    and by the confirmation of others.
    """

    garmin: bool
    others: bool


def find_ways(session: Session, member: Member, now: datetime) -> Ways:
    """Return the ways that this member has. If there are none, only the operator can help."""
    account = session.scalar(select(GarminAccount.id).where(GarminAccount.member_id == member.id))
    others = any(_who_is_asked(session, each, now) for each in list_memberships(session, member))
    return Ways(account is not None, others)


def ask_admins(session: Session, member: Member, now: datetime) -> int:
    """Ask the people who run the member's groups whether it is still the same person. Returns how many were asked.

    The question uses the name that the member has in the group. Each person is asked at most once a day and three times
    in all. If there is nobody to ask, the operator is told by the log.
    """
    asked = set()
    for place in list_memberships(session, member):
        for other in _who_is_asked(session, place, now):
            if other.member_id not in asked:
                asked.add(other.member_id)
                _ask(session, place, other.member, now)
    if not asked:
        tell_operator(session, member)
    return len(asked)


def tell_operator(session: Session, member: Member) -> None:
    """Log that only the operator can help this member."""
    tell(session, "warning", "number in doubt, and nobody to vouch", member=member.id)


def tell_stopped(session: Session, member: Member, now: datetime) -> None:
    """Tell the people who run the member's groups that "stop" was said from a number in doubt, once in each doubt.

    "stop" needs no proof, and leads to erasing the member. If there is nobody to tell, the operator is told by the log.
    """
    hear = _who_hears(session, member, now)
    for place, told in hear:
        is_known = _is_known(place, now)
        button = Offer("its_still_theirs", f"vouch #{place.id}") if is_known else MEMBERS
        owns = place.role is Role.OWNER
        _tell(session, place, told, "roles/number_stopped", now, button=button, owns=owns, is_known=is_known)
    if not hear:
        tell_operator(session, member)


def tell_given_up(session: Session, member: Member, now: datetime) -> None:
    """Tell the people who run the member's groups that another person has the number now. Call it while the doubt still
    exists.
    """
    for place, told in _who_hears(session, member, now):
        _tell(session, place, told, "roles/number_given_up", now, owns=place.role is Role.OWNER)


def list_doubted(session: Session) -> Iterator[Member]:
    """Yield the members whose number is in doubt, the longest doubt first."""
    yield from session.scalars(select(Member).where(Member.doubted_at.is_not(None)).order_by(Member.doubted_at))


def require_may_vouch(session: Session, mine: Membership, theirs: Membership, now: datetime) -> None:
    """Raise a refusal unless the member may confirm this person.

    Raises `NotOverYourself`, `NotDoubted`, `MayNotVouch` or `CameTooLate`. The last one means that the person
    joined the group too late to be known there: an admin who got somebody's number could let that number into a
    group and then confirm it.
    """
    if mine.member_id == theirs.member_id:
        raise NotOverYourself(what="vouch")
    if theirs.left_at is not None or theirs.member.doubted_at is None:
        raise NotDoubted(person=theirs.member)
    others = _who_is_asked(session, theirs, now)
    runs_it = mine.role is not Role.MEMBER and mine.member.doubted_at is None
    if not runs_it and mine.id not in {each.id for each in others}:
        raise MayNotVouch(others=[each.member.name for each in others])
    if not _is_known(theirs, now):
        raise CameTooLate(person=theirs.member, group=theirs.group)


def vouch(session: Session, mine: Membership, theirs: Membership, now: datetime) -> None:
    """Confirm that it is still the same person. The people who run that person's groups are told who confirmed it.

    Raises as `require_may_vouch`.
    """
    roster.hold(session, mine, theirs)
    session.refresh(theirs.member, ["doubted_at"], with_for_update=True)
    require_may_vouch(session, mine, theirs, now)
    facts = {"member_id": mine.member_id, "group_id": mine.group_id, "person": theirs.member_id}
    audit.note(session, "group.vouched", now, **facts)
    hear = _who_hears(session, theirs.member, now)
    since = theirs.member.doubted_at or now
    confirm(session, theirs.member, now, by="group")
    for place, each in hear:
        if each.member_id != mine.member_id:
            # A confirmation in another group is valid for this one too.
            is_here = mine.group_id == place.group_id
            _tell(session, place, each, "roles/vouched_for", now, since=since, other=mine.member, is_here=is_here)


def confirm(session: Session, member: Member, now: datetime, *, by: str) -> None:
    """End the doubt, tell the member, and let messages that waited for them be sent.

    It was proved `by` "garmin", "group" or "operator". Raises `NotDoubted`.
    """
    since = member.doubted_at
    if since is None:
        raise NotDoubted(person=member)
    phone_numbers.confirm(session, member, now, by=by)
    waiting.release(session, member.id, now)
    buttons = [Offer("go_on", "start")]
    stopped = member.opted_out_at is not None
    message = write_notice(
        "start/proved", member, about=None, says="start", buttons=buttons, member=member, stopped=stopped
    )
    # A member who has said "stop" gets this message too, because it answers something that they asked for.
    kind = MessageKind.REPLY if stopped else MessageKind.NOTICE
    mailbox.post(session, member.id, message, now, kind=kind, key=f"proved:{member.id}:{since.timestamp()}")


def _who_is_asked(session: Session, place: Membership, now: datetime) -> list[Membership]:
    """Return who may confirm this member and can be written to: the result of `_who_runs`, or nobody if the member
    joined the group too late to be known there.
    """
    return _who_runs(session, place, now) if _is_known(place, now) else []


def _is_known(place: Membership, now: datetime) -> bool:
    return place.joined_at <= recipients.find_known_until(place.member, now)


def _who_runs(session: Session, place: Membership, now: datetime) -> list[Membership]:
    """Return the people who run the group, without this member, and can be written to. If there are none, return the
    member who has been in the group longest, if they joined at least a week before the doubt.
    """
    others = [each for each in roster.list_members(session, place.group) if each.id != place.id]
    there = [each for each in others if _can_be_asked(each.member, now)]
    by_then = (place.member.doubted_at or now) - recipients.QUIET
    longest = sorted((each for each in there if each.joined_at <= by_then), key=lambda each: each.joined_at)
    return [each for each in there if each.role is not Role.MEMBER] or longest[:1]


def _who_hears(session: Session, member: Member, now: datetime) -> list[tuple[Membership, Membership]]:
    """Return the people who run the groups of a member in doubt, each once, as pairs: the member's membership in that
    group, and theirs.
    """
    found = [(place, each) for place in list_memberships(session, member) for each in _who_runs(session, place, now)]
    return list({each.member_id: (place, each) for place, each in reversed(found)}.values())


def _can_be_asked(member: Member, now: datetime) -> bool:
    """Return whether this member can be asked: they want messages, get them, and their number is not in doubt."""
    is_silent = member.opted_out_at is not None or member.unreachable_at is not None
    return not is_silent and not recipients.is_in_doubt(member, now)


def _ask(session: Session, place: Membership, asked: Member, now: datetime) -> None:
    message = write_notice(
        "roles/ask_word",
        asked,
        about=place.group,
        says=f"vouch #{place.id}",
        buttons=[Offer("yes_its_them", f"vouch #{place.id} yes"), Offer("i_cant_tell", "never mind")],
        group=place.group,
        person=place.member,
    )
    since = place.member.doubted_at or now
    key = f"vouch:{place.id}:{asked.id}:{since.timestamp()}:"
    before = (OutboundMessage.member_id == asked.id, OutboundMessage.dedupe_key.startswith(key, autoescape=True))
    query = select(func.count(), func.max(OutboundMessage.created_at)).where(*before)
    times, last = session.execute(query).one()
    if times < MOST_ASKED and (last is None or now - last >= ASKED_AGAIN):
        key += str(times + 1)
        mailbox.post(session, asked.id, message, now, kind=MessageKind.NOTICE, key=key, group_id=place.group_id)


def _tell(
    session: Session,
    place: Membership,
    told: Membership,
    name: str,
    now: datetime,
    *,
    since: datetime | None = None,
    button: Offer = MEMBERS,
    **facts: Any,
) -> None:
    """Send the notice with this name, about a member in doubt, to a person who runs one of their groups, once
    in a doubt.
    """
    about = place.group
    message = write_notice(
        name, told.member, about=about, says=button.says, buttons=[button], group=about, person=place.member, **facts
    )
    key = f"{name}:{place.id}:{told.id}:{(since or place.member.doubted_at or now).timestamp()}"
    mailbox.post(session, told.member_id, message, now, kind=MessageKind.NOTICE, key=key, group_id=place.group_id)
