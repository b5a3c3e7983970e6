"""Weeks in a row, usual weeks, consistent weeks, and records."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitness.improved import compare_with_usual, find_usual_week
from fitness.records import RecordedSession, RecordKind, find_records
from fitness.sports import Sport
from fitness.streaks import Streak, Week, count_group_streak, find_streak

NOW = date(2026, 11, 16)
GOOD, BAD = Week(30.0, 1), Week(29.9, 1)


def weeks(pattern: str) -> dict[date, Week]:
    """Return weeks up to this one, the oldest first: "x" is kept, "-" is missed."""
    first = NOW - timedelta(weeks=len(pattern) - 1)
    return {first + timedelta(weeks=i): GOOD if sign == "x" else BAD for i, sign in enumerate(pattern)}


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("", 0),
        ("-", 0),
        ("x", 1),
        ("xxx", 3),
        ("xxx-", 3),  # this week is not over
        ("xxx-x", 4),  # one week is frozen
        ("xxx--x", 1),  # two missed weeks in a row are too many
        ("x-xxxxxx-x", 1),  # seven weeks after the first freeze
        ("x-xxxxxxx-x", 9),  # eight weeks after it
        ("-xx", 2),
    ],
)
def test_weeks_in_a_row(pattern: str, count: int) -> None:
    assert find_streak(weeks(pattern), NOW).weeks == count


def test_two_days_keep_a_week_as_well_as_thirty_points() -> None:
    assert Week(0.0, 2).kept
    assert not Week(29.9, 1).kept


def test_away_weeks_neither_count_nor_break_and_use_no_freeze() -> None:
    gone = {NOW - timedelta(weeks=each) for each in (1, 2, 3)}
    found = find_streak(weeks("xx---x"), NOW, gone)
    assert (found.weeks, found.frozen, found.freeze_ready) == (3, (), True)
    assert find_streak(weeks("xx---x"), NOW).weeks == 1


def test_what_is_told_of_a_streak() -> None:
    found = find_streak(weeks("xxxxx--x-x"), NOW)
    assert found == Streak(1, 5, safe=True, frozen=(), freeze_ready=False, this_week=GOOD)
    assert find_streak(weeks("xx-x-"), NOW).frozen == (NOW - timedelta(weeks=2),)


def test_a_groups_streak() -> None:
    active = {NOW - timedelta(weeks=each): count for each, count in enumerate((1, 3, 4, 2, 5))}
    assert count_group_streak(active, NOW, 3) == 2
    assert count_group_streak(active | {NOW: 3}, NOW, 3) == 3
    assert count_group_streak({}, NOW, 3) == 0


def points(*values: float) -> dict[date, float]:
    """Return the points of the weeks before this one, the newest first."""
    return {NOW - timedelta(weeks=each): value for each, value in enumerate(values, 1)}


def test_the_usual_week_is_the_median_of_the_last_six_with_points() -> None:
    assert find_usual_week(points(50, 60, 70, 80, 90, 100, 900), NOW) == 75
    assert find_usual_week(points(50, 0, 60, 0, 70), NOW) == 60
    assert find_usual_week(points(5, 6, 7), NOW) == 40
    assert find_usual_week(points(50, 60), NOW) is None
    assert find_usual_week(points(50, 60, 70), NOW, {NOW - timedelta(weeks=1)}) is None
    assert find_usual_week({NOW: 500.0} | points(50, 60, 70), NOW) == 60
    assert find_usual_week(points(*[0] * 26, 50, 60, 70), NOW) is None


def test_how_much_better_than_usual() -> None:
    assert compare_with_usual(137, 100).score == 137
    assert compare_with_usual(137, 100).change == pytest.approx(0.37)
    assert compare_with_usual(900, 100).change == 1.5
    assert compare_with_usual(29.9, 40) is None
    assert compare_with_usual(100, None) is None


def run(number: int, seconds: float = 3_000.0, metres: float = 8_000.0, **more: object) -> RecordedSession:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(number)
    return RecordedSession(number, Sport.RUN, start.date(), start, seconds, metres, **more)


def splits(found: list, metres: int = 5_000) -> list:
    return [each for each in found if each.kind is RecordKind.SPLIT and each.metres == metres]


def test_records_deserve_to_be_told_only_after_some_history() -> None:
    sessions = [run(number, splits={5_000: 1_500.0 - number}) for number in range(12)]
    found = splits(find_records(sessions))
    assert len(found) == 12
    assert [each.session_id for each in found if each.deserves] == [8, 9, 10, 11]
    assert (found[-1].value, found[-1].before) == (1_489.0, 1_490.0)


def test_what_hardly_beats_or_is_doubted_is_not_told_and_garmins_word_is() -> None:
    history = [run(number, splits={5_000: 1_500.0}) for number in range(8)]
    for more, deserves in (
        ({"splits": {5_000: 1_499.5}}, False),
        ({"splits": {5_000: 1_499.0}}, True),
        ({"splits": {5_000: 1_400.0}, "doubtful": True}, False),
    ):
        assert splits(find_records([*history, run(9, **more)]))[-1].deserves is deserves
    early = [run(1, splits={5_000: 1_500.0}), run(2, splits={5_000: 1_450.0}, praised=True)]
    assert [each.deserves for each in splits(find_records(early))] == [False, True]


def test_without_splits_a_whole_session_of_that_length_stands_for_one() -> None:
    assert [each.value for each in splits(find_records([run(1, 1_500.0, 4_900.0)]))] == [1_500.0]
    assert splits(find_records([run(1, 1_500.0, 4_899.0)])) == []


@given(st.lists(st.tuples(st.floats(60, 9_000), st.floats(100, 50_000)), max_size=20), st.integers())
def test_records_do_not_depend_on_the_order_of_arrival(feats: list, seed: int) -> None:
    sessions = [run(number, seconds, metres) for number, (seconds, metres) in enumerate(feats)]
    shuffled = sessions[:]
    Random(seed).shuffle(shuffled)
    assert find_records(shuffled) == find_records(sessions)
