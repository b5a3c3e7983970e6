"""What members did in some days: sums over the activities that count, in one query."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Float, Text, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from fitness.metrics import METRICS, Made, Metric, round_points
from fitness.periods import Dates
from fitness.points import FORMULA
from fitness.sports import Sport
from models import Activity, DoubtAnswer, Member

SPORTS = {sport.value: sport for sport in Sport}
NEAR = 62  # days


@dataclass(frozen=True)
class Totals:
    """What a member did in some days: activities, seconds, metres, metres climbed, effort points.

    These are always summed up, because texts show them together. `more` holds a figure that is summed up only on
    request, such as steps. `sports` holds the seconds of each sport, `sport_points` its points.
    """

    count: int = 0
    time: float = 0.0
    distance: float = 0.0
    sports: dict[Sport, float] = field(default_factory=dict)
    points: float = 0.0
    elevation: float = 0.0
    sport_points: dict[Sport, float] = field(default_factory=dict)
    more: dict[Metric, float] = field(default_factory=dict)

    def value(self, metric: Metric) -> float:
        """Return the figure that this metric ranks by, in its unit; 0 if it was not summed up or is
        computed from points.
        """
        return rank_figures({0: self}, METRICS[metric])[0]  # a template may pass the metric's name

    def __add__(self, other: "Totals") -> "Totals":
        return add_totals((self, other))

    def seen(self, fields: Collection[str]) -> "Totals":
        """Return these totals with only the shared fields; the others are 0. So sums over
        members leave them out too.
        """
        unseen = _unseen(frozenset(fields))
        if self.more:
            unseen = unseen | {"more": {each: v for each, v in self.more.items() if set(each.fields) <= set(fields)}}
        return _filled(vars(self) | unseen) if unseen else self

    @property
    def by_sport(self) -> list[tuple[Sport, float]]:
        """The sports and their seconds, most time first."""
        return sorted(self.sports.items(), key=lambda each: (-each[1], each[0]))

    @property
    def points_by_sport(self) -> list[tuple[Sport, float]]:
        """The sports and their points, most points first."""
        return sorted(self.sport_points.items(), key=lambda each: (-each[1], each[0]))


SUMMED = tuple(each for each in Metric if each.made is Made.ADDED_UP and each.value in Totals.__dataclass_fields__)


def sum_totals(
    session: Session,
    member_ids: Collection[int],
    dates: Dates,
    sport: Sport | None = None,
    manual: float = FORMULA.manual,
) -> dict[int, Totals]:
    """Return the totals of these members' activities, without members who have none. One query.

    `manual` is the part of its points that an activity logged by hand keeps in this group.
    """
    return sum_totals_and_before(session, member_ids, dates, None, sport, manual)[0]


def sum_totals_and_before(
    session: Session,
    member_ids: Collection[int],
    dates: Dates,
    before: tuple[Dates, Metric] | None,
    sport: Sport | None = None,
    manual: float = FORMULA.manual,
    asked: Metric | None = None,
) -> tuple[dict[int, Totals], dict[int, float]]:
    """Return `sum_totals`, and one metric's sums over earlier days. One query, or two if either span is long.

    `asked` is a further metric to sum up.
    """
    if before and not _are_near(dates, before[0]):
        earlier = sum_metric(session, member_ids, *before, sport, manual)
        return sum_totals_and_before(session, member_ids, dates, None, sport, manual, asked)[0], earlier
    both = before and _around(dates, before[0])
    wanted = [*SUMMED, asked] if asked and asked not in SUMMED else SUMMED
    sums = {each.value: select_sum(each, manual, dates if both else None) for each in wanted}
    if before:
        sums["before"] = select_sum(before[1], manual, before[0])
    by_sport = (
        select(Activity.member_id, Activity.sport, *(each.label(name) for name, each in sums.items()))
        .where(Activity.member_id == match_members(member_ids), *make_counting_conditions(both or dates, sport))
        .group_by(Activity.member_id, Activity.sport)
        .subquery()
    )
    query = select(by_sport.c.member_id, *_of_member(by_sport.c, sums)).group_by(by_sport.c.member_id)
    now: dict[int, Totals] = {}
    then: dict[int, float] = {}
    for key, sports, times, worth, *figures in session.execute(query):
        made = dict(zip(sums, figures, strict=True))
        if made[Metric.COUNT]:
            now[key] = _made(made, wanted, [SPORTS[each] for each in sports], times, worth)
        if before and made["before"]:
            then[key] = made["before"]
    return now, _rounded(then, before[1]) if before else {}


def sum_metric(
    session: Session,
    member_ids: Collection[int],
    dates: Dates,
    metric: Metric,
    sport: Sport | None = None,
    manual: float = FORMULA.manual,
) -> dict[int, float]:
    """Return the sums of one metric for these members, without members who have none. One query."""
    query = (
        select(Activity.member_id, select_sum(metric, manual))
        .where(Activity.member_id == match_members(member_ids), *make_counting_conditions(dates, sport))
        .group_by(Activity.member_id)
    )
    return _rounded({key: figure for key, figure in session.execute(query) if figure}, metric)


def rank_figures(totals: Mapping[int, Totals], metric: Metric) -> dict[int, float]:
    """Return the figure of each member that this metric ranks by, in its unit.

    It is 0 if the metric was not summed up, or is computed from points.
    """
    if metric not in SUMMED:
        return {key: each.more.get(metric, 0.0) for key, each in totals.items()}
    figure = attrgetter(metric.value)
    return _rounded({key: float(figure(each)) for key, each in totals.items()}, metric)


def _rounded(figures: dict[int, float], metric: Metric) -> dict[int, float]:
    """Round points to a tenth: they are shown like this, and equal ones tie."""
    return {key: round_points(value) for key, value in figures.items()} if metric is Metric.POINTS else figures


def add_totals(totals: Iterable[Totals]) -> Totals:
    """Return the sum of many totals. It is computed in one pass, without a `Totals` for each step."""
    listed = list(totals)
    sports: dict[Sport, float] = defaultdict(float)
    sport_points: dict[Sport, float] = defaultdict(float)
    for each in listed:
        for sport, seconds in each.sports.items():
            sports[sport] += seconds
        for sport, points in each.sport_points.items():
            sport_points[sport] += points
    added: dict[str, Any] = {each.value: sum(map(attrgetter(each.value), listed)) for each in SUMMED}
    more = {metric: 0.0 for each in listed for metric in each.more if metric.is_sum}
    more = {metric: sum(each.more.get(metric, 0.0) for each in listed) for metric in more}
    return _filled(added | {"sports": dict(sports), "sport_points": dict(sport_points), "more": more})


def _made(
    figures: Mapping[str, float],
    wanted: Collection[Metric],
    sports: list[Sport],
    times: list[float],
    worth: list[float],
) -> Totals:
    facts: dict[str, Any] = {each.value: figures[each] for each in SUMMED}
    more = {each: figures[each] for each in wanted if each not in SUMMED}
    facts |= {Metric.COUNT.value: int(facts[Metric.COUNT]), "more": more}
    facts |= {"sports": dict(zip(sports, times, strict=True)), "sport_points": dict(zip(sports, worth, strict=True))}
    return _filled(facts)


def _filled(facts: dict[str, Any]) -> Totals:
    """Return totals with exactly these facts. A frozen class would assign each field separately,
    and there may be thousands.
    """
    made = object.__new__(Totals)
    object.__setattr__(made, "__dict__", facts)
    return made


@lru_cache(maxsize=512)
def _unseen(fields: frozenset[str]) -> dict[str, Any]:
    """Return the values that replace the facts which may not be seen."""
    needed = {each.value: set(each.fields) for each in SUMMED}
    needed |= {"sports": {"sports", "time"}, "sport_points": {"sports", "points"}}
    return {name: getattr(Totals(), name) for name, all_of in needed.items() if not fields >= all_of}


def _of_member(columns: Any, sums: Iterable[str]) -> Iterator[ColumnElement[Any]]:
    """Yield a member's sports with their seconds and points as arrays, and the sums over all of them."""
    for name in ("sport", "time", "points"):
        # The driver turns arrays into lists by itself; with a type SQLAlchemy would process every item once more.
        yield func.array_agg(columns[name], type_=NullType()).filter(columns["count"] > 0)
    yield from (func.sum(columns[name]) for name in sums)


