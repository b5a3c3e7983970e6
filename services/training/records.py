"""Personal records. They are stored beside the activities, so that chat and digests only need to read them."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, Exists, Select, cast, delete, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fitness.periods import Dates
from fitness.points import FORMULA
from fitness.records import RULES, BrokenRecord, RecordKind, find_records
from fitness.records import RecordedSession as Feat
from fitness.sports import Sport
from models import Activity, Member, RecordSet
from services.training.totals import SPORTS, make_counting_conditions, match_members

EVER = Dates(date.min, date.max)
# Another formula doubts other activities, and a doubted activity holds no record.
VERSION = 1_000 * FORMULA.version + RULES
LOCK = 0x7265  # the first key of the advisory lock; the second is the member's id


def refresh(session: Session, member_id: int) -> None:
    """Compute a member's records again from the activities that count. Call it whenever those change.

    An advisory lock makes two calls for one member wait for each other: at the same time, both results would be kept.
    """
    session.flush()
    session.execute(select(func.pg_advisory_xact_lock(LOCK, member_id)))
    query = select(
        Activity.id, Activity.sport, Activity.local_date, Activity.start_utc, Activity.duration, Activity.distance,
        Activity.elevation_gain, Activity.processed_metrics["splits"], Activity.processed_metrics["is_record"],
        Activity.doubt,
    ).where(Activity.member_id == member_id, *make_counting_conditions(EVER))  # fmt: skip
    found = find_records(_feat(row) for row in session.execute(query))
    session.execute(delete(RecordSet).where(RecordSet.member_id == member_id))
    if found:
        _write(session, member_id, found)


def has_unwritten_records() -> Exists:
    """Return the condition that a member's records were computed by older rules, or never."""
    return _unwritten().order_by(None).exists()


def refresh_some(session: Session, most: int = 20) -> int:
    """Compute the records of up to `most` such members again, and return for how many. Several
    workers may do this at once.

    It does not wait for locks: a member who is being synchronised is left for the next call.
    """
    locked = _unwritten().limit(most).with_for_update(of=Member, skip_locked=True, key_share=True)
    lock = func.pg_try_advisory_xact_lock
    written = [key for key in session.scalars(locked).all() if session.scalar(select(lock(LOCK, key)))]
    for key in written:
        refresh(session, key)
    session.execute(update(Member).where(Member.id.in_(written)).values(records_version=VERSION))
    return len(written)


def _unwritten() -> Select[int]:
    moved = exists().where(Activity.member_id == Member.id)
    return select(Member.id).where(Member.records_version < VERSION, moved).order_by(Member.id)


def find_best(session: Session, member: Member, sport: Sport | None = None) -> list[RecordSet]:
    """Return the member's current records, by sport: splits by distance, then the farthest, highest and longest."""
    query = select(RecordSet).where(RecordSet.member_id == member.id)
    if sport is not None:
        query = query.where(RecordSet.sport == sport)
    rows = session.scalars(query.order_by(RecordSet.day, RecordSet.id))
    standing = {(row.sport, row.kind, row.metres): row for row in rows}
    return sorted(
        standing.values(), key=lambda row: (row.sport, list(RecordKind).index(RecordKind(row.kind)), row.metres)
    )


def list_records(session: Session, member_ids: Collection[int], dates: Dates) -> list[RecordSet]:
    """Return the records of these members in these days that are worth telling, oldest first. One query.

    Of several records in the same thing only the last is returned, with the value from before these days in `before`.
    """
    query = select(RecordSet).where(
        RecordSet.member_id == match_members(member_ids),
        RecordSet.day.between(dates.start, dates.end),
        RecordSet.deserves,
    )
    told: dict[tuple[int, str, str, int], RecordSet] = {}
    for row in session.scalars(query.order_by(RecordSet.day, RecordSet.id)):
        key = (row.member_id, row.sport, row.kind, row.metres)
        if key in told:
            session.expunge(row)
            row.before = told[key].before
        told[key] = row
    return sorted(told.values(), key=lambda row: (row.day, row.id))


def _feat(row: Any) -> Feat:
    activity_id, sport, day, start, seconds, metres, climbed, splits, praised, doubt = row
    return Feat(
        id=activity_id,
        sport=SPORTS[sport],
        day=day,
        start=start,
        seconds=seconds or 0.0,
        metres=metres or 0.0,
        climbed=climbed or 0.0,
        splits={int(metres): float(seconds) for metres, seconds in (splits or {}).items() if _is_time(seconds)},
        praised=bool(praised),
        doubtful=doubt is not None,
    )


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _write(session: Session, member_id: int, found: list[BrokenRecord]) -> None:
    """Insert the records in their order, in one statement with arrays: inserting rows in
    batches takes twice as long.
    """
    table, rows = RecordSet.__table__, [_row(each) for each in found]
    arrays = [cast([row[name] for row in rows], ARRAY(table.c[name].type)) for name in rows[0]]
    given = func.unnest(*arrays).table_valued(*rows[0], with_ordinality="place", name="found").render_derived()
    ordered = select(literal(member_id), *(given.c[name] for name in rows[0])).order_by(given.c.place)
    session.execute(insert(RecordSet).from_select(["member_id", *rows[0]], ordered))


def _row(record: BrokenRecord) -> dict[str, Any]:
    return {
        "activity_id": record.session_id,
        "sport": record.sport,
        "kind": record.kind,
        "metres": record.metres,
        "day": record.day,
        "value": record.value,
        "before": record.before,
        "deserves": record.deserves,
    }
