"""Who moved how much: sums over activities, and places."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from fitness.metrics import Metric
from fitness.periods import Dates
from fitness.ranking import Place, movers, rank
from fitness.sports import Sport
from models import Activity, Group, Member
from services import privacy, syncing

SPORTS = {sport.value: sport for sport in Sport}


@dataclass(frozen=True)
class Totals:
    """What somebody did in some days: sessions, seconds, metres, and the seconds of each sport."""

    count: int = 0
    time: float = 0.0
    distance: float = 0.0
    sports: dict[Sport, float] = field(default_factory=dict)

    def value(self, metric: Metric) -> float:
        """The figure that this metric ranks by: seconds, metres, or sessions."""
        return float({Metric.TIME: self.time, Metric.DISTANCE: self.distance, Metric.COUNT: self.count}[metric])

    def __add__(self, other: "Totals") -> "Totals":
        sports = {
            sport: self.sports.get(sport, 0) + other.sports.get(sport, 0) for sport in {*self.sports, *other.sports}
        }
        return Totals(self.count + other.count, self.time + other.time, self.distance + other.distance, sports)

    def seen(self, fields: Collection[str]) -> "Totals":
        """As a group sees them that may see these fields. What is not shared is nothing, in sums too."""
        return replace(
            self,
            count=self.count if "count" in fields else 0,
            time=self.time if "time" in fields else 0.0,
            distance=self.distance if "distance" in fields else 0.0,
            sports=self.sports if {"sports", "time"}.issubset(fields) else {},
        )

    @property
    def by_sport(self) -> list[tuple[Sport, float]]:
        """The sports, most time first."""
        return sorted(self.sports.items(), key=lambda each: (-each[1], each[0]))


@dataclass(frozen=True)
class Row:
    """One line of a board. `moved` is the change of place since the period before, None where there was none."""

    place: Place
    member: Member
    totals: Totals
    moved: int | None


@dataclass(frozen=True)
class Board:
    """A group's board. Only members who share with the group are on it, or in its totals.

    `silent_since` is until when data reach, if Garmin did not answer lately for some of them.
    """

    group: Group
    metric: Metric
    dates: Dates
    rows: Sequence[Row]
    sharing: int
    together: Totals
    before: Totals
    silent_since: datetime | None = None

    def row_of(self, member: Member) -> Row | None:
        """The member's own line, if they are on the board."""
        return self._by_member.get(member.id)

    @cached_property
    def _by_member(self) -> dict[int, Row]:
        return {row.member.id: row for row in self.rows}


def board(
    session: Session, group: Group, metric: Metric, dates: Dates, before: Dates, sport: Sport | None = None
) -> Board:
    """Rank the group's members over `dates`; `before` is the stretch that places are compared with."""
    shown = privacy.shown(session, group, [metric, "sports"] if sport else [metric])
    people = {key: each.member for key, each in shown.items()}
    totals = _seen(totals_of(session, list(people), dates, sport), shown)
    earlier = _seen(totals_of(session, list(people), before, sport), shown)
    places = _places(totals, metric, people)
    moved = movers(places, _places(earlier, metric, people))
    return Board(
        group=group,
        metric=metric,
        dates=dates,
        rows=[Row(place, people[place.key], totals[place.key], moved.get(place.key)) for place in places],
        sharing=len(people),
        together=sum(totals.values(), Totals()),
        before=sum(earlier.values(), Totals()),
        silent_since=syncing.silent_since(session, list(people)),
    )


def totals_of(
    session: Session, member_ids: Sequence[int], dates: Dates, sport: Sport | None = None
) -> dict[int, Totals]:
    """Sum up these members' activities; whoever has none is not in the answer. One query."""
    query = (
        select(
            Activity.member_id,
            Activity.sport,
            func.count(),
            func.sum(Activity.duration),
            func.coalesce(func.sum(Activity.distance), 0.0),
        )
        .where(Activity.member_id.in_(member_ids), *counting(dates, sport))
        .group_by(Activity.member_id, Activity.sport)
    )
    totals: dict[int, Totals] = defaultdict(Totals)
    for member_id, found, count, seconds, metres in session.execute(query):
        sport = SPORTS[found]
        totals[member_id] += Totals(count, seconds or 0.0, metres or 0.0, {sport: seconds or 0.0})
    return dict(totals)


def counting(dates: Dates, sport: Sport | None = None) -> list[ColumnElement[bool]]:
    """What makes an activity count in these days."""
    conditions: list[ColumnElement[bool]] = [
        Activity.deleted_at.is_(None),
        Activity.twin_of.is_(None),
        Activity.local_date.between(dates.start, dates.end),
    ]
    if sport is not None:
        conditions.append(Activity.sport == sport)
    return conditions


def first_day(session: Session, member: Member) -> date | None:
    """The day of the member's first activity that we know."""
    query = select(func.min(Activity.local_date)).where(Activity.member_id == member.id, Activity.deleted_at.is_(None))
    return session.scalar(query)


def from_ids(session: Session, member_id: int, ids: Collection[int]) -> list[Activity]:
    """The member's activities with these ids of Garmin's or of a file's, oldest first."""
    query = select(Activity).where(Activity.member_id == member_id, Activity.garmin_activity_id.in_(ids))
    return list(session.scalars(query.order_by(Activity.start_utc, Activity.id)))


def have_twins(session: Session, activities: Sequence[Activity]) -> bool:
    """Whether another device recorded one of these too, whichever record counts."""
    other = select(Activity.id).where(Activity.twin_of.in_([each.id for each in activities])).limit(1)
    return any(each.twin_of is not None for each in activities) or session.scalar(other) is not None


def newest(session: Session, member: Member) -> Activity | None:
    """The member's newest activity."""
    query = (
        select(Activity)
        .where(Activity.member_id == member.id, Activity.deleted_at.is_(None))
        .order_by(Activity.start_utc.desc())
        .limit(1)
    )
    return session.scalar(query)


def _seen(totals: dict[int, Totals], shown: Mapping[int, privacy.Shown]) -> dict[int, Totals]:
    """Only what each of these people lets the group see."""
    return {key: each.seen(shown[key].fields) for key, each in totals.items()}


def _places(totals: dict[int, Totals], metric: Metric, people: dict[int, Member]) -> list[Place]:
    """Zeroes are not ranked: nobody is put on a board for not moving."""
    values = {key: total.value(metric) for key, total in totals.items() if total.value(metric) > 0}
    return rank(values, order=lambda key: (people[key].name.casefold(), key))
