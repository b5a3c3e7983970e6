"""Erases a member.

A member is erased in two steps. At once, everything is deleted except the address for the last answer and the messages
that are being sent. A little later, these are deleted too, and Twilio is asked to delete its copies.

Five things stay after that, all without the member's name and number: counts for limits, for a day, under keyed hashes
of the member's addresses and of the Garmin address that they tried; bans, as long as the group exists, under hashes of
the member's addresses; keyed hashes of the vendor's ids of deleted messages, for thirty days, so that none is received
again; the audit, for thirteen months, under a pseudonym; and the row in `erased`, for ever. What they named for a group
(itself, its challenges) is the group's. `privacy/kept.txt` tells it to members.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from models import (
    Activity,
    AuditEvent,
    Base,
    Challenge,
    DigestRun,
    Erased,
    Erasure,
    Identity,
    IdentityKind,
    Member,
    Membership,
    MessageState,
    OutboundMessage,
    Role,
)
from models.hashes import digest
from services.data import vendor_copies
from services.delivery import ceiling
from services.digest import media
from services.ground import audit, limits
from services.ground.bells import Bell, ring
from services.ground.refusals import TooManyEraseCodes, WrongEraseCode
from services.group import group_notices, groups, openings, privacy
from services.group.roster import hold, list_members
from services.people import bans
from services.people.members import list_memberships

CODE_FOR = timedelta(minutes=10)
MOST_GUESSES = 5  # wrong codes within the time for which a code is valid
STOPPED_FOR = timedelta(days=30)
IN_DOUBT_FOR = timedelta(days=180)  # docs/decisions/0021-numbers-change-hands.md explains the length
GOODBYE_FOR = timedelta(hours=1)
LATER = {"outbound_messages", "inbound_messages", "audit_events"}
CLOCKS_DIFFER = timedelta(minutes=15)  # /health names a wrong clock (`time`) at much smaller differences
UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN)


@dataclass(frozen=True)
class AskedToErase:
    """The code to type, what would be deleted, and for each group of the member who would own
    it then: (group, heir).
    """

    code: int
    kept: int
    heirs: list[tuple[str, str]]


def ask(session: Session, member: Member, now: datetime) -> AskedToErase:
    """Return a new code that erases everything if it is typed within ten minutes, and what would be erased."""
    code = secrets.randbelow(9000) + 1000
    member.erase_code = digest(session, "erase", f"{member.id}:{code}")
    member.erase_until = now + CODE_FOR
    owned = [each for each in list_memberships(session, member) if each.role is Role.OWNER]
    heirs = [(each.group.name, heir.member.name) for each in owned if (heir := find_heir(session, each))]
    kept = session.scalar(select(func.count()).where(Activity.member_id == member.id)) or 0
    audit.note(session, "erase.asked", now, member_id=member.id)
    return AskedToErase(code, kept, heirs)


def confirm(session: Session, member: Member, code: int, now: datetime) -> None:
    """Erase the member if this is the code. Raises `WrongEraseCode` if it is not.

    Raises `TooManyEraseCodes` after five wrong codes within ten minutes. Such refused tries are not counted, so trying
    during the wait does not make it longer.
    """
    guessed = limits.LINE + WrongEraseCode.template()
    wrong = limits.list_times(session, limits.hash_member_addresses(session, member), guessed, now - CODE_FOR)
    if len(wrong) >= MOST_GUESSES:
        raise TooManyEraseCodes(minutes=limits.count_minutes_until(wrong[-MOST_GUESSES] + CODE_FOR, now))
    given = digest(session, "erase", f"{member.id}:{code}")
    in_time = member.erase_until is not None and member.erase_until > now
    if not in_time or not secrets.compare_digest(member.erase_code or "", given):
        raise WrongEraseCode
    erase(session, member, now)


def find_heir(session: Session, membership: Membership) -> Membership | None:
    """Return who becomes the owner of a group when its owner is erased: the admin who has been in it longest, else the
    member who has. None if there is nobody else.
    """
    others = [each for each in list_members(session, membership.group) if each.id != membership.id]
    return min(others, key=lambda each: (each.role is not Role.ADMIN, each.joined_at, each.id), default=None)


def erase(session: Session, member: Member, now: datetime) -> None:
    """Erase a member at once. Until `finish`, only the address for the last answer stays."""
    session.execute(select(Member.id).where(Member.id == member.id).with_for_update(key_share=True))
    for each in sorted(list_memberships(session, member), key=lambda each: each.group_id):  # locked in one order by all
        hold(session, each)
        if each.left_at is None:
            _hand_over(session, each, now)
    _forget_figures(session, member)
    _leave_behind(session, member, now)
    media.forget_shown(session, member.id)
    vendor_copies.have_lines_deleted(session, member.id, now)
    pseudonym = f"erased-{secrets.token_hex(4)}"
    session.add(Erased(member_id=member.id, member_since=member.created_at, pseudonym=pseudonym, at=now))
    audit.note(session, "member.erased", now, member_id=member.id)
    session.flush()
    mine = AuditEvent.member_id == member.id
    session.execute(update(AuditEvent).where(mine).values(member_id=None, pseudonym=pseudonym))
    waiting = (OutboundMessage.member_id == member.id, OutboundMessage.state == MessageState.QUEUED)
    session.execute(delete(OutboundMessage).where(*waiting))
    for table in reversed(Base.metadata.sorted_tables):
        for column in table.columns:
            key = next((key for key in column.foreign_keys if key.column.table.name == "members"), None)
            if key is None or table.name in LATER:
                continue
            if key.ondelete == "SET NULL":  # the row is the group's, and stays
                session.execute(update(table).where(column == member.id).values({column: None}))
            else:
                session.execute(delete(table).where(column == member.id))
    session.expire(member, ["identities"])
    _strip(member, now)
    ring(session, Bell.HOUSEKEEPING)


def finish(session: Session, now: datetime, most: int = 50) -> int:
    """Erase the rest of members whose last answer was sent, and have the vendor's copies deleted. Returns how many."""
    gone = tuple_(Member.id, Member.created_at).in_(select(Erased.member_id, Erased.member_since))
    found = session.scalars(
        select(Member).where(gone).order_by(Member.id).limit(most).with_for_update(skip_locked=True)
    )
    over = [each for each in found if not _is_told(session, each, now)]
    for member in over:
        vendor_copies.have_deleted(session, vendor_copies.find_sids(session, member.id), now)
        session.delete(member)
    return len(over)


