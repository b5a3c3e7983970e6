"""Effort points: one scale for every sport, on which 100 is the World Health Organization's weekly minimum.

WHO's 2020 guidelines (https://pmc.ncbi.nlm.nih.gov/articles/PMC7719906) ask adults for 150 minutes of moderate activity
a week, or 75 of vigorous; Garmin counts intensity minutes by the same rule, vigorous ones twice; and at IPAQ's 4 METs
for moderate, 150 minutes are 600 MET-minutes. So 100 points = 150 intensity minutes = 600 MET-minutes.
"""

from dataclasses import dataclass
from enum import StrEnum

from fitness.met import Met, find_met
from fitness.sports import Sport, Style, find_sport, is_sport, strip_key


@dataclass(frozen=True)
class Formula:
    """The constants that are our choice, not science. If you change one, raise `version`: then all activities
    are scored again.

    `low` and `high` are the smallest and largest factor by which heart rate may change the table's points. The other
    values are minutes, points and factors.
    """

    version: int = 1
    met_minutes: float = 600.0
    intensity_minutes: float = 150.0
    low: float = 0.7
    high: float = 1.3
    most: float = 400.0
    fewest_minutes: float = 5.0
    most_game_minutes: float = 150.0
    golf: float = 0.5
    manual: float = 0.7


FORMULA = Formula()


class Because(StrEnum):
    """The rule that decided the points."""

    SHORT = "short"  # under five minutes
    NO_SPORT = "no_sport"
    LEGS = "legs"  # a multisport session: the sum of its parts
    MANUAL = "manual"  # logged by hand
    TABLE = "table"  # no heart rate: the table alone
    HEART = "heart"  # Garmin's intensity minutes
    LOW = "low"  # the table's lower limit, because heart rate gave fewer points
    HIGH = "high"  # the table's upper limit, because heart rate gave more points


@dataclass(frozen=True)
class ScoredEffort:
    """What is known about an activity. Units: minutes, kilometres, metres climbed, watts, beats per minute."""

    type_key: str
    minutes: float
    parent_id: int | None = None
    moving_minutes: float | None = None
    km: float | None = None
    climb: float | None = None
    watts: float | None = None
    heart_rate: float | None = None
    moderate: float | None = None
    vigorous: float | None = None
    manual: bool = False


@dataclass(frozen=True)
class Score:
    """The points and how they were computed. `capped`: they were cut to the most that one activity may earn."""

    points: float
    because: Because
    minutes: float
    met: Met
    table: float
    capped: bool
    intensity: float | None = None
    heart: float | None = None
    version: int = FORMULA.version


def score(effort: ScoredEffort, formula: Formula = FORMULA) -> Score:
    """Return the points of one activity, rounded to a tenth. docs/scoring.md explains the formula."""
    minutes = count_minutes(effort, formula)
    met = find_met(effort.type_key, effort.parent_id, **_rates(effort, minutes))
    table = met.value * minutes * 100 / formula.met_minutes
    intensity = _intensity(effort)
    heart = None if intensity is None else intensity * 100 / formula.intensity_minutes
    points, because = _decide(effort, minutes, table, heart, formula)
    return Score(
        points=round(min(points, formula.most), 1),
        because=because,
        minutes=round(minutes, 2),
        met=met,
        table=round(table, 1),
        intensity=intensity,
        heart=None if heart is None else round(heart, 1),
        capped=points > formula.most,
        version=formula.version,
    )


def score_legs(legs: list[Score], formula: Formula = FORMULA) -> Score:
    """Return the points of a multisport session: the sum of its parts, at most as many as one activity may earn."""
    points = sum(leg.points for leg in legs)
    minutes = sum(leg.minutes for leg in legs)
    met = Met(round(sum(leg.met.value * leg.minutes for leg in legs) / minutes, 1) if minutes else 0.0, "")
    return Score(
        points=round(min(points, formula.most), 1),
        because=Because.LEGS,
        minutes=round(minutes, 2),
        met=met,
        table=round(sum(leg.table for leg in legs), 1),
        capped=points > formula.most,
        version=formula.version,
    )


def count_minutes(effort: ScoredEffort, formula: Formula = FORMULA) -> float:
    """Return the minutes that earn points: moving time for sports in which one travels, a part of the time for games
    and golf, else all minutes.
    """
    sport = find_sport(effort.type_key, effort.parent_id)
    if strip_key(effort.type_key) == "golf":
        return effort.minutes * formula.golf
    if sport in GAMES:
        return min(effort.minutes, formula.most_game_minutes)
    if sport.style is not Style.TIME and effort.moving_minutes:
        return effort.moving_minutes
    return effort.minutes


def _decide(
    effort: ScoredEffort, minutes: float, table: float, heart: float | None, formula: Formula
) -> tuple[float, Because]:
    if not is_sport(effort.type_key):
        return 0.0, Because.NO_SPORT
    if minutes < formula.fewest_minutes:
        return 0.0, Because.SHORT
    if effort.manual:
        return table * formula.manual, Because.MANUAL
    if heart is None or (heart == 0 and effort.heart_rate is None):
        return table, Because.TABLE
    return _clamped(heart, formula.low * table, formula.high * table)


def _clamped(heart: float, low: float, high: float) -> tuple[float, Because]:
    if heart < low:
        return low, Because.LOW
    return (high, Because.HIGH) if heart > high else (heart, Because.HEART)


def _intensity(effort: ScoredEffort) -> float | None:
    if effort.moderate is None and effort.vigorous is None:
        return None
    return (effort.moderate or 0) + 2 * (effort.vigorous or 0)


def _rates(effort: ScoredEffort, minutes: float) -> dict[str, float | None]:
    km = effort.km or 0
    return {
        "kmh": km / minutes * 60 if km and minutes else None,
        "watts": effort.watts,
        "climb_per_km": effort.climb / km if effort.climb is not None and km else None,
    }


GAMES = {Sport.RACKET, Sport.TEAM}
