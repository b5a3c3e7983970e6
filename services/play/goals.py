"""Goals of a member, and of a group together, with a forecast."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from fitness.goals import Forecast, forecast, look_back
from fitness.metrics import Metric
from fitness.periods import Dates
from fitness.sports import Sport
from models import Goal, Group, Member
from services.ground import audit
from services.ground.refusals import GoalNotUsable, NoGoal
from services.ground.settings import settings_of
from services.group import privacy
from services.people.members import settings_for
from services.training.totals import totals_of

AHEAD = timedelta(days=366)
BACK = timedelta(days=366)
METRICS = {metric.value: metric for metric in Metric}
SPORTS = {sport.value: sport for sport in Sport}
SUMS = ("points", "time", "distance", "elevation", "count")  # what can be added up


@dataclass(frozen=True)
class Aim:
    """So much of a metric (metres, seconds, points or times), in all sports or one, in these days."""

    metric: str
    target: float
    sport: Sport | None
    dates: Dates


@dataclass(frozen=True)
class Progress:
    """A goal and where it stands."""

    metric: str
    sport: str | None
    dates: Dates
    forecast: Forecast


def aim(session: Session, whose: Member | Group, wanted: Aim, today: date, now: datetime) -> Goal:
    """Set a goal; it replaces the one before. Raises `GoalNotUsable`."""
    too_far = not today - BACK <= wanted.dates.start <= wanted.dates.end <= today + AHEAD
    if wanted.metric not in SUMS or wanted.target <= 0 or too_far or wanted.dates.end < today:
        raise GoalNotUsable
    goal = goal_of(session, whose) or Goal()
    goal.member_id, goal.group_id = _owner(whose)
    goal.metric, goal.target, goal.sport = wanted.metric, wanted.target, wanted.sport
    goal.starts, goal.ends = wanted.dates.start, wanted.dates.end
    session.add(goal)
    session.flush()
    audit.note(session, "goal.set", now, member_id=goal.member_id, group_id=goal.group_id)
    return goal


def drop(session: Session, whose: Member | Group) -> None:
    """Have that goal no more. Raises `NoGoal`."""
    goal = goal_of(session, whose)
    if goal is None:
        raise NoGoal(of_group=isinstance(whose, Group))
    session.delete(goal)


def goal_of(session: Session, whose: Member | Group) -> Goal | None:
    """The goal, if there is one."""
    member_id, group_id = _owner(whose)
    mine = Goal.member_id == member_id if group_id is None else Goal.group_id == group_id
    return session.scalar(select(Goal).where(mine))


def progress(session: Session, whose: Member | Group, today: date) -> Progress | None:
    """Where the goal stands. A group's is made of what its members share, and of nothing else."""
    goal = goal_of(session, whose)
    if goal is None:
        return None
    sport = SPORTS[goal.sport] if goal.sport else None
    dates = Dates(goal.starts, goal.ends)
    people = [whose.id] if isinstance(whose, Member) else seen_by(session, whose, goal.metric, sport, dates.start)
    settings = settings_of(whose) if isinstance(whose, Group) else settings_for(session, whose)
    manual, metric = settings.manual, METRICS[goal.metric]
    done = _sum(session, people, dates, metric, sport, manual)
    recent = _sum(session, people, look_back(today), metric, sport, manual)
    return Progress(goal.metric, goal.sport, dates, forecast(done, goal.target, recent, dates, today))


def seen_by(session: Session, group: Group, metric: str, sport: Sport | None, since: date) -> list[int]:
    """The members who share with the group what is needed to add them up, and were not anonymous on a day of it."""
    return list(privacy.shown(session, group, [metric, "sports"] if sport else [metric], since))


def _sum(
    session: Session, people: list[int], dates: Dates, metric: Metric, sport: Sport | None, manual: float
) -> float:
    totals = totals_of(session, people, dates, sport, manual) if people else {}
    return sum(each.value(metric) for each in totals.values())


def _owner(whose: Member | Group) -> tuple[int | None, int | None]:
    return (whose.id, None) if isinstance(whose, Member) else (None, whose.id)
