"""How often passwords may go to Garmin, and until when none does: for each member, and for each Garmin account.

Everything is counted under keyed hashes (`services.ground.limits`), so erasing oneself begins nothing anew.
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
MOST_AN_HOUR = 6  # passwords of one member, and wrong ones for one Garmin account: Garmin has locked some for less
MOST_BY_ONE = 3  # of those six for one account, so many are one member's: nobody alone uses up another one's tries
HELD_FOR = (timedelta(hours=2), timedelta(hours=6), timedelta(hours=24))
PASSWORD = "garmin password"  # noqa: S105 - the name of what is counted
WRONG = "wrong password"  # counted against the hash of a Garmin account's e-mail address
WRONG_FOR = "wrong password for "  # counted against a member; the beginning of that hash comes after it
THROTTLED = "throttled"  # counted where Garmin held a sign-in back; also the problem of that attempt
ONE_ACCOUNT = 0x6761  # the first key of the advisory lock; the second is made from the hash of an e-mail address


class Why(StrEnum):
    """Why no password goes to Garmin for now. The link page has a sentence for each."""

    GARMIN = "held"  # Garmin holds this member's sign-ins back
    MEMBER = "tried_often"
    ACCOUNT = "account_tried_often"


@dataclass(frozen=True)
class Held:
    """No password goes to Garmin until then."""

    until: datetime
    why: Why


def held_until(session: Session, member: Member, now: datetime, email: str = "") -> Held | None:
    """Until when no password of this member goes to Garmin, or none for this e-mail address; None while it may.

    When Garmin holds a member's sign-ins back, each time makes it longer: two hours after the first, then six, then a
    day. And six passwords of one member within an hour are enough. Both are counted for the member's addresses: who
    comes back as somebody new guesses no more often.

    For one e-mail address, six within an hour are enough that Garmin called wrong or did not look at. Of these, three
    are one member's at most, and they hold back nobody whose chat this account is connected to. So nobody alone keeps
    somebody else from signing in, and no number of people keeps a member from signing in again.
    """
    waits = _waits_of_member(session, member, now)
    if email and (until := _account_is_free(session, member, email, now)):
        waits.append(Held(until, Why.ACCOUNT))
    return max((each for each in waits if each.until > now), key=lambda each: each.until, default=None)


def _waits_of_member(session: Session, member: Member, now: datetime) -> list[Held]:
    against = limits.addresses(session, member)
    tries = limits.times(session, against, PASSWORD, now - HOUR)
    throttled = limits.times(session, against, THROTTLED, now - HELD_FOR[-1])
    waits = []
    if throttled:
        waits.append(Held(throttled[-1] + HELD_FOR[min(len(throttled), len(HELD_FOR)) - 1], Why.GARMIN))
    if len(tries) >= MOST_AN_HOUR:
        waits.append(Held(tries[-MOST_AN_HOUR] + HOUR, Why.MEMBER))
    return waits


def _account_is_free(session: Session, member: Member, email: str, now: datetime) -> datetime | None:
    """When this member may try a password for this e-mail address again; None where they may now.

    A sign-in of somebody else that Garmin has not answered yet counts as a wrong one. It is looked for first: whoever
    ends it has counted it before.
    """
    if _is_theirs(session, member, email):
        return None
    running = _running(session, member, email, now)
    wrong = limits.times(session, [limits.of_email(session, email)], WRONG, now - HOUR)
    if len(wrong) >= MOST_AN_HOUR:
        return wrong[-MOST_AN_HOUR] + HOUR
    return now + ANSWERED_WITHIN if len(wrong) + running >= MOST_AN_HOUR else None


def _is_theirs(session: Session, member: Member, email: str) -> bool:
    """Whether this e-mail address opened the account that is connected to the member's chat."""
    connected = session.scalar(select(GarminAccount.garmin_email).where(GarminAccount.member_id == member.id))
    return connected is not None and limits.of_email(session, connected) == limits.of_email(session, email)


def _running(session: Session, member: Member, email: str, now: datetime) -> int:
    """How many passwords of others for this e-mail address are on their way to Garmin. Few are at any time."""
    asked = (LinkAttempt.step == AttemptStep.ASKED, LinkAttempt.way == GarminMethod.PASSWORD)
    others = (LinkAttempt.expires_at > now, LinkAttempt.link.has(OneTimeLink.member_id != member.id))
    emails = session.scalars(select(LinkAttempt.garmin_email).where(*asked, *others)).all()
    account = limits.of_email(session, email)
    return sum(limits.of_email(session, each or "") == account for each in emails)


def wait_for_turn(session: Session, email: str) -> None:
    """One after the other for one e-mail address: two at once would both see the last place free."""
    account = int(limits.of_email(session, email)[:7], 16)
    session.execute(select(func.pg_advisory_xact_lock(ONE_ACCOUNT, account)))


def count(session: Session, member: Member, now: datetime) -> None:
    """A password of this member goes to Garmin."""
    limits.count(session, limits.addresses(session, member), PASSWORD, now)


def held_back(session: Session, against: Sequence[str], now: datetime) -> None:
    """Garmin holds sign-ins back: count it for the member whose addresses have these hashes."""
    limits.count(session, against, THROTTLED, now)


def not_proved(session: Session, against: Sequence[str], account: str, now: datetime) -> None:
    """Garmin called a password wrong, or did not look at it: count it for the account.

    `against` are the hashes of the member's addresses, `account` is the one of the e-mail address. Of one member, three
    within an hour are counted at most.
    """
    of_member = WRONG_FOR + account[:32]
    if len(limits.times(session, against, of_member, now - HOUR)) < MOST_BY_ONE:
        limits.count(session, against, of_member, now)
        limits.count(session, [account], WRONG, now)
