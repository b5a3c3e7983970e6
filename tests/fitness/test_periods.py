from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fitness.anchors import Between, CalendarDay, NamedMonth, NamedWeekday, NamedYear, Since, Weekend
from fitness.forms import Relative, Rolling, Unit, Which
from fitness.impossible import Wrong
from fitness.periods import (
    ALL_TIME,
    LAST_MONTH,
    LAST_WEEK,
    THIS_MONTH,
    THIS_WEEK,
    THIS_YEAR,
    BadPeriod,
    Dates,
    FuturePeriod,
    Kind,
    find_period,
)
from messages.render import Reader, words

WEDNESDAY = date(2026, 11, 25)


def resolved(line, today=WEDNESDAY, week_starts=0):
    found = find_period(line.split())
    assert found, f"no period in {line!r}"
    dates = found[0].resolve(today, week_starts)
    return str(dates.start), str(dates.end)


@pytest.mark.parametrize(
    ("line", "start", "end"),
    [
        ("today", "2026-11-25", "2026-11-25"),
        ("yesterday", "2026-11-24", "2026-11-24"),
        ("this week", "2026-11-23", "2026-11-29"),
        ("week", "2026-11-23", "2026-11-29"),
        ("last week", "2026-11-16", "2026-11-22"),
        ("this month", "2026-11-01", "2026-11-30"),
        ("month", "2026-11-01", "2026-11-30"),
        ("last month", "2026-10-01", "2026-10-31"),
        ("this year", "2026-01-01", "2026-12-31"),
        ("last year", "2025-01-01", "2025-12-31"),
        ("this weekend", "2026-11-21", "2026-11-22"),
        ("weekend", "2026-11-21", "2026-11-22"),
        ("last weekend", "2026-11-21", "2026-11-22"),
        ("march", "2026-03-01", "2026-03-31"),
        ("december", "2025-12-01", "2025-12-31"),
        ("nov", "2026-11-01", "2026-11-30"),
        ("last nov", "2025-11-01", "2025-11-30"),
        ("sept", "2026-09-01", "2026-09-30"),
        ("may", "2026-05-01", "2026-05-31"),
        ("in march 2025", "2025-03-01", "2025-03-31"),
        ("last march 2025", "2025-03-01", "2025-03-31"),
        ("feb 2024", "2024-02-01", "2024-02-29"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("monday", "2026-11-23", "2026-11-23"),
        ("on thursday", "2026-11-19", "2026-11-19"),
        ("wed", "2026-11-25", "2026-11-25"),
        ("last wed", "2026-11-18", "2026-11-18"),
        ("last 10 days", "2026-11-16", "2026-11-25"),
        ("past 10 days", "2026-11-16", "2026-11-25"),
        ("in the last 4 weeks", "2026-10-29", "2026-11-25"),
        ("last two weeks", "2026-11-12", "2026-11-25"),
        ("past week", "2026-11-19", "2026-11-25"),
        ("last 3 months", "2026-08-26", "2026-11-25"),
        ("last 2 years", "2024-11-26", "2026-11-25"),
        ("since 1 oct", "2026-10-01", "2026-11-25"),
        ("since october", "2026-10-01", "2026-11-25"),
        ("since the 3rd of october 2024", "2024-10-03", "2026-11-25"),
        ("since 2026-10-01", "2026-10-01", "2026-11-25"),
        ("since monday", "2026-11-23", "2026-11-25"),
        ("since 2025", "2025-01-01", "2026-11-25"),
        ("since last month", "2026-10-01", "2026-11-25"),
        ("from 1 oct", "2026-10-01", "2026-11-25"),
        ("from october to today", "2026-10-01", "2026-11-25"),
        ("between 1 and 7 nov", "2026-11-01", "2026-11-07"),
        ("from 1 to 7 nov", "2026-11-01", "2026-11-07"),
        ("nov 1 to 7", "2026-11-01", "2026-11-07"),
        ("between 1st and 7th nov 2024", "2024-11-01", "2024-11-07"),
        ("between 28 oct and 3 nov", "2026-10-28", "2026-11-03"),
        ("between 23 nov and 2 dec", "2026-11-23", "2026-12-02"),
        ("between 28 dec and 3 jan", "2025-12-28", "2026-01-03"),
        ("between 28 dec and 3 jan 2025", "2024-12-28", "2025-01-03"),
        ("between 28 dec 2023 and 3 jan", "2023-12-28", "2024-01-03"),
        ("between 3 and 3 nov", "2026-11-03", "2026-11-03"),
        ("between 9 and 12 dec", "2025-12-09", "2025-12-12"),
        ("between january and march", "2026-01-01", "2026-03-31"),
        ("monday to thursday", "2026-11-23", "2026-11-26"),
        ("1 nov", "2026-11-01", "2026-11-01"),
        ("nov 1", "2026-11-01", "2026-11-01"),
        ("26 nov", "2025-11-26", "2025-11-26"),
        ("seven nov", "2026-11-07", "2026-11-07"),
        ("22nd of may 2025", "2025-05-22", "2025-05-22"),
        ("29 feb", "2024-02-29", "2024-02-29"),
        ("2026-11-03", "2026-11-03", "2026-11-03"),
        ("all time", "1970-01-01", "2026-11-25"),
        ("ever", "1970-01-01", "2026-11-25"),
        ("last couple of weeks", "2026-11-12", "2026-11-25"),
        ("last couple weeks", "2026-11-12", "2026-11-25"),
        ("past few days", "2026-11-23", "2026-11-25"),
        ("last 4 w", "2026-10-29", "2026-11-25"),
        ("one month ago", "2026-10-01", "2026-10-31"),
        ("2 days ago", "2026-11-23", "2026-11-23"),
        ("two weeks ago", "2026-11-09", "2026-11-15"),
        ("a couple of months ago", "2026-09-01", "2026-09-30"),
        ("the day before yesterday", "2026-11-23", "2026-11-23"),
        ("q1", "2026-01-01", "2026-03-31"),
        ("q4 2025", "2025-10-01", "2025-12-31"),
        ("year to date", "2026-01-01", "2026-12-31"),
        ("ytd", "2026-01-01", "2026-12-31"),
        ("month to date", "2026-11-01", "2026-11-30"),
        ("mtd", "2026-11-01", "2026-11-30"),
        ("3/11", "2026-11-03", "2026-11-03"),
        ("3/25", "2026-03-25", "2026-03-25"),  # no month 25: the month was written first
        ("12/12", "2025-12-12", "2025-12-12"),
        ("3/11/25", "2025-11-03", "2025-11-03"),
        ("since 1.11", "2026-11-01", "2026-11-25"),
    ],
)
def test_words_become_dates(line, start, end):
    assert resolved(line) == (start, end)


@pytest.mark.parametrize(
    ("line", "today", "start"),
    [
        ("march", date(2027, 2, 28), "2026-03-01"),
        ("march", date(2027, 3, 1), "2027-03-01"),
        ("last march", date(2027, 3, 31), "2026-03-01"),
        ("29 feb", date(2104, 2, 28), "2096-02-29"),
        ("weekend", date(2026, 11, 28), "2026-11-28"),
        ("last weekend", date(2026, 11, 29), "2026-11-21"),
        ("last weekend", date(2026, 11, 30), "2026-11-28"),
        ("last 1 month", date(2026, 3, 31), "2026-03-01"),
        ("last month", date(2027, 1, 31), "2026-12-01"),
        ("between 28 dec and 3 jan", date(2026, 12, 28), "2026-12-28"),
    ],
)
def test_what_has_no_year_is_the_latest_that_has_begun(line, today, start):
    assert resolved(line, today)[0] == start


def test_a_week_may_start_on_sunday():
    assert resolved("this week", date(2026, 11, 22), week_starts=6) == ("2026-11-22", "2026-11-28")
    assert resolved("this week", date(2026, 11, 22), week_starts=0) == ("2026-11-16", "2026-11-22")
    assert resolved("last week", date(2026, 11, 21), week_starts=5) == ("2026-11-14", "2026-11-20")


@pytest.mark.parametrize(
    ("line", "used"),
    [
        ("how far did i run in march", "in march"),
        ("how far did i run in march 2025 and how long", "in march 2025"),
        ("leaderboard distance last week run", "last week"),
        ("average km per week this year", "this year"),
        ("run over the last 4 weeks please", "over the last 4 weeks"),
        ("today or last week", "last week"),
        ("monday or friday", "monday"),
        ("points between 28 oct and 3 nov everyone", "between 28 oct and 3 nov"),
        ("run from monday to friday", "from monday to friday"),
        ("last weeks leaderboard", "last weeks"),
        ("year 2025", "2025"),
        ("who ran since the 1st of october 2025 most", "since the 1st of october 2025"),
    ],
)
def test_the_longest_phrase_wins_and_says_which_words_it_took(line, used):
    words = line.split()
    _, taken = find_period(words)
    assert [words[place] for place in taken] == used.split()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "leaderboard distance run",
        "24/7",
        "1.11",
        "3 times a week",
        "km per week",
        "2026-13",
        "week 47",
        "sun 18:00",
        "digest mon at 7",
        "every sat 6pm",
        "sun 6 pm",
        "next monday",
        "10000",
        "2000",
        "1999",
        "2026-1-1",
        "2000-05-01",
        "between 1 and 7",
        "marching",
        "last 5 runs",
    ],
)
def test_what_is_no_period_is_left_alone(line):
    assert find_period(line.split()) is None


