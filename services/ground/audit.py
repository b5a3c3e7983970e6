"""Writes the record of who did what."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import AuditEvent


def note(
    session: Session,
    action: str,
    now: datetime,
    *,
    member_id: int | None = None,
    group_id: int | None = None,
    **detail: Any,
) -> None:
    """Add one event. `detail` may contain ids and choices, but no secrets and no texts that somebody wrote."""
    session.add(AuditEvent(at=now, member_id=member_id, group_id=group_id, action=action, detail=detail))
