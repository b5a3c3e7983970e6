"""Rivalries: pairs of members whose weeks are close. Both must agree, and either can switch it off."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from fitness import rivalry
from fitness.periods import Dates
from fitness.rivalry import LOOKS_BACK, Duel, Weeks
from models import Group, Member
from services.ground.group_settings import read_settings
from services.group import away, privacy
from services.group.privacy import VisibleMember
from services.play import weekly
from services.training.totals import match_members

WANTED = "rivalry"


@dataclass(frozen=True)
class Told:
    """A duel with its two members, and the points of each in the week that is reported."""

    one: VisibleMember
    other: VisibleMember
    duel: Duel
    one_points: float
    other_points: float

    @property
    def ahead(self) -> VisibleMember | None:
        """The member who has more points in this week; None if both have the same."""
        lead = round(self.one_points) - round(self.other_points)
        return self.one if lead > 0 else self.other if lead < 0 else None

    @property
    def by(self) -> float:
        """The difference in points."""
        return abs(round(self.one_points) - round(self.other_points))


def is_willing(member: Member) -> bool:
    """Return whether the member may be compared with others. That is so until they say no."""
    return member.preferences.get(WANTED) is not False


def switch_rivalry(member: Member, *, on: bool) -> None:
    """Let the member be compared with others, or not. A new dict is assigned, because SQLAlchemy
    notices no change inside one.
    """
    member.preferences = {**member.preferences, WANTED: on}


def find_rivalry_of_week(session: Session, group: Group, week: Dates) -> Told | None:
    """Return the one rivalry to report after this week; the same for the same week and data. The pairs take turns."""
    people, points = _known(session, group, week)
    found = rivalry.choose_rivalry_of_week(rivalry.find_rivalries(points), week.start)
    return _told(found, people, points, week) if found else None


def find_rivalry_between(session: Session, group: Group, member: Member, other: Member, week: Dates) -> Told | None:
    """Return the duel of two members up to this week; None if they may not be compared."""
    people, points = _known(session, group, week)
    if member.id not in people or other.id not in people:
        return None
    found = rivalry.compare_weeks(member.id, other.id, points)
    return _told(found, people, points, week) if found else None


def may_meet(session: Session, group: Group, member: Member, other: Member) -> bool:
    """Return whether these two may be compared in the group."""
    people = privacy.find_sharing(session, group, "points")
    return member.id != other.id and all(each.id in people and is_willing(each) for each in (member, other))


def list_rivalries_of(session: Session, group: Group, member: Member, week: Dates) -> list[Told]:
    """Return the member's rivalries, the closest first, seen from the member's side."""
    people, points = _known(session, group, week)
    mine = [each for each in rivalry.find_rivalries(points) if member.id in {each.one, each.other}]
    turned = [each if each.one == member.id else each.turned() for each in mine]
    return [_told(each, people, points, week) for each in turned]


def _known(session: Session, group: Group, week: Dates) -> tuple[dict[int, VisibleMember], dict[int, Weeks]]:
    """Return the members who may be compared, and their weeks up to this one, without the weeks in
    which they were away.
    """
    shown = privacy.find_shown(session, group, ["points"])
    unwilling = _unwilling(session, shown)
    people = {key: each.member for key, each in shown.items() if key not in unwilling}
    dates = Dates(week.start - timedelta(weeks=LOOKS_BACK - 1), week.end)
    points = privacy.list_named_weeks(
        shown, weekly.sum_points_by_week(session, list(people), dates, read_settings(group).manual)
    )
    gone = away.list_days_away(session, list(people), dates)
    return people, {key: _at_home(weeks, gone.get(key, [])) for key, weeks in points.items()}


def _unwilling(session: Session, member_ids: Collection[int]) -> set[int]:
    """Return those who do not want to be compared."""
    said_no = Member.preferences.contains({WANTED: False})
    return set(session.scalars(select(Member.id).where(Member.id == match_members(member_ids), said_no)))


def _at_home(weeks: Weeks, gone: list[Dates]) -> Weeks:
    return {week: points for week, points in weeks.items() if not any(_holds(each, week) for each in gone)}


def _holds(gone: Dates, week: date) -> bool:
    return gone.start <= week + timedelta(6) and week <= gone.end


def _told(duel: Duel, people: dict[int, VisibleMember], points: dict[int, Weeks], week: Dates) -> Told:
    one, other = (points[key].get(week.start, 0.0) for key in (duel.one, duel.other))
    return Told(people[duel.one], people[duel.other], duel, one, other)
