"""Queries for a member's activities: the first, the newest, those that came in a file, their titles."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fitness.periods import Dates
from fitness.sports import Sport
from messages.officialese import claims_office
from messages.words import clean_name
from models import Activity, Member
from services.training.totals import choose_points, make_counting_conditions

MOST_TITLES = 3


def find_first_day(session: Session, member: Member) -> date | None:
    """Return the day of the member's first activity that we know; None without activities."""
    query = select(func.min(Activity.local_date)).where(Activity.member_id == member.id, Activity.deleted_at.is_(None))
    return session.scalar(query)


def list_counting(session: Session, member: Member, dates: Dates, manual: float) -> list[tuple[Activity, float]]:
    """The member's activities of these days that count, newest first, each with its points. One query.

    `manual` is the part of its points that an entry by hand keeps.
    """
    query = select(Activity, choose_points(manual)).where(
        Activity.member_id == member.id, *make_counting_conditions(dates)
    )
    found = session.execute(query.order_by(Activity.start_utc.desc(), Activity.id.desc()))
    return [(activity, points or 0.0) for activity, points in found]


def find_from_source(session: Session, member_id: int, source: str, ids: Collection[int]) -> list[Activity]:
    """Return the member's activities that have these ids at this source, oldest first."""
    mine = (Activity.member_id == member_id, Activity.source == source, Activity.external_id.in_(ids))
    query = select(Activity).where(*mine)
    return list(session.scalars(query.order_by(Activity.start_utc, Activity.id)))


def has_twin(session: Session, activities: Sequence[Activity]) -> bool:
    """Return whether another device recorded one of these activities too, no matter which
    of the two recordings counts.
    """
    other = select(Activity.id).where(Activity.twin_of.in_([each.id for each in activities])).limit(1)
    return any(each.twin_of is not None for each in activities) or session.scalar(other) is not None


def list_titles(session: Session, member: Member, dates: Dates, sport: Sport | None = None) -> list[str]:
    """Return the titles of the member's newest activities in these days, cleaned so that others may see them.

    Activities that are private at Garmin are left out even if the member lets them count. So are titles that claim an
    office, such as "admin"; names of members are refused for the same reason.
    """
    query = (
        select(Activity.name)
        .where(
            Activity.member_id == member.id,
            Activity.name.is_not(None),
            ~Activity.private,
            *make_counting_conditions(dates, sport),
        )
        .order_by(Activity.start_utc.desc(), Activity.id)
        .limit(MOST_TITLES)
    )
    found = [clean_name(name or "") for name in session.scalars(query)]
    return [title for title in found if title and not claims_office(title)]


def find_newest(session: Session, member: Member) -> Activity | None:
    """Return the member's newest activity; None without activities."""
    query = (
        select(Activity)
        .where(Activity.member_id == member.id, Activity.deleted_at.is_(None))
        .order_by(Activity.start_utc.desc())
        .limit(1)
    )
    return session.scalar(query)