def test_a_weekday_with_something_else_behind_it_is_a_day():
    assert find_period(["sun", "18", "km"]) == (NamedWeekday(6), range(1))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("31 feb", "There is no 31 February."),
        ("0 nov", "There is no 0 November."),
        ("since nov 31", "There is no 31 November."),
        ("29 feb 2025", "There is no 29 February 2025."),
        ("2026-02-30", "There is no 30 February 2026."),
        ("2026-13-01", "There is no month 13."),
        ("between 9 and 3 nov", "9 November comes after 3 November."),
        ("between 1 and 31 jun", "There is no 31 June."),
        ("from 2 nov 2025 to 1 nov 2025", "2 November 2025 comes after 1 November 2025."),
        ("between 2026 and march 2025", "2026 comes after March 2025."),
        ("last 0 days", "The last 0 days are no time at all."),
        ("last 999999 weeks", "A hundred years is as far back as I can look."),
    ],
)
def test_days_that_no_calendar_has(line, sentence):
    with pytest.raises(BadPeriod) as caught:
        find_period(line.split())
    assert words("words/impossible", Reader(), why=caught.value.why) == sentence


@pytest.mark.parametrize(
    ("line", "starts"),
    [
        ("tomorrow", date(2026, 11, 26)),
        ("next week", date(2026, 11, 30)),
        ("next month", date(2026, 12, 1)),
        ("december 2026", date(2026, 12, 1)),
        ("26 nov 2026", date(2026, 11, 26)),
        ("3/11/99", date(2099, 11, 3)),
        ("since 2027", date(2027, 1, 1)),
        ("between 1 and 7 dec 2026", date(2026, 12, 1)),
    ],
)
def test_a_period_to_come_says_when_it_starts(line, starts):
    period, _ = find_period(line.split())
    with pytest.raises(FuturePeriod) as caught:
        period.resolve(WEDNESDAY)
    assert caught.value.starts == starts


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Relative(Unit.DAY, Which.THIS), "2026-11-24", "2026-11-24"),
        (Relative(Unit.DAY, Which.LAST), "2026-11-23", "2026-11-23"),
        (THIS_WEEK, "2026-11-16", "2026-11-22"),
        (LAST_WEEK, "2026-11-09", "2026-11-15"),
        (THIS_MONTH, "2026-10-01", "2026-10-31"),
        (LAST_MONTH, "2026-09-01", "2026-09-30"),
        (THIS_YEAR, "2025-01-01", "2025-12-31"),
        (Relative(Unit.YEAR, Which.LAST), "2024-01-01", "2024-12-31"),
        (NamedMonth(3, 2026), "2026-02-01", "2026-02-28"),
        (NamedMonth(1), "2025-12-01", "2025-12-31"),
        (NamedYear(2025), "2024-01-01", "2024-12-31"),
        (NamedWeekday(0), "2026-11-16", "2026-11-16"),
        (Weekend(), "2026-11-14", "2026-11-15"),
        (CalendarDay(1, 11), "2026-10-31", "2026-10-31"),
        (Rolling(10, Unit.DAY), "2026-11-06", "2026-11-15"),
        (Rolling(3, Unit.MONTH), "2026-05-26", "2026-08-25"),
        (Since(NamedWeekday(0)), "2026-11-20", "2026-11-22"),
        (Between(CalendarDay(1, 11), CalendarDay(7, 11)), "2026-10-25", "2026-10-31"),
    ],
)
def test_the_whole_stretch_one_step_back(period, start, end):
    dates = period.previous(WEDNESDAY)
    assert (str(dates.start), str(dates.end)) == (start, end)


