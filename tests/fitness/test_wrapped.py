"""The highlights of a month, and a landmark as far away as its distance."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitness.landmarks import LANDMARKS, PLACES, WAYS, find_farthest_reached, measure_distance
from fitness.sports import Sport
from fitness.wrapped import (
    Award,
    DaySport,
    find_biggest_day,
    find_favourite_weekday,
    find_longest_streak,
    list_praises,
    share_out,
)

MONDAY = date(2026, 11, 2)


def effort(day=0, sport=Sport.RUN, *, count=1, minutes=60.0, metres=10_000.0):
    return DaySport(MONDAY + timedelta(day), sport, count, 60 * minutes, metres, 60 * minutes)


EFFORTS = st.lists(
    st.builds(effort, st.integers(0, 27), st.sampled_from(Sport), count=st.integers(1, 4), minutes=st.floats(1, 300)),
    min_size=1,
    max_size=40,
)


def awards(*efforts):
    return [praise.award for praise in list_praises(efforts)]


def test_the_biggest_day_is_worth_most_and_the_earlier_of_two():
    assert find_biggest_day([effort(3), effort(1), effort(1, Sport.SWIM, minutes=1)]) == (MONDAY + timedelta(1), 3660)
    assert find_biggest_day([effort(5), effort(2)]) == (MONDAY + timedelta(2), 3600)
    assert find_biggest_day([]) is None


def test_the_favourite_weekday_has_most_sessions():
    assert find_favourite_weekday([effort(6), effort(13), effort(2, count=1)]) == (6, 2)
    assert find_favourite_weekday([]) is None


@pytest.mark.parametrize(
    ("days", "streak"),
    [([], None), ([4], (1, 4, 4)), ([1, 2, 4, 5], (2, 1, 2)), ([9, 7, 8, 8, 2, 3], (3, 7, 9))],
)
def test_a_streak_is_days_in_a_row(days, streak):
    found = find_longest_streak(MONDAY + timedelta(day) for day in days)
    expected = streak and (streak[0], MONDAY + timedelta(streak[1]), MONDAY + timedelta(streak[2]))
    assert found == expected


@pytest.mark.parametrize(
    ("efforts", "award"),
    [
        ([effort(day) for day in range(10)], Award.STREAK),
        ([effort(day, minutes=100) for day in (5, 12, 6)], Award.WEEKEND),
        ([effort(day, Sport.SWIM) for day in (0, 3, 8)], Award.WATER),
        ([effort(day, sport) for day, sport in enumerate(list(Sport)[:4])], Award.ALL_ROUND),
        ([effort(day, minutes=170) for day in (0, 2, 8)], Award.LONG),
        ([effort(2 * day, minutes=20) for day in range(6)], Award.SHORT),
        ([effort(0)], Award.SHOWED_UP),
    ],
)  # fmt: skip
def test_an_award_is_for_what_somebody_did(efforts, award):
    assert award in awards(*efforts)


@given(st.dictionaries(st.integers(1, 60), EFFORTS, min_size=1, max_size=12))
def test_everybody_gets_one_award_and_the_same_one_again(people):
    given_out = share_out(people)
    assert given_out.keys() == people.keys()
    assert share_out(dict(reversed(people.items()))) == given_out
    assert all(0 <= praise.fit <= 1 and praise.figure > 0 for praise in given_out.values())


def test_two_alike_get_different_awards():
    swimmer = [effort(day, Sport.SWIM, minutes=100) for day in (5, 12, 6, 13)]
    assert len({praise.award for praise in share_out({1: swimmer, 2: swimmer, 3: swimmer}).values()}) == 3


def test_ways_are_as_long_as_the_globe_says():
    assert measure_distance("London", "Paris") == pytest.approx(343_600, rel=0.01)
    assert measure_distance("New York", "London") == pytest.approx(5_570_000, rel=0.01)
    assert measure_distance("London", "Sydney") == pytest.approx(16_990_000, rel=0.01)
    assert {place for way in WAYS for place in way} <= PLACES.keys()


def test_there_is_a_landmark_for_every_length():
    assert find_farthest_reached(399) is None
    assert find_farthest_reached(1_000) == (LANDMARKS[0], 2)
    assert find_farthest_reached(42_195)[0].kind == "marathon"
    assert find_farthest_reached(41e6)[0].kind == "earth"
    assert find_farthest_reached(4e8)[0].kind == "moon"
    gaps = [later.metres / earlier.metres for earlier, later in pairwise(LANDMARKS[1:-1])]
    assert max(gaps) < 2.5, "nobody is told of less than two fifths of what they did"
