"""What members did day by day and week by week: for streaks, usual weeks, trends and consistency."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Date, Integer, cast, func, select
from sqlalchemy.orm import Session

from fitness.dates import Dates, week_of
from fitness.improved import LOOK_BACK, Improved, improved, usual_week
from fitness.sports import Sport
from fitness.streaks import ENOUGH_POINTS, Streak, Week, group_streak, streak
from models import Activity, Day
from services import away
from services.totals import counting, ids

HISTORY = timedelta(weeks=104)  # as far back as a streak is followed
WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class WeekSum:
    """A member's week: points, sessions, seconds, metres, and on how many days there was one."""

    points: float = 0.0
    count: int = 0
    time: float = 0.0
    distance: float = 0.0
    days: int = 0


def weeks_of(
    session: Session, member_ids: Collection[int], dates: Dates, sport: Sport | None = None, week_starts: int = 0
) -> dict[int, dict[date, WeekSum]]:
    """Each member's weeks in these days, by the week's first day; empty ones are left out. One query.

    `week_starts`: 0 Monday, 5 Saturday, 6 Sunday.
    """
    first = cast(func.date_trunc("week", Activity.local_date - week_starts), Date) + week_starts
    query = (
        select(
            Activity.member_id,
            first,
            func.sum(Activity.points),
            func.count(),
            func.sum(Activity.duration),
            func.coalesce(func.sum(Activity.distance), 0.0),
            func.count(Activity.local_date.distinct()),
        )
        .where(Activity.member_id == ids(member_ids), *counting(dates, sport))
        .group_by(Activity.member_id, first)
    )
    found: dict[int, dict[date, WeekSum]] = defaultdict(dict)
    for member_id, week, points, count, seconds, metres, days in session.execute(query):
        found[member_id][week] = WeekSum(round(points or 0.0, 1), count, seconds or 0.0, metres or 0.0, days)
    return dict(found)


def points_by_day(
    session: Session, member_ids: Collection[int], dates: Dates, sport: Sport | None = None
) -> dict[int, dict[date, float]]:
    """Each member's points of each day; days without a session are left out. One query."""
    query = (
        select(Activity.member_id, Activity.local_date, func.sum(Activity.points))
        .where(Activity.member_id == ids(member_ids), *counting(dates, sport))
        .group_by(Activity.member_id, Activity.local_date)
    )
    found: dict[int, dict[date, float]] = defaultdict(dict)
    for member_id, day, points in session.execute(query):
        found[member_id][day] = round(points or 0.0, 1)
    return dict(found)


def steps_of(session: Session, member_ids: Collection[int], dates: Dates) -> dict[int, int]:
    """Each member's steps in these days; who has none is left out. One query."""
    query = (
        select(Day.member_id, cast(func.sum(Day.steps), Integer))
        .where(Day.member_id == ids(member_ids), Day.day.between(dates.start, dates.end))
        .group_by(Day.member_id)
    )
    return {member_id: steps for member_id, steps in session.execute(query) if steps}


def streaks_of(
    session: Session, member_ids: Collection[int], today: date, week_starts: int = 0, sport: Sport | None = None
) -> dict[int, Streak]:
    """Each member's weekly streak as it stands on this day; away weeks neither count nor break it. Two queries."""
    this_week = week_of(today, week_starts)
    dates = Dates(this_week.start - HISTORY, this_week.end)
    weeks = weeks_of(session, member_ids, dates, sport, week_starts)
    absent = weeks_away(session, member_ids, dates, week_starts)
    return {
        each: streak(
            {first: Week(week.points, week.days) for first, week in weeks.get(each, {}).items()},
            this_week.start,
            absent.get(each, set()),
        )
        for each in member_ids
    }


def group_streak_of(
    session: Session, member_ids: Collection[int], today: date, enough: int, week_starts: int = 0
) -> int:
    """For how many weeks in a row at least `enough` of these members had 30 points or more."""
    this_week = week_of(today, week_starts)
    weeks = weeks_of(session, member_ids, Dates(this_week.start - HISTORY, this_week.end), week_starts=week_starts)
    active: dict[date, int] = defaultdict(int)
    for mine in weeks.values():
        for first, week in mine.items():
            active[first] += week.points >= ENOUGH_POINTS
    return group_streak(active, this_week.start, enough)


def enough_for_a_group(members: int) -> int:
    """How many active members keep a group's streak: three, or all where they are fewer; never one alone."""
    return max(2, min(3, members))


def improved_of(
    session: Session, member_ids: Collection[int], dates: Dates, week_starts: int = 0, sport: Sport | None = None
) -> dict[int, Improved]:
    """How each member's points in these days compare with their usual week; see `fitness.improved`. Two queries.

    Days that are longer than a week are brought down to one. Who was away, or has no usual week yet, is left out.
    """
    first = week_of(dates.start, week_starts).start
    back = Dates(first - LOOK_BACK, dates.end)
    weeks = weeks_of(session, member_ids, Dates(back.start, first - timedelta(1)), sport, week_starts)
    now = points_by_day(session, member_ids, dates, sport)
    absent = weeks_away(session, member_ids, back, week_starts)
    found: dict[int, Improved] = {}
    for each, days in now.items():
        gone = absent.get(each, set())
        if gone & set(_firsts([dates], week_starts)):
            continue
        usual = usual_week({first: week.points for first, week in weeks.get(each, {}).items()}, first, gone)
        made = improved(sum(days.values()) / max(1.0, dates.days / 7), usual)
        if made is not None:
            found[each] = made
    return found


def usual_weeks(session: Session, member_ids: Collection[int], before: date, week_starts: int = 0) -> dict[int, float]:
    """Each member's usual points of a week, as of the week that begins at `before`; without those who have none."""
    back = Dates(before - LOOK_BACK, before - timedelta(1))
    weeks = weeks_of(session, member_ids, back, week_starts=week_starts)
    absent = weeks_away(session, member_ids, back, week_starts)
    found = {
        each: usual_week({first: week.points for first, week in mine.items()}, before, absent.get(each, set()))
        for each, mine in weeks.items()
    }
    return {each: usual for each, usual in found.items() if usual is not None}


def weeks_away(
    session: Session, member_ids: Collection[int], dates: Dates, week_starts: int = 0
) -> dict[int, set[date]]:
    """The weeks of which each member was away for a day or more, by their first days."""
    spans = away.days_away(session, member_ids, dates)
    return {each: set(_firsts(gone, week_starts)) for each, gone in spans.items()}


def _firsts(spans: Iterable[Dates], week_starts: int) -> Iterable[date]:
    for span in spans:
        first = week_of(span.start, week_starts).start
        while first <= span.end:
            yield first
            first += WEEK