def test_there_is_nothing_before_all_time():
    with pytest.raises(BadPeriod) as caught:
        ALL_TIME.previous(WEDNESDAY)
    assert caught.value.why.wrong is Wrong.BEFORE_ALL_TIME


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("yesterday", Kind.DAY),
        ("monday", Kind.DAY),
        ("1 nov", Kind.DAY),
        ("last week", Kind.WEEK),
        ("weekend", Kind.WEEKEND),
        ("march", Kind.MONTH),
        ("2025", Kind.YEAR),
        ("last 7 days", Kind.ROLLING),
        ("since may", Kind.SINCE),
        ("from 1 to 7 nov", Kind.BETWEEN),
        ("ever", Kind.ALL_TIME),
    ],
)
def test_kinds(line, kind):
    assert find_period(line.split())[0].kind is kind


def test_dates_know_their_days():
    dates = Dates(date(2026, 2, 26), date(2026, 3, 1))
    assert dates.days == 4
    assert date(2026, 2, 26) in dates
    assert date(2026, 3, 1) in dates
    assert date(2026, 3, 2) not in dates
    assert date(2026, 2, 25) not in dates
    with pytest.raises(ValueError, match="2026-02-01 is before 2026-02-02"):
        Dates(date(2026, 2, 2), date(2026, 2, 1))


