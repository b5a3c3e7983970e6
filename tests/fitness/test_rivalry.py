"""Rivalries: who is close enough, for how long, and how the pairs take turns."""

from datetime import date, timedelta
from itertools import combinations
from random import Random
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from fitness.rivalry import choose_rivalry_of_week, compare_weeks, find_rivalries

FIRST = date(2026, 6, 1)
POINTS = st.lists(st.one_of(st.just(0.0), st.floats(1, 400), st.floats(95, 105)), min_size=0, max_size=26)
GROUPS = st.dictionaries(st.integers(1, 9), POINTS, max_size=6)


def weeks(values: list[float]) -> dict[date, float]:
    return {FIRST + timedelta(weeks=i): value for i, value in enumerate(values)}


def test_ben_and_dev() -> None:
    points = {1: weeks([100] * 7 + [90] * 5), 2: weeks([95] * 12)}
    [found] = find_rivalries(points)
    assert (found.one_won, found.other_won, found.since, found.weeks) == (7, 5, FIRST, 12)
    assert (found.turned().one, found.turned().one_won) == (2, 5)


def test_five_weeks_are_too_few_and_a_wide_gap_is_too_wide() -> None:
    assert find_rivalries({1: weeks([100] * 5), 2: weeks([100] * 5)}) == []
    assert find_rivalries({1: weeks([100] * 6), 2: weeks([84] * 6)}) == []
    assert len(find_rivalries({1: weeks([100] * 6), 2: weeks([85] * 6)})) == 1


def test_a_draw_is_nobodys() -> None:
    found = compare_weeks(1, 2, {1: weeks([50] * 6), 2: weeks([50] * 6)})
    assert (found.one_won, found.other_won) == (0, 0)


@given(GROUPS)
def test_a_rivalry_is_what_plain_counting_says(values: dict[int, list[float]]) -> None:
    points = {key: weeks(each) for key, each in values.items()}
    expected = {}
    for (one, mine), (other, theirs) in combinations(sorted(values.items()), 2):
        common = [(a, b) for a, b in zip(mine, theirs, strict=False) if a > 0 and b > 0]
        if len(common) >= 6 and median(abs(a - b) / max(a, b) for a, b in common) <= 0.15 + 1e-9:
            expected[one, other] = (sum(a > b for a, b in common), sum(b > a for a, b in common), len(common))
    found = {(each.one, each.other): (each.one_won, each.other_won, each.weeks) for each in find_rivalries(points)}
    assert found == expected


@given(GROUPS, st.randoms())
def test_the_order_of_people_changes_nothing(values: dict[int, list[float]], chance: Random) -> None:
    shuffled = list(values)
    chance.shuffle(shuffled)
    points = {key: weeks(each) for key, each in values.items()}
    assert find_rivalries(points) == find_rivalries({key: points[key] for key in shuffled})


@given(st.integers(1, 8), st.dates(date(2024, 1, 1), date(2030, 1, 1)))
def test_every_rivalry_gets_its_turn_before_one_comes_again(people: int, week: date) -> None:
    found = find_rivalries({key: weeks([100] * 6) for key in range(1, people + 1)})
    told = [choose_rivalry_of_week(found, week + timedelta(weeks=i)) for i in range(len(found))]
    assert len(set(told)) == len(found) == people * (people - 1) // 2
    assert choose_rivalry_of_week(found, week) == choose_rivalry_of_week(found[::-1], week)
