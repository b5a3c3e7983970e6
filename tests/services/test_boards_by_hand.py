"""Boards of random groups, compared with a computation in plain Python: visible members, places, arrows, sums.

It shares no arithmetic with the product. RANDOM_GROUPS sets the number of groups.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from statistics import median

import pytest
from sqlalchemy import select

from fitness import metrics
from fitness.dates import Dates
from fitness.metrics import FIELDS as SHARED
from fitness.metrics import Made, Metric
from fitness.points import FORMULA
from fitness.sports import Sport
from messages.words import folded
from models import Absence, Activity, Day, DoubtAnswer, Group, Member, Membership
from services.play import standings
from tests.town import START, Town

GROUPS = int(os.environ.get("RANDOM_GROUPS", "12"))
TODAY = date(2026, 11, 18)
SPORTS = [Sport.RUN, Sport.RIDE, Sport.YOGA]
FIELDS = [each for each in SHARED if each != "titles"]
NAMES = ["Ana", "ana", "Bo", "Émile", "Zoë", "Li", "Max", "Ola"]
BY_HAND, BY_WATCH = [0.0, 7.0, 21.0, 28.0, 63.0, 140.0], [0.0, 0.5, 9.9, 30.0, 57.6, 112.9]
# Smaller values are written as zero, and members with zero are not listed: by the unit of what is added up.
LEAST = {"points": 0.6, "duration": 31, "far": 81, "climbed": 0.6, "number": 0.6}
FAR_ENOUGH = {Sport.RUN: 5_000, Sport.RIDE: 20_000}  # metres in a week
# The columns of other metrics: a new metric is tested without being named here.
COLUMNS = [each for each in metrics.COLUMNS if each not in {"duration", "distance", "elevation_gain", "points"}]
BY_DEFAULT = 0.7  # the row of an activity logged by hand contains 70 % of the points of the table


def by_tenths(points: float) -> float:
    """Round to a tenth. The exact half depends on how a sum was computed, so inexact digits are cut off first."""
    return float(Decimal(str(round(points, 6))).quantize(Decimal("0.1"), ROUND_HALF_UP))


def some_people(luck: Random) -> Iterator[Member]:
    for number in range(luck.randint(1, 12)):
        name, address = luck.choice(NAMES), f"whatsapp:+4915{number:08}"
        private = luck.random() < 0.3
        yield Member(name=name, locale="en", timezone="UTC", address=address, includes_private=private)


def their_place(luck: Random, group: Group, member: Member, veiled: float) -> Membership:
    """Return a membership. Most share everything; others withhold a field, hide, are anonymous,
    were until lately, or have left.
    """
    return Membership(
        group_id=group.id,
        member_id=member.id,
        joined_at=START,
        consented_at=START,
        consent_version="1",
        shares=FIELDS if luck.random() < 0.7 else luck.sample(FIELDS, luck.randint(0, 6)),
        hidden=luck.random() < 0.1,
        anonymous=luck.random() < veiled,
        seen_from=luck.choice([None] * 9 + [TODAY - timedelta(luck.randint(-2, 40))]),
        left_at=luck.choice([None] * 9 + [START]),
    )


def a_session(luck: Random, member: Member, number: int) -> Activity:
    """Return a random activity. Any allowed fraction of its points is a number of tenths, so all
    ways of rounding agree.
    """
    by_hand = luck.random() < 0.3
    day = TODAY + timedelta(4 - int(luck.expovariate(1 / 35)))
    return Activity(
        member_id=member.id,
        external_id=number,
        type="other",
        sport=luck.choice(SPORTS),
        start_utc=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        utc_offset=0,
        local_date=day,
        duration=float(luck.choice([0, 30, 600, 3600, 3600.5])),
        distance=luck.choice([None, 0.0, 80.0, 5_000.0, 10_000.25]),
        elevation_gain=luck.choice([None, 120.0]),
        **{column: luck.choice([None, 0.2, 250.0]) for column in COLUMNS},
        points=luck.choice(BY_HAND if by_hand else BY_WATCH),
        points_version=FORMULA.version,
        manual=by_hand,
        private=luck.random() < 0.1,
        deleted_at=luck.choice([None] * 7 + [START]),
        twin_of=luck.choice([None] * 7 + [1]),
        excluded_at=luck.choice([None] * 7 + [START]),
        doubt=luck.choice([None] * 5 + ["too_fast"]),
        doubt_answer=luck.choice([None, DoubtAnswer.RIGHT, DoubtAnswer.LEFT_OUT]),
        processed_metrics={},
        raw_data={},
        fingerprint="",
    )


def invent(town: Town, luck: Random) -> None:
    """Store a random group, and two people outside it whose activities must not appear in it."""
    with town.world.sessions.begin() as session:
        choices = {
            "manual_percent": luck.choice([0, 50, 70, 100]),
            "week_start": luck.choice([0, 5, 6]),
            "cheer_below": luck.choice([1, 2, 4]),
        }
        group, people = Group(name="Random", timezone="UTC", settings=choices), list(some_people(luck))
        strangers = [Member(name="No", locale="en", timezone="UTC", address=f"whatsapp:+1555{n}") for n in (1, 2)]
        session.add_all([group, *people, *strangers])
        session.flush()
        veiled = luck.choice([0.0, 0.2, 0.6])
        session.add_all(their_place(luck, group, each, veiled) for each in people)
        everybody = [*people, *strangers]
        session.add_all(a_session(luck, luck.choice(everybody), number) for number in range(luck.randint(0, 400)))
        for each in everybody:
            if luck.random() < 0.3:
                starts = TODAY - timedelta(luck.randint(-3, 60))
                ends = luck.choice([None, starts + timedelta(luck.randint(0, 20))])
                session.add(Absence(member_id=each.id, starts=starts, ends=ends, shown=False))
            for back in luck.sample(range(40), luck.randint(0, 8)):
                steps = luck.choice([0, 4_000, 9_000])
                session.add(Day(member_id=each.id, day=TODAY - timedelta(back), steps=steps))


@dataclass(frozen=True)
class ByHand:
    """The whole contents of the database, in lists."""

    group: Group
    places: list[Membership]
    members: dict[int, Member]
    activities: list[Activity]
    steps: list[Day]
    absences: list[Absence]

    def of(self, member_id: int, metric: Metric, dates: Dates, sport: Sport | None) -> float:
        """Return a member's figure, whether or not it is shared."""
        mine = [each for each in self.activities if each.member_id == member_id and self.counts(each)]
        mine = [each for each in mine if sport in {None, each.sport}]
        inside = [each for each in mine if each.local_date in dates]
        steps = [each.steps for each in self.steps if each.member_id == member_id and each.day in dates]
        return {
            Metric.POINTS: lambda: by_tenths(sum(map(self.worth, inside))),
            Metric.TIME: lambda: sum(each.duration for each in inside),
            Metric.DISTANCE: lambda: sum(each.distance or 0.0 for each in inside),
            Metric.ELEVATION: lambda: sum(each.elevation_gain or 0.0 for each in inside),
            Metric.COUNT: lambda: len(inside),
            Metric.STEPS: lambda: sum(steps),
            Metric.CONSISTENCY: lambda: self.steadiness(inside),
            Metric.STREAK: lambda: self.weeks_in_a_row(member_id, mine, dates.end),
            Metric.IMPROVED: lambda: self.better(member_id, mine, inside, dates),
            Metric.PACE: lambda: self.speed([each for each in inside if each.sport == (sport or Sport.RUN)], dates),
        }.get(metric, lambda: sum(getattr(each, metric.column) or 0.0 for each in inside))()

    def speed(self, inside: list[Activity], as_long_as: Dates) -> float:
        """Return metres per second in one sport; 0 for a member who did not go far enough in these days."""
        ways = [(each.distance, each.duration) for each in inside if each.distance and each.duration]
        metres, seconds = sum(way for way, _ in ways), sum(took for _, took in ways)
        weeks = 4 if as_long_as.days >= 28 else max(1, as_long_as.days // 7)
        is_far = bool(ways) and inside[0].sport in FAR_ENOUGH and metres >= weeks * FAR_ENOUGH[inside[0].sport]
        return metres / seconds if is_far else 0.0

    def counts(self, each: Activity) -> bool:
        gone = each.deleted_at or each.twin_of or each.excluded_at
        open_enough = not each.private or self.members[each.member_id].includes_private
        believed = each.doubt is None or each.doubt_answer is DoubtAnswer.RIGHT
        return not gone and open_enough and believed

    def worth(self, each: Activity) -> float:
        percent = self.group.settings["manual_percent"]
        return each.points / BY_DEFAULT * percent / 100 if each.manual else each.points

    def by(self, rows: list[Activity], key: object) -> dict[date, float]:
        found: dict[date, float] = defaultdict(float)
        for each in rows:
            found[key(each.local_date)] += self.worth(each)
        return {day: by_tenths(value) for day, value in found.items()}

    def week(self, day: date) -> date:
        """Return the first day of the week."""
        while day.weekday() != self.group.settings["week_start"]:
            day -= timedelta(1)
        return day

    def steadiness(self, inside: list[Activity]) -> float:
        total, good_days = 0.0, defaultdict(int)
        for day, points in self.by(inside, lambda day: day).items():
            for upto, part in ((60, 1.0), (120, 0.5), (10_000, 0.25)):
                below = {60: 0, 120: 60, 10_000: 120}[upto]
                total += part * max(0.0, min(points, upto) - below)
            good_days[day.isocalendar()[:2]] += points >= 10
        return by_tenths(total + sum(5 * min(5, count) for count in good_days.values()))

    def is_away(self, member_id: int, week: date) -> bool:
        return any(
            each.member_id == member_id
            and each.starts <= week + timedelta(6)
            and (each.ends is None or week <= each.ends)
            for each in self.absences
        )

    def weeks_in_a_row(self, member_id: int, mine: list[Activity], end: date) -> float:
        points, days = self.by(mine, self.week), defaultdict(set)
        for each in mine:
            days[self.week(each.local_date)].add(each.local_date)
        this_week, row, frozen = self.week(end), 0, None
        for back in range(104, -1, -1):
            week = this_week - timedelta(7 * back)
            if points.get(week, 0) >= 30 or len(days[week]) >= 2:
                row += 1
            elif self.is_away(member_id, week) or week == this_week or not row:
                continue
            elif frozen is None or week >= frozen + timedelta(56):
                frozen = week
            else:
                row = 0
        return row

    def better(self, member_id: int, mine: list[Activity], inside: list[Activity], dates: Dates) -> float:
        weeks, first = self.by(mine, self.week), self.week(dates.start)
        touched = {self.week(dates.start + timedelta(n)) for n in range(dates.days)}
        if any(self.is_away(member_id, week) for week in touched):
            return 0
        earlier = [first - timedelta(7 * back) for back in range(1, 27)]
        usual = [weeks[week] for week in earlier if weeks.get(week, 0) > 0 and not self.is_away(member_id, week)][:6]
        now = by_tenths(sum(map(self.worth, inside))) / max(1.0, dates.days / 7)
        return round(100 * (now / max(40.0, median(usual)))) if len(usual) >= 3 and now >= 30 else 0

    def belonging(self, fields: set[str]) -> list[Membership]:
        return [each for each in self.places if not each.left_at and not each.hidden and fields <= set(each.shares)]

    def named(self, fields: set[str], since: date) -> list[int]:
        seen = [each for each in self.belonging(fields) if not each.anonymous]
        return [each.member_id for each in seen if each.seen_from is None or each.seen_from <= since]

    def nameless(self, fields: set[str], since: date) -> list[int]:
        came_or_went = any(each.seen_from is not None and each.seen_from > since for each in self.places)
        found = [each.member_id for each in self.belonging(fields) if each.anonymous]
        return found if len(found) >= 3 and not came_or_went else []


def place_in(values: dict[int, float], key: int) -> int | None:
    return 1 + sum(each > values[key] + 1e-6 for each in values.values()) if key in values else None


def told(values: dict[int, float], metric: Metric) -> dict[int, float]:
    least = LEAST.get(metric.unit, 0) if metric.made is Made.ADDED_UP else 0
    return {key: value for key, value in values.items() if value > 0 and value >= least}


def check(by_hand: ByHand, board: standings.Board, before: Dates, sport: Sport | None) -> None:
    metric, dates = board.metric, board.dates
    fields = {"points"} if metric.value in {"streak", "improved", "consistency"} else {metric.value}
    fields = {"time", "distance", "sports"} if metric is Metric.PACE else fields | ({"sports"} if sport else set())
    named, nameless = by_hand.named(fields, dates.start), by_hand.nameless(fields, dates.start)
    now = {key: by_hand.of(key, metric, dates, sport) for key in named}
    veiled = {key: by_hand.of(key, metric, dates, sport) for key in nameless}
    veiled = told(veiled, metric) if len(told(veiled, metric)) >= 3 else {}
    still_named = set(named) & set(by_hand.named(fields, before.start))
    earlier = {key: by_hand.of(key, metric, before, sport) for key in still_named}
    rows = {row.member.id: row for row in board.rows}
    assert {key: row.place.value for key, row in rows.items() if key > 0} == pytest.approx(told(now, metric))
    assert sorted(row.place.value for key, row in rows.items() if key < 0) == pytest.approx(sorted(veiled.values()))
    assert {key: row.place.value for key, row in board.veiled.items()} == pytest.approx(veiled)
    everybody = [*told(now, metric).values(), *veiled.values()]
    for key, row in rows.items():
        assert row.place.place == 1 + sum(value > row.place.value + 1e-6 for value in everybody)
        assert row.place.tied == (sum(abs(value - row.place.value) < 1e-6 for value in everybody) > 1)
        was, stands = place_in(told(earlier, metric), key), place_in(told(now, metric), key)
        assert row.moved == (was - stands if key > 0 and was is not None and stands is not None else None)
    assert board.sharing == len(named) + len(veiled)
    whole = sum(now.values()) + sum(veiled.values()) if metric.is_sum else 0.0
    assert board.together.value(metric) == pytest.approx(whole)
    assert board.before == pytest.approx(sum(earlier.values()) if metric.is_sum else 0.0)
    is_ranked = len(board.rows) >= by_hand.group.settings["cheer_below"]
    assert board.ranked == is_ranked
    best_first = [(-round(row.place.value, 6), folded(row.member.name)) for row in board.rows]
    by_name = [folded(row.member.name) for row in board.rows]
    assert (best_first == sorted(best_first)) if is_ranked else (by_name == sorted(by_name))


@pytest.mark.parametrize("seed", range(GROUPS))
def test_boards_equal_what_plain_python_makes_of_the_rows(town: Town, seed: int) -> None:
    luck = Random(seed)
    invent(town, luck)
    start, days = TODAY - timedelta(luck.choice([2, 2, 9, 17, 200])), luck.choice([1, 7, 7, 7, 10, 30, 90])
    dates = Dates(start, start + timedelta(days - 1))
    before = luck.choice([dates.moved(-days), dates.moved(-364)])
    with town.world.sessions() as session:
        by_hand = ByHand(
            session.scalars(select(Group)).one(),
            list(session.scalars(select(Membership))),
            {each.id: each for each in session.scalars(select(Member))},
            list(session.scalars(select(Activity))),
            list(session.scalars(select(Day))),
            list(session.scalars(select(Absence))),
        )
        for metric in Metric:
            for sport in (None, luck.choice(SPORTS)):
                board = standings.make_board(session, by_hand.group, metric, dates, before, sport)
                check(by_hand, board, before, sport)
