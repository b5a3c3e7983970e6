"""Boards equal a simple computation, are fast for a thousand members, and tell of a formula that has changed."""

import gc
import os
import re
import time
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from random import Random
from statistics import quantiles

import pytest
from sqlalchemy import event, func, select, text, update

from fitness.dates import Dates
from fitness.metrics import Metric
from fitness.points import FORMULA
from fitness.sports import Sport
from jobs.scoring import score_anew
from models import Activity, Day, DoubtAnswer, FormulaRun, Group, Member, Membership
from models.garmin import ADDED_UP
from providers.garmin.activity_rows import read_page
from services.play import series, standings
from services.training import merging, scoring
from simulator.garmin.athletes import Athlete
from tests.accounts import link
from tests.letters import Letters
from tests.scenes import has_moved, november, runs, start_group
from tests.town import START, Person, Town

GROUPS = int(os.environ.get("RANDOM_GROUPS", "6"))
MEMBERS, EACH = 1_000, int(os.environ.get("BOARD_EACH", "40"))
BOARDS = 21 if EACH < 300 else 201
WEEK = Dates(date(2026, 11, 16), date(2026, 11, 22))
BEFORE = WEEK.moved(-7)
SUMS = [Metric.POINTS, Metric.TIME, Metric.DISTANCE, Metric.ELEVATION, Metric.COUNT]
CONSENT = {"consented_at": START, "consent_version": "1"}
ALL_SHARED = ["sports", "time", "distance", "count", "points", "elevation", "steps"]


def activity(member_id: int, number: int, day: date, luck: Random, **more: object) -> Activity:
    facts = {
        "member_id": member_id,
        "external_id": number,
        "type": "other",
        "sport": luck.choice([Sport.RUN, Sport.RIDE, Sport.YOGA]),
        "start_utc": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        "utc_offset": 0,
        "local_date": day,
        "duration": float(luck.choice([0, 600, 3600, 3600.5])),
        "distance": luck.choice([None, 0.0, 5_000.0, 10_000.25]),
        "elevation_gain": luck.choice([None, 120.0]),
        "points": luck.choice([0.0, 57.6, 112.9]),
        "points_version": FORMULA.version,
        "private": False,
        "deleted_at": luck.choice([None, None, None, START]),
        "twin_of": luck.choice([None, None, None, 1]),
        "excluded_at": luck.choice([None, None, None, START]),
        "doubt": luck.choice([None, None, "too_fast"]),
        "doubt_answer": luck.choice([None, DoubtAnswer.RIGHT, DoubtAnswer.LEFT_OUT]),
        "processed_metrics": {},
        "raw_data": {},
        "fingerprint": "",
    }
    return Activity(**facts | more)


def newcomer(number: int) -> Member:
    return Member(name=f"M{number:02}", locale="en", timezone="UTC", address=f"whatsapp:+4915{number:08}")


def people(town: Town, count: int) -> int:
    """Add a group with this many members. Returns its id."""
    with town.world.sessions.begin() as session:
        members = [newcomer(number) for number in range(count)]
        group = Group(name="Random", timezone="UTC", settings={"cheer_below": 1})
        session.add_all([*members, group])
        session.flush()
        session.add_all(
            Membership(
                group_id=group.id,
                member_id=each.id,
                joined_at=START,
                consented_at=START,
                consent_version=1,
                shares=ALL_SHARED,
            )
            for each in members
        )
        return group.id


def plain(rows: list[Activity], metric: Metric, dates: Dates, sport: Sport | None) -> dict[int, float]:
    """Return the figures by plain Python, from each row's own columns."""
    found: dict[int, float] = defaultdict(float)
    for row in rows:
        counts = not (row.deleted_at or row.twin_of or row.excluded_at)
        believed = row.doubt is None or row.doubt_answer is DoubtAnswer.RIGHT
        if counts and believed and row.local_date in dates and sport in {None, row.sport}:
            found[row.member_id] += {
                Metric.POINTS: row.points,
                Metric.TIME: row.duration,
                Metric.DISTANCE: row.distance or 0.0,
                Metric.ELEVATION: row.elevation_gain or 0.0,
                Metric.COUNT: 1,
            }[metric]
    return {key: value for key, value in found.items() if value > 0}


@pytest.mark.parametrize("seed", range(GROUPS))
def test_boards_equal_a_plain_recomputation(town: Town, seed: int) -> None:
    luck = Random(seed)
    group_id = people(town, luck.randint(1, 9))
    with town.world.sessions.begin() as session:
        ids = list(session.scalars(select(Membership.member_id).where(Membership.group_id == group_id)))
        session.add_all(
            activity(luck.choice(ids), number, BEFORE.start + timedelta(luck.randint(-3, 16)), luck)
            for number in range(luck.randint(0, 90))
        )
    with town.world.sessions() as session:
        rows, group = list(session.scalars(select(Activity))), session.get_one(Group, group_id)
        for metric in SUMS:
            for sport in (None, Sport.RUN):
                board = standings.make_board(session, group, metric, WEEK, BEFORE, sport)
                now, before = (plain(rows, metric, dates, sport) for dates in (WEEK, BEFORE))
                assert {row.member.id: row.place.value for row in board.rows} == pytest.approx(now)
                for row in board.rows:
                    place = 1 + sum(value > now[row.member.id] + 1e-6 for value in now.values())
                    assert row.place.place == place
                    was = before.get(row.member.id)
                    earlier = was and 1 + sum(value > was + 1e-6 for value in before.values())
                    assert row.moved == (earlier and earlier - place)
                assert board.together.value(metric) == pytest.approx(sum(now.values()))


