"""What people did day by day: what pictures are made of."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fitness.metrics import Metric
from fitness.periods import Dates
from fitness.wrapped import Effort
from models import Activity
from services.training.totals import SPORTS, Totals, counting, points_by

MEASURE = Metric.POINTS  # what a column is high by


def efforts_of(session: Session, member_ids: Collection[int], dates: Dates, manual: float) -> dict[int, list[Effort]]:
    """These members' days, each sport of a day by itself; whoever has none is not in the answer. One query.

    `manual` is the part of its points that an entry by hand keeps.
    """
    query = (
        select(
            Activity.member_id,
            Activity.local_date,
            Activity.sport,
            func.count(),
            func.sum(Activity.duration),
            func.coalesce(func.sum(Activity.distance), 0.0),
            func.sum(points_by(manual)),
        )
        .where(Activity.member_id.in_(member_ids), *counting(dates))
        .group_by(Activity.member_id, Activity.local_date, Activity.sport)
        .order_by(Activity.member_id, Activity.local_date, Activity.sport)
    )
    efforts: dict[int, list[Effort]] = defaultdict(list)
    for member_id, day, sport, count, seconds, metres, points in session.execute(query):
        efforts[member_id].append(Effort(day, SPORTS[sport], count, seconds or 0.0, metres or 0.0, points or 0.0))
    return dict(efforts)


def totals(efforts: Iterable[Effort]) -> Totals:
    """All of it together."""
    made = Totals()
    for each in efforts:
        made += Totals(
            each.count,
            each.time,
            each.distance,
            {each.sport: each.time},
            points=each.value,
            sport_points={each.sport: each.value},
        )
    return made


def by_day(efforts: Iterable[Effort]) -> dict[date, list[Effort]]:
    """The days on which there was something."""
    days: dict[date, list[Effort]] = defaultdict(list)
    for each in efforts:
        days[each.day].append(each)
    return dict(days)


def worth(efforts: Iterable[Effort]) -> float:
    """What it is worth in the measure of the pictures."""
    return sum(each.value for each in efforts)


def farthest(session: Session, member_ids: Collection[int], dates: Dates) -> Activity | None:
    """The one session that led farthest, or took longest where none led anywhere."""
    query = select(Activity).where(Activity.member_id.in_(member_ids), *counting(dates))
    order = (func.coalesce(Activity.distance, 0.0).desc(), Activity.duration.desc(), Activity.id)
    return session.scalar(query.order_by(*order).limit(1))
