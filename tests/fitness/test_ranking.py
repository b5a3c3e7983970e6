import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitness.ranking import RankedPlace, find_movers, rank

BOARDS = st.dictionaries(st.integers(1, 50), st.integers(0, 6).map(float))


def test_after_a_tie_for_second_comes_the_fourth():
    assert rank({11: 3.5, 5: 9.0, 8: 3.5, 7: 1.0}) == [
        RankedPlace(1, 5, 9.0, tied=False),
        RankedPlace(2, 8, 3.5, tied=True),
        RankedPlace(2, 11, 3.5, tied=True),
        RankedPlace(4, 7, 1.0, tied=False),
    ]


def test_an_empty_board():
    assert rank({}) == []


def test_a_tie_is_listed_in_the_order_asked_for():
    names = {1: "Zoe", 2: "Anna", 3: "Mia"}
    assert [place.key for place in rank({1: 2.0, 2: 2.0, 3: 2.0}, order=lambda key: names[key])] == [2, 3, 1]


def test_sums_that_differ_only_by_rounding_are_tied():
    assert 0.1 + 0.2 != 0.3
    assert [place.place for place in rank({1: 0.1 + 0.2, 2: 0.3})] == [1, 1]
    assert [place.place for place in rank({1: 1.0, 2: 1.0 - 1e-6})] == [1, 2]


def test_a_chain_of_tiny_steps_is_not_one_tie():
    step = 0.8e-9
    assert [(place.key, place.place) for place in rank({1: 0.0, 2: step, 3: 2 * step})] == [(2, 1), (3, 1), (1, 3)]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_not_ranked(value):
    with pytest.raises(ValueError, match="of 4 cannot be ranked"):
        rank({3: 1.0, 4: value})


@given(BOARDS)
def test_a_place_is_one_more_than_the_number_of_better_ones(values):
    board = rank(values)
    assert sorted(place.key for place in board) == sorted(values)
    assert [place.value for place in board] == sorted(values.values(), reverse=True)
    for place in board:
        assert place.place == 1 + sum(value > place.value for value in values.values())
        assert place.tied == (list(values.values()).count(place.value) > 1)


def test_movers():
    before = rank({1: 50.0, 2: 40.0, 3: 30.0, 4: 20.0})
    now = rank({4: 90.0, 1: 50.0, 2: 45.0, 9: 1.0})
    assert find_movers(now, before) == {4: 3, 1: -1, 2: -1}


@given(BOARDS, BOARDS)
def test_who_climbed_on_the_way_there_falls_on_the_way_back(one, other):
    there, back = find_movers(rank(one), rank(other)), find_movers(rank(other), rank(one))
    assert there == {key: -change for key, change in back.items()}
    assert set(there) == set(one) & set(other)
