"""What members did by day: the data of pictures."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fitness.metrics import Metric
from fitness.periods import Dates
from fitness.wrapped import DaySport
from models import Activity
from services.training.totals import SPORTS, Totals, add_totals, choose_points, make_counting_conditions

MEASURE = Metric.POINTS  # the height of a column


def read_efforts(
    session: Session, member_ids: Collection[int], dates: Dates, manual: float
) -> dict[int, list[DaySport]]:
    """Return these members' days, one entry per day and sport, without members who have none. One query.

    `manual` is the part of its points that an activity logged by hand keeps.
    """
    query = (
        select(
            Activity.member_id,
            Activity.local_date,
            Activity.sport,
            func.count(),
            func.sum(Activity.duration),
            func.coalesce(func.sum(Activity.distance), 0.0),
            func.sum(choose_points(manual)),
        )
        .where(Activity.member_id.in_(member_ids), *make_counting_conditions(dates))
        .group_by(Activity.member_id, Activity.local_date, Activity.sport)
        .order_by(Activity.member_id, Activity.local_date, Activity.sport)
    )
    efforts: dict[int, list[DaySport]] = defaultdict(list)
    for member_id, day, sport, count, seconds, metres, points in session.execute(query):
        efforts[member_id].append(DaySport(day, SPORTS[sport], count, seconds or 0.0, metres or 0.0, points or 0.0))
    return dict(efforts)


def sum_efforts(efforts: Iterable[DaySport]) -> Totals:
    """Return the totals of all these entries."""
    return add_totals(
        Totals(
            each.count,
            each.time,
            each.distance,
            {each.sport: each.time},
            points=each.value,
            sport_points={each.sport: each.value},
        )
        for each in efforts
    )


def divide_by_day(efforts: Iterable[DaySport]) -> dict[date, list[DaySport]]:
    """Return the entries by day, without empty days."""
    days: dict[date, list[DaySport]] = defaultdict(list)
    for each in efforts:
        days[each.day].append(each)
    return dict(days)


def measure_worth(efforts: Iterable[DaySport]) -> float:
    """Return the sum of the figure that pictures show."""
    return sum(each.value for each in efforts)


def find_farthest(session: Session, member_ids: Collection[int], dates: Dates) -> Activity | None:
    """Return the activity with the longest distance, or the longest time if none has a distance;
    None without activities.
    """
    query = select(Activity).where(Activity.member_id.in_(member_ids), *make_counting_conditions(dates))
    order = (func.coalesce(Activity.distance, 0.0).desc(), Activity.duration.desc(), Activity.id)
    return session.scalar(query.order_by(*order).limit(1))
