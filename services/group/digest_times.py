"""When a group's digest is due: it stands in the group's row, and a bell rings then. `services.digest` makes it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fitness.schedules import from_cron, next_due
from models import Group
from services.ground.bells import ring_at


def reschedule(session: Session, group: Group, schedule: str | None, now: datetime) -> None:
    """Change when the digest is due (a cron line in the group's zone), or turn it off."""
    group.digest_schedule = schedule
    group.next_digest_at = next_due(from_cron(schedule), group.timezone, now) if schedule else None
    if group.next_digest_at is not None:
        ring_at(session, group.id, group.next_digest_at)


def scheduled(session: Session) -> Sequence[tuple[int, datetime]]:
    """Every group's next due instant, to set the bells anew."""
    query = select(Group.id, Group.next_digest_at).where(Group.is_active, Group.next_digest_at.is_not(None))
    return [(group_id, due) for group_id, due in session.execute(query) if due is not None]
