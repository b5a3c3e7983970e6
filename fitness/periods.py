"""Periods found in a line of words: "last 4 weeks", "in march 2025", "between 28 oct and 3 nov"."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from fitness.anchors import Anchor, Between, CalendarDay, NamedMonth, NamedWeekday, NamedYear, Since, Weekend
from fitness.dates import Dates
from fitness.forms import AllTime, BadPeriod, FuturePeriod, Kind, Period, Relative, Rolling, Unit, Which
from fitness.vocabulary import CLOCK, COUNT, DAY, ISO, MONTH, MONTHS, WEEKDAY, WEEKDAYS, YEAR, line, number, words_of

__all__ = [
    "ALL_TIME", "LAST_MONTH", "LAST_WEEK", "LAST_YEAR", "THIS_MONTH", "THIS_WEEK", "THIS_YEAR", "TODAY", "YESTERDAY",
    "BadPeriod", "Dates", "FuturePeriod", "Kind", "Period", "find_period",
]  # fmt: skip

TODAY, YESTERDAY = Relative(Unit.DAY, Which.THIS), Relative(Unit.DAY, Which.LAST)
THIS_WEEK, LAST_WEEK = Relative(Unit.WEEK, Which.THIS), Relative(Unit.WEEK, Which.LAST)
THIS_MONTH, LAST_MONTH = Relative(Unit.MONTH, Which.THIS), Relative(Unit.MONTH, Which.LAST)
THIS_YEAR, LAST_YEAR = Relative(Unit.YEAR, Which.THIS), Relative(Unit.YEAR, Which.LAST)
ALL_TIME = AllTime()


def find_period(words: Sequence[str]) -> tuple[Period, range] | None:
    """The longest (then leftmost) phrase for a period in lower-case words, and the words it took up.

    BadPeriod if that phrase names days which no calendar has. What was typed without a year means the latest
    one that has begun, so nothing here needs to know today.
    """
    if not any(word in _TELLING or word[:2] == "20" for word in words):
        return None  # nine lines of ten name no days, and the patterns take their time
    text = line(words)
    phrases = [(match, read) for pattern, read in _PHRASES for match in pattern.finditer(text)]
    if not phrases:
        return None
    match, read = min(phrases, key=lambda phrase: (-phrase[0].group().count(" "), phrase[0].start()))
    return read(match), words_of(match)


def _read_named(match: re.Match[str]) -> Period:
    return _named(match["what"])


def _read_rolling(match: re.Match[str]) -> Period:
    return Rolling(number(match["count"]) if match["count"] else 1, Unit(match["unit"]))


def _read_all_time(_: re.Match[str]) -> Period:
    return ALL_TIME


def _read_since(match: re.Match[str]) -> Period:
    return Since(_named(match["what"]))


def _read_between(match: re.Match[str]) -> Period:
    first, last = match["first"], match["last"]
    if re.fullmatch(DAY, first):  # "between 1 and 7 nov"
        day = _calendar_day(last)
        return Between(replace(day, day=number(first)), day)
    if re.fullmatch(DAY, last):  # "nov 1 to 7"
        day = _calendar_day(first)
        return Between(day, replace(day, day=number(last)))
    return Between(_anchor(first), _anchor(last))


def _named(text: str) -> Anchor | Relative:
    words = text.split()
    noun = words[-1].removesuffix("s")  # "last weeks leaderboard", once its apostrophe is gone
    if noun in _DAYS:
        return Relative(Unit.DAY, _DAYS[noun])
    if noun in _UNITS:
        return Relative(Unit(noun), _WHICH.get(words[0], Which.THIS))
    return _anchor(text)


def _anchor(text: str) -> Anchor:
    if re.fullmatch(_DATE, text):
        return _calendar_day(text)
    words = text.split()
    over = words[0] == "last"
    if words[-1] == "weekend":
        return Weekend(over)
    if words[-1] in WEEKDAYS:
        return NamedWeekday(WEEKDAYS[words[-1]], over)
    year = _year(words)
    months = [MONTHS[word] for word in words if word in MONTHS]
    if months:
        return NamedMonth(months[0], year, over and year is None)
    return NamedYear(int(text))


def _calendar_day(text: str) -> CalendarDay:
    if re.fullmatch(ISO, text):
        year, month, day = map(int, text.split("-"))
        return CalendarDay(day, month, year)
    words = text.split()
    day = next(number(word) for word in words if re.fullmatch(DAY, word))
    month = next(MONTHS[word] for word in words if word in MONTHS)
    return CalendarDay(day, month, _year(words))


def _year(words: Sequence[str]) -> int | None:
    return next((int(word) for word in words if re.fullmatch(YEAR, word)), None)


_TELLING = frozenset(
    {*MONTHS, *WEEKDAYS, "weekend", "all-time", "alltime", "ever"}
    | {"today", "todays", "yesterday", "yesterdays", "tomorrow", "tomorrows", "time"}
    | {"day", "days", "week", "weeks", "month", "months", "year", "years"}
)
_DAYS = {"today": Which.THIS, "yesterday": Which.LAST, "tomorrow": Which.NEXT}
_WHICH = {"last": Which.LAST, "previous": Which.LAST, "next": Which.NEXT}
_UNITS = ("week", "month", "year")

_LEAD = r"(?:(?:in|on|during|for|from|over|within) )?(?:the )?"
_DATE = rf"(?:{ISO}|(?:the )?{DAY} (?:of )?{MONTH}(?: {YEAR})?|{MONTH} (?:the )?{DAY}(?: {YEAR})?)"
# "sun 18:00" is when a digest comes, not which day is asked about
_PLACE = (
    rf"(?:{_DATE}|(?:(?:last|this) )?{MONTH}(?: {YEAR})?|{YEAR}|(?:(?:last|this) )?weekend"
    rf"|(?:(?:last|this) )?{WEEKDAY}(?! (?:at|{CLOCK})(?!\S)))"
)
_RELATIVE = r"(?:todays?|yesterdays?|tomorrows?|(?:this|current|last|previous|next) (?:week|month|year)s?)"
# not in "km per week", "3 times a week", "1 week ago", "week 47"
_RUNNING = r"(?:(?<! per )(?<! a )(?<! each )(?<! every )(?<! one )(?<![0-9] )(?:week|month|year)(?! [0-9]))"
_ANY = rf"(?:{_PLACE}|{_RELATIVE}|{_RUNNING})"
_TILL = r"(?:to|until|till)"
_ENDS = ((_PLACE, _PLACE), (DAY, _DATE), (_DATE, DAY))

_PHRASES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Period]], ...] = tuple(
    (re.compile(rf"(?<= ){phrase}(?!\S)"), read)
    for phrase, read in (
        (rf"{_LEAD}(?:last|past|previous) (?P<count>{COUNT}) (?P<unit>day|week|month|year)s?", _read_rolling),
        (rf"{_LEAD}past (?P<count>)(?P<unit>week|month|year)", _read_rolling),
        (r"(?:all time|all-time|alltime|ever)", _read_all_time),
        (rf"since (?:the )?(?P<what>{_ANY})(?: {_TILL} (?:today|now))?", _read_since),
        (rf"from (?P<what>{_DATE})", _read_since),  # before the next, which reads the same words as one day
        (rf"{_LEAD}(?<! next )(?P<what>{_ANY})", _read_named),
        (rf"from (?P<what>{_ANY}) {_TILL} (?:today|now)", _read_since),
        *((rf"between (?P<first>{a}) and (?P<last>{b})", _read_between) for a, b in _ENDS),
        *((rf"(?:(?:from|between) )?(?P<first>{a}) {_TILL} (?P<last>{b})", _read_between) for a, b in _ENDS),
    )
)
