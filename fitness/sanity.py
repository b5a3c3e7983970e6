"""Recognises activities that no person could do, such as a watch that was left running in a car. The owner is asked
before such an activity counts.
"""

from enum import StrEnum

from fitness.points import ScoredEffort, count_minutes
from fitness.sports import Sport, find_sport


class Doubt(StrEnum):
    """Why an activity seems impossible."""

    TOO_FAST = "too_fast"
    TOO_LONG = "too_long"
    TOO_FEW_STEPS = "too_few_steps"


# Mean speed in kilometres an hour. In swimming, 60 s for 100 m is 6 km/h.
FASTEST = {Sport.RUN: 25.0, Sport.RIDE: 55.0, Sport.WALK: 9.0, Sport.SWIM: 6.0}
LONGEST_MINUTES = 12 * 60
FEWEST_STEPS = 0.3  # per metre
ON_FOOT = {Sport.RUN, Sport.WALK, Sport.HIKE}
ON_WHEELS = {"wheelchair_push_run", "wheelchair_push_walk"}
SHORTEST_KM = 0.5  # steps are not checked for a shorter distance


def find_doubt(effort: ScoredEffort, steps: float | None = None) -> Doubt | None:
    """Return why an activity seems impossible, or None if it does not."""
    sport = find_sport(effort.type_key, effort.parent_id)
    minutes, km = count_minutes(effort), effort.km or 0.0
    if minutes and sport in FASTEST and km / minutes * 60 > FASTEST[sport]:
        return Doubt.TOO_FAST
    if effort.minutes > LONGEST_MINUTES:
        return Doubt.TOO_LONG
    walked = sport in ON_FOOT and effort.type_key not in ON_WHEELS and km >= SHORTEST_KM
    if walked and steps is not None and steps < FEWEST_STEPS * km * 1000:
        return Doubt.TOO_FEW_STEPS
    return None
