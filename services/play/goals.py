"""Goals of a member or of a group as a whole, with a forecast."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from fitness.goals import Forecast, forecast_goal, look_back
from fitness.metrics import METRICS, Metric
from fitness.periods import Dates
from fitness.sports import Sport
from models import Goal, Group, Member
from services.ground import audit
from services.ground.group_settings import read_settings
from services.ground.refusals import GoalNotUsable, NoGoal
from services.group import privacy
from services.people.members import read_settings_for
from services.training.totals import sum_metric

AHEAD = timedelta(days=366)
BACK = timedelta(days=366)
SPORTS = {sport.value: sport for sport in Sport}
AIMS = tuple(metric.value for metric in Metric if metric.is_aim)  # what a goal or a challenge may be about


@dataclass(frozen=True)
class Aim:
    """An amount of a metric (in metres, seconds, points or times), in one sport or all, in these days."""

    metric: str
    target: float
    sport: Sport | None
    dates: Dates


@dataclass(frozen=True)
class GoalProgress:
    """A goal and its progress."""

    metric: str
    sport: str | None
    dates: Dates
    forecast: Forecast


def set_goal(session: Session, whose: Member | Group, wanted: Aim, today: date, now: datetime) -> Goal:
    """Set a goal; it replaces the one before. Raises `GoalNotUsable`."""
    too_far = not today - BACK <= wanted.dates.start <= wanted.dates.end <= today + AHEAD
    if wanted.metric not in AIMS or wanted.target <= 0 or too_far or wanted.dates.end < today:
        raise GoalNotUsable
    goal = find_goal(session, whose) or Goal()
    goal.member_id, goal.group_id = _owner(whose)
    goal.metric, goal.target, goal.sport = wanted.metric, wanted.target, wanted.sport
    goal.starts, goal.ends = wanted.dates.start, wanted.dates.end
    session.add(goal)
    session.flush()
    audit.note(session, "goal.set", now, member_id=goal.member_id, group_id=goal.group_id)
    return goal


def drop_goal(session: Session, whose: Member | Group, now: datetime) -> None:
    """Delete the goal. Raises `NoGoal`."""
    goal = find_goal(session, whose)
    if goal is None:
        raise NoGoal(of_group=isinstance(whose, Group))
    session.delete(goal)
    audit.note(session, "goal.dropped", now, member_id=goal.member_id, group_id=goal.group_id)


def find_goal(session: Session, whose: Member | Group) -> Goal | None:
    """Return the goal; None if there is none."""
    member_id, group_id = _owner(whose)
    mine = Goal.member_id == member_id if group_id is None else Goal.group_id == group_id
    return session.scalar(select(Goal).where(mine))


def measure_progress(session: Session, whose: Member | Group, today: date) -> GoalProgress | None:
    """Return the progress of the goal; None without a goal. A group's progress counts only what its members share."""
    goal = find_goal(session, whose)
    if goal is None:
        return None
    sport = SPORTS[goal.sport] if goal.sport else None
    dates = Dates(goal.starts, goal.ends)
    people = [whose.id] if isinstance(whose, Member) else find_seen_by(session, whose, goal.metric, sport, dates.start)
    settings = read_settings(whose) if isinstance(whose, Group) else read_settings_for(session, whose)
    manual, metric = settings.manual, METRICS[goal.metric]
    done = _sum(session, people, dates, metric, sport, manual)
    recent = _sum(session, people, look_back(today), metric, sport, manual)
    return GoalProgress(goal.metric, goal.sport, dates, forecast_goal(done, goal.target, recent, dates, today))


def find_seen_by(session: Session, group: Group, metric: str, sport: Sport | None, since: date) -> list[int]:
    """Return the members who share what the sum needs with the group and were not anonymous on any day since then."""
    return list(privacy.find_shown(session, group, [*METRICS[metric].fields, *(["sports"] if sport else [])], since))


def _sum(
    session: Session, people: list[int], dates: Dates, metric: Metric, sport: Sport | None, manual: float
) -> float:
    return sum(sum_metric(session, people, dates, metric, sport, manual).values()) if people else 0.0


def _owner(whose: Member | Group) -> tuple[int | None, int | None]:
    return (whose.id, None) if isinstance(whose, Member) else (None, whose.id)
