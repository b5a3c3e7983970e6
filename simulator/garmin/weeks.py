"""Creates the sessions of a day from a person's habits, with season and chance."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from simulator.garmin.types import activity_type

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
IDLE_WEEKS = 0.05  # the part of weeks without sessions
SEASON = 0.15  # how much longer sessions are in July than on average; indoors they are shorter


@dataclass(frozen=True)
class Outing:
    """A session that a person often does on one weekday. `speed` is in m/s (0: no distance), `climb` in
    metres per km.
    """

    weekday: int
    chance: float
    type_key: str
    minutes: float
    heart_rate: int
    speed: float = 0.0
    climb: float = 0.0
    hour: int = 18


@dataclass(frozen=True)
class Habits:
    """A person's usual week."""

    name: str
    week: tuple[Outing, ...]

    @property
    def minutes_a_week(self) -> float:
        """The average minutes a week over a year, idle weeks included."""
        return (1 - IDLE_WEEKS) * sum(outing.chance * outing.minutes for outing in self.week)


@dataclass(frozen=True)
class FinishedOuting:
    """One finished session: what a watch measured, before Garmin computed anything."""

    type_key: str
    start: datetime
    seconds: float
    metres: float | None
    climb: float | None
    heart_rate: float | None
    luck: Random
    resting: float = 0.0

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds + self.resting)


def efforts_on(day: date, habits: Habits, seed: int, zone: ZoneInfo) -> list[tuple[int, FinishedOuting]]:
    """Return the sessions of these habits on a local day, each with its place in the week. Every call
    returns the same.
    """
    year, week, weekday = day.isocalendar()
    mood = Random(f"{seed}:{year}-W{week}")
    if mood.random() < IDLE_WEEKS:
        return []
    form = min(1.25, max(0.75, mood.gauss(1, 0.08)))
    found = []
    for place, outing in enumerate(habits.week):
        luck = Random(f"{seed}:{day}:{place}")
        if outing.weekday == weekday - 1 and luck.random() < outing.chance:
            found.append((place, _done(outing, day, form, luck, zone)))
    return found


def _done(outing: Outing, day: date, form: float, luck: Random, zone: ZoneInfo) -> FinishedOuting:
    outdoors = activity_type(outing.type_key).outdoors
    season = 1 + (SEASON if outdoors else -SEASON) * math.cos(2 * math.pi * (day.timetuple().tm_yday - 196) / 365)
    seconds = 60 * outing.minutes * season * form * min(1.5, max(0.6, luck.gauss(1, 0.12)))
    metres = seconds * outing.speed * luck.gauss(1, 0.03)
    local = datetime.combine(day, time(outing.hour), zone) + timedelta(seconds=luck.randint(-1800, 1800))
    return FinishedOuting(
        type_key=outing.type_key,
        start=local.astimezone(UTC),
        seconds=round(seconds, 3),
        metres=round(metres, 2) or None,
        climb=round(metres / 1000 * outing.climb * luck.uniform(0.7, 1.3)) if outdoors and outing.climb else None,
        heart_rate=round(outing.heart_rate + luck.gauss(0, 4)),
        luck=luck,
        resting=round(seconds * luck.uniform(0, 0.06), 3) if outdoors else 0.0,
    )
