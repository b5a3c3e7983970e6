"""Effort points: an example week, the table, and what is true for every possible activity."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitness.garmin_types import LISTED, PARENT_OF
from fitness.met import PARENTS, RUN, SLOWEST_RUN, SWIM, TABLE, WALK, find_met
from fitness.points import FORMULA, Because, ScoredEffort, score, score_legs
from fitness.sports import KNOWN, Sport, find_sport, is_sport, strip_key
from simulator.garmin.types import TYPES


def effort(type_key: str, minutes: float, intensity: int | None = None, **more: object) -> ScoredEffort:
    """Return an activity with a heart rate and this many intensity minutes, or (None) without a heart rate."""
    if intensity is not None:
        more = {"moderate": intensity % 2, "vigorous": intensity // 2, "heart_rate": 140.0} | more
    return ScoredEffort(type_key, minutes, **more)


# The published draft of a week gives sessions, minutes, distances and points of six people, but not the minutes and
# heart rate of each session. These sessions agree with it; their intensity minutes are chosen so that the sums are
# right, within the limits of the formula.
WEEK = {
    # three rides in 5 h 35, 148 km; the one of 78 km takes half of the time
    "Ben": (300, [
        effort("road_biking", 170, 225, km=78.0), effort("gravel_cycling", 90, 112, km=38.0),
        effort("road_biking", 75, 113, km=32.0),
    ]),
    # five walks and a hike of 12 km in 7 h 55, 37 km
    "Dev": (289, [
        *(effort("walking", 58, intensity, km=5.0) for intensity in (48, 48, 48, 48, 47)),
        effort("hiking", 185, 140, km=12.0, climb=480.0),
    ]),
    # three runs and the gym in 3 h 39, 31 km
    "Anna": (224, [
        effort("running", 57, 93, km=9.6), effort("running", 28, 58, km=5.0), effort("running", 99, 132, km=16.4),
        effort("strength_training", 35, 24),
    ]),
    # a run, a swim and a ride in 3 h 12, 56 km
    "Eva": (204, [
        effort("running", 50, 108, km=8.4), effort("lap_swimming", 42, km=1.6), effort("cycling", 100, 137, km=46.0),
    ]),
    # three swims and yoga in 3 h 41, 7.7 km; one swim has no heart rate
    "Chloé": (166, [
        effort("lap_swimming", 52, 54, km=2.2), effort("lap_swimming", 56, km=2.4),
        effort("lap_swimming", 68, 70, km=3.1), effort("yoga", 45, 0),
    ]),
    # the gym, HIIT and a run in 1 h 58
    "Finn": (87, [effort("strength_training", 50, 28), effort("hiit", 34, 47), effort("running", 34, 52, km=5.2)]),
}  # fmt: skip
SAID = {"Ben": (335, 148.0), "Dev": (475, 37.0), "Anna": (219, 31.0), "Eva": (192, 56.0), "Chloé": (221, 7.7),
        "Finn": (118, 5.2)}  # fmt: skip


@pytest.mark.parametrize("name", WEEK)
def test_the_worked_week_comes_out_to_the_point(name: str) -> None:
    points, sessions = WEEK[name]
    assert round(sum(score(each).points for each in sessions)) == points
    assert (sum(each.minutes for each in sessions), round(sum(each.km or 0 for each in sessions), 1)) == SAID[name]


def test_the_worked_week_adds_up_for_the_group() -> None:
    assert round(sum(score(each).points for _, sessions in WEEK.values() for each in sessions)) == 1270
    assert sum(len(sessions) for _, sessions in WEEK.values()) == 23


def test_the_published_example_of_a_run() -> None:
    made = score(effort("running", 47, 80, km=8.1))
    assert (made.met.value, made.table, made.heart, made.points, made.because) == (10.5, 82.2, 53.3, 57.6, Because.LOW)


@pytest.mark.parametrize(
    ("made", "points", "because"),
    [
        (effort("strength_training", 4.9), 0.0, Because.SHORT),
        (effort("strength_training", 5), 2.9, Because.TABLE),
        (effort("meditation", 60, 40), 0.0, Because.NO_SPORT),
        (effort("yoga", 60), 23.0, Because.TABLE),
        (effort("yoga", 60, 0, heart_rate=None), 23.0, Because.TABLE),
        (effort("yoga", 60, 0), 16.1, Because.LOW),
        (effort("yoga", 60, 30), 20.0, Because.HEART),
        (effort("yoga", 60, 90), 29.9, Because.HIGH),
        (effort("yoga", 60, 90, manual=True), 16.1, Because.MANUAL),
        (effort("road_biking", 60, moving_minutes=30), 35.0, Because.TABLE),
        (effort("road_biking", 60, moving_minutes=0.0), 70.0, Because.TABLE),
        (effort("strength_training", 60, moving_minutes=5), 35.0, Because.TABLE),
        (effort("tennis_v2", 240, moving_minutes=10), 170.0, Because.TABLE),
        (effort("golf", 240), 90.0, Because.TABLE),
        # A heart rate, but no intensity minutes: the table alone, as for a watch that measured no heart rate.
        (effort("running", 47, km=8.1, heart_rate=150.0), 82.2, Because.TABLE),
        # Only moderate minutes, or only vigorous ones: 30 intensity minutes both times.
        (effort("yoga", 60, moderate=30, heart_rate=110.0), 20.0, Because.HEART),
        (effort("yoga", 60, vigorous=15, heart_rate=150.0), 20.0, Because.HEART),
        # 100 points by the table: heart rate decides from 70 to 130, these two included.
        (effort("hiking", 100, 105), 70.0, Because.HEART),
        (effort("hiking", 100, 195), 130.0, Because.HEART),
        # Without a distance the speed is unknown, not slow: 9.3 METs for an hour.
        (effort("running", 60), 93.0, Because.TABLE),
        # 9 metres climbed per kilometre are flat (5.3 METs), and so are none; an unknown climb is hilly (6.0 METs).
        (effort("hiking", 60, km=10.0, climb=90.0), 53.0, Because.TABLE),
        (effort("hiking", 60, km=10.0, climb=0.0), 53.0, Because.TABLE),
        (effort("hiking", 60, km=10.0), 60.0, Because.TABLE),
        (effort("hiking", 60, climb=90.0), 60.0, Because.TABLE),
        (effort("indoor_cycling", 60, watts=140), 80.0, Because.TABLE),
    ],
)
def test_what_decides(made: ScoredEffort, points: float, because: Because) -> None:
    assert (score(made).points, score(made).because) == (points, because)


def test_one_activity_earns_400_at_most_and_a_triathlon_too() -> None:
    long = score(effort("road_biking", 600))
    assert (long.points, long.capped, long.table) == (400.0, True, 700.0)
    legs = [score(effort("road_biking", 300)), score(effort("running", 60, km=10.0)), score(effort("transition_v2", 5))]
    assert score_legs(legs[1:]).points == legs[1].points == 93.0
    assert (score_legs(legs).points, score_legs(legs).capped, score_legs(legs).because) == (400.0, True, Because.LEGS)


def test_a_multisport_session_is_told_as_the_sum_of_its_parts() -> None:
    """In MET-minutes: 7.0 × 40.25 = 281.75 and 9.3 × 20.5 = 190.65, together 472.4 in 60.75 minutes."""
    whole = score_legs([score(effort("road_biking", 40.25)), score(effort("running", 20.5))])
    assert (whole.points, whole.table, whole.minutes, whole.met.value) == (78.8, 78.8, 60.75, 7.8)
    assert not whole.capped
    assert score_legs([]).points == score_legs([]).met.value == 0


def test_exactly_400_points_are_not_cut() -> None:
    """2,400 MET-minutes: 400 minutes on a hilly hike, or four parts of 100."""
    assert (score(effort("hiking", 400)).points, score(effort("hiking", 400)).capped) == (400.0, False)
    legs = score_legs([score(effort("hiking", 100)) for _ in range(4)])
    assert (legs.points, legs.capped) == (400.0, False)


@pytest.mark.parametrize(
    ("key", "more", "value"),
    [
        ("running", {}, 9.3),
        ("running", {"kmh": 6.76}, 6.5),
        ("running", {"kmh": 5.89}, 4.8),
        ("running", {"kmh": 12.0}, 11.8),
        ("street_running", {"kmh": 25.0}, 23.0),
        ("trail_running", {"kmh": 12.0}, 9.3),
        ("walking", {}, 3.5),
        ("walking", {"kmh": 5.0}, 3.8),
        ("casual_walking", {"kmh": 7.0}, 3.0),
        ("lap_swimming", {}, 5.8),
        ("lap_swimming", {"kmh": 360 / 139}, 5.8),
        ("lap_swimming", {"kmh": 360 / 137}, 8.0),
        ("open_water_swimming", {"kmh": 360 / 104}, 10.5),
        ("open_water_swimming", {}, 6.0),
        ("hiking", {"climb_per_km": 9.0}, 5.3),
        ("hiking", {"climb_per_km": 10.0}, 6.0),
        ("hiking", {}, 6.0),
        ("road_biking", {"kmh": 45.0, "watts": 300}, 7.0),
        ("indoor_cycling", {"watts": 140}, 8.0),
        ("virtual_ride", {"watts": 260}, 10.3),
        ("indoor_rowing", {"watts": 100}, 7.5),
        ("indoor_rowing", {"watts": 150}, 11.0),
        ("kayaking_v2", {}, 5.0),
        ("resort_skiing_snowboarding_ws", {}, 6.3),
        ("driving_general", {"kmh": 100.0}, 0.0),
    ],
)
def test_the_table(key: str, more: dict[str, float], value: float) -> None:
    assert find_met(key, **more).value == value


# The pretend Garmin has the most frequent types with their suffixes and parents.
KEYS = {*TYPES, *TABLE, *KNOWN}


def test_no_type_is_forgotten() -> None:
    assert len(LISTED) == 152
    assert LISTED <= KNOWN
    assert set(TABLE) <= KNOWN
    assert {strip_key(key) for key in TYPES} <= KNOWN


def test_parents_are_those_that_garmin_says() -> None:
    listed = {strip_key(key): kind.parent_id for key, kind in TYPES.items() if strip_key(key) in PARENT_OF}
    assert len(listed) > 30
    assert {key: PARENT_OF[key] for key in listed} == listed


@pytest.mark.parametrize(("key", "parent"), PARENT_OF.items())
def test_a_type_earns_the_same_from_garmin_and_from_a_file_that_names_no_parent(key: str, parent: int) -> None:
    assert find_met(key) == find_met(key, parent)


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_type_resolves(key: str) -> None:
    kind = TYPES.get(key)
    met = find_met(key, kind.parent_id if kind else None)
    assert (met.value == 0) == (not is_sport(key))
    assert 0 <= met.value <= 23
    assert met.edition in {"2024", "2011", "proxy"}


@pytest.mark.parametrize(("parent", "met"), PARENTS.items())
def test_an_unknown_type_has_its_parents_value_and_else_four(parent: int, met: object) -> None:
    assert find_met("backwards_unicycling", parent) == met
    assert find_met("ice_hockey").value == find_met("ice_hockey", 206).value == 7.0
    assert find_met("backwards_unicycling", 17).value == find_met("backwards_unicycling").value == 4.0


MINUTES = st.floats(0, 2_000)
INTENSITY = st.none() | st.integers(0, 1_500)
KINDS = st.sampled_from(sorted(KEYS))
EFFORTS = st.builds(
    ScoredEffort,
    type_key=KINDS,
    minutes=MINUTES,
    parent_id=st.none() | st.sampled_from([1, 2, 4, 17, 26, 29, 165, 206, 219, 228]),
    moving_minutes=st.none() | MINUTES,
    km=st.none() | st.floats(0, 500),
    climb=st.none() | st.floats(0, 9_000),
    watts=st.none() | st.floats(0, 1_000),
    heart_rate=st.none() | st.floats(40, 220),
    moderate=INTENSITY,
    vigorous=INTENSITY,
    manual=st.booleans(),
)
ROUNDING = 0.11


@given(EFFORTS)
def test_never_below_nothing_above_the_cap_or_outside_the_clamp(made: ScoredEffort) -> None:
    found = score(made)
    assert 0 <= found.points <= FORMULA.most
    if found.because in {Because.HEART, Because.LOW, Because.HIGH}:
        assert min(400, FORMULA.low * found.table) - ROUNDING <= found.points
        assert found.points <= min(400, FORMULA.high * found.table) + ROUNDING
    if not is_sport(made.type_key):
        assert found.points == 0


@given(EFFORTS, st.floats(1, 3))
def test_longer_at_the_same_pace_is_never_less(made: ScoredEffort, factor: float) -> None:
    grown = {
        name: getattr(made, name) * factor
        for name in ("minutes", "moving_minutes", "km", "climb", "moderate", "vigorous")
        if getattr(made, name) is not None
    }
    # A speed is rarely within one rounding of the edge of a band.
    before, after = score(made), score(replace(made, **grown))
    assert after.points >= before.points - ROUNDING or after.met != before.met


@given(EFFORTS, st.integers(0, 500))
def test_a_harder_heart_is_never_less(made: ScoredEffort, more: int) -> None:
    harder = replace(made, moderate=made.moderate or 0, vigorous=(made.vigorous or 0) + more, heart_rate=150.0)
    easier = replace(harder, vigorous=made.vigorous or 0)
    assert score(harder).points >= score(easier).points


def test_no_unit_slips() -> None:
    """Ten kilometres in an hour are 10 km/h; 2 km in 40 minutes are 120 s for 100 m: each is in its own band."""
    for bands, key, scale in ((RUN, "running", 1.0), (WALK, "walking", 1.0), (SWIM, "lap_swimming", 3.6)):
        for limit, value, _ in bands[:-1]:
            kmh = limit * scale * 0.999
            if key != "running" or kmh > SLOWEST_RUN:
                assert score(effort(key, 60, km=kmh)).met.value == value
                assert score(effort(key, 90, moving_minutes=60, km=kmh)).met.value == value


@given(st.lists(st.builds(effort, KINDS, st.floats(5, 300)), max_size=8), st.randoms())
def test_the_order_does_not_matter(sessions: list[ScoredEffort], luck: Random) -> None:
    before = {id(each): score(each) for each in sessions}
    luck.shuffle(sessions)
    assert all(score(each) == before[id(each)] for each in sessions)
    assert score_legs([score(each) for each in sessions]).points == score_legs(list(before.values())).points


def test_every_family_is_worth_something() -> None:
    keys = {find_sport(key): key for key in TABLE}
    assert {Sport.RUN, Sport.RIDE, Sport.SWIM, Sport.ROW, Sport.RACKET} <= set(keys)
    assert all(score(effort(key, 60)).points > 0 for key in keys.values())