FILL = """
    INSERT INTO activities (member_id, garmin_activity_id, type, sport, start_utc, utc_offset, local_date, duration,
        distance, elevation_gain, manual, points, points_version, private, processed_metrics, raw_data, fingerprint,
        created_at, updated_at)
    SELECT m.id, m.id * 1000 + n, 'running', (ARRAY['run', 'ride', 'swim', 'yoga'])[1 + n % 4], :start, 0,
        DATE '2026-11-22' - ((n - 1) * 365 / :each), 3600, 10000, 100, false, 50 + n % 9, :version, false, '{}', '{}',
        '', :start, :start
    FROM members m, generate_series(1, :each) n"""


@pytest.fixture
def club(town: Town) -> int:
    """A group of a thousand members with a year of activities: 300 for each member if BOARD_EACH=300."""
    group_id = people(town, MEMBERS)
    with town.world.sessions.begin() as session:
        session.execute(text(FILL), {"each": EACH, "version": FORMULA.version, "start": START})
    with town.world.sessions() as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"}).execute(
            text("VACUUM ANALYZE activities")
        )
    return group_id


MONDAY = date(2026, 11, 9)


@pytest.mark.parametrize(
    ("days", "score"),
    [
        ([0], 0),
        ([9.9], 9.9),
        ([60], 65),
        ([60.5], 65.3),  # 65.25, and a half is rounded up
        ([120], 95),
        ([200], 115),
        ([240], 60 + 30 + 30 + 5),
        ([40] * 6, 6 * 40 + 5 * 5),
        ([40] * 6 + [0] + [40] * 6, 2 * (6 * 40 + 5 * 5)),
    ],
)
def test_even_weeks_beat_one_enormous_day(town: Town, days: list[float], score: float) -> None:
    letters = Letters(town)
    (one,) = letters.members(1)
    for number in range(len(days)):
        letters.moved(one, MONDAY + timedelta(number))
    with town.world.sessions() as session:
        for number, points in enumerate(days):
            day = MONDAY + timedelta(number)
            session.execute(update(Activity).where(Activity.local_date == day).values(points=points))
        both_weeks = Dates(MONDAY, MONDAY + timedelta(13))
        assert series.score_consistency(session, [one.id], both_weeks, FORMULA.manual) == {one.id: score}


def test_the_board_of_a_thousand_is_one_look_at_their_activities(town: Town, club: int) -> None:
    said: list[tuple[str, object]] = []
    engine = town.world.sessions.kw["bind"]

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        if "FROM activities" in statement:
            said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    took = []
    with town.world.sessions() as session:
        group = session.get_one(Group, club)
        gc.freeze()  # as ops/gunicorn.conf.py does
        for _ in range(BOARDS):
            began = time.perf_counter()
            board = standings.make_board(session, group, Metric.POINTS, WEEK, BEFORE)
            took.append(1000 * (time.perf_counter() - began))
    gc.unfreeze()
    event.remove(engine, "before_cursor_execute", note)
    assert len(said) == BOARDS, "one query a board"
    assert len(board.rows) == MEMBERS
    first, *later = took  # a process compiles its statements once
    p50, p95 = quantiles(later, n=20)[9], quantiles(later, n=20)[18]
    told = f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, first {first:.1f} ms"
    print(f"\nboard of {MEMBERS}, {MEMBERS * EACH} activities: {told}")  # noqa: T201
    statement, parameters = said[0]
    with engine.connect() as connection:
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN (ANALYZE) {statement}", parameters))
    assert "Seq Scan on activities" not in plan
    assert "activities_counting_idx" in plan


def test_who_is_far_down_in_a_large_group_sees_the_top_and_themselves(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16))
    with town.world.sessions.begin() as session:
        group = session.scalars(select(Group)).one()
        members = [newcomer(number) for number in range(30)]
        session.add_all(members)
        session.flush()
        for number, each in enumerate(members):
            session.add(
                Membership(
                    group_id=group.id,
                    member_id=each.id,
                    joined_at=START,
                    consented_at=START,
                    consent_version=1,
                    shares=ALL_SHARED,
                )
            )
            clean = {"deleted_at": None, "twin_of": None, "excluded_at": None, "doubt": None, "points": 500.0 + number}
            session.add(activity(each.id, 10 + number, WEEK.start, Random(1), **clean))
    heard = zoe.says("lb")
    assert "🥇 *M29* 529 pts\n" in heard
    assert "31. *Zoë* " in heard
    assert "… and 23 more" in heard


