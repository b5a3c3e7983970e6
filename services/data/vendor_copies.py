"""Has the vendor delete its copies of messages: which ones, when it is asked again, and what it has answered."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Erasure, InboundMessage, OutboundMessage
from models.erasures import SID_HASH, hashed_sid

VENDOR_FOR = timedelta(days=14)  # a message is certainly no longer being delivered after this time
AGAIN_AFTER = (timedelta(minutes=2), timedelta(minutes=15), timedelta(hours=2), timedelta(hours=12))


def have_lines_deleted(session: Session, member_id: int, now: datetime) -> None:
    """Have the vendor delete the messages that a member wrote. After this commit none of them is received again,
    although our own rows about them are only deleted in `erasure.finish`.
    """
    instant = literal(now, Erasure.__table__.c.asked_at.type)
    lines = select(InboundMessage.sid, instant, instant, literal(0)).where(InboundMessage.member_id == member_id)
    rows = insert(Erasure).from_select(["sid", "asked_at", "next_try_at", "tries"], lines)
    session.execute(rows.on_conflict_do_nothing())


def find_sids(session: Session, member_id: int) -> set[str]:
    """Return the vendor's ids of all messages from and to a member."""
    outbound = select(OutboundMessage.sid, OutboundMessage.old_sids).where(OutboundMessage.member_id == member_id)
    sent = {sid for current, old in session.execute(outbound) for sid in (current, *old) if sid}
    return sent | set(session.scalars(select(InboundMessage.sid).where(InboundMessage.member_id == member_id)))


def have_deleted(session: Session, sids: Iterable[str], now: datetime) -> None:
    """Have the vendor delete its copies of these messages."""
    rows = [{"sid": sid, "asked_at": now, "next_try_at": now, "tries": 0} for sid in sids]
    if rows:
        session.execute(insert(Erasure).values(rows).on_conflict_do_nothing())


def take_due_messages(session: Session, now: datetime, most: int = 20) -> list[str]:
    """Return the ids of messages that the vendor must be asked to delete. Each gets its next date now, in case this
    process ends before the answer.
    """
    query = select(Erasure).where(Erasure.done_at.is_(None), Erasure.next_try_at <= now).order_by(Erasure.next_try_at)
    rows = list(session.scalars(query.limit(most).with_for_update(skip_locked=True)))
    for each in rows:
        each.next_try_at = now + AGAIN_AFTER[min(each.tries, len(AGAIN_AFTER) - 1)]
        each.tries += 1
    return [each.sid for each in rows]


def note_vendor_answer(session: Session, sid: str, now: datetime, problem: str | None = None) -> bool:
    """Store the vendor's answer: it has deleted the message, or `problem` says why not. Returns False if this was the
    last try. When it is over, only a hash of the message's id is kept.
    """
    row = session.get(Erasure, sid, with_for_update=True)
    if row is None:
        return True  # another worker got the answer first
    row.problem = problem
    if problem is not None and now - row.asked_at < VENDOR_FOR:
        return True
    row.done_at = now
    _keep_hash(session, row)
    return problem is None


def hash_what_is_done(session: Session, most: int = 500) -> None:
    """Replace the ids of deleted messages by their hashes: earlier releases kept the ids."""
    query = select(Erasure).where(Erasure.done_at.is_not(None), func.length(Erasure.sid) != SID_HASH)
    for row in session.scalars(query.limit(most).with_for_update(skip_locked=True)):
        _keep_hash(session, row)


def _keep_hash(session: Session, row: Erasure) -> None:
    hashed = hashed_sid(session, row.sid)
    if session.get(Erasure, hashed) is None:
        row.sid = hashed
    else:
        session.delete(row)
