"""The forecast of a goal."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fitness.goals import forecast_goal, look_back
from fitness.periods import Dates

NOVEMBER = Dates(date(2026, 11, 1), date(2026, 11, 30))
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
FIGURES = st.floats(0, 1e7, allow_nan=False)


def test_a_goal_on_its_way_is_given_a_date() -> None:
    ahead = forecast_goal(4_900, 6_000, 28 * 220, NOVEMBER, date(2026, 11, 22))
    assert (ahead.on, ahead.percent, ahead.days_left, ahead.is_reached) == (date(2026, 11, 27), 81, 9, False)


def test_up_to_twice_the_days_left_a_date_is_given_and_after_that_none() -> None:
    today = date(2026, 11, 21)  # ten days are left
    assert forecast_goal(0, 20, 28, NOVEMBER, today).on == today + timedelta(20)
    assert forecast_goal(0, 20.01, 28, NOVEMBER, today).on is None
    assert forecast_goal(0, 20, 0, NOVEMBER, today).on is None


def test_what_is_reached_or_over_needs_no_date() -> None:
    reached = forecast_goal(6_000, 6_000, 100, NOVEMBER, date(2026, 11, 22))
    assert (reached.is_reached, reached.on, reached.percent) == (True, None, 100)
    over = forecast_goal(5_999.9, 6_000, 1_000, NOVEMBER, date(2026, 12, 1))
    assert (over.is_over, over.on, over.percent) == (True, None, 99)


def test_a_goal_yet_to_begin_is_reckoned_from_its_first_day() -> None:
    ahead = forecast_goal(0, 14, 28, Dates(date(2026, 12, 1), date(2026, 12, 14)), date(2026, 11, 22))
    assert (ahead.on, ahead.days_left) == (date(2026, 12, 15), 14)


def test_the_pace_is_that_of_four_weeks() -> None:
    assert look_back(date(2026, 11, 28)) == Dates(date(2026, 11, 1), date(2026, 11, 28))


@given(
    done=FIGURES,
    target=st.floats(0.1, 1e7),
    recent=FIGURES,
    today=DAYS,
    before=st.integers(0, 60),
    length=st.integers(1, 366),
)
def test_a_forecast_keeps_its_word(
    done: float, target: float, recent: float, today: date, before: int, length: int
) -> None:
    dates = Dates(today - timedelta(before), today - timedelta(before) + timedelta(length - 1))
    ahead = forecast_goal(done, target, recent, dates, today)
    assert 0 <= ahead.percent <= 100
    assert (ahead.percent == 100) == ahead.is_reached or done / target > 0.999999
    if ahead.on is None:
        slow = done + recent / 28 * (2 * ahead.days_left - 1) < target
        assert ahead.is_reached or ahead.is_over or slow
    else:
        days = (ahead.on - today).days
        assert not ahead.is_reached
        assert 1 <= days <= 2 * ahead.days_left
        assert done + recent / 28 * days >= target * (1 - 1e-6)  # this many days are enough
        assert done + recent / 28 * (days - 1) < target * (1 + 1e-6)  # and one day fewer is not


@given(done=FIGURES, target=st.floats(0.1, 1e7), recent=FIGURES, more=st.floats(1, 1e6), today=DAYS)
def test_more_never_makes_it_later(done: float, target: float, recent: float, more: float, today: date) -> None:
    dates = Dates(today, today + timedelta(29))
    one = forecast_goal(done, target, recent, dates, today)
    for other in (
        forecast_goal(done + more, target, recent, dates, today),
        forecast_goal(done, target, recent + more, dates, today),
    ):
        if one.on is not None:
            assert other.is_reached or (other.on is not None and other.on <= one.on)
