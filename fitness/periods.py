"""Finds periods in a line of words: "last 4 weeks", "in march 2025", "between 28 oct and 3 nov"."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from fitness.anchors import Anchor, Between, CalendarDay, NamedMonth, NamedWeekday, NamedYear, Since, Weekend
from fitness.dates import Dates
from fitness.forms import Ago, AllTime, BadPeriod, FuturePeriod, Kind, Period, Relative, Rolling, Unit, Which
from fitness.quarters import Quarter
from fitness.vocabulary import (
    CLOCK,
    COUNT,
    DAY,
    DOTTED,
    ISO,
    ISO_MONTH,
    MONTH,
    MONTHS,
    NUMERIC,
    WEEKDAY,
    WEEKDAYS,
    YEAR,
    find_matched_words,
    join_words,
    read_number,
)  # fmt: skip

__all__ = [
    "ALL_TIME",
    "LAST_MONTH",
    "LAST_WEEK",
    "NEVER",
    "THIS_MONTH",
    "THIS_WEEK",
    "THIS_YEAR",
    "BadPeriod",
    "Dates",
    "FuturePeriod",
    "Kind",
    "Period",
    "find_period",
    "resolve_with_before",
]  # fmt: skip

THIS_WEEK, LAST_WEEK = Relative(Unit.WEEK, Which.THIS), Relative(Unit.WEEK, Which.LAST)
THIS_MONTH, LAST_MONTH = Relative(Unit.MONTH, Which.THIS), Relative(Unit.MONTH, Which.LAST)
THIS_YEAR = Relative(Unit.YEAR, Which.THIS)
ALL_TIME = AllTime()
NEVER = Dates(date(1, 1, 1), date(1, 1, 1))
MOST_KEPT = 16  # results are cached for lines of up to so many words


def resolve_with_before(period: Period, today: date) -> tuple[Dates, Dates]:
    """Return the days that a period means today, and the period before it. Raises `FuturePeriod`.

    If the period is not over, the one before is cut to the same length: half a week is compared with half a week.
    Before "all time" there is nothing: then the other days are `NEVER`.
    """
    dates = period.resolve(today)
    try:
        before = period.previous(today)
    except BadPeriod:
        return dates, NEVER
    if today < dates.end:
        before = Dates(before.start, min(before.end, before.start + (today - dates.start)))
    return dates, before


def find_period(words: Sequence[str]) -> tuple[Period, range] | None:
    """Find the longest (then leftmost) phrase for a period in lower-case words. Returns the period and the places of
    its words, or None.

    Raises `BadPeriod` if that phrase names days that no calendar has. A phrase without a year means the latest such
    period that has begun; it becomes days only later, so nothing here needs to know today.
    """
    if not any(word in _TELLING or word[:1].isdigit() or "-" in word[1:] for word in words):
        return None  # nine lines of ten name no days, and trying the patterns is slow
    return _longest(tuple(words)) if len(words) <= MOST_KEPT else _longest.__wrapped__(tuple(words))


@lru_cache(maxsize=10_000)
def _longest(words: tuple[str, ...]) -> tuple[Period, range] | None:
    """Do the work of `find_period`. Results are cached, because a line is searched several times while it is read."""
    text = join_words(words)
    phrases = [(match, read) for pattern, read in _PHRASES for match in pattern.finditer(text)]
    if not phrases:
        return None
    match, read = min(phrases, key=lambda phrase: (-phrase[0].group().count(" "), phrase[0].start()))
    return read(match), find_matched_words(match)


def _read_named(match: re.Match[str]) -> Period:
    return _named(match["what"])


def _read_rolling(match: re.Match[str]) -> Period:
    count = match["count"]
    return Rolling(
        _VAGUE.get(count) or read_number(count) if count else 1, _LETTERS.get(match["unit"]) or Unit(match["unit"])
    )


def _read_ago(match: re.Match[str]) -> Period:
    count = _VAGUE.get(match["count"]) or read_number(match["count"])
    return Ago(count, Unit(match["unit"])) if count != 1 else Relative(Unit(match["unit"]), Which.LAST)


def _read_day_before(_: re.Match[str]) -> Period:
    return Ago(2, Unit.DAY)


def _read_quarter(match: re.Match[str]) -> Period:
    last, year = 3 * int(match["quarter"]), int(match["year"]) if match["year"] else None
    return Between(NamedMonth(last - 2, year), NamedMonth(last, year))


def _read_this_quarter(match: re.Match[str]) -> Period:
    return Quarter(_WHICH.get(match["which"], Which.THIS))


def _read_to_date(match: re.Match[str]) -> Period:
    return THIS_MONTH if "month" in match.group() or "mtd" in match.group() else THIS_YEAR


def _read_all_time(_: re.Match[str]) -> Period:
    return ALL_TIME


def _read_since(match: re.Match[str]) -> Period:
    return Since(_named(match["what"]))


def _read_between(match: re.Match[str]) -> Period:
    first, last = match["first"], match["last"]
    if re.fullmatch(DAY, first):  # "between 1 and 7 nov"
        day = _calendar_day(last)
        return Between(replace(day, day=read_number(first)), day)
    if re.fullmatch(DAY, last):  # "nov 1 to 7"
        day = _calendar_day(first)
        return Between(day, replace(day, day=read_number(last)))
    return Between(_anchor(first), _anchor(last))


def _named(text: str) -> Anchor | Relative:
    words = text.split()
    noun = words[-1].removesuffix("s")  # "last week's leaderboard", of which the apostrophe was removed
    if noun in _DAYS:
        return Relative(Unit.DAY, _DAYS[noun])
    if noun in _UNITS:
        return Relative(Unit(noun), _WHICH.get(words[0], Which.THIS))
    return _anchor(text)


def _anchor(text: str) -> Anchor:
    if re.fullmatch(rf"{_DATE}|{DOTTED}\.?", text):
        return _calendar_day(text)
    if re.fullmatch(ISO_MONTH, text):
        return NamedMonth(int(text[5:]), int(text[:4]))
    words = text.split()
    over = words[0] == "last"
    if words[-1] == "weekend":
        return Weekend(over)
    if words[-1] in WEEKDAYS:
        return NamedWeekday(WEEKDAYS[words[-1]], over)
    year = _year(words)
    month = next((MONTHS[word] for word in words if word in MONTHS), None)
    if month is not None:
        return NamedMonth(month, year, over and year is None)
    return NamedYear(int(text))


def _calendar_day(text: str) -> CalendarDay:
    if re.fullmatch(ISO, text):
        year, month, day = map(int, text.split("-"))
        return CalendarDay(day, month, year)
    if re.fullmatch(rf"{NUMERIC}|{DOTTED}\.?", text):
        return _numeric_day(*map(int, re.findall("[0-9]+", text)))
    words = text.split()
    day = next(read_number(word) for word in words if re.fullmatch(DAY, word))
    month = next(MONTHS[word] for word in words if word in MONTHS)
    return CalendarDay(day, month, _year(words))


def _numeric_day(day: int, month: int, year: int | None = None) -> CalendarDay:
    """Return the day for two numbers. The first is the day, unless the second cannot be a month, as in "3/25"."""
    if month > 12 >= day:
        day, month = month, day
    return CalendarDay(day, month, year + 2_000 if year is not None and year < 100 else year)


def _year(words: Sequence[str]) -> int | None:
    return next((int(word) for word in words if re.fullmatch(YEAR, word)), None)


_TELLING = frozenset(
    {*MONTHS, *WEEKDAYS, "weekend", "all-time", "alltime", "ever"}
    | {"today", "todays", "yesterday", "yesterdays", "tomorrow", "tomorrows", "time"}
    | {"day", "days", "week", "weeks", "month", "months", "year", "years", "ytd", "mtd", "quarter"}
    | {"q1", "q2", "q3", "q4"}
)
_VAGUE = {"couple of": 2, "couple": 2, "few": 3}
_LETTERS = {"d": Unit.DAY, "w": Unit.WEEK, "wk": Unit.WEEK}
_DAYS = {"today": Which.THIS, "yesterday": Which.LAST, "tomorrow": Which.NEXT}
_WHICH = {"last": Which.LAST, "previous": Which.LAST, "next": Which.NEXT}
_UNITS = ("week", "month", "year")

_LEAD = r"(?:(?:in|on|during|for|from|over|within) )?(?:the )?"
_DATE = rf"(?:{ISO}|{NUMERIC}|(?:the )?{DAY} (?:of )?{MONTH}(?: {YEAR})?|{MONTH} (?:the )?{DAY}(?: {YEAR})?)"
# "sun 18:00" is the time of a digest, not a day that is asked about
_PLACE = (
    rf"(?:{_DATE}|{ISO_MONTH}|(?:(?:last|this) )?{MONTH}(?: (?:of )?{YEAR})?|{YEAR}|(?:(?:last|this) )?weekend"
    rf"|(?:(?:last|this) )?{WEEKDAY}(?! (?:at|{CLOCK})(?!\S)))"
)
_RELATIVE = (
    r"(?:todays?|yesterdays?|tomorrows?|(?:this|current|last|previous|next) (?:week|month|year)s?"
    r"|this (?:current|whole|entire) (?:week|month|year))"
)
# not in "km per week", "3 times a week", "1 week ago", "week 47"
_RUNNING = r"(?:(?<! per )(?<! a )(?<! each )(?<! every )(?<! one )(?<![0-9] )(?:week|month|year)(?! [0-9]))"
_ANY = rf"(?:{_PLACE}|{_RELATIVE}|{_RUNNING})"
_TILL = r"(?:to|until|till|til|thru|through|-|–)"
_START_OF = r"(?:(?:the )?(?:very )?(?:start|beginning) of (?:the )?)?"
_SO_MANY = rf"(?:(?:a )?(?P<count>{COUNT}|couple of|couple|few))"
_ENDS = ((_PLACE, _PLACE), (DAY, _DATE), (_DATE, DAY))
_JOINED = ((MONTH, MONTH), (DAY, rf"{DAY} {MONTH}(?: {YEAR})?"), (NUMERIC, NUMERIC), (rf"{DOTTED}\.", DOTTED))

_PHRASES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Period]], ...] = tuple(
    (re.compile(rf"(?<= ){phrase}(?!\S)"), read)
    for phrase, read in (
        (rf"{_LEAD}(?:last|past|previous) {_SO_MANY} ?(?P<unit>day|week|wk|month|year|d|w)s?", _read_rolling),
        (rf"{_SO_MANY} (?P<unit>day|week|month|year)s? ago", _read_ago),
        (r"(?:the )?day before yesterday", _read_day_before),
        (rf"{_LEAD}q(?P<quarter>[1-4])(?: (?P<year>{YEAR}))?", _read_quarter),
        (rf"{_LEAD}(?P<which>this|current|last|previous) quarter", _read_this_quarter),
        (r"(?:ytd|mtd|(?:year|month) to date)", _read_to_date),
        (rf"{_LEAD}past (?P<count>)(?P<unit>week|month|year)", _read_rolling),
        (r"(?:all time|all-time|alltime|ever)", _read_all_time),
        (rf"since (?:the )?{_START_OF}(?P<what>{_ANY}|{DOTTED})(?: {_TILL} (?:today|now))?", _read_since),
        (rf"from (?P<what>{_DATE}|{DOTTED})", _read_since),  # must be tried before the next, which would read one day
        (rf"{_LEAD}(?<! next )(?P<what>{_ANY})", _read_named),
        (rf"from (?P<what>{_ANY}) {_TILL} (?:today|now)", _read_since),
        *((rf"(?:from )?(?P<first>{a})[-–](?P<last>{b})", _read_between) for a, b in _JOINED),
        *((rf"between (?P<first>{a}) and (?P<last>{b})", _read_between) for a, b in _ENDS),
        *((rf"(?:(?:from|between) )?(?P<first>{a}) {_TILL} (?P<last>{b})", _read_between) for a, b in _ENDS),
    )
)