def make_counting_conditions(dates: Dates, sport: Sport | None = None) -> list[ColumnElement[bool]]:
    """Return the conditions under which an activity counts in these days."""
    conditions: list[ColumnElement[bool]] = [
        Activity.deleted_at.is_(None),
        Activity.twin_of.is_(None),
        Activity.excluded_at.is_(None),
        or_(~Activity.private, Activity.member_id.in_(select(Member.id).where(Member.includes_private))),
        # An activity that seems impossible counts after its owner has said that it is right.
        or_(Activity.doubt.is_(None), Activity.doubt_answer == DoubtAnswer.RIGHT),
        Activity.local_date.between(dates.start, dates.end),
    ]
    if sport is not None:
        conditions.append(Activity.sport == sport)
    return conditions


def choose_points(manual: float) -> ColumnElement[float]:
    """Return an activity's points in a group where activities logged by hand keep this part of their points.

    Every sum of points must use it: points are stored with the default part, and each group may choose another one.
    """
    points: ColumnElement[float] = Activity.points.expression
    if manual == FORMULA.manual:
        return points
    return case((Activity.manual, Activity.points * (manual / FORMULA.manual)), else_=Activity.points)


def select_sum(metric: Metric, manual: float, span: Dates | None = None) -> ColumnElement[float]:
    """Return the sum of a metric's column over all rows, or over those in a span; without a
    column, the number of rows.
    """
    whole: Any = func.sum(_added_up(metric, manual)) if metric.column else func.count()
    part: Any = whole.filter(Activity.local_date.between(span.start, span.end)) if span else whole
    return cast(func.coalesce(part, 0.0), Float)


def _added_up(metric: Metric, manual: float) -> ColumnElement[Any]:
    return choose_points(manual) if metric is Metric.POINTS else getattr(Activity, str(metric.column))


def _around(dates: Dates, before: Dates) -> Dates:
    return Dates(min(dates.start, before.start), max(dates.end, before.end))


def _are_near(dates: Dates, before: Dates) -> bool:
    """Return whether one query over both spans is faster. Over more than `NEAR` days, two queries are."""
    return _around(dates, before).days <= NEAR


def match_members(member_ids: Collection[int]) -> ColumnElement[Any]:
    """Return the condition that a row belongs to one of these members. One array: sending a
    thousand parameters is slower.
    """
    return func.any(cast(literal("{" + ",".join(map(str, member_ids)) + "}", Text), ARRAY(BigInteger)))
