"""Computes what is special about a member's month or year: days, streaks, and one friendly award for everybody."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from fitness.sports import Sport

SATURDAY = 5


@dataclass(frozen=True)
class DaySport:
    """What a person did in one sport on one day: sessions, seconds, metres, and the value in the chosen metric."""

    day: date
    sport: Sport
    count: int
    time: float
    distance: float
    value: float


class Award(StrEnum):
    """The awards. None of them reveals a time of day or a place."""

    STREAK = "streak"
    WEEKEND = "weekend"
    REGULAR = "regular"
    ALL_ROUND = "all_round"
    LOYAL = "loyal"
    BIG_DAY = "big_day"
    LONG = "long"
    SHORT = "short"
    STEADY = "steady"
    WATER = "water"
    HILLS = "hills"
    IRON = "iron"
    CALM = "calm"
    WANDER = "wander"
    SHOWED_UP = "showed_up"


SPORTY = {
    Award.WATER: {Sport.SWIM, Sport.PADDLE, Sport.ROW},
    Award.HILLS: {Sport.HIKE, Sport.SKI},
    Award.IRON: {Sport.STRENGTH},
    Award.CALM: {Sport.YOGA},
    Award.WANDER: {Sport.WALK},
}


@dataclass(frozen=True)
class Praise:
    """An award, how well it fits (0 to 1), and the figure that it is given for; `weekday` and `sport`
    if it names one.
    """

    award: Award
    fit: float
    figure: int = 0
    weekday: int = 0
    sport: Sport = Sport.OTHER


def find_biggest_day(efforts: Iterable[DaySport]) -> tuple[date, float] | None:
    """Return the day with the largest value, and that value; the earlier of two equal days. None if there is no day."""
    days: dict[date, float] = defaultdict(float)
    for each in efforts:
        days[each.day] += each.value
    return max(days.items(), key=lambda each: (each[1], -each[0].toordinal())) if days else None


def find_favourite_weekday(efforts: Iterable[DaySport]) -> tuple[int, int] | None:
    """Return the weekday (Monday is 0) with the most sessions, and their number; None if there are none."""
    days: Counter[int] = Counter()
    for each in efforts:
        days[each.day.weekday()] += each.count
    return max(days.items(), key=lambda each: (each[1], -each[0])) if days else None


def find_longest_streak(days: Iterable[date]) -> tuple[int, date, date] | None:
    """Return the longest run of days in a row: its length, first and last day; the earlier of two equal runs. None if
    there is no day.
    """
    best: tuple[int, date, date] | None = None
    first = last = None
    for day in sorted(set(days)):
        if first is None or last is None or day - last > timedelta(days=1):
            first = day
        last = day
        length = (day - first).days + 1
        if best is None or length > best[0]:
            best = (length, first, day)
    return best


def list_praises(efforts: Sequence[DaySport]) -> list[Praise]:
    """Return all awards that suit a member, the best fitting first. The list is never empty."""
    sessions = sum(each.count for each in efforts)
    found = [*_by_days(efforts, sessions), *_by_sports(efforts, sessions), *_by_length(efforts, sessions)]
    found.append(Praise(Award.SHOWED_UP, 0.0, sessions))
    return sorted(found, key=lambda each: (-each.fit, each.award))


def share_out(people: Mapping[int, Sequence[DaySport]]) -> dict[int, Praise]:
    """Return one award for each person. The best fits are given first, each award once. People who are left over then
    get the award that suits them best, even if somebody else has it.
    """
    wishes = sorted(
        ((each.fit, -key, each) for key, efforts in people.items() for each in list_praises(efforts)),
        key=lambda wish: (-wish[0], -wish[1], wish[2].award),
    )
    given: dict[int, Praise] = {}
    taken: set[Award] = set()
    for _, negative, praise in wishes:
        if -negative not in given and praise.award not in taken and praise.award is not Award.SHOWED_UP:
            given[-negative] = praise
            taken.add(praise.award)
    for _, negative, praise in wishes:
        given.setdefault(-negative, praise)
    return given


def _by_days(efforts: Sequence[DaySport], sessions: int) -> list[Praise]:
    if sessions < 3:
        return []
    found = []
    whole = sum(each.time for each in efforts) or 1.0
    streak = find_longest_streak(each.day for each in efforts)
    if streak and streak[0] >= 4:
        found.append(Praise(Award.STREAK, min(1.0, streak[0] / 10), streak[0]))
    weekend = sum(each.time for each in efforts if each.day.weekday() >= SATURDAY) / whole
    if weekend >= 0.6:
        found.append(Praise(Award.WEEKEND, weekend - 0.1, round(100 * weekend)))
    favourite = find_favourite_weekday(efforts)
    if favourite and favourite[1] >= 3 and favourite[1] / sessions >= 0.34:
        found.append(Praise(Award.REGULAR, favourite[1] / sessions, favourite[1], weekday=favourite[0]))
    biggest = max(_sums((each.day, each.time) for each in efforts).values())
    if biggest / whole >= 0.3:
        found.append(Praise(Award.BIG_DAY, min(0.95, biggest / whole + 0.2), round(100 * biggest / whole)))
    weeks = Counter(each.day.isocalendar()[:2] for each in efforts)
    if len(weeks) >= 4 and max(weeks.values()) - min(weeks.values()) <= 1:
        found.append(Praise(Award.STEADY, 0.7, len(weeks)))
    return found


def _by_sports(efforts: Sequence[DaySport], sessions: int) -> list[Praise]:
    times = _sums((each.sport, each.time) for each in efforts)
    whole = sum(times.values()) or 1.0
    found = []
    if len(times) >= 4:
        found.append(Praise(Award.ALL_ROUND, min(1.0, 0.35 + len(times) / 10), len(times)))
    top = max(times, key=lambda sport: (times[sport], sport), default=Sport.OTHER)
    if sessions >= 4 and times and times[top] / whole >= 0.9 and top is not Sport.OTHER:
        found.append(Praise(Award.LOYAL, times[top] / whole - 0.45, round(100 * times[top] / whole), sport=top))
    for award, sports in SPORTY.items():
        part = sum(seconds for sport, seconds in times.items() if sport in sports) / whole
        if part >= 0.3:
            found.append(Praise(award, 0.4 + part / 2, round(100 * part)))
    return found


def _by_length(efforts: Sequence[DaySport], sessions: int) -> list[Praise]:
    mean = sum(each.time for each in efforts) / sessions / 60 if sessions else 0.0
    if sessions >= 3 and mean >= 90:
        return [Praise(Award.LONG, min(1.0, mean / 180), round(mean))]
    if sessions >= 6 and 0 < mean <= 35:
        return [Praise(Award.SHORT, 0.6, sessions)]
    return []


def _sums[Key](pairs: Iterable[tuple[Key, float]]) -> dict[Key, float]:
    sums: dict[Key, float] = defaultdict(float)
    for key, value in pairs:
        sums[key] += value
    return dict(sums)
