"""What can be taken back for a while: whoever does it writes down here how it was before, in the same transaction.

Only ids and choices are written down. `services.data.undo` takes it back.
"""

from datetime import date, datetime, time, timedelta
from enum import Enum

from sqlalchemy import delete
from sqlalchemy.orm import Session

from models import Act, Activity, Member, Membership

WITHIN = timedelta(minutes=10)
ROWS = {"member": Member, "membership": Membership, "activity": Activity}


def remember(session: Session, member: Member, kind: str, now: datetime, row: object, **before: object) -> None:
    """Write down that the member changed these columns of this row of theirs, and what they held before."""
    name = next(name for name, model in ROWS.items() if isinstance(row, model))
    told = {key: _told(value) for key, value in before.items()}
    detail = {"row": name, "id": row.id, "values": told}  # type: ignore[attr-defined]
    session.add(Act(member_id=member.id, kind=kind, before=detail, at=now, until=now + WITHIN))


def forget(session: Session, member_id: int, kind: str) -> None:
    """These acts can be taken back no more: something else has come after them."""
    session.execute(delete(Act).where(Act.member_id == member_id, Act.kind == kind))


def forget_old(session: Session, now: datetime) -> None:
    """Delete what can be taken back no more."""
    session.execute(delete(Act).where(Act.until < now - timedelta(days=1)))


def _told(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime | date | time) else value
