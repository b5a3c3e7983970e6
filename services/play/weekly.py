"""Members' effort points by day and by week."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from fitness.challenges import DayDone
from fitness.periods import Dates
from fitness.rivalry import Weeks
from fitness.sports import Sport
from models import Activity
from services.training.totals import choose_points, make_counting_conditions, match_members


def sum_points_by_week(
    session: Session, member_ids: Collection[int], dates: Dates, manual: float, sport: Sport | None = None
) -> dict[int, Weeks]:
    """Return the points of each stretch of seven days from the first of `dates`, by its first day. One query.

    `manual` is the part of its points that an activity logged by hand keeps.
    """
    number = cast(Activity.local_date - dates.start, Integer) // 7
    query = (
        select(Activity.member_id, number, func.coalesce(func.sum(choose_points(manual)), 0.0))
        .where(Activity.member_id == match_members(member_ids), *make_counting_conditions(dates, sport))
        .group_by(Activity.member_id, number)
    )
    found: dict[int, dict[object, float]] = {}
    for member_id, week, points in session.execute(query):
        found.setdefault(member_id, {})[dates.start + timedelta(7 * week)] = float(points)
    return found  # type: ignore[return-value]


def list_days_done(
    session: Session, member_ids: Collection[int], dates: Dates, manual: float, sport: Sport | None = None
) -> dict[int, Sequence[DayDone]]:
    """Return what each member did on each of these days. One query."""
    query = (
        select(
            Activity.member_id,
            Activity.local_date,
            func.coalesce(func.sum(choose_points(manual)), 0.0),
            func.count(),
        )
        .where(Activity.member_id == match_members(member_ids), *make_counting_conditions(dates, sport))
        .group_by(Activity.member_id, Activity.local_date)
    )
    found: dict[int, list[DayDone]] = {}
    for member_id, day, points, count in session.execute(query):
        found.setdefault(member_id, []).append(DayDone(day, float(points), count))
    return dict(found)