YEARS = st.integers(2001, 2099)
CALENDAR_DAYS = st.builds(
    lambda day, yearless: CalendarDay(day.day, day.month, None if yearless else day.year),
    st.dates(date(2001, 1, 1), date(2099, 12, 31)),
    st.booleans(),
)
ANCHORS = st.one_of(
    CALENDAR_DAYS,
    st.builds(NamedMonth, st.integers(1, 12), YEARS),
    st.builds(NamedMonth, st.integers(1, 12), st.none(), st.booleans()),
    st.builds(NamedYear, YEARS),
    st.builds(NamedWeekday, st.integers(0, 6), st.booleans()),
    st.builds(Weekend, st.booleans()),
)
RELATIVES = st.builds(Relative, st.sampled_from(Unit), st.sampled_from(Which))


@st.composite
def stretches(draw):
    try:
        return Between(draw(ANCHORS), draw(ANCHORS))
    except BadPeriod:
        assume(False)


PERIODS = st.one_of(
    ANCHORS,
    RELATIVES,
    st.builds(Rolling, st.integers(1, 100), st.sampled_from(Unit)),
    st.just(ALL_TIME),
    st.builds(Since, ANCHORS | RELATIVES),
    stretches(),
)
TODAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
NOISE = st.lists(st.sampled_from(["how", "far", "run", "km", "points", "10k"]), max_size=4)


@given(PERIODS, NOISE, NOISE)
def test_a_period_is_found_again_in_its_own_words(period, before, after):
    words = period.words.split()
    found, used = find_period([*before, *words, *after])
    assert found == period
    assert used == range(len(before), len(before) + len(words))


@given(PERIODS, TODAYS, st.integers(0, 6))
def test_a_period_has_begun_or_says_when_it_will(period, today, week_starts):
    dates = period.dates(today, week_starts)
    if dates.start <= today:
        assert period.resolve(today, week_starts) == dates
    else:
        with pytest.raises(FuturePeriod) as future:
            period.resolve(today, week_starts)
        assert future.value.starts == dates.start


@given(ANCHORS.filter(lambda anchor: anchor.year is None), TODAYS)
def test_without_a_year_it_has_always_begun(anchor, today):
    dates = anchor.resolve(today)
    assert dates.start <= today
    if anchor.over:
        assert dates.end < today


@given(PERIODS.filter(lambda period: period != ALL_TIME), TODAYS, st.integers(0, 6))
def test_the_step_back_ends_before_and_only_what_recurs_weekly_leaves_a_gap(period, today, week_starts):
    try:
        now, before = period.resolve(today, week_starts), period.previous(today, week_starts)
    except FuturePeriod:
        assume(False)
    gap = (now.start - before.end).days - 1
    assert gap == (6 if isinstance(period, NamedWeekday) else 5 if isinstance(period, Weekend) else 0)


@given(TODAYS, st.integers(0, 6))
def test_weeks_contain_today_and_start_as_asked(today, week_starts):
    week = THIS_WEEK.resolve(today, week_starts)
    assert week.days == 7
    assert today in week
    assert week.start.weekday() == week_starts
    assert LAST_WEEK.resolve(today, week_starts).end == week.start - timedelta(1)


JUMBLE = [
    "between",
    "and",
    "to",
    "from",
    "since",
    "last",
    "1",
    "31",
    "nov",
    "may",
    "2025",
    "week",
    "sun",
    "18:00",
    "the",
]


@given(st.lists(st.sampled_from(JUMBLE)))
def test_any_jumble_of_its_own_words_is_read_or_refused(words):
    with suppress(BadPeriod):
        found = find_period(words)
        assert found is None or 0 <= found[1].start < found[1].stop <= len(words)


def test_a_quarter_is_that_of_the_calendar() -> None:
    found = find_period(["lb", "for", "last", "quarter"])
    assert found is not None
    last, taken = found
    assert list(taken) == [1, 2, 3]
    for today, first, end in (
        (date(2026, 11, 26), date(2026, 7, 1), date(2026, 9, 30)),
        (date(2026, 3, 31), date(2025, 10, 1), date(2025, 12, 31)),
    ):
        assert (last.resolve(today).start, last.resolve(today).end) == (first, end)
    assert last.previous(date(2026, 11, 26)).start == date(2026, 4, 1)
    this = find_period(["this", "quarter"])
    assert this is not None
    assert this[0].resolve(date(2026, 11, 26)).end == date(2026, 12, 31)
    assert this[0].words == "this quarter"
