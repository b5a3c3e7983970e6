"""Members' accounts at the sources: finding them, their sealed tokens and passwords, and reminders
before a key expires.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import GarminAccount, GarminStatus, Member
from models.vault import UnknownKey, Unreadable, vault
from services.ground import unreadable

REMIND_DAYS = (14, 3, 0)
PASSWORD_EVERY = timedelta(hours=24)
NO_KEY = UnknownKey.__name__  # `last_error` of an account whose secrets are sealed under a key that is missing
LOST_AFTER = 14  # failures, over about three days: after that a missing key is considered lost


def list_accounts(session: Session, member: Member) -> Sequence[GarminAccount]:
    """Return the member's accounts in the order in which they were connected, at most one at each source."""
    query = select(GarminAccount).where(GarminAccount.member_id == member.id)
    return session.scalars(query.order_by(GarminAccount.id)).all()


def find_account(session: Session, member: Member, source: str) -> GarminAccount | None:
    """Return the member's account at this source; None if they have connected none."""
    mine = (GarminAccount.member_id == member.id, GarminAccount.source == source)
    return session.scalar(select(GarminAccount).where(*mine))


def find_main_account(session: Session, member: Member) -> GarminAccount | None:
    """Return the account to show where only one is shown: one that must be connected again, or else the first."""
    return min(
        list_accounts(session, member), key=lambda each: each.status is not GarminStatus.NEEDS_RELINK, default=None
    )


def take_due_reminders(session: Session, now: datetime) -> list[GarminAccount]:
    """Return the accounts whose key expires soon and whose member was not reminded yet. The rows are locked."""
    ending = (GarminAccount.key_ends_at.is_not(None), GarminAccount.key_ends_at <= now + timedelta(days=REMIND_DAYS[0]))
    linked = GarminAccount.status == GarminStatus.LINKED
    accounts = session.scalars(select(GarminAccount).where(*ending, linked).with_for_update(skip_locked=True))
    return [each for each in accounts if _reminder(each, now) is not None]


def remind(account: GarminAccount, now: datetime) -> int:
    """Record that the member is reminded now, and return the days that are left, rounded up."""
    account.reminded_days = _reminder(account, now)
    return max(-((now - account.key_ends_at) // timedelta(days=1)), 0) if account.key_ends_at else 0


def knows_of_end(account: GarminAccount) -> bool:
    """Return whether the member was told that the key of this account has expired."""
    return account.reminded_days == 0


def _reminder(account: GarminAccount, now: datetime) -> int | None:
    """Return the reminder that is due, in days before the end: the latest that was not sent. None if there is none."""
    if account.key_ends_at is None:
        return None
    begun = [days for days in REMIND_DAYS if account.key_ends_at - now <= timedelta(days=days)]
    if not begun or (account.reminded_days is not None and account.reminded_days <= begun[-1]):
        return None
    return begun[-1]


def take_kept_password(session: Session, account: GarminAccount, now: datetime) -> str | None:
    """Return the password that the member allowed us to keep, at most once a day, and record its use.

    None if there is none, it was used within a day, or it cannot be read. Raises `UnknownKey`.
    """
    used = account.password_used_at
    if account.password is None or (used is not None and now - used < PASSWORD_EVERY):
        return None
    try:
        password = vault(session).open("kept-password", account.member_id, account.password)
    except Unreadable as error:
        if isinstance(error, UnknownKey) and not is_given_up(account):
            raise
        unreadable.note(session, error, "garmin_accounts.password", account.id)
        return None
    account.password_used_at = now
    return password


def is_given_up(account: GarminAccount) -> bool:
    """Return whether a key that this account's secrets need has been missing for so long that it is considered lost."""
    return account.last_error == NO_KEY and account.failures >= LOST_AFTER


def give_back_password(account: GarminAccount) -> None:
    """Allow the kept password to be used again today, because the worker had to stop while using it."""
    account.password_used_at = None


def open_tokens(session: Session, account: GarminAccount) -> str:
    """Return the account's tokens. Raises `models.vault.UnknownKey` or `Unreadable`."""
    return vault(session).open("garmin-tokens", account.member_id, account.tokens)


def keep_tokens(session: Session, account: GarminAccount, tokens: str) -> None:
    """Seal these tokens and keep them. Each refresh replaces them, and only the newest are valid."""
    account.tokens = vault(session).seal("garmin-tokens", account.member_id, tokens)
