"""Reads what came before a digest's days, with one query for each kind of fact."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import Date, cast, func, select
from sqlalchemy.orm import Session

from fitness.dates import Dates
from fitness.metrics import round_points
from fitness.streaks import Streak, Week, find_streak
from models import Activity
from services.digest.stories.scene import Past
from services.ground.group_settings import GroupSettings
from services.play import series
from services.training.totals import SPORTS, choose_points, make_counting_conditions, match_members

YEAR_OF_WEEKS = timedelta(weeks=53)
# A streak of more weeks may have begun before the weeks that are read for a digest.
LONG = 40


@dataclass(frozen=True)
class PastWeeks:
    """The 53 weeks up to a digest's days: points by the week's Monday and by member, and what is needed for streaks."""

    points: Mapping[date, Mapping[int, float]] = field(default_factory=dict)
    done: Mapping[int, Mapping[date, Week]] = field(default_factory=dict)


def read_past(session: Session, member_ids: Collection[int], dates: Dates) -> list[Past]:
    """Return the sports of each member, up to the end of these days."""
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
        .where(Activity.member_id == match_members(member_ids), *make_counting_conditions(Dates(date.min, dates.end)))
        .group_by(Activity.member_id, Activity.sport)
        .order_by(Activity.member_id, Activity.sport)
    )
    return [
        Past(member_id, SPORTS[sport], count, longest or 0.0, before, longest_before or 0.0, last_day)
        for member_id, sport, count, longest, before, longest_before, last_day in session.execute(query)
    ]


def read_weeks(session: Session, member_ids: Collection[int], dates: Dates, manual: float) -> PastWeeks:
    """Return what each member did in each of the 53 weeks up to these days, with one query.

    `manual` is the fraction of points that counts for sessions logged by hand.
    """
    monday = cast(func.date_trunc("week", Activity.local_date), Date)
    query = (
        select(Activity.member_id, monday, func.sum(choose_points(manual)), func.count(Activity.local_date.distinct()))
        .where(
            Activity.member_id == match_members(member_ids),
            *make_counting_conditions(Dates(dates.start - YEAR_OF_WEEKS, dates.end)),
        )
        .group_by(Activity.member_id, monday)
    )
    points: dict[date, dict[int, float]] = defaultdict(dict)
    done: dict[int, dict[date, Week]] = defaultdict(dict)
    for member_id, week, value, days in session.execute(query):
        points[week][member_id] = float(value or 0.0)
        done[member_id][week] = Week(round_points(value or 0.0), days)
    return PastWeeks(dict(points), dict(done))


def read_streaks(
    session: Session, member_ids: Collection[int], found: PastWeeks, dates: Dates, settings: GroupSettings
) -> dict[int, Streak]:
    """Return the weekly streaks of these members in the week of these days. It takes one query, and two more if a
    streak is long or the group's weeks do not begin on Monday.
    """
    kept = [key for key in member_ids if found.done.get(key, {}).get(dates.start, Week()).kept]
    if settings.week_start:
        return series.count_streaks(session, kept, dates.end, settings.manual, settings.week_start) if kept else {}
    away = series.list_weeks_away(session, kept, Dates(dates.start - YEAR_OF_WEEKS, dates.end)) if kept else {}
    near = {key: find_streak(found.done[key], dates.start, away.get(key, ())) for key in kept}
    long = [key for key, each in near.items() if each.weeks > LONG]
    return near | (series.count_streaks(session, long, dates.end, settings.manual) if long else {})
