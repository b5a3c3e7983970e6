"""Writes the record of who did what."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import AuditEvent

CHAT, PAGE, API, OPERATOR = "chat", "page", "api", "operator"


def name_way(session: Session, way: str) -> None:
    """Say how what happens in this session has come: `CHAT`, `PAGE`, `API` or `OPERATOR`. Each event names it."""
    session.info["way"] = way


def note(
    session: Session,
    action: str,
    now: datetime,
    /,
    *,
    member_id: int | None = None,
    group_id: int | None = None,
    **detail: Any,
) -> None:
    """Add one event. `detail` may contain ids and choices, but no secrets and no texts that somebody wrote."""
    way = session.info.get("way")
    session.add(AuditEvent(at=now, member_id=member_id, group_id=group_id, action=action, way=way, detail=detail))
