"""Spans: ranges of days that may be in the future, such as "until 3 jan", "for 2 weeks", "1 to 14 dec", "from monday".

A period (fitness.periods) without a year means the latest that has begun; a span means the present or the next one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fitness.anchors import Anchor, Between, Since
from fitness.dates import Dates, add_months
from fitness.forms import BadPeriod, FuturePeriod, Period, Unit
from fitness.impossible import Wrong
from fitness.periods import find_period
from fitness.vocabulary import COUNT, MONTHS, WEEKDAYS, read_number

MOST_DAYS = 3_660
_STARTS = {"from", "since", "starting", "beginning", "start"}
_ENDS = {"until", "till", "til", "to", "through", "thru", "ending", "by"}
_UNTIL = {"until", "till", "til"}
_DOTTED = re.compile(r"[0-9]{1,2}\.(?:0?[1-9]|1[0-2])")  # "31.12", of which the last dot was cut off
_LENGTH = re.compile(rf"({COUNT}) ?(d|day|w|wk|week|month|year)s?")
_RANGE = re.compile(r"([0-9]{1,2}(?:st|nd|rd|th)?)[-–]([0-9]{1,2}(?:st|nd|rd|th)?)")
_UNITS = {"d": Unit.DAY, "w": Unit.WEEK, "wk": Unit.WEEK}


@dataclass(frozen=True)
class Span:
    """A span as people name it: with its beginning, its end or its length, or as one period."""

    begins: Period | None = None
    ends: Period | None = None
    count: int | None = None
    unit: Unit = Unit.DAY
    named: Period | None = None

    def resolve(self, today: date, *, is_past: bool = False) -> Dates | None:
        """Return its days, or None if the words do not name its end. Raises `BadPeriod` if it ends before it begins.

        A first day without a year is the next such day, or the latest one if the span `is_past`.
        """
        if self.named is not None:
            return find_coming_days(self.named, today)
        start = self.first_day(today, is_past=is_past)
        if self.ends is not None:
            end = find_coming_days(self.ends, max(start, today)).end
        elif self.count is not None:
            end = _later(start, self.count, self.unit) - timedelta(1)
        else:
            return None
        if end < start:
            raise BadPeriod(Wrong.IS_BEFORE, what=str(end), other=str(start))
        return Dates(start, end)

    def first_day(self, today: date, *, is_past: bool = False) -> date:
        """Return the day on which it begins: today if the words do not name one."""
        if self.begins is None:
            return find_coming_days(self.named, today).start if self.named else today
        if is_past:
            try:
                return self.begins.resolve(today).start
            except FuturePeriod as future:
                return future.starts
        return find_coming_days(self.begins, today).start


def find_span(words: Sequence[str]) -> tuple[Span, list[int]] | None:
    """Find a span in lower-case words. Returns it and the places of its words, or None. Raises `BadPeriod` like
    `find_period`.
    """
    spread, places = _spread(words)
    begun, ended = _after(spread, _STARTS), _after(spread, _ENDS)
    length = _length(spread)
    whole = find_period(spread)
    if whole is not None and (isinstance(whole[0], Between) or not (begun or ended or length)):
        period = whole[0].what if isinstance(whole[0], Since) else None
        span = Span(named=whole[0]) if period is None else Span(begins=period)
        return span, _original(places, whole[1])
    if not (begun or ended or length):
        return None
    if begun is None and whole is not None and not (ended and set(whole[1]) & set(ended[1])):
        begun = whole  # "monday for 2 weeks"
    span = Span(begun[0] if begun else None, ended[0] if ended else None, *(length[0] if length else ()))
    used = {place for found in (begun, ended, length) if found for place in found[1]}
    return span, _original(places, used)


def find_coming_days(period: Period, today: date) -> Dates:
    """Return the days of the present or next occurrence of a period; of the latest one, if all are over."""
    if isinstance(period, Between):
        lasts = [turn for turn in period.last.turns(today) if turn.end >= today] or period.last.turns(today)[-1:]
        firsts = [turn for turn in period.first.turns(lasts[0].end) if turn.start <= lasts[0].end]
        if not firsts:
            raise BadPeriod(Wrong.ENDS_FIRST)
        return Dates(firsts[-1].start, lasts[0].end)
    if isinstance(period, Anchor):
        turns = period.turns(today)
        return next((turn for turn in turns if turn.end >= today), turns[-1])
    return period.dates(today, 0)


def _after(words: Sequence[str], marks: set[str]) -> tuple[Period, Sequence[int]] | None:
    """Find the period directly after one of these words, with its places, or None."""
    for i, word in enumerate(words):
        if word in marks and i + 1 < len(words):
            rest = words[i + 1 :]
            end = next((j for j, other in enumerate(rest) if other in _STARTS | _ENDS), len(rest))
            found = _directly(rest[:end], may_be_dotted=word in _UNTIL)
            if found is not None:
                return found[0], range(i, i + 1 + found[1])
    return None


def _directly(words: Sequence[str], *, may_be_dotted: bool) -> tuple[Period, int] | None:
    """Return the period with which these words begin and how many of them it has, or None. "Next sunday" is the coming
    one.
    """
    if may_be_dotted and words and _DOTTED.fullmatch(words[0]):
        dotted = find_period(["since", words[0]])
        return (dotted[0].what, 1) if dotted and isinstance(dotted[0], Since) else None
    led = len(words) > 1 and words[0] == "next" and words[1] in {*WEEKDAYS, *MONTHS}
    found = find_period(words[led:])
    if found is None or found[1].start != 0 or isinstance(found[0], Since | Between):
        return None
    return found[0], found[1].stop + led


def _length(words: Sequence[str]) -> tuple[tuple[int, Unit], Sequence[int]] | None:
    """Find a length such as "2 weeks", "14 days" or "for the next 4 weeks", but not "last 4 weeks", which are over."""
    for i, word in enumerate(words):
        if i and words[i - 1] in {"last", "past", "previous"}:
            continue
        for size in (1, 2):
            match = _LENGTH.fullmatch(" ".join(words[i : i + size]))
            if match and (size == 1 or i + 1 < len(words)):
                unit = _UNITS.get(match[2]) or Unit(match[2])
                first = i
                while first and words[first - 1] in {"next", "the", "for"}:
                    first -= 1
                return (read_number(match[1]), unit), range(first, i + size)
        if word == "fortnight":
            return (2, Unit.WEEK), [i]
    return None


def _later(start: date, count: int, unit: Unit) -> date:
    """Return the day so many units later. Raises `BadPeriod` if that is more than ten years."""
    days = count * {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.YEAR: 366}[unit]
    if not 0 < days <= MOST_DAYS:
        raise BadPeriod(Wrong.TOO_LONG_TO_PLAN, count=count, what=unit)
    if unit in {Unit.DAY, Unit.WEEK}:
        return start + timedelta(days)
    return add_months(start, count * (12 if unit is Unit.YEAR else 1))


def _spread(words: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return the words, with "1-14" split into three, and for each the place where it stood."""
    spread: list[str] = []
    places: list[int] = []
    for i, word in enumerate(words):
        match = _RANGE.fullmatch(word)
        parts = [match[1], "to", match[2]] if match else [word]
        spread += parts
        places += [i] * len(parts)
    return spread, places


def _original(places: Sequence[int], used: Sequence[int] | set[int]) -> list[int]:
    return sorted({places[place] for place in used})
