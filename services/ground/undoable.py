"""Acts that can be undone for a while. The code that changes something stores the old values here, in
the same transaction.

Only ids and choices are stored. `services.data.undo` undoes the act.
"""

from datetime import date, datetime, time, timedelta
from enum import Enum

from sqlalchemy import delete
from sqlalchemy.orm import Session

from models import Act, Activity, Member, Membership

WITHIN = timedelta(minutes=10)
ROWS = {"member": Member, "membership": Membership, "activity": Activity}


def remember(session: Session, member: Member, kind: str, now: datetime, row: object, **before: object) -> None:
    """Store that the member has changed columns of this row of theirs. `before` holds the old values by column."""
    name = next(name for name, model in ROWS.items() if isinstance(row, model))
    told = {key: _told(value) for key, value in before.items()}
    detail = {"row": name, "id": row.id, "values": told}  # type: ignore[attr-defined]
    session.add(Act(member_id=member.id, kind=kind, before=detail, at=now, until=now + WITHIN))


def forget(session: Session, member_id: int, kind: str) -> None:
    """Delete the member's acts of this kind, which can no longer be undone because something else has followed."""
    session.execute(delete(Act).where(Act.member_id == member_id, Act.kind == kind))


def forget_old_acts(session: Session, now: datetime) -> None:
    """Delete acts whose time for undoing is over."""
    session.execute(delete(Act).where(Act.until < now - timedelta(days=1)))


def _told(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime | date | time) else value
