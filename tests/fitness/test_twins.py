"""Which of two recordings of one session counts."""

import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations, permutations

import pytest

from fitness.twins import PossibleTwin, find_twins

NINE = datetime(2026, 11, 18, 9, tzinfo=UTC)


def record(
    key: int, sport: str = "run", *, after: float = 0, minutes: float = 60, manual: bool = False
) -> PossibleTwin:
    """Return a session that begins this many seconds after nine."""
    return PossibleTwin(key, sport, NINE + timedelta(seconds=after), minutes * 60, manual)


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
def test_two_records(first: PossibleTwin, second: PossibleTwin, pairs: dict[int, int]) -> None:
    assert find_twins([first, second]) == find_twins([second, first]) == pairs


def test_nothing_and_one_have_no_twin() -> None:
    assert find_twins([]) == find_twins([record(1)]) == {}


def test_of_three_records_one_counts_whatever_their_order() -> None:
    three = [record(1, minutes=58), record(2, after=30, minutes=62), record(3, after=60, manual=True)]
    for ordered in permutations(three):
        assert find_twins(ordered) == {1: 2, 3: 2}


def test_what_counts_is_never_itself_a_twin() -> None:
    chain = [record(number, after=280 * number, minutes=60 + number) for number in range(6)]
    pairs = find_twins(chain)
    assert pairs
    assert not set(pairs.values()) & set(pairs)
    assert set(pairs) | set(pairs.values()) == set(range(6))


def test_a_thousand_sessions_of_a_year_are_none() -> None:
    year = [record(number, after=number * 8 * 3600) for number in range(1000)]
    assert find_twins(year) == {}


def by_comparing_all(records: Sequence[PossibleTwin]) -> dict[int, int]:
    """Return the twins by their definition: every pair is compared, in the order of the starts."""
    better: dict[int, int] = {}
    for first, second in combinations(sorted(records, key=lambda each: each.start), 2):
        ends = min(each.start + timedelta(seconds=each.seconds) for each in (first, second))
        shared, shorter = (ends - second.start).total_seconds(), min(first.seconds, second.seconds)
        alike = first.sport == second.sport and second.start - first.start <= timedelta(minutes=5)
        if alike and shorter > 0 and shared >= 0.8 * shorter and not {first.key, second.key} & better.keys():
            kept, other = sorted((first, second), key=lambda each: (each.manual, -each.seconds, each.key))
            better[other.key] = kept.key
    found = {}
    for key, other in better.items():
        while other in better:
            other = better[other]  # noqa: PLW2901 - up to the one that counts
        found[key] = other
    return found


def history(luck: random.Random) -> list[PossibleTwin]:
    """Return sessions of some days or of one minute, long or short, some of them recorded by a second device."""
    span, longest = luck.choice([60, 600, 3600, 3 * 86_400]), luck.choice([1, 30, 600, 7200])
    sports, records = luck.choice([["run"], ["run", "ride"]]), []
    for key in range(luck.randint(0, 40)):
        after = luck.choice([luck.randint(0, span), luck.uniform(0, span)])
        minutes = luck.choice([0, luck.uniform(0, longest), luck.expovariate(1 / longest)]) / 60
        made = record(key, luck.choice(sports), after=after, minutes=minutes, manual=luck.random() < 0.2)
        if records and luck.random() < 0.3:
            seen = luck.choice(records)
            start = seen.start + timedelta(seconds=luck.randint(-60, 60))
            made = PossibleTwin(key, seen.sport, start, seen.seconds * luck.uniform(0.9, 1.1), luck.random() < 0.1)
        records.append(made)
    return records


@pytest.mark.parametrize("seed", range(20))
def test_twins_are_the_same_as_by_comparing_every_pair(seed: int) -> None:
    luck, found = random.Random(seed), 0
    for _ in range(15):
        records = history(luck)
        pairs = by_comparing_all(records)
        found += len(pairs)
        assert find_twins(records) == pairs
    assert found


HOSTILE: dict[str, Callable[[int], tuple[float, float]]] = {  # seconds after nine, and the duration
    "one after the other": lambda n: (n * 0.006, 0.005),
    "each longer than the one before": lambda n: (n * 0.006, 1 + n / 100),
    "each shorter than the one before": lambda n: (n * 0.006, 1_000 / (n + 1)),
    "all at one instant": lambda n: (0, 1 + n / 100),
    "of every length": lambda n: (n * 7919 % 300, 10 ** (n * 104_729 % 600 / 100 - 2)),
    "without a length": lambda n: (n % 300, 0),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_time_does_not_grow_with_the_square_of_the_sessions_of_one_minute(kind: str) -> None:
    """With the square, eight times as many would take 64 times as long: a minute."""
    few, many = (
        [record(n, after=HOSTILE[kind](n)[0], minutes=HOSTILE[kind](n)[1] / 60) for n in range(count)]
        for count in (1_000, 8_000)
    )
    least = min(cpu(few) for _ in range(3))
    assert cpu(many) < 30 * least + 0.05


def cpu(records: Sequence[PossibleTwin]) -> float:
    """Return the CPU seconds of this thread."""
    began = time.thread_time()
    find_twins(records)
    return time.thread_time() - began
