"""Who moved how much: sums over activities, and places."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fitness.metrics import Metric
from fitness.periods import Dates
from fitness.ranking import Place, movers, rank
from fitness.sports import Sport
from models import Activity, Group, Member
from services import privacy, scoring, syncing
from services.figures import Figures
from services.scoring import Recount
from services.settings import settings_of
from services.totals import SPORTS, Totals, counting, totals_of

__all__ = [
    "SPORTS",
    "Board",
    "Row",
    "Totals",
    "board",
    "counting",
    "first_day",
    "from_ids",
    "have_twins",
    "newest",
    "totals_of",
]


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

    `silent_since` is until when data reach, if Garmin did not answer lately for some of them; `recount` tells of a
    formula that has just changed. One that is not `ranked` goes from A to Z and shows no places.
    """

    group: Group
    metric: Metric
    dates: Dates
    rows: Sequence[Row]
    sharing: int
    together: Totals
    before: Totals
    silent_since: datetime | None = None
    recount: Recount | None = None
    ranked: bool = True

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
    shown = privacy.shown(session, group, [metric.field, "sports"] if sport else [metric.field])
    people, settings = {key: each.member for key, each in shown.items()}, settings_of(group)
    figures = Figures(session, list(people), metric, sport, settings)
    found = figures.of(dates, before)
    totals, earlier = (_seen(each, shown) for each in found)
    places = _places(figures.values(totals, dates), people)
    moved = movers(places, _places(figures.values(earlier, before), people))
    ranked = settings.is_ranked(len(places))
    rows = [Row(each, people[each.key], totals.get(each.key, Totals()), moved.get(each.key)) for each in places]
    return Board(
        group=group,
        metric=metric,
        dates=dates,
        rows=rows if ranked else sorted(rows, key=_by_name),
        sharing=len(people),
        together=sum(totals.values(), Totals()),
        before=sum(earlier.values(), Totals()),
        silent_since=syncing.silent_since(session, list(people)),
        recount=scoring.recount(session, dates) if metric.field == Metric.POINTS else None,
        ranked=ranked,
    )


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


def _by_name(row: Row) -> tuple[str, int]:
    return row.member.name.casefold(), row.member.id


def _places(values: Mapping[int, float], people: Mapping[int, Member]) -> list[Place]:
    """Zeroes are not ranked: nobody is put on a board for not moving."""
    moved = {key: value for key, value in values.items() if value > 0}
    return rank(moved, order=lambda key: (people[key].name.casefold(), key))
