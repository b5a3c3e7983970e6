"""What people did in some days: sums over the activities that count, in one query."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Float, Text, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from fitness.metrics import Metric, tenth
from fitness.periods import Dates
from fitness.points import FORMULA
from fitness.sports import Sport
from models import Activity, DoubtAnswer, Member

SPORTS = {sport.value: sport for sport in Sport}
METRICS: dict[str, Metric] = {metric.value: metric for metric in Metric}
SUMMED = (Metric.COUNT, Metric.TIME, Metric.DISTANCE, Metric.ELEVATION, Metric.POINTS)
NEAR = 62  # days


@dataclass(frozen=True)
class Totals:
    """What somebody did in some days: sessions, seconds, metres, metres climbed, effort points, steps.

    `sports` holds the seconds of each sport, `sport_points` its points.
    """

    count: int = 0
    time: float = 0.0
    distance: float = 0.0
    sports: dict[Sport, float] = field(default_factory=dict)
    points: float = 0.0
    elevation: float = 0.0
    sport_points: dict[Sport, float] = field(default_factory=dict)
    steps: int = 0

    def value(self, metric: Metric) -> float:
        """The figure that this metric ranks by: points, seconds, metres, sessions, steps; 0 for what is no sum."""
        known = METRICS[metric]  # a template may name it by its word
        return figures_of({0: self}, known)[0] if known.is_sum else 0.0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.count + other.count,
            self.time + other.time,
            self.distance + other.distance,
            _added(self.sports, other.sports),
            self.points + other.points,
            self.elevation + other.elevation,
            _added(self.sport_points, other.sport_points),
            self.steps + other.steps,
        )

    def seen(self, fields: Collection[str]) -> "Totals":
        """As a group sees them that may see these fields. What is not shared is nothing, in sums too."""
        unseen = _unseen(frozenset(fields))
        return _filled(vars(self) | unseen) if unseen else self

    @property
    def by_sport(self) -> list[tuple[Sport, float]]:
        """The sports and their seconds, most time first."""
        return sorted(self.sports.items(), key=lambda each: (-each[1], each[0]))

    @property
    def points_by_sport(self) -> list[tuple[Sport, float]]:
        """The sports and their points, most points first."""
        return sorted(self.sport_points.items(), key=lambda each: (-each[1], each[0]))


def totals_of(
    session: Session,
    member_ids: Collection[int],
    dates: Dates,
    sport: Sport | None = None,
    manual: float = FORMULA.manual,
) -> dict[int, Totals]:
    """Sum up these members' activities; whoever has none is not in the answer. One query.

    `manual` is the part of its points that an activity written by hand keeps in this group.
    """
    return totals_and_before(session, member_ids, dates, None, sport, manual)[0]


def totals_and_before(
    session: Session,
    member_ids: Collection[int],
    dates: Dates,
    before: tuple[Dates, Metric] | None,
    sport: Sport | None = None,
    manual: float = FORMULA.manual,
) -> tuple[dict[int, Totals], dict[int, float]]:
    """As `totals_of`, and by one metric of sums what was done before. One query, or two where either is long."""
    if before and not _are_near(dates, before[0]):
        earlier = sums_of(session, member_ids, *before, sport, manual)
        return totals_of(session, member_ids, dates, sport, manual), earlier
    both = before and _around(dates, before[0])
    sums = {each.field: sum_of(each, manual, dates if both else None) for each in SUMMED}
    if before:
        sums["before"] = sum_of(before[1], manual, before[0])
    by_sport = (
        select(Activity.member_id, Activity.sport, *(each.label(name) for name, each in sums.items()))
        .where(Activity.member_id == ids(member_ids), *counting(both or dates, sport))
        .group_by(Activity.member_id, Activity.sport)
        .subquery()
    )
    query = select(by_sport.c.member_id, *_of_member(by_sport.c, sums)).group_by(by_sport.c.member_id)
    now: dict[int, Totals] = {}
    then: dict[int, float] = {}
    for key, sports, times, worth, *figures in session.execute(query):
        if figures[0]:
            now[key] = _made(figures, [SPORTS[each] for each in sports], times, worth)
        if before and figures[-1]:
            then[key] = figures[-1]
    return now, _rounded(then, before[1]) if before else {}


def sums_of(
    session: Session,
    member_ids: Collection[int],
    dates: Dates,
    metric: Metric,
    sport: Sport | None = None,
    manual: float = FORMULA.manual,
) -> dict[int, float]:
    """The one figure of these members by a metric of sums; whoever has none is not in the answer. One query."""
    query = (
        select(Activity.member_id, sum_of(metric, manual))
        .where(Activity.member_id == ids(member_ids), *counting(dates, sport))
        .group_by(Activity.member_id)
    )
    return _rounded({key: figure for key, figure in session.execute(query) if figure}, metric)


def figures_of(totals: Mapping[int, Totals], metric: Metric) -> dict[int, float]:
    """The figure of each that this metric, one of sums, ranks by: points, seconds, metres, sessions, steps."""
    figure = attrgetter(metric.field)
    return _rounded({key: float(figure(each)) for key, each in totals.items()}, metric)


def _rounded(figures: dict[int, float], metric: Metric) -> dict[int, float]:
    """Points are told, and tied, by the tenth."""
    return {key: tenth(value) for key, value in figures.items()} if metric is Metric.POINTS else figures


def summed(totals: Iterable[Totals]) -> Totals:
    """The sums of many people together; a thousand are added up without a thousand sums between."""
    listed = list(totals)
    sports: dict[Sport, float] = defaultdict(float)
    sport_points: dict[Sport, float] = defaultdict(float)
    for each in listed:
        for sport, seconds in each.sports.items():
            sports[sport] += seconds
        for sport, points in each.sport_points.items():
            sport_points[sport] += points
    return Totals(
        count=sum(each.count for each in listed),
        time=sum(each.time for each in listed),
        distance=sum(each.distance for each in listed),
        sports=dict(sports),
        points=sum(each.points for each in listed),
        elevation=sum(each.elevation for each in listed),
        sport_points=dict(sport_points),
        steps=sum(each.steps for each in listed),
    )


def _made(figures: Sequence[float], sports: list[Sport], times: list[float], worth: list[float]) -> Totals:
    count, time, distance, elevation, points = figures[:5]
    return _filled({
        "count": int(count), "time": time, "distance": distance, "elevation": elevation, "points": points, "steps": 0,
        "sports": dict(zip(sports, times, strict=True)), "sport_points": dict(zip(sports, worth, strict=True)),
    })  # fmt: skip


def _filled(facts: dict[str, Any]) -> Totals:
    """Totals that hold just these facts, all of them: a frozen class assigns one by one, and there may be thousands."""
    made = object.__new__(Totals)
    object.__setattr__(made, "__dict__", facts)
    return made


@lru_cache(maxsize=512)
def _unseen(fields: frozenset[str]) -> dict[str, Any]:
    """What is put in place of the facts that may not be seen."""
    needed = {name: {name} for name in (*SUMMED, "steps")}
    needed |= {"sports": {"sports", "time"}, "sport_points": {"sports", "points"}}
    return {name: getattr(Totals(), name) for name, all_of in needed.items() if not fields >= all_of}


def _of_member(columns: Any, sums: Iterable[str]) -> Iterator[ColumnElement[Any]]:
    """The sports of a member with their seconds and points side by side, and the sums over all of them."""
    for name in ("sport", "time", "points"):
        # The driver makes lists of arrays by itself; a type would go through every item once more.
        yield func.array_agg(columns[name], type_=NullType()).filter(columns["count"] > 0)
    yield from (func.sum(columns[name]) for name in sums)


def counting(dates: Dates, sport: Sport | None = None) -> list[ColumnElement[bool]]:
    """What makes an activity count in these days."""
    conditions: list[ColumnElement[bool]] = [
        Activity.deleted_at.is_(None),
        Activity.twin_of.is_(None),
        Activity.excluded_at.is_(None),
        or_(~Activity.private, Activity.member_id.in_(select(Member.id).where(Member.includes_private))),
        # What seems impossible counts once its owner said that it is right.
        or_(Activity.doubt.is_(None), Activity.doubt_answer == DoubtAnswer.RIGHT),
        Activity.local_date.between(dates.start, dates.end),
    ]
    if sport is not None:
        conditions.append(Activity.sport == sport)
    return conditions


def points_by(manual: float) -> ColumnElement[float]:
    """An activity's points where what was written by hand keeps this part of the table's.

    Whoever adds up points does it through here: they are stored as by default, and each group may choose otherwise.
    """
    points: ColumnElement[float] = Activity.points.expression
    if manual == FORMULA.manual:
        return points
    return case((Activity.manual, Activity.points * (manual / FORMULA.manual)), else_=Activity.points)


def sum_of(metric: Metric, manual: float, span: Dates | None = None) -> ColumnElement[float]:
    """The sum over all rows, or over those of a span, of what a metric of sums counts; steps are kept elsewhere."""
    columns: dict[Metric, Any] = {
        Metric.TIME: Activity.duration,
        Metric.DISTANCE: Activity.distance,
        Metric.ELEVATION: Activity.elevation_gain,
        Metric.POINTS: points_by(manual),
    }
    whole: Any = func.count() if metric is Metric.COUNT else func.sum(columns[metric])
    part: Any = whole.filter(Activity.local_date.between(span.start, span.end)) if span else whole
    return cast(func.coalesce(part, 0.0), Float)


def _around(dates: Dates, before: Dates) -> Dates:
    return Dates(min(dates.start, before.start), max(dates.end, before.end))


def _are_near(dates: Dates, before: Dates) -> bool:
    """Whether one look over both is quicker. Telling a year's rows apart takes longer than looking twice."""
    return _around(dates, before).days <= NEAR


def ids(member_ids: Collection[int]) -> ColumnElement[Any]:
    """Any of these members. One array: a thousand parameters would take longer to send than to look up."""
    return func.any(cast(literal("{" + ",".join(map(str, member_ids)) + "}", Text), ARRAY(BigInteger)))


def _added(one: dict[Sport, float], other: dict[Sport, float]) -> dict[Sport, float]:
    return {sport: one.get(sport, 0) + other.get(sport, 0) for sport in {*one, *other}}
