"""Reading activities from Garmin and keeping our rows equal to its truth.

Garmin's list has no "changed since": a window is read anew, rows are compared by fingerprint, and a row that is missing
from a window read to its end was deleted there.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fitness.sports import counts, sport_of
from fitness.twins import Record, twins
from models import Activity, Breaker, Day, GarminAccount, GarminMethod, GarminStatus, Member
from models.vault import Unreadable
from providers.errors import Flaw, GarminBlocked, GarminThrottled, NotAnActivityFile
from providers.garmin import DaySteps, Page
from services.delivery.bells import Bell, ring
from services.garmin import breakers, linking, scoring
from services.garmin.metrics import metrics_of
from services.play import records
from services.play.totals import ids
from services.refusals import LinkNeedsRenewing, NotLinked, SyncedJustNow

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
MOST_VANISHED, LOOK_FOR = 20, 3

# Kept of each row as Garmin sent it. Places, pictures and the owner's roles are dropped at the door.
KEPT = (
    "activityId", "activityName", "startTimeLocal", "startTimeGMT", "activityType", "eventType", "duration",
    "elapsedDuration", "movingDuration", "distance", "elevationGain", "elevationLoss", "averageSpeed", "maxSpeed",
    "calories", "bmrCalories", "averageHR", "maxHR", "steps", "avgPower", "normPower", "vO2MaxValue",
    "aerobicTrainingEffect", "anaerobicTrainingEffect", "activityTrainingLoad", "moderateIntensityMinutes",
    "vigorousIntensityMinutes", "hrTimeInZone_1", "hrTimeInZone_2", "hrTimeInZone_3", "hrTimeInZone_4",
    "hrTimeInZone_5", "fastestSplit_1000", "fastestSplit_1609", "fastestSplit_5000", "fastestSplit_10000",
    "fastestSplit_21098", "fastestSplit_42195", "fastestSplit_100", "fastestSplit_400", "fastestSplit_1500",
    "lapCount", "manufacturer", "privacy", "manualActivity", "pr", "parent", "parentId",
)  # fmt: skip


@dataclass
class Found:
    """What a sync or a file told: rows new, changed, gone; `uncounted` are listed, but are no session of their own."""

    new: list[int] = field(default_factory=list)
    changed: int = 0
    gone: int = 0
    uncounted: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class NoAccount:
    """Whose rows are read, where they come from a file."""

    member_id: int
    id: None = None


@dataclass(frozen=True)
class Errand:
    """One account to read: its tokens, and the window of local start dates."""

    account_id: int
    method: GarminMethod
    tokens: str = field(repr=False)
    start: date
    end: date
    is_first: bool
    was_asked: bool
    steps_since: date | None


@dataclass(frozen=True)
class LeftAlone:
    """Garmin is not asked for an account until then; `since` is how far its data reach, `why` the error's class."""

    until: datetime
    since: datetime | None
    why: str | None


def ask(session: Session, member: Member, now: datetime) -> LeftAlone | None:
    """Let the member's account be read at once; at most every quarter of an hour. Raises a refusal.

    Where Garmin is left alone, nothing is asked, and it is told when the account will be read by itself.
    """
    account = linking.account_of(session, member)
    if account is None:
        raise NotLinked
    if account.status is GarminStatus.NEEDS_RELINK:
        raise LinkNeedsRenewing
    last = max(filter(None, (account.last_sync_at, account.asked_at, account.failed_at)), default=None)
    if last is not None and now - last < ASKED_EVERY:
        raise SyncedJustNow(minutes=_minutes(ASKED_EVERY - (now - last)), last=last)
    shut = breakers.shut_until(session, breakers.GARMIN)
    if shut and shut > now:
        account.next_sync_at = max(shut, account.next_sync_at if account.last_error else now)
        return left_alone(session, account, now)
    alone = left_alone(session, account, now)
    # A bot check that turned us away wants to be left alone as much as a 429.
    if alone and alone.why in (GarminThrottled.__name__, GarminBlocked.__name__):
        return alone
    account.asked_at = account.next_sync_at = now
    ring(session, Bell.GARMIN)
    return None


