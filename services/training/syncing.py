"""Decides when an account is synchronised, and keeps our rows equal to the source's. Rows are made
in `rows` and `merging`.

Lists like Garmin's cannot be filtered by "changed since". So a window of days is read again, rows are compared by
fingerprint, and a row that is missing after the whole window was read was deleted at the source.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Exists, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Activity, Breaker, Day, GarminAccount, GarminMethod, GarminStatus, Member
from models.vault import UnknownKey, Unreadable
from providers.errors import SourceBlocked, SourceThrottled
from providers.sources import DaySteps, Page
from services.ground import audit, breakers, leases, unreadable
from services.ground.bells import Bell, ring
from services.ground.counting import Count, count
from services.ground.refusals import LinkNeedsRenewing, NotLinked, SyncedJustNow
from services.people import webhook_messages
from services.training import accounts, records
from services.training.from_recordings import make_rows
from services.training.merging import Found, add_legs, mark_twins, merge, wait_for_turn
from services.training.totals import match_members

FIRST_WINDOW = timedelta(days=365)
WINDOW = timedelta(days=35)  # this week and the four digests before it
EVERY = timedelta(hours=6)
ASKED_EVERY = timedelta(minutes=15)
LEASE = timedelta(minutes=5)
WHOLE_YEAR_EVERY = timedelta(days=7)
STEPS_EVERY = timedelta(hours=20)
STEPS_AT_FIRST = timedelta(days=26)  # with today and tomorrow 28 days: one request
REFUSED_AGAIN_AFTER = timedelta(hours=1)
FAILING_TOGETHER, MOST_FAILING = timedelta(minutes=10), 3
SHUT_AT_FIRST, SHUT_AT_MOST = timedelta(minutes=30), timedelta(hours=6)
BACK_OFF = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6))
MOST_VANISHED = 20


@dataclass(frozen=True)
class Errand:
    """One account to synchronise: its tokens, and the window of local start dates.

    `is_new_link` says that the account was connected, for the first time or again, after its last sync. `no_key` is the
    error, in place of the tokens, if they are sealed under a key that is not in DATA_KEYS (yet).
    """

    account_id: int
    member_id: int
    source: str
    method: GarminMethod
    tokens: str = field(repr=False)
    start: date
    end: date
    is_first: bool
    was_asked: bool
    steps_since: date | None
    no_key: UnknownKey | None = None
    is_new_link: bool = False


@dataclass(frozen=True)
class LeftAlone:
    """The source is not asked for an account before `until`; `since` is how far its data reach,
    `why` the error's class.
    """

    source: str
    until: datetime
    since: datetime | None
    why: str | None


def ask(session: Session, member: Member, now: datetime) -> LeftAlone | None:
    """Make the member's accounts due now, each at most every 15 minutes. Raises a refusal if none may be.

    If all their sources are paused, nothing becomes due, and the pause that ends first is returned.
    """
    connected = accounts.list_accounts(session, member)
    if not connected:
        raise NotLinked
    readable = [each for each in connected if each.status is not GarminStatus.NEEDS_RELINK]
    if not readable:
        raise LinkNeedsRenewing
    answers = [_ask_one(session, each, now) for each in readable]
    if None in answers:
        audit.note(session, "garmin.sync_asked", now, member_id=member.id)
        ring(session, Bell.GARMIN)
        return None
    alone = [each for each in answers if isinstance(each, LeftAlone)]
    if alone:
        return min(alone, key=lambda each: each.until)
    raise next(each for each in answers if isinstance(each, SyncedJustNow))


def _ask_one(session: Session, account: GarminAccount, now: datetime) -> LeftAlone | SyncedJustNow | None:
    """Make this account due now. Returns the reason if it is not, and None if it is."""
    last = max(filter(None, (account.last_sync_at, account.asked_at, account.failed_at)), default=None)
    if last is not None and now - last < ASKED_EVERY:
        return SyncedJustNow(minutes=_minutes(ASKED_EVERY - (now - last)), last=last)
    shut = breakers.shut_until(session, account.source)
    if shut and shut > now:
        account.next_sync_at = max(shut, account.next_sync_at if account.last_error else now)
        return is_left_alone(session, account, now)
    alone = is_left_alone(session, account, now)
    # After a bot check has blocked us, the source is left alone as after a 429.
    if alone and alone.why in (SourceThrottled.__name__, SourceBlocked.__name__):
        return alone
    account.asked_at = account.next_sync_at = now
    return None


def is_left_alone(session: Session, account: GarminAccount, now: datetime) -> LeftAlone | None:
    """Return the pause of this account, after its own failure or because many accounts
    failed; None if there is none.
    """
    shut = breakers.shut_until(session, account.source)
    is_shut, has_failed = shut is not None and shut > now, account.last_error and account.next_sync_at > now
    if not (is_shut or has_failed):
        return None
    return LeftAlone(account.source, max(shut or now, account.next_sync_at), account.last_sync_at, account.last_error)


def ask_for_syncs(session: Session, member_ids: Sequence[int], now: datetime, *, older_than: timedelta) -> int:
    """Make these members' accounts due if their last sync is older than this, for example before a
    digest. Returns how many.

    An account that failed or was refused keeps its own time; otherwise every tick would ask for it again.
    """
    stale = or_(GarminAccount.last_sync_at.is_(None), GarminAccount.last_sync_at < now - older_than)
    well = (
        GarminAccount.status == GarminStatus.LINKED,
        GarminAccount.failed_at.is_(None),
        GarminAccount.refused_at.is_(None),
    )
    query = select(GarminAccount).where(GarminAccount.member_id.in_(member_ids), stale, *well)
    # All callers lock in the same order: two digests that are due at once would otherwise deadlock.
    locked = query.order_by(GarminAccount.id).with_for_update()
    hurried = [each for each in session.scalars(locked) if each.next_sync_at > now]
    for account in hurried:
        account.next_sync_at = now
    if hurried:
        ring(session, Bell.GARMIN)
    return len(hurried)


def take(session: Session, now: datetime) -> Errand | None:
    """Lease the account that has waited longest, first those whose members asked. Paused sources are left out."""
    is_shut = exists().where(Breaker.name == GarminAccount.source, Breaker.shut_until > now)
    query = (
        select(GarminAccount)
        .where(
            GarminAccount.status == GarminStatus.LINKED,
            GarminAccount.next_sync_at <= now,
            leases.is_free(GarminAccount.leased_until),
            ~is_shut,
        )
        .order_by(GarminAccount.asked_at.is_(None), GarminAccount.next_sync_at, GarminAccount.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    account = session.scalar(query)
    if account is None:
        return None
    account.leased_until = leases.end_lease_in(session, LEASE)
    return _errand(session, account, now)


def _errand(session: Session, account: GarminAccount, now: datetime) -> Errand:
    # Local dates can be a day before or after the UTC date.
    start, end = (now - _window(account, now)).date(), (now + timedelta(days=1)).date()
    tokens, no_key = "", None
    try:
        tokens = accounts.open_tokens(session, account)
    except Unreadable as error:
        unreadable.note(session, error, "garmin_accounts.tokens", account.id)
        # Tokens that cannot be opened at all count as refused, and the member is asked to connect again.
        no_key = error if isinstance(error, UnknownKey) and not accounts.is_given_up(account) else None
    return Errand(
        account_id=account.id,
        member_id=account.member_id,
        source=account.source,
        method=account.method,
        tokens=tokens,
        start=start,
        end=end,
        is_first=account.last_sync_at is None,
        was_asked=account.asked_at is not None,
        steps_since=_steps_since(account, now),
        no_key=no_key,
        is_new_link=account.last_sync_at is None or account.last_sync_at < account.linked_at,
    )


def store(session: Session, errand: Errand, page: Page, tokens: str) -> Found:
    """Store one page and the tokens after it in one transaction. A sync that was interrupted just begins again."""
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    found = Found(uncounted={each.id for each in page.recordings if not each.is_session})
    merge(session, account.member_id, make_rows(page.recordings, account.member_id, account.id), found)
    count(session, Count.ACTIVITIES, len(found.new), what="new")
    count(session, Count.ACTIVITIES, found.changed, what="changed")
    add_legs(session, account.member_id, page.recordings)
    # The first sync of an account brings a whole year: a program reads that from the API.
    created = [] if errand.is_first else found.created
    webhook_messages.note_activities(session, account.member_id, created=created, corrected=found.corrected)
    if tokens != errand.tokens:  # a worker that comes late must not replace new tokens by old ones
        accounts.keep_tokens(session, account, tokens)
    return found


def find_doubtful(session: Session, errand: Errand, seen: set[int]) -> list[int]:
    """Return the ids of missing activities if they are so many that some must be checked one by one; otherwise none."""
    ours = _inside(session, errand)
    gone = [each.external_id for each in ours if each.external_id not in seen]
    return [] if _is_believed(len(gone), len(ours)) else gone


def finish(
    session: Session, errand: Errand, seen: set[int], now: datetime, certainly_gone: Collection[int] = ()
) -> int:
    """Mark activities that are missing from a completely read window as deleted, and plan the next
    sync. Returns how many.
    """
    wait_for_turn(session, errand.member_id)  # another account of the member may finish its sync now
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    gone = _vanished(session, errand, seen, certainly_gone)
    for activity in gone:
        activity.deleted_at = now
    webhook_messages.note_activities(session, errand.member_id, deleted=gone)
    mark_twins(session, account.member_id, errand.start)
    records.refresh(session, account.member_id)
    account.last_sync_at = now
    if errand.start <= (now - FIRST_WINDOW + timedelta(days=2)).date():
        account.whole_year_at = now
    # Spread over an hour, so that accounts that were connected together are not always read together.
    account.next_sync_at = now + EVERY - timedelta(seconds=account.id * 613 % 3600)
    account.asked_at = account.leased_until = account.last_error = account.refused_at = account.failed_at = None
    account.failures = 0
    count(session, Count.SYNCS, result="read")
    count(session, Count.ACTIVITIES, len(gone), what="gone")
    return len(gone)


def store_steps(session: Session, errand: Errand, days: Sequence[DaySteps], now: datetime) -> None:
    """Store the steps of these days."""
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    account.steps_at = now
    if days:
        rows = [
            {"member_id": account.member_id, "day": each.day, "steps": each.steps, "goal": each.goal} for each in days
        ]
        kept = insert(Day).values(rows)
        newer = {"steps": kept.excluded.steps, "goal": kept.excluded.goal, "updated_at": kept.excluded.updated_at}
        session.execute(kept.on_conflict_do_update(index_elements=["member_id", "day"], set_=newer))


def give_back(session: Session, errand: Errand) -> None:
    """Let another worker read the account at once, because this one has to stop. What it has stored is kept."""
    account = session.get(GarminAccount, errand.account_id, with_for_update=True)
    if account is not None:
        account.leased_until = None
        ring(session, Bell.GARMIN)


def put_off(session: Session, errand: Errand, problem: str, now: datetime, wish: timedelta | None = None) -> datetime:
    """Plan the next sync after a failure, later with each one, and return its time. The stored activities stay."""
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    wait = max(wish or timedelta(), BACK_OFF[min(account.failures, len(BACK_OFF) - 1)])
    account.failures += 1
    account.last_error, account.failed_at = problem, now
    count(session, Count.SYNCS, result=problem)
    _shut_if_many_fail(session, account.source, now, problem, wait)
    account.next_sync_at = max(now + wait, breakers.shut_until(session, account.source) or now)
    account.asked_at = account.leased_until = None
    return account.next_sync_at


def note_refused(session: Session, errand: Errand, *, certain: bool, now: datetime) -> bool:
    """Record that the source refuses the tokens. Returns whether the link has ended by it, so that
    the member is told once.

    A refused refresh is certain. A 401 on data also occurs when the source has a problem, so it ends a link only if it
    occurs again an hour or more later.
    """
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    if account.status is not GarminStatus.LINKED:
        return False
    account.asked_at = account.leased_until = None
    count(session, Count.SYNCS, result="refused")
    if not is_link_ended(account, certain=certain, now=now):
        account.refused_at = account.refused_at or now
        account.next_sync_at, account.last_error = account.refused_at + REFUSED_AGAIN_AFTER, "LinkBroken"
        return False
    account.status = GarminStatus.NEEDS_RELINK
    account.password = account.failed_at = None  # of no use any more
    return True


def is_link_ended(account: GarminAccount, *, certain: bool, now: datetime) -> bool:
    """Return whether this refusal ends the link."""
    return certain or (account.refused_at is not None and now - account.refused_at >= REFUSED_AGAIN_AFTER)


def note_signed_in_again(session: Session, errand: Errand, tokens: str, now: datetime) -> None:
    """Store the tokens of a sign-in with the kept password, and make the account due at once."""
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    accounts.keep_tokens(session, account, tokens)
    account.next_sync_at, account.leased_until, account.refused_at = now, None, None
    ring(session, Bell.GARMIN)


def find_silent_since(session: Session, member_ids: Sequence[int]) -> datetime | None:
    """Return until when these members' data are complete if the source of one of them does
    not answer; None if all do.
    """
    shut_until = select(Breaker.shut_until).where(Breaker.name == GarminAccount.source).scalar_subquery()
    # An account that becomes due while its source is paused has not failed, but is not read either.
    waits = or_(GarminAccount.failed_at.is_not(None), GarminAccount.next_sync_at < shut_until)
    silent = (GarminAccount.member_id == match_members(member_ids), GarminAccount.status == GarminStatus.LINKED, waits)
    return session.scalar(select(func.min(GarminAccount.last_sync_at)).where(*silent))


def has_due_account(now: datetime) -> Exists:
    """Return the condition that an account waits to be read."""
    return exists().where(GarminAccount.status == GarminStatus.LINKED, GarminAccount.next_sync_at <= now)


def _window(account: GarminAccount, now: datetime) -> timedelta:
    """Return how far back to read: five weeks, and once a week a whole year, for older edits and deletions."""
    year = account.whole_year_at is None or now - account.whole_year_at >= WHOLE_YEAR_EVERY
    return FIRST_WINDOW if year else WINDOW


def _steps_since(account: GarminAccount, now: datetime) -> date | None:
    """Return the day from which to read steps; None if they were read lately, because they
    need a request of their own.
    """
    if account.steps_at is None:
        return (now - STEPS_AT_FIRST).date()
    return (account.steps_at - timedelta(days=2)).date() if now - account.steps_at >= STEPS_EVERY else None


def _shut_if_many_fail(session: Session, source: str, now: datetime, problem: str, wait: timedelta) -> None:
    """Pause the source, longer each time, if several accounts failed within ten minutes:
    then the cause is the source.
    """
    session.flush()
    # A key that is missing is our own fault, not the source's.
    theirs = (GarminAccount.source == source, GarminAccount.last_error != accounts.NO_KEY)
    lately = select(func.count()).where(GarminAccount.failed_at > now - FAILING_TOGETHER, *theirs)
    if (session.scalar(lately) or 0) >= MOST_FAILING:
        breakers.shut_longer(session, source, now, max(wait, SHUT_AT_FIRST), SHUT_AT_MOST, problem)


def _vanished(session: Session, errand: Errand, seen: set[int], certainly_gone: Collection[int]) -> list[Activity]:
    """Return our rows that were not listed, if they are few enough to be believed, and those that
    are certainly deleted.
    """
    ours = _inside(session, errand)
    missing = {each.external_id for each in ours if each.external_id not in seen}
    gone = missing if _is_believed(len(missing), len(ours)) else set[int]()
    theirs = (Activity.account_id == errand.account_id, Activity.deleted_at.is_(None))
    known = select(Activity).where(*theirs, Activity.external_id.in_(gone | set(certainly_gone)))
    return list(session.scalars(known))


def _inside(session: Session, errand: Errand) -> Sequence[Activity]:
    """Return our rows strictly inside the window: those on its edges may be listed under a day outside it."""
    inside = Activity.local_date.between(errand.start + timedelta(days=1), errand.end - timedelta(days=1))
    mine = (Activity.account_id == errand.account_id, Activity.deleted_at.is_(None))
    return session.scalars(select(Activity).where(*mine, inside)).all()


def _is_believed(gone: int, ours: int) -> bool:
    return gone <= min(MOST_VANISHED, max(1, ours * 3 // 10))


def _minutes(span: timedelta) -> int:
    return max(1, -(-int(span.total_seconds()) // 60))