def has_unfinished_erasure(now: datetime) -> ColumnElement[bool]:
    """Return a condition: a member must still be erased completely, or the vendor must be asked to delete a message."""
    asked = exists().where(Erasure.done_at.is_(None), Erasure.next_try_at <= now)
    gone = exists().where(Erased.member_id == Member.id, Erased.member_since == Member.created_at)
    return or_(asked, gone)


def was_erased_since(session: Session, at: datetime, *, phone: str | None, business_id: str | None) -> bool:
    """Return whether a person with one of these addresses was erased within the last day and after `at`. If so, a
    message of that time must not be answered any more.

    `at` comes from another clock than the time of the erasure: from the vendor's, or from another machine's. So while
    nobody with these addresses is a member again, a time up to `CLOCKS_DIFFER` later counts as before the erasure too.
    It is better to ignore a line than to make an erased person a member again.
    """
    margin = timedelta(microseconds=1) if _is_known(session, phone, business_id) else CLOCKS_DIFFER
    against = limits.hash_addresses(session, phone=phone, business_id=business_id)
    return bool(limits.list_times(session, against, limits.ERASED, at - margin))


def _is_known(session: Session, phone: str | None, business_id: str | None) -> bool:
    told = ((IdentityKind.PHONE, phone), (IdentityKind.BUSINESS, business_id))
    theirs = tuple_(Identity.kind, Identity.value).in_([(kind, value) for kind, value in told if value is not None])
    return bool(session.scalar(select(exists().where(theirs))))


def find_stopped_long_ago(session: Session, now: datetime, most: int = 20) -> list[Member]:
    """Return members to erase because they said "stop" long ago, with their rows locked; see `find_erasure_time`.

    Anybody who has the number can say "stop". So while it is in doubt whose number it is, the member is not erased:
    else a stranger who got an owner's number could have the owner erased and the group passed on. After half a year the
    member is erased all the same, because it may have been the member who said "stop".
    """
    known = Member.doubted_at.is_(None) & _quiet_since(now - STOPPED_FOR)
    query = select(Member).where(known | _quiet_since(now - IN_DOUBT_FOR))
    erased = select(Erased.id).where(Erased.member_id == Member.id, Erased.member_since == Member.created_at)
    return list(session.scalars(query.where(~erased.exists()).limit(most).with_for_update(skip_locked=True)))


