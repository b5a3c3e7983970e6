"""Rivalries: pairs who are close week by week. Both must want it; either can switch it off."""

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
    """A duel with its people, and what each has in the week that is told of."""

    one: VisibleMember
    other: VisibleMember
    duel: Duel
    one_points: float
    other_points: float

    @property
    def ahead(self) -> VisibleMember | None:
        """Who has more in this week; nobody, if they have the same."""
        lead = round(self.one_points) - round(self.other_points)
        return self.one if lead > 0 else self.other if lead < 0 else None

    @property
    def by(self) -> float:
        """By how many points."""
        return abs(round(self.one_points) - round(self.other_points))


def is_willing(member: Member) -> bool:
    """Whether the member is held against others. They are, until they say no."""
    return member.preferences.get(WANTED) is not False


def switch_rivalry(member: Member, *, on: bool) -> None:
    """Be held against others, or not. The column notices only a new object."""
    member.preferences = {**member.preferences, WANTED: on}


def find_rivalry_of_week(session: Session, group: Group, week: Dates) -> Told | None:
    """The one rivalry to tell of after this week; always the same for the same week and data. Each gets its turn."""
    people, points = _known(session, group, week)
    found = rivalry.choose_rivalry_of_week(rivalry.find_rivalries(points), week.start)
    return _told(found, people, points, week) if found else None


def find_rivalry_between(session: Session, group: Group, member: Member, other: Member, week: Dates) -> Told | None:
    """Two people of the group against each other, up to this week; None where nobody may hold them so."""
    people, points = _known(session, group, week)
    if member.id not in people or other.id not in people:
        return None
    found = rivalry.compare_weeks(member.id, other.id, points)
    return _told(found, people, points, week) if found else None


def may_meet(session: Session, group: Group, member: Member, other: Member) -> bool:
    """Whether the group may hold these two against each other."""
    people = privacy.find_sharing(session, group, "points")
    return member.id != other.id and all(each.id in people and is_willing(each) for each in (member, other))


def list_rivalries_of(session: Session, group: Group, member: Member, week: Dates) -> list[Told]:
    """The member's rivals, the closest first, told from the member's side."""
    people, points = _known(session, group, week)
    mine = [each for each in rivalry.find_rivalries(points) if member.id in {each.one, each.other}]
    turned = [each if each.one == member.id else each.turned() for each in mine]
    return [_told(each, people, points, week) for each in turned]


def _known(session: Session, group: Group, week: Dates) -> tuple[dict[int, VisibleMember], dict[int, Weeks]]:
    """Who may be held against others, and their weeks up to this one; weeks away are left out."""
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
    """Who of them said no."""
    said_no = Member.preferences.contains({WANTED: False})
    return set(session.scalars(select(Member.id).where(Member.id == match_members(member_ids), said_no)))


def _at_home(weeks: Weeks, gone: list[Dates]) -> Weeks:
    return {week: points for week, points in weeks.items() if not any(_holds(each, week) for each in gone)}


def _holds(gone: Dates, week: date) -> bool:
    return gone.start <= week + timedelta(6) and week <= gone.end


def _told(duel: Duel, people: dict[int, VisibleMember], points: dict[int, Weeks], week: Dates) -> Told:
    one, other = (points[key].get(week.start, 0.0) for key in (duel.one, duel.other))
    return Told(people[duel.one], people[duel.other], duel, one, other)
