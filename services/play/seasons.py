"""Seasons of twelve weeks: the first three of every week get 3, 2 and 1, and each season starts at zero.

Seasons are computed each time from the weeks of the members whom the group may see, so hidden members are not in old
seasons either. The tally of all time is never reset.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fitness.challenges import award_medals
from fitness.dates import find_week
from fitness.periods import Dates
from fitness.ranking import RankedPlace, rank
from fitness.rivalry import Weeks
from messages.words import folded
from models import Group, Membership
from services.ground.group_settings import read_settings
from services.group import privacy
from services.group.privacy import VisibleMember
from services.play import weekly

WEEKS = 12
LONGEST = timedelta(weeks=10 * 52)


@dataclass(frozen=True)
class Tally:
    """How many medal points a member has, and their place."""

    place: RankedPlace
    member: VisibleMember


@dataclass(frozen=True)
class Season:
    """The current season: its number, its days, how many of its weeks are over, and the tallies."""

    number: int
    dates: Dates
    weeks_over: int
    tally: Sequence[Tally]
    all_time: Sequence[Tally]


def measure_season(session: Session, group: Group, today: date) -> Season:
    """Return the group's current season. The first one began in the week in which the group began."""
    settings = read_settings(group)
    starts = settings.week_start
    founded = _founded(session, group)
    this_week = find_week(today, starts).start
    first = max(find_week(min(founded, today), starts).start, this_week - LONGEST)
    number = (this_week - first).days // (7 * WEEKS)
    begins = first + timedelta(weeks=WEEKS * number)
    shown = privacy.find_shown(session, group, ["points"])
    people = {key: each.member for key, each in shown.items()}
    points: Mapping[int, Weeks] = {}
    if this_week > first and people:
        points = weekly.sum_points_by_week(
            session, list(people), Dates(first, this_week - timedelta(1)), settings.manual
        )
        points = privacy.list_named_weeks(shown, points)
    weeks = [first + timedelta(weeks=i) for i in range((this_week - first).days // 7)]
    return Season(
        number=number + 1,
        dates=Dates(begins, begins + timedelta(weeks=WEEKS) - timedelta(1)),
        weeks_over=(this_week - begins).days // 7,
        tally=_tally([week for week in weeks if week >= begins], points, people),
        all_time=_tally(weeks, points, people),
    )


def _founded(session: Session, group: Group) -> date:
    """Return the day on which the first member joined the group."""
    joined = session.scalar(select(func.min(Membership.joined_at)).where(Membership.group_id == group.id))
    return min(group.created_at, joined or group.created_at).astimezone(ZoneInfo(group.timezone)).date()


def _tally(weeks: Sequence[date], points: Mapping[int, Weeks], people: Mapping[int, VisibleMember]) -> list[Tally]:
    by_week = [{key: mine[week] for key, mine in points.items() if week in mine} for week in weeks]
    won = {key: float(count) for key, count in award_medals(by_week).items()}
    return [Tally(place, people[place.key]) for place in rank(won, lambda key: (folded(people[key].name), key))]
