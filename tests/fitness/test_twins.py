"""Which of two records of one session counts."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from fitness.twins import Record, twins

NINE = datetime(2026, 11, 18, 9, tzinfo=UTC)


def record(key: int, sport: str = "run", *, after: float = 0, minutes: float = 60, manual: bool = False) -> Record:
    """A session that begins so many seconds after nine."""
    return Record(key, sport, NINE + timedelta(seconds=after), minutes * 60, manual)


@pytest.mark.parametrize(
    ("first", "second", "pairs"),
    [
        pytest.param(record(1), record(2), {2: 1}, id="alike: the earlier known counts"),
        pytest.param(record(1), record(2, minutes=61), {1: 2}, id="the longer counts"),
        pytest.param(record(1, minutes=90, manual=True), record(2), {1: 2}, id="what a watch saw counts"),
        pytest.param(record(1, manual=True), record(2, minutes=70, manual=True), {1: 2}, id="both by hand"),
        pytest.param(record(1), record(2, "ride"), {}, id="another sport"),
        pytest.param(record(1), record(2, after=300), {2: 1}, id="five minutes apart"),
        pytest.param(record(1), record(2, after=301), {}, id="more than five minutes apart"),
        pytest.param(record(1, minutes=20), record(2, minutes=20, after=240), {2: 1}, id="four fifths shared"),
        pytest.param(record(1, minutes=20), record(2, minutes=20, after=241), {}, id="less than four fifths shared"),
        pytest.param(record(1, minutes=5), record(2, minutes=300, after=60), {1: 2}, id="of the shorter one"),
        pytest.param(record(1, minutes=0), record(2, minutes=0), {}, id="nothing is nothing twice"),
        pytest.param(record(1, minutes=4), record(2, after=245), {}, id="one after the other"),
        pytest.param(record(1, after=-90), record(2, minutes=61), {1: 2}, id="over the hour"),
    ],
)
def test_two_records(first: Record, second: Record, pairs: dict[int, int]) -> None:
    assert twins([first, second]) == twins([second, first]) == pairs


def test_nothing_and_one_have_no_twin() -> None:
    assert twins([]) == twins([record(1)]) == {}


def test_of_three_records_one_counts_whatever_their_order() -> None:
    three = [record(1, minutes=58), record(2, after=30, minutes=62), record(3, after=60, manual=True)]
    for ordered in permutations(three):
        assert twins(ordered) == {1: 2, 3: 2}


def test_what_counts_is_never_itself_a_twin() -> None:
    chain = [record(number, after=280 * number, minutes=60 + number) for number in range(6)]
    pairs = twins(chain)
    assert pairs
    assert not set(pairs.values()) & set(pairs)
    assert set(pairs) | set(pairs.values()) == set(range(6))


def test_a_thousand_sessions_of_a_year_are_none() -> None:
    year = [record(number, after=number * 8 * 3600) for number in range(1000)]
    assert twins(year) == {}
