"""Computes the values of a Garmin row that follow from heart rate: zones, intensity minutes, load,
training effect, calories.

Fitted to recorded activities: zones begin at 50, 60 … 90 % of the heart-rate reserve; minutes from 40 % of it count as
moderate and from 60 % as vigorous.
"""

import math
from statistics import NormalDist
from typing import Any

from simulator.garmin.types import activity_type
from simulator.garmin.weeks import FinishedOuting

REST, MOST = 50, 190
ZONE_BOUNDS = [REST + share * (MOST - REST) for share in (0.5, 0.6, 0.7, 0.8, 0.9)]
MODERATE, VIGOROUS = REST + 0.4 * (MOST - REST), REST + 0.6 * (MOST - REST)
SPREAD = 9  # beats per minute around the average during one session


def heart_keys(effort: FinishedOuting) -> dict[str, Any]:
    """Return every key that follows from the heart rate; without one, only estimated calories."""
    minutes = effort.seconds / 60
    if effort.heart_rate is None:
        usual = activity_type(effort.type_key).heart_rate
        return {"calories": _calories(minutes, usual), "bmrCalories": round(1.5 * minutes), **NO_MINUTES}
    beats = NormalDist(effort.heart_rate, SPREAD)
    load = _load(minutes, effort.heart_rate)
    return {
        "averageHR": float(effort.heart_rate),
        "maxHR": float(min(MOST, round(effort.heart_rate + effort.luck.uniform(14, 26)))),
        "calories": _calories(minutes, effort.heart_rate),
        "bmrCalories": float(round(1.5 * minutes)),
        "moderateIntensityMinutes": round(minutes * (beats.cdf(VIGOROUS) - beats.cdf(MODERATE))),
        "vigorousIntensityMinutes": round(minutes * (1 - beats.cdf(VIGOROUS))),
        **_zones(effort.seconds, beats),
        "activityTrainingLoad": round(load, 3),
        **_training_effect(load),
        "waterEstimated": float(round(9.5 * minutes)),
        "differenceBodyBattery": -round(load / 6),
        "minActivityLapDuration": effort.seconds,
    }


def _zones(seconds: float, beats: NormalDist) -> dict[str, float]:
    above = [1 - beats.cdf(bound) for bound in ZONE_BOUNDS] + [0.0]
    return {
        f"hrTimeInZone_{zone}": round(seconds * (above[zone - 1] - above[zone]), 3)
        for zone in range(1, len(ZONE_BOUNDS) + 1)
    }


def _calories(minutes: float, heart_rate: float) -> float:
    return float(round(minutes * max(1.6, 0.128 * (heart_rate - 60))))


def _load(minutes: float, heart_rate: float) -> float:
    """Return Banister's TRIMP minus ten per cent, which is within a quarter of the recorded loads."""
    reserve = min(1.0, max(0.0, (heart_rate - REST) / (MOST - REST)))
    return 0.9 * minutes * reserve * 0.64 * math.exp(1.92 * reserve)


def _training_effect(load: float) -> dict[str, Any]:
    effect = round(min(5.0, 0.385 * math.sqrt(load)), 1)
    label, message = next((label, message) for most, label, message in EFFECTS if effect < most)
    return {
        "aerobicTrainingEffect": effect,
        "anaerobicTrainingEffect": 0.0,
        "trainingEffectLabel": label,
        "aerobicTrainingEffectMessage": message,
        "anaerobicTrainingEffectMessage": "NO_ANAEROBIC_BENEFIT_0",
    }


NO_MINUTES = {"moderateIntensityMinutes": 0, "vigorousIntensityMinutes": 0}
EFFECTS = (
    (2.0, "RECOVERY", "RECOVERY_5"),
    (3.0, "AEROBIC_BASE", "MAINTAINING_AEROBIC_BASE_7"),
    (4.0, "TEMPO", "IMPROVING_AEROBIC_BASE_8"),
    (math.inf, "LACTATE_THRESHOLD", "HIGHLY_IMPROVING_LACTATE_THRESHOLD_12"),
)
