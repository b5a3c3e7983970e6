"""Finds days, times and periods anywhere in a line. Each function returns the value and the places of its
words, or None.
"""

import re
from collections.abc import Sequence
from datetime import time
from zoneinfo import available_timezones

from bot.arguments.choices import Each
from bot.arguments.spoken import EACH, POSSESSIVE, WEEKS_IN, Found, Reader
from bot.arguments.values import Days, Hours, Weekday, Weeks, Zone
from bot.words.lines import LineWord
from fitness.periods import find_period
from fitness.schedules import find_clock, find_weekday
from fitness.spans import find_span
from fitness.vocabulary import NUMBERS

DOTTED = re.compile(r"^([01]?[0-9]|2[0-3])\.([0-5][0-9])$")  # "18.30" as a time of day


def read_keys(words: Sequence[LineWord]) -> list[str]:
    """Return the words in the form in which they are compared; "week's" becomes "week"."""
    return [POSSESSIVE.sub("", word.key) for word in words]


def read_period(words: Sequence[LineWord]) -> Found | None:
    """Find a period: "last 4 weeks", "in march"."""
    found = find_period(read_keys(words))
    return None if found is None else (found[0], found[1])


def read_span(words: Sequence[LineWord]) -> Found | None:
    """Find a range of days that may be in the future: "until 3 jan"."""
    return find_span(read_keys(words))


def read_clock(words: Sequence[LineWord]) -> Found | None:
    """Find a time of day: "18:00", "6pm"."""
    found = find_clock([DOTTED.sub(r"\1:\2", word.key) for word in words])
    return None if found is None else (found[0], found[1])


def read_weekday(words: Sequence[LineWord]) -> Found | None:
    """Find a day of the week: "sun", "mondays"."""
    found = find_weekday([word.key for word in words])
    return None if found is None else (Weekday(found[0]), found[1])


def read_zone(words: Sequence[LineWord]) -> Found | None:
    """Find "Europe/London", "london" or "new york": the longest run of words that is a zone or its city."""
    for length in (3, 2, 1):
        for i in range(len(words) - length + 1):
            zone = ZONES.get("_".join(word.key for word in words[i : i + length]))
            if zone:
                return Zone(zone), range(i, i + length)
    return None


def read_weeks(words: Sequence[LineWord]) -> Found | None:
    """Find "4 weeks", "4w", or a bare "4"."""
    for i, word in enumerate(words):
        after = words[i + 1].key.removesuffix("s") if i + 1 < len(words) else ""
        if match := re.fullmatch(r"([0-9]{1,3})(w|wk|wks|week|weeks)?", word.key):
            each = 1 if match[2] else WEEKS_IN.get(after, 1)
            return Weeks(int(match[1]) * each), [i, i + 1] if not match[2] and after in WEEKS_IN else [i]
        if after in WEEKS_IN and (word.key in NUMBERS or word.key in {"a", "next", "this", "the"}):
            return Weeks(NUMBERS.get(word.key, 1) * WEEKS_IN[after]), [i, i + 1]
    return None


def read_hours(words: Sequence[LineWord]) -> Found | None:
    """Find two times of day, as separate words or joined by a dash."""
    apart = [(i, part) for i, word in enumerate(words) for part in re.split("[-\u2013\u2014]", word.key) if part]
    times: list[tuple[time, range]] = []
    rest = [_as_on_a_clock(part) for _, part in apart]
    while len(times) < 2 and (found := find_clock(rest)):
        times.append((found[0], found[1]))
        rest = ["" if i in found[1] else part for i, part in enumerate(rest)]
    if len(times) < 2:
        return None
    first, second = sorted(times, key=lambda each: each[1].start)
    start = apart[first[1].start][0]
    led = start > 0 and words[start - 1].key in {"from", "between", "after"}
    said = range(start - led, apart[second[1].stop - 1][0] + 1)
    return Hours(first[0], second[0]), said


def _as_on_a_clock(part: str) -> str:
    """Return "21.30" or "7" as a time such as "21:30" or "7:00"; other parts unchanged."""
    match = re.fullmatch(r"([0-9]{1,2})(?:[.:]?([0-9]{2}))?", part)
    return f"{match[1]}:{match[2] or '00'}" if match else part


def read_each(words: Sequence[LineWord]) -> Found | None:
    """Find "per week", "a month", "weekly"; "average" alone means for each week."""
    average = [i for i, word in enumerate(words) if word.key in {"average", "avg", "mean"}]
    for i, word in enumerate(words):
        if word.key in EACH:
            return EACH[word.key], [*average, i]
        if word.key in {"per", "each", "every", "a"} and i + 1 < len(words) and words[i + 1].key in set(Each):
            return Each(words[i + 1].key), [*average, i, i + 1]
    return (Each.WEEK, average) if average else None


def make_reader_of_number(units: str) -> Reader:
    """Return a reader that finds "7 days" or "7d" with these units. It gives the whole number and the unit."""
    joint = re.compile(rf"(\d{{1,4}})({units})?", re.ASCII)

    def read(words: Sequence[LineWord]) -> Found | None:
        for i, word in enumerate(words):
            found = joint.fullmatch(word.key)
            after = words[i + 1].key if i + 1 < len(words) else ""
            if found and found[2]:
                return (int(found[1]), found[2]), [i]
            if (word.key in NUMBERS or word.key == "a") and re.fullmatch(units, after):
                return (NUMBERS.get(word.key, 1), after), [i, i + 1]
            if found and re.fullmatch(units, after):
                return (int(found[1]), after), [i, i + 1]
        return None

    return read


def read_days(words: Sequence[LineWord]) -> Found | None:
    """Find a number of days: "7 days", "2w"."""
    found = make_reader_of_number("d|days?|w|weeks?")(words)
    if found is None:
        return None
    (number, unit), places = found
    return Days(number * (7 if unit.startswith("w") else 1)), places


def _zones() -> dict[str, str]:
    """Return the time zones by full name and by city. A city that is in several zones is left out."""
    names = sorted(
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    )
    cities: dict[str, list[str]] = {}
    for name in names:
        cities.setdefault(name.rsplit("/", 1)[1].casefold(), []).append(name)
    return (
        {name.casefold(): name for name in names}
        | {city: found[0] for city, found in cities.items() if len(found) == 1}
        | {"utc": "UTC", "gmt": "UTC"}
    )


ZONES = _zones()
