"""When an account is read, and keeping our rows equal to what its source has. How a row is read: `rows`, `merging`.

A list like Garmin's has no "changed since": a window is read anew, rows are compared by fingerprint, and a row that is
missing from a window read to its end was deleted there.
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
from services.ground import breakers, leases, unreadable
from services.ground.bells import Bell, ring
from services.ground.counting import Count, count
from services.ground.refusals import LinkNeedsRenewing, NotLinked, SyncedJustNow
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
    """One account to read: its tokens, and the window of local start dates.

    `is_new_link` tells that the account was connected, for the first time or again, since it was last read.
    `no_key` stands in for the tokens where they are sealed under a key that is not in DATA_KEYS (yet).
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
    """The source is not asked for an account until then; `since` is how far its data reach, `why` the error's class."""

    source: str
    until: datetime
    since: datetime | None
    why: str | None


def ask(session: Session, member: Member, now: datetime) -> LeftAlone | None:
    """Let the member's accounts be read at once; each at most every quarter of an hour. Raises a refusal.

    Where all their sources are left alone, nothing is asked, and it is told when an account will be read by itself.
    """
    connected = accounts.list_accounts(session, member)
    if not connected:
        raise NotLinked
    readable = [each for each in connected if each.status is not GarminStatus.NEEDS_RELINK]
    if not readable:
        raise LinkNeedsRenewing
    answers = [_ask_one(session, each, now) for each in readable]
    if None in answers:
        ring(session, Bell.GARMIN)
        return None
    alone = [each for each in answers if isinstance(each, LeftAlone)]
    if alone:
        return min(alone, key=lambda each: each.until)
    raise next(each for each in answers if isinstance(each, SyncedJustNow))


def _ask_one(session: Session, account: GarminAccount, now: datetime) -> LeftAlone | SyncedJustNow | None:
    """Let this account be read at once. Gives why it is not; None where it is."""
    last = max(filter(None, (account.last_sync_at, account.asked_at, account.failed_at)), default=None)
    if last is not None and now - last < ASKED_EVERY:
        return SyncedJustNow(minutes=_minutes(ASKED_EVERY - (now - last)), last=last)
    shut = breakers.shut_until(session, account.source)
    if shut and shut > now:
        account.next_sync_at = max(shut, account.next_sync_at if account.last_error else now)
        return is_left_alone(session, account, now)
    alone = is_left_alone(session, account, now)
    # A bot check that turned us away wants to be left alone as much as a 429.
    if alone and alone.why in (SourceThrottled.__name__, SourceBlocked.__name__):
        return alone
    account.asked_at = account.next_sync_at = now
    return None


def is_left_alone(session: Session, account: GarminAccount, now: datetime) -> LeftAlone | None:
    """Whether this account waits until its source answers again: after its own failure, or because so many failed."""
    shut = breakers.shut_until(session, account.source)
    is_shut, has_failed = shut is not None and shut > now, account.last_error and account.next_sync_at > now
    if not (is_shut or has_failed):
        return None
    return LeftAlone(account.source, max(shut or now, account.next_sync_at), account.last_sync_at, account.last_error)


def ask_for_syncs(session: Session, member_ids: Sequence[int], now: datetime, *, older_than: timedelta) -> int:
    """Let these members' accounts be read soon if what we know is older than that; before a digest, say.

    One that failed or was refused keeps its own time: it would be asked for at every tick.
    """
    stale = or_(GarminAccount.last_sync_at.is_(None), GarminAccount.last_sync_at < now - older_than)
    well = (
        GarminAccount.status == GarminStatus.LINKED,
        GarminAccount.failed_at.is_(None),
        GarminAccount.refused_at.is_(None),
    )
    query = select(GarminAccount).where(GarminAccount.member_id.in_(member_ids), stale, *well)
    # In one order for all: two digests that are due at once would wait for each other.
    locked = query.order_by(GarminAccount.id).with_for_update()
    hurried = [each for each in session.scalars(locked) if each.next_sync_at > now]
    for account in hurried:
        account.next_sync_at = now
    if hurried:
        ring(session, Bell.GARMIN)
    return len(hurried)


def take(session: Session, now: datetime) -> Errand | None:
    """Lease the account that has waited longest, unless its source is left alone. Those who asked come first."""
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
    # Local dates reach a day beyond UTC's on either side.
    start, end = (now - _window(account, now)).date(), (now + timedelta(days=1)).date()
    tokens, no_key = "", None
    try:
        tokens = accounts.open_tokens(session, account)
    except Unreadable as error:
        unreadable.note(session, error, "garmin_accounts.tokens", account.id)
        # Whoever opens no tokens finds the link broken, and the member is asked to connect again.
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
    """Keep one page and the tokens as they are after it, in one transaction: to resume is to repeat."""
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    found = Found(uncounted={each.id for each in page.recordings if not each.is_session})
    merge(session, account.member_id, make_rows(page.recordings, account.member_id, account.id), found)
    count(session, Count.ACTIVITIES, len(found.new), what="new")
    count(session, Count.ACTIVITIES, found.changed, what="changed")
    add_legs(session, account.member_id, page.recordings)
    if tokens != errand.tokens:  # a worker that comes late must not put old tokens in the place of new ones
        accounts.keep_tokens(session, account, tokens)
    return found


def find_doubtful(session: Session, errand: Errand, seen: set[int]) -> list[int]:
    """Ids that vanished, where they are too many to be believed without asking for some of them by name."""
    ours = _inside(session, errand)
    gone = [each.external_id for each in ours if each.external_id not in seen]
    return [] if _is_believed(len(gone), len(ours)) else gone


