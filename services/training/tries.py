"""Limits how often passwords go to a source, for each member and for each account there.

Everything is counted under keyed hashes (`services.ground.limits`), so erasing oneself does not reset the counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import AttemptStep, GarminAccount, GarminMethod, LinkAttempt, Member, OneTimeLink
from services.ground import limits

HOUR = timedelta(hours=1)
ANSWERED_WITHIN = timedelta(seconds=240)  # a sign-in may take 150 s when Garmin makes the library wait
LEASE = ANSWERED_WITHIN  # of the worker that signs in
MOST_AN_HOUR = 6  # passwords of one member, and wrong ones for one account: Garmin has locked some accounts for fewer
# Of those for one account, the most that count from one member: one person alone cannot use up another's tries
MOST_BY_ONE = 3
HELD_FOR = (timedelta(hours=2), timedelta(hours=6), timedelta(hours=24))
PASSWORD = "password"  # noqa: S105 - the name of what is counted, after the name of the source
WRONG = "wrong password"  # counted against the hash of the e-mail address of an account at a source
WRONG_FOR = "wrong password for "  # counted against a member; the beginning of that hash follows
# Counted, after the source's name, when a source delays a sign-in; also the problem of that attempt
THROTTLED = "throttled"
ONE_ACCOUNT = 0x6761  # the first key of the advisory lock; the second is made from the hash of an e-mail address


class Why(StrEnum):
    """Why no password may go to a source now. The texts of the link page have a sentence for each."""

    SOURCE = "held"  # the source delays this member's sign-ins
    MEMBER = "tried_often"
    ACCOUNT = "account_tried_often"


@dataclass(frozen=True)
class Held:
    """No password goes to the source before `until`."""

    until: datetime
    why: Why


def find_held_until(session: Session, member: Member, source: str, now: datetime, email: str = "") -> Held | None:
    """Return until when no password of this member, or none for this e-mail address, goes to a source; None if one may.

    Each time the source delays a member's sign-ins, we wait longer: two hours after the first time, then six, then
    a day. Also, a member may try six passwords within an hour. Both are counted for the member's addresses, so
    signing up again does not reset them.

    For one e-mail address, six tries within an hour are allowed that the source rejected or did not check. At most
    three of them count from one member, and they do not stop a member whose chat this account is connected to. So one
    person alone cannot keep another from signing in, and even many cannot keep a member from signing in again.
    """
    waits = _waits_of_member(session, member, source, now)
    if email and (until := _account_is_free(session, member, source, email, now)):
        waits.append(Held(until, Why.ACCOUNT))
    return max((each for each in waits if each.until > now), key=lambda each: each.until, default=None)


def _waits_of_member(session: Session, member: Member, source: str, now: datetime) -> list[Held]:
    against = limits.hash_member_addresses(session, member)
    tries = limits.list_times(session, against, f"{source} {PASSWORD}", now - HOUR)
    throttled = limits.list_times(session, against, f"{source} {THROTTLED}", now - HELD_FOR[-1])
    waits = []
    if throttled:
        waits.append(Held(throttled[-1] + HELD_FOR[min(len(throttled), len(HELD_FOR)) - 1], Why.SOURCE))
    if len(tries) >= MOST_AN_HOUR:
        waits.append(Held(tries[-MOST_AN_HOUR] + HOUR, Why.MEMBER))
    return waits


def _account_is_free(session: Session, member: Member, source: str, email: str, now: datetime) -> datetime | None:
    """Return when this member may try a password for this e-mail address again; None if they may now.

    Another member's sign-in that was not answered yet counts as a wrong one. It is queried before the wrong ones,
    because a sign-in is counted before it ends.
    """
    if _is_theirs(session, member, source, email):
        return None
    running = _running(session, member, source, email, now)
    wrong = limits.list_times(session, [limits.hash_email(session, source, email)], WRONG, now - HOUR)
    if len(wrong) >= MOST_AN_HOUR:
        return wrong[-MOST_AN_HOUR] + HOUR
    return now + ANSWERED_WITHIN if len(wrong) + running >= MOST_AN_HOUR else None


def _is_theirs(session: Session, member: Member, source: str, email: str) -> bool:
    """Return whether this e-mail address belongs to the account at this source that is
    connected to the member's chat.
    """
    mine = (GarminAccount.member_id == member.id, GarminAccount.source == source)
    connected = session.scalar(select(GarminAccount.garmin_email).where(*mine))
    if connected is None:
        return False
    return limits.hash_email(session, source, connected) == limits.hash_email(session, source, email)


def _running(session: Session, member: Member, source: str, email: str, now: datetime) -> int:
    """Return how many passwords of other members for this e-mail address are on their way to the source."""
    asked = (
        LinkAttempt.step == AttemptStep.ASKED,
        LinkAttempt.source == source,
        LinkAttempt.way == GarminMethod.PASSWORD,
    )
    others = (LinkAttempt.expires_at > now, LinkAttempt.link.has(OneTimeLink.member_id != member.id))
    emails = session.scalars(select(LinkAttempt.garmin_email).where(*asked, *others)).all()
    account = limits.hash_email(session, source, email)
    return sum(limits.hash_email(session, source, each or "") == account for each in emails)


def wait_for_turn(session: Session, source: str, email: str) -> None:
    """Lock this e-mail address until the transaction ends: two tries at the same time would both
    see the last place free.
    """
    account = int(limits.hash_email(session, source, email)[:7], 16)
    session.execute(select(func.pg_advisory_xact_lock(ONE_ACCOUNT, account)))


def count_try(session: Session, member: Member, source: str, now: datetime) -> None:
    """Count a password of this member that goes to this source."""
    limits.count(session, limits.hash_member_addresses(session, member), f"{source} {PASSWORD}", now)


def note_held_back(session: Session, against: Sequence[str], source: str, now: datetime) -> None:
    """Count, for the member whose addresses have these hashes, that the source delays sign-ins."""
    limits.count(session, against, f"{source} {THROTTLED}", now)


def note_unproved_password(session: Session, against: Sequence[str], account: str, now: datetime) -> None:
    """Count for the account that the source rejected a password or did not check it.

    `against` are the hashes of the member's addresses, `account` is the hash of the e-mail address. At most three
    within an hour count from one member.
    """
    of_member = WRONG_FOR + account[:32]
    if len(limits.list_times(session, against, of_member, now - HOUR)) < MOST_BY_ONE:
        limits.count(session, against, of_member, now)
        limits.count(session, [account], WRONG, now)
