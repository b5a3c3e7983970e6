import zlib
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, product
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitness.crons import NOON, BadCron
from fitness.dates import Dates
from fitness.schedules import (
    LAST_DAY,
    BadClock,
    Monthly,
    Weekly,
    find_clock,
    find_due_period,
    find_next_due,
    find_weekday,
    read_cron,
    write_cron,
)
from messages.render import Reader, words

MON, FRI, SAT, SUN = 0, 4, 5, 6
SUNDAY_EVENING = Weekly(SUN, time(18))
MONDAY_MORNING = Weekly(MON, time(9))


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dues(schedule, zone, after, until):
    due = find_next_due(schedule, zone, after)
    while due < until:
        yield due
        due = find_next_due(schedule, zone, due)


@pytest.mark.parametrize(
    ("schedule", "zone", "after", "due"),
    [
        (MONDAY_MORNING, "Europe/Paris", "2026-10-18T12:00", "2026-10-19T07:00"),
        (MONDAY_MORNING, "Europe/Paris", "2026-10-19T07:00", "2026-10-26T08:00"),
        (MONDAY_MORNING, "Europe/Paris", "2026-10-26T07:59:59.999999", "2026-10-26T08:00"),
        (MONDAY_MORNING, "America/New_York", "2026-10-26T13:00", "2026-11-02T14:00"),
        (SUNDAY_EVENING, "Asia/Kathmandu", "2026-11-25T00:00", "2026-11-29T12:15"),
        (SUNDAY_EVENING, "Pacific/Kiritimati", "2026-11-28T10:00", "2026-11-29T04:00"),
        # 02:30 does not exist in Paris on 28 March 2027: it becomes 03:30 summer time
        (Weekly(SUN, time(2, 30)), "Europe/Paris", "2027-03-27T00:00", "2027-03-28T01:30"),
        (Weekly(SUN, time(2, 30)), "Europe/Paris", "2027-03-28T01:30", "2027-04-04T00:30"),
        # 02:30 comes twice in Paris on 25 October 2026: the first counts, and only once
        (Weekly(SUN, time(2, 30)), "Europe/Paris", "2026-10-24T00:00", "2026-10-25T00:30"),
        (Weekly(SUN, time(2, 30)), "Europe/Paris", "2026-10-25T00:30", "2026-11-01T01:30"),
        # midnight does not exist in Beirut on 28 March 2027
        (Weekly(SUN, time(0)), "Asia/Beirut", "2027-03-27T12:00", "2027-03-27T22:00"),
        # Samoa had no Friday 30 December 2011
        (Weekly(FRI, time(18)), "Pacific/Apia", "2011-12-29T00:00", "2011-12-31T04:00"),
        (Weekly(FRI, time(18)), "Pacific/Apia", "2011-12-31T03:00", "2011-12-31T04:00"),
        (Weekly(FRI, time(18)), "Pacific/Apia", "2011-12-31T04:00", "2012-01-06T04:00"),
        (Monthly(1, time(8)), "Europe/London", "2026-11-25T00:00", "2026-12-01T08:00"),
        (Monthly(28, time(8)), "Europe/London", "2027-02-28T08:00", "2027-03-28T07:00"),
        (Monthly(LAST_DAY, time(20)), "Europe/London", "2028-02-01T00:00", "2028-02-29T20:00"),
        (Monthly(LAST_DAY, time(20)), "Europe/London", "2028-02-29T20:00", "2028-03-31T19:00"),
    ],
)
def test_the_next_due_instant(schedule, zone, after, due):
    found = find_next_due(schedule, zone, utc(after))
    assert found == utc(due)
    assert found.tzinfo is UTC


