"""Stores which messages were received, each once, however often the vendor sends it. What they say is not stored."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Erasure, InboundMessage
from models.erasures import hashed_sid
from services.ground.counting import Count, count

# The vendor adds kinds without notice, and a metric must have a limited number of labels.
COUNTED_KINDS = {"text", "button", "interactive", "image", "video", "audio", "document", "location", "reaction"}


def receive(session: Session, sid: str, kind: str, reference: str, now: datetime) -> bool:
    """Store an inbound message. Returns False if it was received before (the vendor repeats messages), even if its
    writer was erased since then.
    """
    row = {"sid": sid, "kind": kind, "reference": reference, "received_at": now}
    values = [literal(value, InboundMessage.__table__.c[name].type) for name, value in row.items()]
    unless_erased = select(*values).where(~exists().where(Erasure.sid.in_([sid, hashed_sid(session, sid)])))
    taken = insert(InboundMessage).from_select(list(row), unless_erased).on_conflict_do_nothing()
    is_new = session.scalar(taken.returning(InboundMessage.sid)) is not None
    count(session, Count.LINES, int(is_new), kind=kind if kind in COUNTED_KINDS else "other")
    return is_new


def find_received(session: Session, sids: Sequence[str]) -> set[str]:
    """Return the ids of those of these messages that were received, even if their writers were erased since then."""
    by_hash = {hashed_sid(session, sid): sid for sid in sids}
    heard = session.scalars(select(InboundMessage.sid).where(InboundMessage.sid.in_(sids)))
    erased = session.scalars(select(Erasure.sid).where(Erasure.sid.in_([*sids, *by_hash])))
    return {*heard, *(by_hash.get(sid, sid) for sid in erased)}


def note(session: Session, sid: str, *, member_id: int | None, command: str, mark: str | None) -> None:
    """Store what an inbound message was: its writer (None if there is none), the command or refusal, and the mark of a
    line that was not understood.
    """
    heard = update(InboundMessage).where(InboundMessage.sid == sid)
    session.execute(
        heard.values(member_id=member_id, command=command, mark=mark).execution_options(synchronize_session=False)
    )
