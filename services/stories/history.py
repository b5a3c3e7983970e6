"""What came before a digest's days, and where it stands now: one query for each."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, func, select
from sqlalchemy.orm import Session

from fitness.dates import Dates
from fitness.metrics import Metric
from models import Activity
from services import standings
from services.stories.scene import Past
from services.totals import ids

YEAR_OF_WEEKS = timedelta(weeks=53)


def past(session: Session, member_ids: Collection[int], dates: Dates) -> list[Past]:
    """Each member's sports up to the end of these days."""
    now, earlier = Activity.local_date >= dates.start, Activity.local_date < dates.start
    query = (
        select(
            Activity.member_id,
            Activity.sport,
            func.count().filter(now),
            func.coalesce(func.max(Activity.distance).filter(now), 0.0),
            func.count().filter(earlier),
            func.coalesce(func.max(Activity.distance).filter(earlier), 0.0),
            func.max(Activity.local_date).filter(earlier),
        )
        .where(Activity.member_id == ids(member_ids), *standings.counting(Dates(date.min, dates.end)))
        .group_by(Activity.member_id, Activity.sport)
        .order_by(Activity.member_id, Activity.sport)
    )
    return [
        Past(member_id, standings.SPORTS[sport], count, longest or 0.0, before, longest_before or 0.0, last_day)
        for member_id, sport, count, longest, before, longest_before, last_day in session.execute(query)
    ]


def weeks(
    session: Session, member_ids: Collection[int], dates: Dates, metric: Metric
) -> Mapping[date, Mapping[int, float]]:
    """What each member did in each of the 53 weeks up to these days, by the week's Monday."""
    monday = cast(func.date_trunc("week", Activity.local_date), Date)
    query = (
        select(Activity.member_id, monday, _sum(metric))
        .where(
            Activity.member_id == ids(member_ids), *standings.counting(Dates(dates.start - YEAR_OF_WEEKS, dates.end))
        )
        .group_by(Activity.member_id, monday)
    )
    found: dict[date, dict[int, float]] = defaultdict(dict)
    for member_id, week, value in session.execute(query):
        found[week][member_id] = float(value or 0.0)
    return dict(found)


def _sum(metric: Metric) -> ColumnElement[Any]:
    if metric is Metric.COUNT:
        return func.count()
    return func.sum(
        {Metric.POINTS: Activity.points, Metric.TIME: Activity.duration, Metric.DISTANCE: Activity.distance}[metric]
    )
