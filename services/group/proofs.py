"""Proving to be who held a number before: by the Garmin account, by an admin's word, or by the operator's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from messages.render import Offer
from models import GarminAccount, Member, Membership, MessageKind, OutboundMessage, Role
from services.delivery import mailbox, outbox
from services.delivery.notices import notice
from services.ground import audit, recipients
from services.ground.refusals import CameTooLate, MayNotVouch, NotDoubted, NotOverYourself
from services.ground.telling import tell
from services.group import roster
from services.people import numbers
from services.people.members import memberships

MOST_ASKED = 3  # times that one admin is asked about one doubt: the first question may have come while they were away
ASKED_AGAIN = timedelta(days=1)
MEMBERS = Offer("members", "members")


@dataclass(frozen=True)
class Ways:
    """How a member can prove themselves: with the Garmin account that they connected, by the word of others."""

    garmin: bool
    others: bool


def ways(session: Session, member: Member, now: datetime) -> Ways:
    """The ways that this member has. There may be none: then only the operator can help."""
    account = session.scalar(select(GarminAccount.id).where(GarminAccount.member_id == member.id))
    others = any(_who_is_asked(session, each, now) for each in memberships(session, member))
    return Ways(account is not None, others)


def ask_admins(session: Session, member: Member, now: datetime) -> int:
    """Ask those who run the member's groups whether it is still the same person. Gives how many have been asked.

    Each by the name that the member has in the group, once a day and three times at most. Where there is nobody, the
    operator is told.
    """
    asked = set()
    for place in memberships(session, member):
        for other in _who_is_asked(session, place, now):
            if other.member_id not in asked:
                asked.add(other.member_id)
                _ask(session, place, other.member, now)
    if not asked:
        tell_operator(session, member)
    return len(asked)


def tell_operator(session: Session, member: Member) -> None:
    """Write into the log that only the operator can help this member."""
    tell(session, "warning", "number in doubt, and nobody to vouch", member=member.id)


def tell_stopped(session: Session, member: Member, now: datetime) -> None:
    """Tell those who run the groups of somebody in doubt that "stop" was said from the number, once in each doubt.

    It needs no proof to say that, and whoever stops is erased in the end. Where there is nobody, the operator is told.
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
    """Tell those who run the groups of somebody in doubt that another person has the number now. Call it before that is
    so: nobody is asked for a member who is not in doubt.
    """
    for place, told in _who_hears(session, member, now):
        _tell(session, place, told, "roles/number_given_up", now, owns=place.role is Role.OWNER)


def doubted(session: Session) -> Iterator[Member]:
    """Whose number is in doubt, the longest first."""
    yield from session.scalars(select(Member).where(Member.doubted_at.is_not(None)).order_by(Member.doubted_at))


def require_may_vouch(session: Session, mine: Membership, theirs: Membership, now: datetime) -> None:
    """Refuse to whoever is not asked about this person.

    Raises `NotOverYourself`, `NotDoubted`, `MayNotVouch` or `CameTooLate`. The last one is for whoever runs a group
    into which the person came too late to be known there: an admin could let in somebody whose number they hold
    themselves by then, and answer for them.
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
    """Say that it is still the same person; those who run that person's groups are told who said so.

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
            # Another group's word opens this one too.
            is_here = mine.group_id == place.group_id
            _tell(session, place, each, "roles/vouched_for", now, since=since, other=mine.member, is_here=is_here)


def confirm(session: Session, member: Member, now: datetime, *, by: str) -> None:
    """End the doubt, tell the member so, and let what waited for them leave.

    It was proved `by` "garmin", "group" or "operator". Raises `NotDoubted`.
    """
    since = member.doubted_at
    if since is None:
        raise NotDoubted(person=member)
    numbers.confirm(session, member, now, by=by)
    outbox.release(session, member.id, now)
    buttons = [Offer("go_on", "start")]
    stopped = member.opted_out_at is not None
    message = notice("start/proved", member, about=None, says="start", buttons=buttons, member=member, stopped=stopped)
    # Whoever said "stop" before has asked for this answer all the same.
    kind = MessageKind.REPLY if stopped else MessageKind.NOTICE
    mailbox.post(session, member.id, message, now, kind=kind, key=f"proved:{member.id}:{since.timestamp()}")


def _who_is_asked(session: Session, place: Membership, now: datetime) -> list[Membership]:
    """Whose word about this member counts, and who can be written to: as `_who_runs`, and nobody in a group into which
    the member came too late to be known there.
    """
    return _who_runs(session, place, now) if _is_known(place, now) else []


def _is_known(place: Membership, now: datetime) -> bool:
    return place.joined_at <= recipients.known_until(place.member, now)


def _who_runs(session: Session, place: Membership, now: datetime) -> list[Membership]:
    """Who runs the group besides this member and can be written to; where nobody does, the one who has belonged to it
    longest, and for a week at least before the doubt.
    """
    others = [each for each in roster.members(session, place.group) if each.id != place.id]
    there = [each for each in others if _can_be_asked(each.member, now)]
    by_then = (place.member.doubted_at or now) - recipients.QUIET
    longest = sorted((each for each in there if each.joined_at <= by_then), key=lambda each: each.joined_at)
    return [each for each in there if each.role is not Role.MEMBER] or longest[:1]


def _who_hears(session: Session, member: Member, now: datetime) -> list[tuple[Membership, Membership]]:
    """Who runs the groups of somebody in doubt, each once: the member's place there, and theirs."""
    found = [(place, each) for place in memberships(session, member) for each in _who_runs(session, place, now)]
    return list({each.member_id: (place, each) for place, each in reversed(found)}.values())


def _can_be_asked(member: Member, now: datetime) -> bool:
    """Not whoever wants no messages, does not get them, or may be somebody else by now."""
    is_silent = member.opted_out_at is not None or member.unreachable_at is not None
    return not is_silent and not recipients.is_in_doubt(member, now)


def _ask(session: Session, place: Membership, asked: Member, now: datetime) -> None:
    message = notice(
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
    """Post the notice of this name, about somebody's doubt, to one who runs a group of theirs: once in one doubt."""
    about = place.group
    message = notice(
        name, told.member, about=about, says=button.says, buttons=[button], group=about, person=place.member, **facts
    )
    key = f"{name}:{place.id}:{told.id}:{(since or place.member.doubted_at or now).timestamp()}"
    mailbox.post(session, told.member_id, message, now, kind=MessageKind.NOTICE, key=key, group_id=place.group_id)
