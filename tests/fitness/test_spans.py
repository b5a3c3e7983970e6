"""Spans of days, which may be in the future."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitness.forms import BadPeriod
from fitness.periods import Dates
from fitness.spans import find_span

TODAY = date(2026, 11, 25)  # a Wednesday


@pytest.mark.parametrize(
    ("line", "start", "end"),
    [
        ("until 3 jan", "2026-11-25", "2027-01-03"),
        ("until next sunday", "2026-11-25", "2026-11-29"),
        ("until next march run", "2026-11-25", "2027-03-31"),
        ("until 31.12", "2026-11-25", "2026-12-31"),
        ("100 km until 5.1 run", "2026-11-25", "2027-01-05"),
        ("from 1 dec until 31.12", "2026-12-01", "2026-12-31"),
        ("until friday", "2026-11-25", "2026-11-27"),
        ("until december", "2026-11-25", "2026-12-31"),
        ("for 2 weeks", "2026-11-25", "2026-12-08"),
        ("2w", "2026-11-25", "2026-12-08"),
        ("the next 4 weeks", "2026-11-25", "2026-12-22"),
        ("fortnight", "2026-11-25", "2026-12-08"),
        ("1 to 14 dec", "2026-12-01", "2026-12-14"),
        ("1-14 dec", "2026-12-01", "2026-12-14"),
        ("most improved 1–14 dec", "2026-12-01", "2026-12-14"),
        ("from 20 dec until 3 jan", "2026-12-20", "2027-01-03"),
        ("between 20 dec and 3 jan", "2026-12-20", "2027-01-03"),
        ("from monday for 2 weeks", "2026-11-30", "2026-12-13"),
        ("monday for 14 days", "2026-11-30", "2026-12-13"),
        ("december", "2026-12-01", "2026-12-31"),
        ("month", "2026-11-01", "2026-11-30"),
        ("next week", "2026-11-30", "2026-12-06"),
        ("10 jan to 20 feb", "2027-01-10", "2027-02-20"),
        ("2026-12-01 to 2026-12-14", "2026-12-01", "2026-12-14"),
        ("for 3 months", "2026-11-25", "2027-02-24"),
        ("for 1 day", "2026-11-25", "2026-11-25"),
        ("for 2 years", "2026-11-25", "2028-11-24"),
        ("for 3660 days", "2026-11-25", "2036-12-01"),  # the most: ten years of 366 days
    ],
)
def test_a_span_lies_ahead(line: str, start: str, end: str) -> None:
    span, _ = find_span(line.split())
    assert span.resolve(TODAY) == Dates(date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize("line", ["", "120 km run", "last 4 weeks run", "yes", "until", "streak"])
def test_where_nothing_lies_ahead_there_is_no_span(line: str) -> None:
    found = find_span(line.split())
    assert found is None or found[0].named is not None


def test_since_looks_back_where_the_matter_is_past() -> None:
    span, _ = find_span(["since", "monday"])
    assert span.first_day(TODAY, is_past=True) == date(2026, 11, 23)
    assert span.first_day(TODAY) == date(2026, 11, 30)
    assert span.resolve(TODAY, is_past=True) is None


@pytest.mark.parametrize(
    "line", ["for 9999 weeks", "for 999999999 years", "for 0 days", "for 3661 days", "until 31 nov"]
)
def test_days_that_cannot_be_are_refused(line: str) -> None:
    with pytest.raises(BadPeriod):
        find_span(line.split())[0].resolve(TODAY)


DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))


@given(today=DAYS, ahead=st.integers(0, 360), length=st.integers(1, 360))
def test_what_is_said_in_full_is_found_again(today: date, ahead: int, length: int) -> None:
    start = today + timedelta(ahead)
    end = start + timedelta(length - 1)
    for line in (f"{start} to {end}", f"from {start} until {end}", f"from {start} for {length} days"):
        assert find_span(line.split())[0].resolve(today) == Dates(start, end)


@given(today=DAYS, ahead=st.integers(0, 330))
def test_a_day_without_a_year_is_the_next_one(today: date, ahead: int) -> None:
    end = today + timedelta(ahead)
    span, _ = find_span(f"until {end.day} {end:%b}".lower().split())
    assert span.resolve(today) == Dates(today, end)


@given(
    words=st.lists(
        st.sampled_from(["from", "until", "to", "2", "weeks", "1-14", "dec", "monday", "for", "31", "next", "since"]),
        max_size=7,
    ),
    today=DAYS,
)
def test_any_words_give_a_span_in_order_or_a_plain_refusal(words: list[str], today: date) -> None:
    try:
        found = find_span(words)
        dates = found[0].resolve(today) if found else None
    except BadPeriod:
        return
    if found:
        assert set(found[1]) <= set(range(len(words)))
    if dates:
        assert dates.start <= dates.end