def find_erasure_time(member: Member) -> datetime | None:
    """Return when a member who said "stop" is erased, unless they write before that; None for all other members."""
    if member.opted_out_at is None:
        return None
    last = max(member.opted_out_at, member.last_inbound_at or member.opted_out_at)
    return last + (STOPPED_FOR if member.doubted_at is None else IN_DOUBT_FOR)


def list_erased(session: Session) -> Iterable[tuple[int, datetime]]:
    """Return everybody who was erased, as (id, member since): the list that the operator saves apart
    from the backups.
    """
    query = select(Erased.member_id, Erased.member_since).order_by(Erased.id)
    return [(member_id, since) for member_id, since in session.execute(query)]


def erase_again(session: Session, erased: Iterable[tuple[int, datetime]], now: datetime) -> int:
    """Erase the members of this list again, after a backup was restored. Returns how many were in the database."""
    again = 0
    for member_id, since in erased:
        member = session.get(Member, member_id)
        if member is not None and member.created_at == since and member.address:
            known = session.scalar(select(Erased.id).where(Erased.member_id == member_id, Erased.member_since == since))
            if known is None:
                erase(session, member, now)
                again += 1
    return again


def _quiet_since(then: datetime) -> ColumnElement[bool]:
    """Return a condition: the member had opted out before `then` and has not written since."""
    return (Member.opted_out_at < then) & (Member.last_inbound_at < then)


def _hand_over(session: Session, membership: Membership, now: datetime) -> None:
    heir = find_heir(session, membership)
    group, role = membership.group, membership.role
    membership.left_at = now
    privacy.follow_change(session, membership, now, {})
    openings.end_openings(session, membership, now)
    if membership.anonymous:
        _begin_anew(session, membership)
    session.flush()
    if heir is None:
        groups.close(session, group, now)
    elif role is Role.OWNER:
        heir.role = Role.OWNER
        session.flush()
        group_notices.tell_role_changed(session, heir, now)
        audit.note(session, "group.passed_on", now, member_id=heir.member_id, group_id=group.id)


def _forget_figures(session: Session, member: Member) -> None:
    """Remove the member's figures from stored digests and challenges, which hold them by id without a foreign key."""
    been_in = select(Membership.group_id).where(Membership.member_id == member.id)
    for run in session.scalars(select(DigestRun).where(DigestRun.group_id.in_(been_in)).with_for_update()):
        run.content = _without(run.content, member.id)
    for each in session.scalars(select(Challenge).where(Challenge.group_id.in_(been_in)).with_for_update()):
        each.result = _without(each.result, member.id)


def _without(kept: Any, member_id: int) -> Any:
    """Return the stored value without this member, who may be a key of a dict or an item of a list."""
    if isinstance(kept, dict):
        return {key: _without(value, member_id) for key, value in kept.items() if key != str(member_id)}
    return [each for each in kept if each != member_id] if isinstance(kept, list) else kept


def _begin_anew(session: Session, membership: Membership) -> None:
    """Copy `seen_from` to the other nameless members of the group, because the row that holds it is deleted."""
    others = (Membership.group_id == membership.group_id, Membership.id != membership.id, Membership.anonymous)
    session.execute(update(Membership).where(*others).values(seen_from=membership.seen_from))


def _strip(member: Member, now: datetime) -> None:
    member.name, member.full_name, member.email, member.profile_name = "friend", None, None, None
    member.preferences, member.timezone, member.unfinished = {}, "UTC", None
    member.erase_code = member.erase_until = None
    member.opted_out_at = member.opted_out_at or now


def _is_told(session: Session, member: Member, now: datetime) -> bool:
    """Return whether the last answer is still being sent; it has an hour for that."""
    waiting = (OutboundMessage.member_id == member.id, OutboundMessage.state.in_(UNDER_WAY))
    erased = select(Erased.at).where(Erased.member_id == member.id, Erased.member_since == member.created_at)
    at = session.scalar(erased.order_by(Erased.id.desc()).limit(1)) or now
    return now - at < GOODBYE_FOR and session.scalar(select(OutboundMessage.id).where(*waiting).limit(1)) is not None


def _leave_behind(session: Session, member: Member, now: datetime) -> None:
    """Store everything that stays after a member: the bans for their addresses, and, for a day, when they were erased
    and whether they count among the people who got a template.
    """
    bans.follow(session, member)
    limits.count(session, limits.hash_member_addresses(session, member), limits.ERASED, now)
    if member.template_at is not None:
        ceiling.keep_template(session, member.template_at)
