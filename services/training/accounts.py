"""Members' accounts at the sources: finding them, their secrets, and reminding of a key that ends."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import GarminAccount, GarminStatus, Member
from models.vault import UnknownKey, Unreadable, vault
from services.ground import unreadable

REMIND_DAYS = (14, 3, 0)
PASSWORD_EVERY = timedelta(hours=24)
NO_KEY = UnknownKey.__name__  # `last_error` of an account whose secrets wait for their key
LOST_AFTER = 14  # failures, some three days of them: then a key that is not there is taken for lost


def list_accounts(session: Session, member: Member) -> Sequence[GarminAccount]:
    """The member's accounts, one at each source where they have connected one, in the order in which they did."""
    query = select(GarminAccount).where(GarminAccount.member_id == member.id)
    return session.scalars(query.order_by(GarminAccount.id)).all()


def find_account(session: Session, member: Member, source: str) -> GarminAccount | None:
    """The member's account at this source, if they connected one."""
    mine = (GarminAccount.member_id == member.id, GarminAccount.source == source)
    return session.scalar(select(GarminAccount).where(*mine))


def find_main_account(session: Session, member: Member) -> GarminAccount | None:
    """The account to speak of where only one is spoken of: one that has to be connected again, or else the first."""
    return min(
        list_accounts(session, member), key=lambda each: each.status is not GarminStatus.NEEDS_RELINK, default=None
    )


def take_due_reminders(session: Session, now: datetime) -> list[GarminAccount]:
    """Accounts whose key ends soon and whose member has not been told so yet, their rows locked."""
    ending = (GarminAccount.key_ends_at.is_not(None), GarminAccount.key_ends_at <= now + timedelta(days=REMIND_DAYS[0]))
    linked = GarminAccount.status == GarminStatus.LINKED
    accounts = session.scalars(select(GarminAccount).where(*ending, linked).with_for_update(skip_locked=True))
    return [each for each in accounts if _reminder(each, now) is not None]


def remind(account: GarminAccount, now: datetime) -> int:
    """Note that the member is told now; gives the days that are left, a begun one too."""
    account.reminded_days = _reminder(account, now)
    return max(-((now - account.key_ends_at) // timedelta(days=1)), 0) if account.key_ends_at else 0


def knows_of_end(account: GarminAccount) -> bool:
    """Whether the member was told that the key of this account has ended."""
    return account.reminded_days == 0


def _reminder(account: GarminAccount, now: datetime) -> int | None:
    """Which of the reminders is due: the nearest to the end that has begun and was not sent."""
    if account.key_ends_at is None:
        return None
    begun = [days for days in REMIND_DAYS if account.key_ends_at - now <= timedelta(days=days)]
    if not begun or (account.reminded_days is not None and account.reminded_days <= begun[-1]):
        return None
    return begun[-1]


def take_kept_password(session: Session, account: GarminAccount, now: datetime) -> str | None:
    """The password that the member asked to keep, at most once a day; using it is noted. Raises `UnknownKey`."""
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
    """Whether a key that this account's secrets need has been away for so long that it is taken for lost."""
    return account.last_error == NO_KEY and account.failures >= LOST_AFTER


def give_back_password(account: GarminAccount) -> None:
    """The worker had to stop while it used the kept password: it may be used again today."""
    account.password_used_at = None


def open_tokens(session: Session, account: GarminAccount) -> str:
    """The account's tokens. Raises `models.vault.UnknownKey` or `Unreadable`."""
    return vault(session).open("garmin-tokens", account.member_id, account.tokens)


def keep_tokens(session: Session, account: GarminAccount, tokens: str) -> None:
    """Seal the tokens as they are now: they rotate, and only the newest are good."""
    account.tokens = vault(session).seal("garmin-tokens", account.member_id, tokens)
