"""Computes when a group's digest is due, in the group's own time zone, and which days it is about."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fitness.crons import NOON, Cron
from fitness.dates import Dates, add_months, find_month, find_week
from fitness.impossible import ImpossibleError, Wrong
from fitness.vocabulary import WEEKDAYS, find_matched_words, join_words

LAST_DAY = -1


class BadClock(ImpossibleError):
    """The time does not exist on a clock."""


@dataclass(frozen=True)
class Weekly:
    """Every week on one day (0 is Monday), at one wall-clock time."""

    weekday: int
    at: time

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError(f"A weekday is 0 (Monday) to 6 (Sunday), not {self.weekday}.")
        _require_minutes(self.at)

    def days(self, start: date) -> Iterator[date]:
        """Its days, without end, from the first one on or after `start`."""
        day = start + timedelta((self.weekday - start.weekday()) % 7)
        while True:
            yield day
            day += timedelta(7)


@dataclass(frozen=True)
class Monthly:
    """Every month on one day (1 to 28, or LAST_DAY), at one wall-clock time."""

    day: int
    at: time

    def __post_init__(self) -> None:
        if not (1 <= self.day <= 28 or self.day == LAST_DAY):
            raise ValueError(f"A day of every month is 1 to 28, or {LAST_DAY} for the last one, not {self.day}.")
        _require_minutes(self.at)

    def days(self, start: date) -> Iterator[date]:
        """Its days, without end, from the first one on or after `start`."""
        month = start.replace(day=1)
        while True:
            if (day := self.day_in(month)) >= start:
                yield day
            month = add_months(month, 1)

    def day_in(self, month: date) -> date:
        return find_month(month).end if self.day == LAST_DAY else month.replace(day=self.day)


type Schedule = Weekly | Monthly | Cron


def find_next_due(schedule: Schedule, zone: str, after: datetime) -> datetime:
    """Return the first time, in UTC, at which a digest is due after `after`.

    The local time stays the same across daylight saving. A time in the hour that is skipped in spring moves forward by
    that hour (02:30 → 03:30); in the hour that is repeated in autumn, the first occurrence counts.
    """
    tz = _zone(zone)
    if isinstance(schedule, Cron):
        return schedule.next_after(tz, _aware(after))
    # Start a day earlier, because where the skipped hour begins at midnight, yesterday's time moves into today.
    days = schedule.days(_aware(after).astimezone(tz).date() - timedelta(1))
    instants = (datetime.combine(day, schedule.at, tz).astimezone(UTC) for day in days)
    return next(due for due in instants if due > after)


def find_due_period(schedule: Schedule, zone: str, due: datetime) -> Dates:
    """Return the week (Monday to Sunday) or month that the digest due at `due` is about.

    From noon on Sunday it is the week that ends that day. At any other time it is the last complete week, because too
    much of the present week is still to come. Months follow the same rule: from noon on the last day it is the month
    that ends, else the last complete one. A digest with any other cron line is about the days since it was last due.

    If a skipped hour has moved the digest past midnight, the day for which it was planned counts. So the days depend
    only on the schedule, and every due time has a period of its own.
    """
    if isinstance(schedule, Cron):
        return schedule.days_of(_zone(zone), _aware(due))
    today = _aware(due).astimezone(_zone(zone)).date()
    if isinstance(schedule, Weekly):
        day = today - timedelta((today.weekday() - schedule.weekday) % 7)
        ending = schedule.weekday == WEEKDAYS["sunday"] and schedule.at >= NOON
        return find_week(day) if ending else find_week(day).moved(-7)
    this_month = schedule.day_in(today)
    day = this_month if this_month <= today else schedule.day_in(add_months(today, -1))
    ending = schedule.day == LAST_DAY and schedule.at >= NOON
    return find_month(day) if ending else find_month(add_months(day, -1))


def write_cron(schedule: Schedule) -> str:
    """Return the schedule as five cron fields. Sunday is 0; L, which most crons know, is the last day of the month."""
    if isinstance(schedule, Cron):
        return schedule.line
    clock = f"{schedule.at.minute} {schedule.at.hour}"
    if isinstance(schedule, Weekly):
        return f"{clock} * * {(schedule.weekday + 1) % 7}"
    return f"{clock} {'L' if schedule.day == LAST_DAY else schedule.day} * *"


def read_cron(text: str) -> Schedule:
    """Return the schedule for a cron line: `Weekly` or `Monthly` if it is one of these, else
    `Cron`. Raises `BadCron`.
    """
    text = " ".join(text.split())
    match = _CRON.fullmatch(text)
    if match is None or not (int(match["hour"]) < 24 and int(match["minute"]) < 60):
        return Cron(text)
    at = time(int(match["hour"]), int(match["minute"]))
    if match["weekday"]:
        return Weekly((int(match["weekday"]) - 1) % 7, at)
    return Monthly(LAST_DAY if match["day"] == "L" else int(match["day"]), at)


def find_clock(words: Sequence[str]) -> tuple[time, range] | None:
    """Find the first time of day in lower-case words. Returns it and the places of its words, or None. A number alone
    counts only after "at".
    """
    for match in _CLOCK.finditer(join_words(words)):
        if match["noon"] or match["at"] or match["minute"] or match["h"] or match["half"]:
            return _read_clock(match), find_matched_words(match)
    return None


def find_weekday(words: Sequence[str]) -> tuple[int, range] | None:
    """Find the first weekday in lower-case words. Returns it (0 is Monday) and the places of its words, with "on" or
    "every" before it, or None.
    """
    for place, word in enumerate(words):
        day = WEEKDAYS.get(word, WEEKDAYS.get(word.removesuffix("s")))
        if day is not None:
            led = place > 0 and words[place - 1] in {"on", "every", "each"}
            return day, range(place - led, place + 1)
    return None


def _read_clock(match: re.Match[str]) -> time:
    if match["noon"]:
        return time(0) if match["noon"] == "midnight" else NOON
    hour, minute = int(match["hour"]), match["minute"] or match["past"] or "00"
    on_the_dial = 1 <= hour <= 12 if match["half"] else hour < 24
    if not on_the_dial or len(minute) != 2 or int(minute) > 59:
        shown = match.group().strip().removeprefix("at ")
        raise BadClock(Wrong.NO_CLOCK, what=shown)
    if match["half"]:
        hour = hour % 12 + (12 if match["half"] == "pm" else 0)
    return time(hour, int(minute))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder such as "Europe" is an OSError
        raise ValueError(f"I know no time zone “{name}”.") from error


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone.")
    return instant


def _require_minutes(at: time) -> None:
    if at.tzinfo is not None or at.second or at.microsecond:
        raise ValueError(f"{at} is not a plain time in hours and minutes.")


_CRON = re.compile(
    r"(?P<minute>[0-9]{1,2})\s+(?P<hour>[0-9]{1,2})\s+"
    r"(?:\*\s+\*\s+(?P<weekday>[0-7])|(?P<day>[1-9]|1[0-9]|2[0-8]|L)\s+\*\s+\*)"
)
_CLOCK = re.compile(
    r"(?<= )(?P<at>at )?(?:(?P<noon>noon|midday|midnight)"
    r"|(?P<hour>[0-9]{1,3})(?::(?P<minute>[0-9]{1,3})|(?P<h>h)(?P<past>[0-9]{2})?)?(?: ?(?P<half>am|pm))?)(?!\S)"
)
