"""What members did by day and by week: for streaks, usual weeks, trends and consistency."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, Integer, case, cast, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from fitness.consistency import BONUS, BONUS_FROM, FULL, HALF, MOST_BONUS_DAYS
from fitness.dates import Dates, find_week
from fitness.improved import LOOK_BACK, Improved, compare_with_usual, find_usual_week
from fitness.metrics import HALF_UP, round_points
from fitness.sports import Sport
from fitness.streaks import ENOUGH_DAYS, ENOUGH_POINTS, Run, Streak, Week, count_group_streak, count_run, find_streak
from models import Activity, Day
from services.group import away
from services.training.totals import choose_points, make_counting_conditions, match_members

HISTORY = timedelta(weeks=104)  # the longest streak that can be counted
WEEK = timedelta(weeks=1)
FIRST_MONDAY = date.min  # weeks of consistency begin on Mondays, and so does the calendar
Points = Mapping[int, float]  # by member


def read_weeks(
    session: Session, member_ids: Collection[int], dates: Dates, manual: float, week_starts: int = 0
) -> dict[int, dict[date, Week]]:
    """Return each member's weeks in these days, by the week's first day, without empty ones. One query.

    `manual` is the part of its points that an activity logged by hand keeps. `week_starts`: 0
    Monday, 5 Saturday, 6 Sunday.
    """
    first = find_week(dates.start, week_starts).start
    found: dict[int, dict[date, Week]] = {}
    for key, numbers, points, days in _weekly(session, member_ids, dates, manual, first):
        weeks = zip(numbers, points, days, strict=True)
        found[key] = {first + n * WEEK: Week(round_points(worth), count) for n, worth, count in weeks}
    return found


def score_consistency(
    session: Session, member_ids: Collection[int], dates: Dates, manual: float, sport: Sport | None = None
) -> dict[int, float]:
    """Return each member's score in these days (`fitness.consistency`), without members who have no activity.

    One query that returns one row per member: a thousand members have a third of a million days in a year.
    """
    number = cast(Activity.local_date - FIRST_MONDAY, Integer)
    days = _by_number(member_ids, dates, manual, sport, number)
    points: Any = func.floor(days.c.points * 10 + HALF_UP) / 10
    active = func.count().filter(points >= BONUS_FROM)
    weeks = (
        select(days.c.member_id, (func.sum(_flat(points)) + BONUS * func.least(active, MOST_BONUS_DAYS)).label("worth"))
        .group_by(days.c.member_id, days.c.number // 7)
        .subquery()
    )
    query = select(weeks.c.member_id, cast(func.sum(weeks.c.worth), Float)).group_by(weeks.c.member_id)
    return {key: round_points(worth) for key, worth in session.execute(query)}


def sum_steps(session: Session, member_ids: Collection[int], dates: Dates) -> dict[int, int]:
    """Return each member's steps in these days, without members who have none. One query."""
    query = (
        select(Day.member_id, cast(func.sum(Day.steps), Integer))
        .where(Day.member_id == match_members(member_ids), Day.day.between(dates.start, dates.end))
        .group_by(Day.member_id)
    )
    return {member_id: steps for member_id, steps in session.execute(query) if steps}


def count_streaks(
    session: Session, member_ids: Collection[int], today: date, manual: float, week_starts: int = 0
) -> dict[int, Streak]:
    """Return each member's weekly streak on this day. Weeks away neither count nor break it. Two queries."""
    this_week = find_week(today, week_starts)
    dates = Dates(this_week.start - HISTORY, this_week.end)
    weeks = read_weeks(session, member_ids, dates, manual, week_starts)
    absent = list_weeks_away(session, member_ids, dates, week_starts)
    return {key: find_streak(weeks.get(key, {}), this_week.start, absent.get(key, ())) for key in member_ids}