def walked(town: Town, steps: list[int]) -> int:
    """A group whose members took so many steps on the first day of the week. Gives its id."""
    group_id = people(town, len(steps))
    with town.world.sessions.begin() as session:
        ids = session.scalars(select(Membership.member_id).order_by(Membership.member_id))
        session.add_all(Day(member_id=key, day=WEEK.start, steps=count) for key, count in zip(ids, steps, strict=True))
    return group_id


def test_a_board_by_steps_tells_what_else_was_done(town: Town) -> None:
    group_id = walked(town, [9_000, 0])
    clean = {"deleted_at": None, "twin_of": None, "excluded_at": None, "doubt": None, "duration": 600.0}
    with town.world.sessions.begin() as session:
        first = session.scalar(select(Membership.member_id).order_by(Membership.member_id))
        session.add(activity(first, 1, WEEK.start, Random(1), **clean))
    with town.world.sessions() as session:
        board = standings.make_board(session, session.get_one(Group, group_id), Metric.STEPS, WEEK, BEFORE)
        assert [(row.place.place, row.place.value) for row in board.rows] == [(1, 9_000)], "who took none has no place"
        assert (board.together.value(Metric.STEPS), board.together.count, board.together.time) == (9_000, 1, 600)


def test_of_three_without_a_name_all_must_have_moved(town: Town) -> None:
    """With two rows each of the two would know whose the other is."""
    group_id = walked(town, [9_000, 4_000, 0])
    with town.world.sessions.begin() as session:
        session.execute(update(Membership).values(anonymous=True))
    for steps, rows in ((0, []), (100, [9_000, 4_000, 100])):
        with town.world.sessions.begin() as session:
            session.execute(update(Day).where(Day.steps < 4_000).values(steps=steps))
            board = standings.make_board(session, session.get_one(Group, group_id), Metric.STEPS, WEEK, BEFORE)
            assert [row.place.value for row in board.rows] == rows
            assert sorted(row.place.value for row in board.veiled.values()) == sorted(rows)
            for member in session.scalars(select(Member)):
                assert board.row_of(member) == board.veiled.get(member.id)


def test_a_formula_that_changed_scores_everything_anew_and_says_so(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16, 17))
    has_moved(jose, runs(16))
    right = zoe.says("lb")
    with town.world.sessions.begin() as session:
        session.execute(update(Activity).values(points=1.0, points_version=0, processed_metrics={"version": 1}))
        session.add(FormulaRun(version=FORMULA.version, began_at=START))
    assert "_Points are being counted anew by formula 1: places may still change._" in zoe.says("lb")
    assert score_anew.body(town.world) == 3
    assert score_anew.body(town.world) == 0
    heard = zoe.says("lb")
    assert heard.startswith(right)
    assert heard.endswith("\n\n_Since Wed 18 Nov points are counted by formula 1._")
    with town.world.sessions() as session:
        assert session.scalar(select(func.count()).where(Activity.points_version == FORMULA.version)) == 3
        assert not scoring.is_due(session)


def test_a_triathlon_earns_what_its_parts_earn_in_whatever_order_they_come(town: Town) -> None:
    def legs(athlete: Athlete) -> int:
        whole = athlete.upload(type_key="multi_sport", start=november(15), seconds=7_500, metres=31_500, parent=True)
        for kind, minutes, metres in (("lap_swimming", 30, 1_500), ("road_biking", 60, 25_000), ("running", 30, 5_000)):
            athlete.upload(type_key=kind, start=november(15, 10), seconds=60 * minutes, metres=metres, parentId=whole)
        return whole

    linked = link(town)
    whole = legs(linked.athlete)
    rows = list(linked.athlete.activities)
    found = []
    for order in (rows, rows[::-1]):
        with town.world.sessions.begin() as session:
            session.execute(text("DELETE FROM activities"))
            member = session.get_one(Member, linked.member_id)
            merging.import_recordings(session, member, read_page(order, last=True).recordings, START)
            [kept] = session.scalars(select(Activity))
            assert kept.external_id == whole
            found.append((kept.points, kept.processed_metrics["score"]["because"], len(scoring.find_legs(kept))))
    assert found[0] == found[1]
    assert found[0][1:] == ("legs", 3)
    assert found[0][0] > 100


def test_the_index_of_boards_holds_every_column_that_a_metric_adds_up(town: Town) -> None:
    query = text("SELECT pg_get_indexdef('activities_counting_idx'::regclass)")
    with town.world.sessions() as session:
        defined = str(session.scalar(query))
    held = re.search(r"INCLUDE \(([^)]*)\)", defined)[1].split(", ")
    assert held == list(ADDED_UP), f"write a migration like 0030, with BEFORE = {held} and ADDED_UP = {list(ADDED_UP)}"
