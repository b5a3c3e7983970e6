"""Merges recordings into our rows: new ones, changed ones, legs of a triathlon, and twins (two
recordings of one session).
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ARRAY, BigInteger, ColumnElement, cast, func, select, tuple_, update
from sqlalchemy.orm import Session

from fitness.twins import START_APART, PossibleTwin, find_twins
from models import Activity, GarminAccount, Member
from providers.errors import Flaw, NotAnActivityFile
from providers.recordings import CHAT, FILE, Recording
from services.people import webhook_messages
from services.training import records, scoring
from services.training.from_recordings import Key, make_rows, take_over

# The most activities that one member may send as files: three a day for ten years. It limits the work of each further
# file and of disconnecting an account.
MOST_KEPT = 10_000
# Of those, the most that begin within five minutes; three devices that record every lap stay below it
MOST_AT_ONCE = 50


@dataclass
class Found:
    """What a sync or a file contained: new, changed and deleted rows; `uncounted` are listed by the source, but
    are no activities of their own. `created` and `corrected` are the rows of the last page, for webhooks.
    """

    new: list[int] = field(default_factory=list)
    changed: int = 0
    gone: int = 0
    created: list[Activity] = field(default_factory=list)
    corrected: list[Activity] = field(default_factory=list)
    uncounted: set[int] = field(default_factory=set)


def import_recordings(session: Session, member: Member, told: Sequence[Recording], now: datetime) -> Found:
    """Store the recordings of a file that the member sent. Sending it twice changes nothing.

    An activity that another source has too counts once. Raises `NotAnActivityFile`, also if the member's files would
    hold more than `MOST_KEPT` activities, or more than `MOST_AT_ONCE` that begin within five minutes.
    """
    wait_for_turn(session, member.id)
    rows = make_rows(told, member.id)
    if not rows:
        raise NotAnActivityFile(Flaw.NO_ACTIVITY)
    if any(row.start_utc > now + timedelta(days=1) for row in rows.values()):
        raise NotAnActivityFile(Flaw.IMPOSSIBLE)  # it would appear on the boards of future weeks
    _require_room(session, member.id, rows)
    found = Found()
    merge(session, member.id, rows, found)
    add_legs(session, member.id, told)
    mark_twins(session, member.id, min(row.local_date for row in rows.values()))
    records.refresh(session, member.id)
    webhook_messages.note_activities(session, member.id, created=found.created, corrected=found.corrected)
    return found


def merge(session: Session, member_id: int, rows: Mapping[Key, Activity], found: Found) -> None:
    """Add new rows, update changed ones, and add both to `found`."""
    known = _known(session, member_id, rows)
    for key, row in rows.items():
        old = known.get(key)
        if old is None:
            session.add(row)
            found.new.append(row.external_id)
            found.created.append(row)
            continue
        old.account_id = row.account_id or old.account_id  # kept if its account was disconnected, and found again
        if old.fingerprint != row.fingerprint or old.deleted_at is not None:
            (found.corrected if old.deleted_at is None else found.created).append(old)
            take_over(old, row)
            found.changed += 1


def add_legs(session: Session, member_id: int, told: Iterable[Recording]) -> None:
    """Score the stored multisport activities by these legs."""
    legs: dict[Key, list[Recording]] = {}
    for each in told:
        if each.part_of is not None:
            legs.setdefault((each.source, each.part_of), []).append(each)
    session.flush()
    for key, row in _known(session, member_id, legs).items():
        scoring.add_legs(row, legs[key])


def _known(session: Session, member_id: int, keys: Collection[Key]) -> dict[Key, Activity]:
    if not keys:
        return {}
    theirs = tuple_(Activity.source, Activity.external_id).in_(keys)
    rows = session.scalars(select(Activity).where(Activity.member_id == member_id, theirs))
    return {(each.source, each.external_id): each for each in rows}


def mark_twins(session: Session, member_id: int, start: date) -> None:
    """Mark twins, from a day before `start` on: of two recordings of one session only the better
    one counts; both are kept.

    Rows that are already marked correctly are not written.
    """
    # A twin may have begun before midnight, so one more day is read than is written.
    first = _days_before(start, 1)
    _mark_twins(session, member_id, Activity.local_date >= _days_before(start, 2), lambda day: day >= first)


def mark_twins_around(session: Session, member_id: int, days: Collection[date]) -> None:
    """Mark twins as `mark_twins` does, for these days and the days next to them."""
    written = {day + timedelta(days=apart) for day in days for apart in (-1, 0, 1)}
    looked_at = {day + timedelta(days=apart) for day in days for apart in (-2, -1, 0, 1, 2)}
    _mark_twins(session, member_id, Activity.local_date.in_(looked_at), written.__contains__)


def _mark_twins(
    session: Session, member_id: int, looked_at: ColumnElement[bool], is_written: Callable[[date], bool]
) -> None:
    mine = (Activity.member_id == member_id, Activity.deleted_at.is_(None))
    query = select(
        Activity.id, Activity.sport, Activity.start_utc, Activity.duration, Activity.manual,
        Activity.twin_of, Activity.local_date,
    ).where(*mine, looked_at)  # fmt: skip
    rows = session.execute(query.order_by(Activity.start_utc, Activity.id)).all()
    pairs = find_twins([PossibleTwin(row.id, row.sport, row.start_utc, row.duration, row.manual) for row in rows])
    written = [row for row in rows if is_written(row.local_date) and row.twin_of != pairs.get(row.id)]
    if written:
        _write_twins(session, {row.id: pairs.get(row.id) for row in written})


def _write_twins(session: Session, twin_of: dict[int, int | None]) -> None:
    """Write all of them in one statement, and expire the rows that this session has loaded."""
    keys, others = cast(list(twin_of), ARRAY(BigInteger)), cast(list(twin_of.values()), ARRAY(BigInteger))
    found = func.unnest(keys, others).table_valued("id", "other", name="found").render_derived()
    write = update(Activity).where(Activity.id == found.c.id).values(twin_of=found.c.other)
    session.execute(write, execution_options={"synchronize_session": False})
    for key in twin_of:
        row = session.identity_map.get(session.identity_key(Activity, key))
        if row is not None:
            session.expire(row, ["twin_of", "updated_at"])


def _require_room(session: Session, member_id: int, rows: Mapping[Key, Activity]) -> None:
    """Raise `NotAnActivityFile` if these rows and those sent before are more than a person can have done."""
    sent = (Activity.member_id == member_id, Activity.source.in_((FILE, CHAT)), Activity.deleted_at.is_(None))
    query = select(Activity.source, Activity.external_id, Activity.start_utc).where(*sent)
    known: dict[Key, datetime] = {(source, key): start for source, key, start in session.execute(query)}
    new = sorted(row.start_utc for key, row in rows.items() if key not in known)
    if new and len(known) + len(new) > MOST_KEPT:
        raise NotAnActivityFile(Flaw.FULL)
    starts = sorted([*new, *(start for start in known.values() if _is_near(start, new))])
    if any(last - first <= START_APART for first, last in zip(starts, starts[MOST_AT_ONCE:], strict=False)):
        raise NotAnActivityFile(Flaw.IMPOSSIBLE)


def _is_near(start: datetime, ordered: Sequence[datetime]) -> bool:
    """Return whether one of these sorted times is within five minutes of `start`."""
    after = bisect_left(ordered, start - START_APART)
    return after < len(ordered) and ordered[after] <= start + START_APART


def _days_before(day: date, days: int) -> date:
    return day - timedelta(days=days) if day > date.min + timedelta(days=days) else date.min


def wait_for_turn(session: Session, member_id: int) -> None:
    """Lock the member's accounts, or the member if there are none.

    Otherwise two recordings of one session that arrive at the same time would not see each other.
    """
    accounts = select(GarminAccount.id).where(GarminAccount.member_id == member_id).order_by(GarminAccount.id)
    if not session.scalars(accounts.with_for_update()).all():
        session.scalar(select(Member.id).where(Member.id == member_id).with_for_update(key_share=True))