def count_weeks_in_a_row(
    session: Session,
    member_ids: Collection[int],
    days: Sequence[date],
    manual: float,
    week_starts: int = 0,
    sport: Sport | None = None,
) -> list[dict[int, int]]:
    """Return for each of these days how many weeks in a row each member has kept a streak. Two queries in all."""
    firsts = [find_week(day, week_starts).start for day in days]
    dates = Dates(min(firsts) - HISTORY, max(firsts) + WEEK - timedelta(1))
    numbers = [(first - dates.start) // WEEK for first in firsts]
    absent = {
        key: {(week - dates.start) // WEEK for week in weeks}
        for key, weeks in list_weeks_away(session, member_ids, dates, week_starts).items()
    }
    found: list[dict[int, int]] = [{} for _ in days]
    for key, weeks in _kept(session, member_ids, dates, manual, sport):
        kept = set(weeks)
        for made, now in zip(found, numbers, strict=True):
            made[key] = _run_up_to(now, kept, absent.get(key, set())).weeks
    return found


def count_group_streak_of(
    session: Session, member_ids: Collection[int], today: date, manual: float, enough: int, week_starts: int = 0
) -> int:
    """Return for how many weeks in a row at least `enough` of these members had 30 points or more."""
    this_week = find_week(today, week_starts)
    dates = Dates(this_week.start - HISTORY, this_week.end)
    active: dict[date, int] = defaultdict(int)
    for _, weeks, points, _ in _weekly(session, member_ids, dates, manual, dates.start):
        for n, worth in zip(weeks, points, strict=True):
            active[dates.start + n * WEEK] += round_points(worth) >= ENOUGH_POINTS
    return count_group_streak(active, this_week.start, enough)


def choose_enough_for_group(members: int) -> int:
    """Return how many active members keep a group's streak: three, or all if there are fewer, but at least two."""
    return max(2, min(3, members))


def measure_improvement(
    session: Session,
    stretches: Sequence[tuple[Dates, Points]],
    manual: float,
    week_starts: int = 0,
    sport: Sport | None = None,
) -> list[dict[int, Improved]]:
    """Return how members' points in each span compare with their usual week before it (`fitness.improved`).

    The points of longer spans are divided by their weeks. Members who were away, or have no usual week yet, are left
    out. Two queries for all spans.
    """
    member_ids = {key for _, points in stretches for key in points}
    firsts = [find_week(dates.start, week_starts).start for dates, _ in stretches]
    last = find_week(max(dates.end for dates, _ in stretches), week_starts)
    back = Dates(min(firsts) - LOOK_BACK, last.end)
    known = [back.start + n * WEEK for n in range(back.days // 7 + 1)]
    weeks = {
        key: {known[n]: round_points(worth) for n, worth in zip(numbers, points, strict=True)}
        for key, numbers, points, _ in _weekly(session, member_ids, back, manual, back.start, sport)
    }
    absent = list_weeks_away(session, member_ids, back, week_starts)
    found: list[dict[int, Improved]] = []
    for first, (dates, points) in zip(firsts, stretches, strict=True):
        gone_now, long = set(_firsts([dates], week_starts)), max(1.0, dates.days / 7)
        made = {
            key: compare_with_usual(worth / long, find_usual_week(weeks.get(key, {}), first, absent.get(key, set())))
            for key, worth in points.items()
            if gone_now.isdisjoint(absent.get(key, ()))
        }
        found.append({key: each for key, each in made.items() if each is not None})
    return found


def list_weeks_away(
    session: Session, member_ids: Collection[int], dates: Dates, week_starts: int = 0
) -> dict[int, set[date]]:
    """Return the weeks in which each member was away for a day or more, by their first days."""
    spans = away.list_days_away(session, member_ids, dates)
    return {each: set(_firsts(gone, week_starts)) for each, gone in spans.items()}


def _weekly(
    session: Session,
    member_ids: Collection[int],
    dates: Dates,
    manual: float,
    first: date,
    sport: Sport | None = None,
) -> Iterable[tuple[int, list[int], list[float], list[int]]]:
    """Return each member's weeks from `first` on: their numbers, points, and number of active days.

    Active days are 1, or 2 for two or more. One query with one row per member: a thousand members
    have a hundred thousand weeks.
    """
    number = cast(Activity.local_date - first, Integer) // 7
    weeks = _by_number(member_ids, dates, manual, sport, number)
    columns = (weeks.c.number, weeks.c.points, weeks.c.days)
    query = select(weeks.c.member_id, *map(_listed, columns)).group_by(weeks.c.member_id)
    return session.execute(query)


def _kept(
    session: Session, member_ids: Collection[int], dates: Dates, manual: float, sport: Sport | None
) -> Iterable[tuple[int, list[int]]]:
    """Return the numbers of the weeks, from the first of these days on, that keep each member's streak. One query."""
    number = cast(Activity.local_date - dates.start, Integer) // 7
    weeks = _by_number(member_ids, dates, manual, sport, number)
    # What is shown as 30.0 is enough: that is anything above 29.95, also in floating point.
    enough = or_(weeks.c.points > ENOUGH_POINTS - 0.05, weeks.c.days >= ENOUGH_DAYS)
    query = select(weeks.c.member_id, _listed(weeks.c.number)).where(enough).group_by(weeks.c.member_id)
    return session.execute(query)


def _flat(points: ColumnElement[float]) -> ColumnElement[float]:
    """Return the value of a day's points, as in `fitness.consistency`."""
    above = FULL + 0.5 * (func.least(points, HALF) - FULL) + 0.25 * func.greatest(0.0, points - HALF)
    return case((points <= FULL, points), else_=above)


def _by_number(
    member_ids: Collection[int], dates: Dates, manual: float, sport: Sport | None, number: ColumnElement[int]
) -> Any:
    days = func.min(Activity.local_date) < func.max(Activity.local_date)
    return (
        select(
            Activity.member_id,
            number.label("number"),
            cast(func.sum(choose_points(manual)), Float).label("points"),
            (1 + cast(days, Integer)).label("days"),
        )
        .where(Activity.member_id == match_members(member_ids), *make_counting_conditions(dates, sport))
        .group_by(Activity.member_id, number)
        .subquery()
    )


def _listed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    # The driver turns arrays into lists by itself; with a type SQLAlchemy would process every item once more.
    return func.array_agg(column, type_=NullType())


def _run_up_to(now: int, kept: set[int], absent: set[int]) -> Run:
    oldest = now - HISTORY // WEEK
    return count_run({week for week in kept if oldest <= week <= now}, now, absent)


def _firsts(spans: Iterable[Dates], week_starts: int) -> Iterable[date]:
    for span in spans:
        first = find_week(span.start, week_starts).start
        while first <= span.end:
            yield first
            first += WEEK