def test_the_instant_before_may_be_in_any_zone():
    after = datetime(2026, 10, 19, 9, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert find_next_due(MONDAY_MORNING, "Europe/Paris", after) == utc("2026-10-19T07:00")


@pytest.mark.parametrize(
    ("schedule", "zone", "due", "start", "end"),
    [
        (SUNDAY_EVENING, "Europe/London", "2026-11-29T18:00", "2026-11-23", "2026-11-29"),
        (Weekly(SUN, time(12)), "Europe/London", "2026-11-29T12:00", "2026-11-23", "2026-11-29"),
        (Weekly(SUN, time(11, 59)), "Europe/London", "2026-11-29T11:59", "2026-11-16", "2026-11-22"),
        (Weekly(SUN, time(23, 30)), "America/Los_Angeles", "2026-11-30T07:30", "2026-11-23", "2026-11-29"),
        (MONDAY_MORNING, "Europe/London", "2026-11-30T09:00", "2026-11-23", "2026-11-29"),
        (Weekly(MON, time(0)), "Pacific/Kiritimati", "2026-11-29T10:00", "2026-11-23", "2026-11-29"),
        (Weekly(SAT, time(20)), "Europe/London", "2026-11-28T20:00", "2026-11-16", "2026-11-22"),
        # Kwajalein had no Saturday 21 August 1993, so Saturday's digest came on Sunday
        (Weekly(SAT, time(20)), "Pacific/Kwajalein", "1993-08-22T08:00", "1993-08-09", "1993-08-15"),
        # Algiers went from Sunday 23:00 to Monday 00:00 in April 1971, so Sunday's digest came on Monday
        (Weekly(SUN, time(23, 30)), "Africa/Algiers", "1971-04-25T23:30", "1971-04-19", "1971-04-25"),
        (Monthly(1, time(8)), "Europe/London", "2026-12-01T08:00", "2026-11-01", "2026-11-30"),
        (Monthly(28, time(20)), "Europe/London", "2026-11-28T20:00", "2026-10-01", "2026-10-31"),
        (Monthly(LAST_DAY, time(20)), "Europe/London", "2026-11-30T20:00", "2026-11-01", "2026-11-30"),
        (Monthly(LAST_DAY, time(9)), "Europe/London", "2026-11-30T09:00", "2026-10-01", "2026-10-31"),
        (Monthly(LAST_DAY, time(20)), "Europe/London", "2027-02-28T20:00", "2027-02-01", "2027-02-28"),
        # Kiritimati had no 31 December 1994, so December's digest came in January
        (Monthly(LAST_DAY, time(20)), "Pacific/Kiritimati", "1995-01-01T06:00", "1994-12-01", "1994-12-31"),
    ],
)
def test_what_a_digest_is_about(schedule, zone, due, start, end):
    assert find_next_due(schedule, zone, utc(due) - timedelta(seconds=1)) == utc(due)
    assert find_due_period(schedule, zone, utc(due)) == Dates(date.fromisoformat(start), date.fromisoformat(end))


# Digests are in gaps and repeated hours (00:30, 02:30, 23:30), or far from them.
TIMES = [time(0), time(0, 30), time(2, 30), time(9), NOON, time(18), time(23, 30)]
SLOTS = [Weekly(weekday, at) for weekday, at in product(range(7), TIMES)]


def slots_of(zone, some):
    """Return `some` of all slots, different ones for each zone."""
    first = zlib.crc32(zone.encode())
    return [SLOTS[(first + place * 11) % len(SLOTS)] for place in range(some)]


# With four for each zone, each slot is tried in about fifty zones; all of them (some=len(SLOTS)) take a minute.
@pytest.mark.parametrize("some", [4])
def test_every_week_has_one_digest_in_every_zone_of_the_world(some):
    zones = sorted(available_timezones())
    assert len(zones) > 400
    for zone in zones:
        for schedule in slots_of(zone, some):
            weeks = list(dues(schedule, zone, utc("2025-01-01T00:00"), utc("2028-01-01T00:00")))
            assert 155 <= len(weeks) <= 157
            periods = [find_due_period(schedule, zone, due) for due in weeks]
            assert all(later.start - sooner.start == timedelta(7) for sooner, later in pairwise(periods)), zone
            for due, period in zip(weeks, periods, strict=True):
                expect_one_digest(schedule, zone, due, period)


def expect_one_digest(schedule, zone, due, period):
    local = due.astimezone(ZoneInfo(zone))
    assert period.start.weekday() == MON
    assert period.days == 7
    expect_wall_time(schedule, local)
    if schedule.weekday == SUN and schedule.at >= NOON:
        assert period.end in {local.date(), local.date() - timedelta(1)}
    else:
        assert timedelta(1) <= local.date() - period.end <= timedelta(7)


def expect_wall_time(schedule, local):
    """Assert that the time is that of the schedule and the first of its kind, or later by the length of the gap."""
    naive = local.replace(tzinfo=None)
    if (naive.weekday(), naive.time()) == (schedule.weekday, schedule.at):
        assert local.fold == 0
        return
    wanted = datetime.combine(naive.date(), schedule.at)
    while wanted.weekday() != schedule.weekday:
        wanted -= timedelta(1)
    before = (local - timedelta(days=1)).utcoffset()
    assert naive - wanted == local.utcoffset() - before > timedelta(0), (local, schedule)


@pytest.mark.parametrize("schedule", [Monthly(1, time(8)), Monthly(28, time(0, 30)), Monthly(LAST_DAY, time(23, 30))])
@pytest.mark.parametrize("zone", ["Europe/Paris", "Pacific/Apia", "America/Nuuk", "Asia/Beirut", "Africa/Casablanca"])
def test_every_month_has_one_digest(schedule, zone):
    months = [
        find_due_period(schedule, zone, due) for due in dues(schedule, zone, utc("2009-01-01"), utc("2029-01-01"))
    ]
    assert 240 <= len(months) <= 241
    assert all(later.start - sooner.end == timedelta(1) for sooner, later in pairwise(months))
    assert all(month.start.day == 1 for month in months)


@given(st.sampled_from(SLOTS), st.integers(1_577_836_800, 2_051_222_400).map(lambda s: datetime.fromtimestamp(s, UTC)))
def test_due_is_after_and_nothing_is_due_between(schedule, after):
    due = find_next_due(schedule, "Europe/Lisbon", after)
    assert after < due <= after + timedelta(days=7, hours=1)
    assert find_next_due(schedule, "Europe/Lisbon", due - timedelta(microseconds=1)) == due


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("0 18 * * 0", SUNDAY_EVENING),
        ("0 9 * * 1", MONDAY_MORNING),
        ("5 0 * * 6", Weekly(SAT, time(0, 5))),
        ("0 8 1 * *", Monthly(1, time(8))),
        ("30 20 28 * *", Monthly(28, time(20, 30))),
        ("59 23 L * *", Monthly(LAST_DAY, time(23, 59))),
    ],
)
def test_cron(text, schedule):
    assert write_cron(schedule) == text
    assert read_cron(text) == schedule