def finish(
    session: Session, errand: Errand, seen: set[int], now: datetime, certainly_gone: Collection[int] = ()
) -> int:
    """The window was read to its end: mark what is missing as deleted, and plan the next reading. Gives how many."""
    wait_for_turn(session, errand.member_id)  # another account of the member may be read to its end just now
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    gone = _vanished(session, errand, seen, certainly_gone)
    for activity in gone:
        activity.deleted_at = now
    mark_twins(session, account.member_id, errand.start)
    records.refresh(session, account.member_id)
    account.last_sync_at = now
    if errand.start <= (now - FIRST_WINDOW + timedelta(days=2)).date():
        account.whole_year_at = now
    # Spread over an hour, so that accounts that were connected together are not read together for ever.
    account.next_sync_at = now + EVERY - timedelta(seconds=account.id * 613 % 3600)
    account.asked_at = account.leased_until = account.last_error = account.refused_at = account.failed_at = None
    account.failures = 0
    count(session, Count.SYNCS, result="read")
    count(session, Count.ACTIVITIES, len(gone), what="gone")
    return len(gone)


def store_steps(session: Session, errand: Errand, days: Sequence[DaySteps], now: datetime) -> None:
    """Keep the steps of these days."""
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
    """Let another worker read the account at once: this one has to stop. What it has read is kept."""
    account = session.get(GarminAccount, errand.account_id, with_for_update=True)
    if account is not None:
        account.leased_until = None
        ring(session, Bell.GARMIN)


def put_off(session: Session, errand: Errand, problem: str, now: datetime, wish: timedelta | None = None) -> datetime:
    """The source could not be read: later, and later still if it goes on. What we know stays. Gives when."""
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
    """The source refuses the tokens. True when the link has ended by that: the member is told once.

    A refused refresh is certain. A 401 on data is not, it comes and goes with the source's own trouble: it ends a link
    only when it is met again an hour or more later.
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
    """Whether this refusal is the last one."""
    return certain or (account.refused_at is not None and now - account.refused_at >= REFUSED_AGAIN_AFTER)


def note_signed_in_again(session: Session, errand: Errand, tokens: str, now: datetime) -> None:
    """The kept password opened the account once more: read it at once."""
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    accounts.keep_tokens(session, account, tokens)
    account.next_sync_at, account.leased_until, account.refused_at = now, None, None
    ring(session, Bell.GARMIN)


def find_silent_since(session: Session, member_ids: Sequence[int]) -> datetime | None:
    """Until when these members' data reach, if a source did not answer lately for any of them."""
    shut_until = select(Breaker.shut_until).where(Breaker.name == GarminAccount.source).scalar_subquery()
    # Who comes due while their source is left alone has not failed, but is not read either.
    waits = or_(GarminAccount.failed_at.is_not(None), GarminAccount.next_sync_at < shut_until)
    silent = (GarminAccount.member_id == match_members(member_ids), GarminAccount.status == GarminStatus.LINKED, waits)
    return session.scalar(select(func.min(GarminAccount.last_sync_at)).where(*silent))


def has_due_account(now: datetime) -> Exists:
    """The condition that an account waits to be read."""
    return exists().where(GarminAccount.status == GarminStatus.LINKED, GarminAccount.next_sync_at <= now)


def _window(account: GarminAccount, now: datetime) -> timedelta:
    """Five weeks; once a week the whole year, for edits and deletions further back."""
    year = account.whole_year_at is None or now - account.whole_year_at >= WHOLE_YEAR_EVERY
    return FIRST_WINDOW if year else WINDOW


def _steps_since(account: GarminAccount, now: datetime) -> date | None:
    """From which day steps are to be read, if they were not lately: they cost a request of their own."""
    if account.steps_at is None:
        return (now - STEPS_AT_FIRST).date()
    return (account.steps_at - timedelta(days=2)).date() if now - account.steps_at >= STEPS_EVERY else None


def _shut_if_many_fail(session: Session, source: str, now: datetime, problem: str, wait: timedelta) -> None:
    """Several accounts failing at once is their source's trouble, not theirs: leave it alone, longer each time."""
    session.flush()
    # A key that we lack is our own trouble.
    theirs = (GarminAccount.source == source, GarminAccount.last_error != accounts.NO_KEY)
    lately = select(func.count()).where(GarminAccount.failed_at > now - FAILING_TOGETHER, *theirs)
    if (session.scalar(lately) or 0) >= MOST_FAILING:
        breakers.shut_longer(session, source, now, max(wait, SHUT_AT_FIRST), SHUT_AT_MOST, problem)


def _vanished(session: Session, errand: Errand, seen: set[int], certainly_gone: Collection[int]) -> list[Activity]:
    """Rows of ours that were not listed, if they are few enough to be believed; and those that are certainly gone."""
    ours = _inside(session, errand)
    missing = {each.external_id for each in ours if each.external_id not in seen}
    gone = missing if _is_believed(len(missing), len(ours)) else set[int]()
    theirs = (Activity.account_id == errand.account_id, Activity.deleted_at.is_(None))
    known = select(Activity).where(*theirs, Activity.external_id.in_(gone | set(certainly_gone)))
    return list(session.scalars(known))


def _inside(session: Session, errand: Errand) -> Sequence[Activity]:
    """Rows of ours strictly inside the window: those on its edges may be listed elsewhere."""
    inside = Activity.local_date.between(errand.start + timedelta(days=1), errand.end - timedelta(days=1))
    mine = (Activity.account_id == errand.account_id, Activity.deleted_at.is_(None))
    return session.scalars(select(Activity).where(*mine, inside)).all()


def _is_believed(gone: int, ours: int) -> bool:
    return gone <= min(MOST_VANISHED, max(1, ours * 3 // 10))


def _minutes(span: timedelta) -> int:
    return max(1, -(-int(span.total_seconds()) // 60))
