"""A member's own sessions, one by one."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Activity, Member

MOST = 50


def newest(session: Session, member: Member, most: int) -> list[Activity]:
    """The member's newest sessions, newest first, with those that are left out; each once, however many devices."""
    query = (
        select(Activity)
        .where(Activity.member_id == member.id, Activity.deleted_at.is_(None), Activity.twin_of.is_(None))
        .order_by(Activity.start_utc.desc(), Activity.id.desc())
        .limit(min(most, MOST))
    )
    return list(session.scalars(query))