def test_sunday_may_be_7_and_spaces_do_not_matter():
    assert read_cron("  00  18 *\t* 7 ") == SUNDAY_EVENING


CLOCKS = st.builds(time, st.integers(0, 23), st.integers(0, 59))
MONTH_DAYS = st.integers(1, 28) | st.just(LAST_DAY)


@given(st.builds(Weekly, st.integers(0, 6), CLOCKS) | st.builds(Monthly, MONTH_DAYS, CLOCKS))
def test_a_schedule_survives_cron(schedule):
    assert read_cron(write_cron(schedule)) == schedule


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *((text, "not a cron line") for text in ("", "0 18 * *", "0 18 * * 0 *", "0 24 * * 0", "60 18 * * 0")),
        *(
            (text, "not a cron line")
            for text in ("0 18 * * 8", "0 18 0 * *", "-1 18 * * 0", "٠ 18 * * 0", "0 8 30 2 *")
        ),
        *((text, "more than once a day") for text in ("*/5 * * * *", "0 * * * *", "0 8,20 * * *")),
        ("0 8 29 2 *", "less than once a year"),
        ("0 8 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15 * *", "at most 40 signs"),
    ],
)
def test_a_cron_that_makes_no_digest_is_refused(text, why):
    with pytest.raises(BadCron) as caught:
        read_cron(text)
    assert why in words("words/impossible", Reader(), why=caught.value.why)


OTHERS = ("0 18 * * *", "30 7 * * 1,4", "30 2 * * *", "0 18 29 * *", "0 18 1 * 1", "0 18 1 6 *", "0 9 * * 1#1")


