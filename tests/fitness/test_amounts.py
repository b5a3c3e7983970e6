"""Amounts as people write them."""

import pytest

from bot.words.metrics import COUNTED
from fitness.amounts import find_amount, find_distance, find_length, find_number


@pytest.mark.parametrize(
    ("line", "seconds", "words"),
    [
        ("yoga 45 min", 2_700, range(1, 3)),
        ("45min yoga", 2_700, range(1)),
        ("1h30", 5_400, range(1)),
        ("1h30m", 5_400, range(1)),
        ("1 h 30 min", 5_400, range(4)),
        ("1 hour and 5 minutes", 3_900, range(5)),
        ("1:05:00", 3_900, range(1)),
        ("2 hours", 7_200, range(2)),
        ("1.5 hours", 5_400, range(2)),
        ("half an hour", 1_800, range(3)),
        ("an hour", 3_600, range(2)),
        ("an hour and a half", 5_400, range(5)),
        ("12m 30s", 750, range(2)),
        ("swim 30 min 1 km", 1_800, range(1, 3)),
        ("run 1h 10 km", 3_600, range(1, 2)),
        ("1,500 min", 90_000, range(2)),
    ],
)
def test_a_length_of_time(line: str, seconds: int, words: range) -> None:
    assert find_length(line.split()) == (seconds, words)


@pytest.mark.parametrize("line", ["", "45", "km", "8 km", "hours", "sun 18:00", "7 days"])
def test_what_is_no_length_of_time(line: str) -> None:
    assert find_length(line.split()) is None


@pytest.mark.parametrize(
    ("line", "metres"),
    [
        ("8.1 km", 8_100),
        ("8,1km", 8_100),
        ("5k", 5_000),
        ("3 miles", 4_828.032),
        ("1500m", 1_500),
        ("1 mile", 1_609.344),
        ("42.195 km", 42_195),
        ("8,125 km", 8_125),
        ("12,500 m", 12_500),
    ],
)
def test_a_distance(line: str, metres: float) -> None:
    assert find_distance(["run", *line.split()])[0] == pytest.approx(metres)


@pytest.mark.parametrize(
    ("line", "kind", "size"),
    [
        ("120 km run month", "distance", 120_000),
        ("6000 points month", "points", 6_000),
        ("6,000 points month", "points", 6_000),
        ("1.200.000 steps", "steps", 1_200_000),
        ("7.5 points", "points", 7.5),
        ("2000 m climb", "elevation", 2_000),
        ("10,000 ft up", "elevation", 3_048),
        ("12 sessions", "count", 12),
        ("300000 steps", "steps", 300_000),
        ("10 hours", "time", 36_000),
        ("5,000 kcal month", "calories", 5_000),
        ("1,000 km this year", "distance", 1_000_000),
        ("1.000 km this year", "distance", 1_000_000),
        ("1'000 km this year", "distance", 1_000_000),
        ("1,000.5 km", "distance", 1_000_500),
        ("1.000,5 km", "distance", 1_000_500),
        ("1,234,567.5 m", "distance", 1_234_567.5),
        ("10,5 km", "distance", 10_500),
        ("10.25 km", "distance", 10_250),
        ("0.500 km", "distance", 500),
        ("42.195 km", "distance", 42_195),
        ("12,500 m", "distance", 12_500),
        ("1,500 m climb", "elevation", 1_500),
        ("1,000 miles", "distance", 1_609_344),
        ("1,000 hours", "time", 3_600_000),
        ("1000 hours", "time", 3_600_000),
        ("1.5 hours", "time", 5_400),
    ],
)
def test_how_much_of_what(line: str, kind: str, size: float) -> None:
    assert find_amount(line.split(), COUNTED)[:2] == (kind, size)


def test_a_number() -> None:
    assert [find_number(line.split())[0] for line in ("cheer 2", "manual 7.5", "seven of them")] == [2, 7.5, 7]
    assert find_number(["1,000"])[0] == 1_000
    assert find_number(["none"]) is None
