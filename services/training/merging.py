"""What a source tells beside what we have: new rows, changed ones, legs of a triathlon, and twins."""

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
from services.training import records, scoring
from services.training.from_recordings import Key, make_rows, take_over

# What one member may have sent as files. Ten years of a session a day, three times over: so what is read anew at each
# file and each time an account is disconnected stays small.
MOST_KEPT = 10_000
MOST_AT_ONCE = 50  # of those, begun within five minutes: three devices that record each of their laps have fewer


@dataclass
class Found:
    """What a sync or a file told: rows new, changed, gone; `uncounted` are listed, but are no session of their own."""

    new: list[int] = field(default_factory=list)
    changed: int = 0
    gone: int = 0
    uncounted: set[int] = field(default_factory=set)


def import_recordings(session: Session, member: Member, told: Sequence[Recording], now: datetime) -> Found:
    """Keep what was in a file that the member sent. One that is sent twice changes nothing. Raises NotAnActivityFile.

    A session that another source has too counts once. A member's files may hold so many sessions and no more
    (`MOST_KEPT`), and so many that begin within five minutes (`MOST_AT_ONCE`).
    """
    wait_for_turn(session, member.id)
    rows = make_rows(told, member.id)
    if not rows:
        raise NotAnActivityFile(Flaw.NO_ACTIVITY)
    if any(row.start_utc > now + timedelta(days=1) for row in rows.values()):
        raise NotAnActivityFile(Flaw.IMPOSSIBLE)  # it would be on the boards of weeks that have not come
    _require_room(session, member.id, rows)
    found = Found()
    merge(session, member.id, rows, found)
    add_legs(session, member.id, told)
    mark_twins(session, member.id, min(row.local_date for row in rows.values()))
    records.refresh(session, member.id)
    return found


def merge(session: Session, member_id: int, rows: Mapping[Key, Activity], found: Found) -> None:
    """Add what is new, let what has changed be as it is now, and count both."""
    known = _known(session, member_id, rows)
    for key, row in rows.items():
        old = known.get(key)
        if old is None:
            session.add(row)
            found.new.append(row.external_id)
            continue
        old.account_id = row.account_id or old.account_id  # kept when its account was disconnected, and met again
        if old.fingerprint != row.fingerprint or old.deleted_at is not None:
            take_over(old, row)
            found.changed += 1


def add_legs(session: Session, member_id: int, told: Iterable[Recording]) -> None:
    """Let the parts of multisport sessions that are stored earn their points."""
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
    """Two devices that recorded one session: only the better record counts, both are kept.

    Looks at the sessions from a day before `start` on. Those that are already told rightly are not written.
    """
    # A twin may have begun before midnight: a day more is looked at than is written to.
    first = _days_before(start, 1)
    _mark_twins(session, member_id, Activity.local_date >= _days_before(start, 2), lambda day: day >= first)


def mark_twins_around(session: Session, member_id: int, days: Collection[date]) -> None:
    """As `mark_twins`, for the sessions of these days and of those beside them."""
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
    """Write them in one statement, however many, and let rows that this session has at hand be read again."""
    keys, others = cast(list(twin_of), ARRAY(BigInteger)), cast(list(twin_of.values()), ARRAY(BigInteger))
    found = func.unnest(keys, others).table_valued("id", "other", name="found").render_derived()
    write = update(Activity).where(Activity.id == found.c.id).values(twin_of=found.c.other)
    session.execute(write, execution_options={"synchronize_session": False})
    for key in twin_of:
        row = session.identity_map.get(session.identity_key(Activity, key))
        if row is not None:
            session.expire(row, ["twin_of", "updated_at"])


def _require_room(session: Session, member_id: int, rows: Mapping[Key, Activity]) -> None:
    """Raise NotAnActivityFile where these and what the member sent before are more than anybody can have done."""
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
    """Whether one of these, in their order, is within five minutes of `start`."""
    after = bisect_left(ordered, start - START_APART)
    return after < len(ordered) and ordered[after] <= start + START_APART


def _days_before(day: date, days: int) -> date:
    return day - timedelta(days=days) if day > date.min + timedelta(days=days) else date.min


def wait_for_turn(session: Session, member_id: int) -> None:
    """One after the other, or two records of one session that come at the same instant would not see each other."""
    accounts = select(GarminAccount.id).where(GarminAccount.member_id == member_id).order_by(GarminAccount.id)
    if not session.scalars(accounts.with_for_update()).all():
        session.scalar(select(Member.id).where(Member.id == member_id).with_for_update(key_share=True))