@pytest.mark.parametrize("line", OTHERS)
@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"])
def test_by_cron_every_day_is_in_one_digest(line, zone):
    schedule = read_cron(line)
    assert write_cron(schedule) == line
    spans = [find_due_period(schedule, zone, due) for due in dues(schedule, zone, utc("2026-02-01"), utc("2027-12-01"))]
    assert len(spans) >= 1
    assert all(after.start - before.end == timedelta(1) for before, after in pairwise(spans))


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: Weekly(7, NOON), "0 .Monday. to 6 .Sunday., not 7"),
        (lambda: Weekly(-1, NOON), "not -1"),
        (lambda: Monthly(29, NOON), "1 to 28, or -1 for the last one, not 29"),
        (lambda: Monthly(0, NOON), "not 0"),
        (lambda: Weekly(SUN, time(18, 0, 30)), "18:00:30 is not a plain time"),
        (lambda: Monthly(1, time(18, tzinfo=UTC)), "is not a plain time"),
        (lambda: find_next_due(SUNDAY_EVENING, "Europe/Leeds", utc("2026-11-25")), "no time zone “Europe/Leeds”"),
        (lambda: find_next_due(SUNDAY_EVENING, "Europe", utc("2026-11-25")), "no time zone “Europe”"),
        (lambda: find_next_due(SUNDAY_EVENING, "../etc/passwd", utc("2026-11-25")), "no time zone"),
        (lambda: find_due_period(SUNDAY_EVENING, "", utc("2026-11-25")), "no time zone “”"),
        (lambda: find_next_due(SUNDAY_EVENING, "UTC", datetime(2026, 11, 25)), "has no time zone"),  # noqa: DTZ001
        (lambda: find_due_period(SUNDAY_EVENING, "UTC", datetime(2026, 11, 25)), "has no time zone"),  # noqa: DTZ001
    ],
)
def test_what_makes_no_schedule_is_refused_plainly(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()


@pytest.mark.parametrize(
    ("line", "clock", "used"),
    [
        ("digest sun 18:00", time(18), "18:00"),
        ("sun at 18:00", time(18), "at 18:00"),
        ("6pm on sundays", time(18), "6pm"),
        ("weekly 6:30 pm sun", time(18, 30), "6:30 pm"),
        ("at 6:30pm", time(18, 30), "at 6:30pm"),
        ("7 am mon", time(7), "7 am"),
        ("18h", time(18), "18h"),
        ("18h45", time(18, 45), "18h45"),
        ("monday noon", NOON, "noon"),
        ("at midnight", time(0), "at midnight"),
        ("12am", time(0), "12am"),
        ("12pm", NOON, "12pm"),
        ("10 km at 7", time(7), "at 7"),
        ("1 08:05", time(8, 5), "08:05"),
    ],
)
def test_times_of_day_in_words(line, clock, used):
    words = line.split()
    found, taken = find_clock(words)
    assert found == clock
    assert [words[place] for place in taken] == used.split()


@pytest.mark.parametrize("line", ["", "7", "run 10", "5 km", "1:23:45", "2026-11-25", "afternoon", "at home", "18.30"])
def test_what_is_no_time_of_day(line):
    assert find_clock(line.split()) is None


@pytest.mark.parametrize("line", ["25:00", "24:00", "18:60", "18:5", "13pm", "0 am", "at 25", "99h", "13:00 pm"])
def test_times_that_no_clock_shows(line):
    with pytest.raises(BadClock) as caught:
        find_clock(["sun", *line.split()])
    said = words("words/impossible", Reader(), why=caught.value.why)
    assert said == f"“{line.removeprefix('at ')}” is not a time of day. I read times like 18:00 or 6pm."


@pytest.mark.parametrize(
    ("line", "weekday", "used"),
    [
        ("sun 18:00", SUN, "sun"),
        ("weekly on sundays 6pm", SUN, "on sundays"),
        ("every mon", MON, "every mon"),
        ("tues", 1, "tues"),
        ("weds or thurs", 2, "weds"),
        ("saturday sunday", SAT, "saturday"),
    ],
)
def test_weekdays_in_words(line, weekday, used):
    words = line.split()
    found, taken = find_weekday(words)
    assert found == weekday
    assert [words[place] for place in taken] == used.split()


def test_no_weekday():
    assert find_weekday(["sunny", "on", "monthly"]) is None
