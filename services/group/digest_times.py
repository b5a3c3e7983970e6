"""When a group's digest is due. The time is stored in the group's row, and a bell rings then; `services.digest`
makes the digest.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fitness.schedules import find_next_due, read_cron
from models import Group
from services.ground.bells import ring_at


def reschedule(session: Session, group: Group, schedule: str | None, now: datetime) -> None:
    """Change when the digest is due (`schedule` is a cron line in the group's time zone), or turn it off with None."""
    group.digest_schedule = schedule
    group.next_digest_at = find_next_due(read_cron(schedule), group.timezone, now) if schedule else None
    if group.next_digest_at is not None:
        ring_at(session, group.id, group.next_digest_at)


def list_scheduled(session: Session) -> Sequence[tuple[int, datetime]]:
    """Return the id and the next due time of every group with a digest, to set all bells again."""
    query = select(Group.id, Group.next_digest_at).where(Group.is_active, Group.next_digest_at.is_not(None))
    return [(group_id, due) for group_id, due in session.execute(query) if due is not None]
