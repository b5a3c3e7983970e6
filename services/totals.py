"""What people did in some days: sums over the activities that count, in one query."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Float, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from fitness.metrics import Metric
from fitness.periods import Dates
from fitness.points import FORMULA
from fitness.sports import Sport
from models import Activity, DoubtAnswer, Member

SPORTS = {sport.value: sport for sport in Sport}
MOST_APART = timedelta(days=366)


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
        sums = {
            Metric.POINTS: round(self.points, 1),
            Metric.TIME: self.time,
            Metric.DISTANCE: self.distance,
            Metric.ELEVATION: self.elevation,
            Metric.COUNT: self.count,
            Metric.STEPS: self.steps,
        }
        return float(sums.get(metric, 0.0))

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
        return Totals(
            count=self.count if "count" in fields else 0,
            time=self.time if "time" in fields else 0.0,
            distance=self.distance if "distance" in fields else 0.0,
            sports=self.sports if {"sports", "time"}.issubset(fields) else {},
            points=self.points if "points" in fields else 0.0,
            elevation=self.elevation if "elevation" in fields else 0.0,
            sport_points=self.sport_points if {"sports", "points"}.issubset(fields) else {},
            steps=self.steps if "steps" in fields else 0,
        )

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
    """Sum up these members' activities; whoever has none is not in the answer. One query."""
    return totals_and_before(session, member_ids, dates, None, sport, manual)[0]


def totals_and_before(
    session: Session,
    member_ids: Collection[int],
    dates: Dates,
    before: Dates | None,
    sport: Sport | None = None,
    manual: float = FORMULA.manual,
) -> tuple[dict[int, Totals], dict[int, Totals]]:
    """Sums over `dates`, and over the stretch that they are compared with. One query for both.

    `manual` is the part of its points that an activity written by hand keeps in this group.
    """
    spans = [dates] if before is None else [dates, before]
    sums = [each for span in spans for each in _sums(span, manual)]
    query = (
        select(Activity.member_id, Activity.sport, *sums)
        .where(Activity.member_id == ids(member_ids), *counting_in(spans, sport))
        .group_by(Activity.member_id, Activity.sport)
    )
    found: list[dict[int, Totals]] = [{}, {}]
    for member_id, word, *figures in session.execute(query):
        for number in range(len(spans)):
            count, seconds, metres, points, climbed = _figures(figures, number)
            if count:
                mine = found[number].setdefault(member_id, Totals())
                _grow(mine, SPORTS[word], int(count), seconds, metres, points, climbed)
    return found[0], found[1]


def summed(totals: Iterable[Totals]) -> Totals:
    """The sums of many people together; a thousand are added up without a thousand sums between."""
    whole = Totals()
    for each in totals:
        _grow(whole, None, each.count, each.time, each.distance, each.points, each.elevation, each.steps)
        for mine, ours in ((each.sports, whole.sports), (each.sport_points, whole.sport_points)):
            for sport, value in mine.items():
                ours[sport] = ours.get(sport, 0.0) + value
    return whole


def _figures(figures: Sequence[float], number: int) -> tuple[float, ...]:
    count, seconds, metres, climbed, points = figures[5 * number : 5 * number + 5]
    return count, seconds, metres, points, climbed


def _grow(
    totals: Totals, sport: Sport | None, count: int, time: float, distance: float, points: float, elevation: float,
    steps: int = 0,
) -> None:  # fmt: skip
    """Add to totals that nobody else has seen yet: they are frozen for all others."""
    facts = vars(totals)
    facts["count"] += count
    facts["time"] += time
    facts["distance"] += distance
    facts["points"] += points
    facts["elevation"] += elevation
    facts["steps"] += steps
    if sport is not None:
        totals.sports[sport] = totals.sports.get(sport, 0.0) + time
        totals.sport_points[sport] = totals.sport_points.get(sport, 0.0) + points


def counting(dates: Dates, sport: Sport | None = None) -> list[ColumnElement[bool]]:
    """What makes an activity count in these days."""
    return counting_in([dates], sport)


def counting_in(spans: Sequence[Dates], sport: Sport | None = None) -> list[ColumnElement[bool]]:
    """What makes an activity count in any of these stretches."""
    conditions: list[ColumnElement[bool]] = [
        Activity.deleted_at.is_(None),
        Activity.twin_of.is_(None),
        Activity.excluded_at.is_(None),
        or_(~Activity.private, Activity.member_id.in_(select(Member.id).where(Member.includes_private))),
        # What seems impossible counts once its owner said that it is right.
        or_(Activity.doubt.is_(None), Activity.doubt_answer == DoubtAnswer.RIGHT),
        _reaches(spans),
    ]
    if sport is not None:
        conditions.append(Activity.sport == sport)
    return conditions


def _reaches(spans: Sequence[Dates]) -> ColumnElement[bool]:
    """Days in any of the stretches. One range for those that are near each other: an index walks through it once."""
    start, end = min(span.start for span in spans), max(span.end for span in spans)
    if len(spans) > 1 and end - start > MOST_APART + sum((span.end - span.start for span in spans), timedelta()):
        return or_(*(Activity.local_date.between(span.start, span.end) for span in spans))
    return Activity.local_date.between(start, end)


def _sums(span: Dates, manual: float) -> list[ColumnElement[float]]:
    inside = Activity.local_date.between(span.start, span.end)
    points: ColumnElement[float] = Activity.points.expression
    if manual != FORMULA.manual:
        points = case((Activity.manual, Activity.points * (manual / FORMULA.manual)), else_=Activity.points)
    columns = (Activity.duration, Activity.distance, Activity.elevation_gain, points)
    sums = [cast(func.coalesce(func.sum(each).filter(inside), 0.0), Float) for each in columns]
    return [cast(func.count().filter(inside), Float), *sums]


def ids(member_ids: Collection[int]) -> ColumnElement[Any]:
    """Any of these members. One array: a thousand parameters would take longer to send than to look up."""
    return func.any(literal(list(member_ids), ARRAY(BigInteger)))


def _added(one: dict[Sport, float], other: dict[Sport, float]) -> dict[Sport, float]:
    return {sport: one.get(sport, 0) + other.get(sport, 0) for sport in {*one, *other}}