def left_alone(session: Session, account: GarminAccount, now: datetime) -> LeftAlone | None:
    """Whether this account waits until Garmin answers again: after its own failure, or because so many failed."""
    shut = breakers.shut_until(session, breakers.GARMIN)
    is_shut, has_failed = shut is not None and shut > now, account.last_error and account.next_sync_at > now
    if not (is_shut or has_failed):
        return None
    return LeftAlone(max(shut or now, account.next_sync_at), account.last_sync_at, account.last_error)


def hurry(session: Session, member_ids: Sequence[int], now: datetime, *, older_than: timedelta) -> int:
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
    accounts = [each for each in session.scalars(locked) if each.next_sync_at > now]
    for account in accounts:
        account.next_sync_at = now
    if accounts:
        ring(session, Bell.GARMIN)
    return len(accounts)


def take(session: Session, now: datetime) -> Errand | None:
    """Lease the account that has waited longest. Those who asked come first."""
    query = (
        select(GarminAccount)
        .where(
            GarminAccount.status == GarminStatus.LINKED,
            GarminAccount.next_sync_at <= now,
            or_(GarminAccount.leased_until.is_(None), GarminAccount.leased_until < func.clock_timestamp()),
        )
        .order_by(GarminAccount.asked_at.is_(None), GarminAccount.next_sync_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    account = session.scalar(query)
    if account is None:
        return None
    account.leased_until = session.scalar(select(func.clock_timestamp() + LEASE))
    # Local dates reach a day beyond UTC's on either side.
    start, end = (now - _window(account, now)).date(), (now + timedelta(days=1)).date()
    try:
        tokens = linking.tokens_of(session, account)
    except Unreadable:
        tokens = (
            ""  # its key is gone: whoever opens these finds the link broken, and the member is asked to connect again
        )
    return Errand(
        account_id=account.id,
        method=account.method,
        tokens=tokens,
        start=start,
        end=end,
        is_first=account.last_sync_at is None,
        was_asked=account.asked_at is not None,
        steps_since=_steps_since(account, now),
    )


def store(session: Session, errand: Errand, page: Page, tokens: str) -> Found:
    """Keep one page and the tokens as they are after it, in one transaction: to resume is to repeat."""
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    found = Found(uncounted={raw["activityId"] for raw in page.rows if _has_id(raw) and not _is_session(raw)})
    _merge(session, account.member_id, _rows(account, page.rows), found)
    add_legs(session, account.member_id, page.rows)
    if tokens != errand.tokens:  # a worker that comes late must not put old tokens in the place of new ones
        linking.keep_tokens(session, account, tokens)
    return found


def import_rows(session: Session, member: Member, rows: Sequence[dict[str, Any]], now: datetime) -> Found:
    """Keep what was in a file that the member sent. One that is sent twice changes nothing. Raises NotAnActivityFile.

    A session that Garmin has too counts once.
    """
    _wait_for_turn(session, member)
    read = _rows(NoAccount(member.id), rows)
    if not read:
        raise NotAnActivityFile(Flaw.NO_ACTIVITY)
    if any(row.start_utc > now + timedelta(days=1) for row in read.values()):
        raise NotAnActivityFile(Flaw.IMPOSSIBLE)  # it would be on the boards of weeks that have not come
    found = Found()
    _merge(session, member.id, read, found)
    add_legs(session, member.id, rows)
    _mark_twins(session, member.id, min(row.local_date for row in read.values()))
    records.refresh(session, member.id)
    return found


def doubtful(session: Session, errand: Errand, seen: set[int]) -> list[int]:
    """Ids that vanished, where they are too many to be believed without asking for some of them by name."""
    ours = _inside(session, errand)
    gone = [each.garmin_activity_id for each in ours if each.garmin_activity_id not in seen]
    return [] if _is_believed(len(gone), len(ours)) else gone


def finish(
    session: Session, errand: Errand, seen: set[int], now: datetime, certainly_gone: Collection[int] = ()
) -> int:
    """The window was read to its end: mark what is missing as deleted, and plan the next reading. Gives how many."""
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    gone = _vanished(session, errand, seen, certainly_gone)
    for activity in gone:
        activity.deleted_at = now
    _mark_twins(session, account.member_id, errand.start)
    records.refresh(session, account.member_id)
    account.last_sync_at = now
    if errand.start <= (now - FIRST_WINDOW + timedelta(days=2)).date():
        account.whole_year_at = now
    # Spread over an hour, so that accounts that were connected together are not read together for ever.
    account.next_sync_at = now + EVERY - timedelta(seconds=account.id * 613 % 3600)
    account.asked_at = account.leased_until = account.last_error = account.refused_at = account.failed_at = None
    account.failures = 0
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
        newer = {"steps": kept.excluded.steps, "goal": kept.excluded.goal}
        session.execute(kept.on_conflict_do_update(index_elements=["member_id", "day"], set_=newer))


def put_off(session: Session, errand: Errand, problem: str, now: datetime, wish: timedelta | None = None) -> datetime:
    """Garmin could not be read: later, and later still if it goes on. What we know stays. Gives when."""
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    wait = max(wish or timedelta(), BACK_OFF[min(account.failures, len(BACK_OFF) - 1)])
    account.failures += 1
    account.last_error, account.failed_at = problem, now
    _shut_if_many_fail(session, now, problem, wait)
    account.next_sync_at = max(now + wait, breakers.shut_until(session, breakers.GARMIN) or now)
    account.asked_at = account.leased_until = None
    return account.next_sync_at


def refused(session: Session, errand: Errand, *, certain: bool, now: datetime) -> bool:
    """Garmin refuses the tokens. True when the link has ended by that: the member is told once.

    A refused refresh is certain. A 401 on data is not, it comes and goes with Garmin's own trouble: it ends a link only
    when it is met again an hour or more later.
    """
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    if account.status is not GarminStatus.LINKED:
        return False
    account.asked_at = account.leased_until = None
    if not ends_link(account, certain=certain, now=now):
        account.refused_at = account.refused_at or now
        account.next_sync_at, account.last_error = account.refused_at + REFUSED_AGAIN_AFTER, "LinkBroken"
        return False
    account.status = GarminStatus.NEEDS_RELINK
    account.password = account.failed_at = None  # of no use any more
    return True


def ends_link(account: GarminAccount, *, certain: bool, now: datetime) -> bool:
    """Whether this refusal is the last one."""
    return certain or (account.refused_at is not None and now - account.refused_at >= REFUSED_AGAIN_AFTER)


def signed_in_again(session: Session, errand: Errand, tokens: str, now: datetime) -> None:
    """The kept password opened the account once more: read it at once."""
    account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
    linking.keep_tokens(session, account, tokens)
    account.next_sync_at, account.leased_until, account.refused_at = now, None, None
    ring(session, Bell.GARMIN)


def silent_since(session: Session, member_ids: Sequence[int]) -> datetime | None:
    """Until when these members' data reach, if Garmin did not answer lately for any of them."""
    shut_until = select(Breaker.shut_until).where(Breaker.name == breakers.GARMIN).scalar_subquery()
    # Who comes due while Garmin is left alone has not failed, but is not read either.
    waits = or_(GarminAccount.failed_at.is_not(None), GarminAccount.next_sync_at < shut_until)
    silent = (GarminAccount.member_id == ids(member_ids), GarminAccount.status == GarminStatus.LINKED, waits)
    return session.scalar(select(func.min(GarminAccount.last_sync_at)).where(*silent))


def is_due(session: Session, now: datetime) -> bool:
    """Whether an account waits to be read."""
    due = (GarminAccount.status == GarminStatus.LINKED, GarminAccount.next_sync_at <= now)
    return session.scalar(select(GarminAccount.id).where(*due).limit(1)) is not None


def _window(account: GarminAccount, now: datetime) -> timedelta:
    """Five weeks; once a week the whole year, for edits and deletions further back."""
    year = account.whole_year_at is None or now - account.whole_year_at >= WHOLE_YEAR_EVERY
    return FIRST_WINDOW if year else WINDOW


def _steps_since(account: GarminAccount, now: datetime) -> date | None:
    """From which day steps are to be read, if they were not lately: they cost a request of their own."""
    if account.steps_at is None:
        return (now - STEPS_AT_FIRST).date()
    return (account.steps_at - timedelta(days=2)).date() if now - account.steps_at >= STEPS_EVERY else None


def _shut_if_many_fail(session: Session, now: datetime, problem: str, wait: timedelta) -> None:
    """Several accounts failing at once is Garmin's trouble, not theirs: leave it alone, longer each time."""
    session.flush()
    lately = select(func.count()).where(GarminAccount.failed_at > now - FAILING_TOGETHER)
    if (session.scalar(lately) or 0) >= MOST_FAILING:
        breakers.shut_longer(session, breakers.GARMIN, now, max(wait, SHUT_AT_FIRST), SHUT_AT_MOST, problem)


def _mark_twins(session: Session, member_id: int, start: date) -> None:
    """Two devices that recorded one session: only the better record counts, both are kept."""
    mine = (Activity.member_id == member_id, Activity.deleted_at.is_(None))
    # A twin may have begun before midnight: a day more is looked at than is written to.
    query = select(Activity).where(*mine, Activity.local_date >= _days_before(start, 2))
    rows = list(session.scalars(query.order_by(Activity.start_utc, Activity.id)))
    pairs = twins([Record(row.id, row.sport, row.start_utc, row.duration, row.manual) for row in rows])
    for row in rows:
        if row.local_date >= _days_before(start, 1):
            row.twin_of = pairs.get(row.id)


def _days_before(day: date, days: int) -> date:
    return day - timedelta(days=days) if day > date.min + timedelta(days=days) else date.min


def _wait_for_turn(session: Session, member: Member) -> None:
    """One after the other, or two records of one session that come at the same instant would not see each other."""
    account = select(GarminAccount.id).where(GarminAccount.member_id == member.id).with_for_update()
    if session.scalar(account) is None:
        session.scalar(select(Member.id).where(Member.id == member.id).with_for_update(key_share=True))


def _rows(account: GarminAccount | NoAccount, raws: Sequence[dict[str, Any]]) -> dict[int, Activity]:
    return {row.garmin_activity_id: row for row in (_read(account, raw) for raw in raws) if row is not None}


def _merge(session: Session, member_id: int, rows: dict[int, Activity], found: Found) -> None:
    """Add what is new, let what has changed be as it is now, and count both."""
    known = _known(session, member_id, list(rows))
    for garmin_id, row in rows.items():
        old = known.get(garmin_id)
        if old is None:
            session.add(row)
            found.new.append(garmin_id)
            continue
        old.account_id = row.account_id or old.account_id  # kept when its account was disconnected, and met again
        if old.fingerprint != row.fingerprint or old.deleted_at is not None:
            _take_over(old, row)
            found.changed += 1


def add_legs(session: Session, member_id: int, raws: Sequence[dict[str, Any]]) -> None:
    """Let the parts of multisport sessions that are stored earn their points."""
    legs: dict[int, list[dict[str, Any]]] = {}
    for raw in raws:
        if isinstance(raw.get("parentId"), int) and _has_id(raw):
            legs.setdefault(raw["parentId"], []).append(_storable(raw))
    session.flush()
    for garmin_id, session_row in (_known(session, member_id, list(legs)) if legs else {}).items():
        scoring.add_legs(session_row, legs[garmin_id])


def _known(session: Session, member_id: int, ids: list[int]) -> dict[int, Activity]:
    mine = (Activity.member_id == member_id, Activity.garmin_activity_id.in_(ids))
    return {each.garmin_activity_id: each for each in session.scalars(select(Activity).where(*mine))}


def _vanished(session: Session, errand: Errand, seen: set[int], certainly_gone: Collection[int]) -> list[Activity]:
    """Rows of ours that Garmin did not list, if they are few enough to be believed; and those it is certain about."""
    ours = _inside(session, errand)
    missing = {each.garmin_activity_id for each in ours if each.garmin_activity_id not in seen}
    gone = missing if _is_believed(len(missing), len(ours)) else set[int]()
    theirs = (Activity.account_id == errand.account_id, Activity.deleted_at.is_(None))
    known = select(Activity).where(*theirs, Activity.garmin_activity_id.in_(gone | set(certainly_gone)))
    return list(session.scalars(known))


def _inside(session: Session, errand: Errand) -> Sequence[Activity]:
    """Rows of ours strictly inside the window: those on its edges may be listed elsewhere."""
    inside = Activity.local_date.between(errand.start + timedelta(days=1), errand.end - timedelta(days=1))
    mine = (Activity.account_id == errand.account_id, Activity.deleted_at.is_(None))
    return session.scalars(select(Activity).where(*mine, inside)).all()


def _is_believed(gone: int, ours: int) -> bool:
    return gone <= min(MOST_VANISHED, max(1, ours * 3 // 10))


def _has_id(raw: dict[str, Any]) -> bool:
    return isinstance(raw.get("activityId"), int)


def _is_session(raw: dict[str, Any]) -> bool:
    """Whether a row counts by itself: no sleep or meditation, no leg of a triathlon."""
    return not raw.get("parentId") and counts(_type_key(raw))


def _type_key(raw: dict[str, Any]) -> str:
    return str((raw.get("activityType") or {}).get("typeKey") or "other")


def _read(account: GarminAccount | NoAccount, raw: dict[str, Any]) -> Activity | None:
    """One row of Garmin's list as ours; None for what is no session, or part of a multisport one."""
    key, parent_type = _storable(_type_key(raw)), (raw.get("activityType") or {}).get("parentTypeId")
    began, local = _instant(raw.get("startTimeGMT")), _instant(raw.get("startTimeLocal"))
    if began is None or not _has_id(raw) or not _is_session(raw):
        return None
    local = local or began
    kept = {name: _storable(raw[name]) for name in KEPT if raw.get(name) is not None}
    if kept.get("activityName"):
        kept["activityName"] = _placeless(str(kept["activityName"]), str(raw.get("locationName") or ""))
    read = Activity(
        account_id=account.id,
        member_id=account.member_id,
        garmin_activity_id=raw["activityId"],
        type=key[:60],
        sport=sport_of(key, parent_type),
        name=kept.get("activityName", "")[:200] or None,
        start_utc=began,
        utc_offset=round((local - began).total_seconds()),
        local_date=local.date(),
        duration=_number(raw.get("duration")) or 0.0,
        moving_duration=_number(raw.get("movingDuration")),
        elapsed_duration=_number(raw.get("elapsedDuration")),
        distance=_number(raw.get("distance")),
        elevation_gain=_number(raw.get("elevationGain")),
        calories=_number(raw.get("calories")),
        average_hr=_number(raw.get("averageHR")),
        moderate_minutes=_whole(raw.get("moderateIntensityMinutes")),
        vigorous_minutes=_whole(raw.get("vigorousIntensityMinutes")),
        manual=bool(raw.get("manualActivity") or raw.get("isManualActivity")),
        private=(kept.get("privacy") or {}).get("typeKey") == "private",
        processed_metrics=metrics_of(kept),
        raw_data=kept,
        fingerprint=_fingerprint(kept),
    )
    scoring.score_row(read)
    return read


# Twins are told at the end of a sync: one that fails half-way must not let a session count twice.
STAYS = {
    "id", "account_id", "member_id", "garmin_activity_id", "created_at", "updated_at", "twin_of",
    "doubt_answer", "doubt_asked_at", "excluded_at",
}  # fmt: skip


def _take_over(old: Activity, new: Activity) -> None:
    """Let a row be as it is now. What its owner said about it stays, unless it is strange in another way now."""
    if "legs" in old.processed_metrics:
        new.processed_metrics |= {"legs": old.processed_metrics["legs"]}
        scoring.score_row(new)
    if new.doubt != old.doubt:
        old.doubt_answer = old.doubt_asked_at = None
    for column in Activity.__table__.columns:
        if column.name not in STAYS:
            setattr(old, column.name, getattr(new, column.name))


def _storable(value: Any) -> Any:
    """A value without what Postgres refuses: NUL, half of a surrogate pair, and numbers that are none."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode(errors="replace").decode()
    if isinstance(value, dict):
        return {name: _storable(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value


def _placeless(name: str, place: str) -> str:
    """A title without the town that Garmin puts before it: it is often where the member lives."""
    return name.replace(place, "").strip(" -–,") if place else name


def _fingerprint(kept: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:32]


def _instant(text: Any) -> datetime | None:
    """Garmin's "YYYY-MM-DD HH:MM:SS". Local times are read as if they were UTC: only their date and distance count."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    except ValueError:
        return None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and value == value and abs(value) < 1e9 else None  # noqa: PLR0124


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else round(number)


def _minutes(span: timedelta) -> int:
    return max(1, -(-int(span.total_seconds()) // 60))
