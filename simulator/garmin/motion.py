"""Computes the values of movement in a Garmin row: distance, climb, and the additional keys of each
family of sports.
"""

from typing import Any

from simulator.garmin.types import Family, activity_type
from simulator.garmin.weeks import FinishedOuting

CADENCE = {Family.RUN: 166, Family.WALK: 108}  # steps a minute
SPLITS = {1000: "fastestSplit_1000", 1609: "fastestSplit_1609", 5000: "fastestSplit_5000", 10000: "fastestSplit_10000"}


def motion_keys(effort: FinishedOuting) -> dict[str, Any]:
    """Return speed, distance and climb if there are any, and the additional keys of this family of sports."""
    extras = EXTRAS.get(activity_type(effort.type_key).family, _nothing)
    return _movement(effort) | extras(effort)


def _movement(effort: FinishedOuting) -> dict[str, Any]:
    if effort.metres is None:
        return {"averageSpeed": 0.0, "maxSpeed": 0.0}
    average = effort.metres / effort.seconds
    return {
        "distance": effort.metres,
        "averageSpeed": round(average, 4),
        "maxSpeed": round(average * effort.luck.uniform(1.25, 1.6), 4),
        **_elevation(effort),
    }


def _elevation(effort: FinishedOuting) -> dict[str, Any]:
    if effort.climb is None:
        return {}
    lowest = effort.luck.randint(10, 90)
    return {
        "elevationGain": float(effort.climb),
        "elevationLoss": float(round(effort.climb * effort.luck.uniform(0.94, 1.06))),
        "minElevation": float(lowest),
        "maxElevation": lowest + round(effort.climb * effort.luck.uniform(0.3, 0.8), 1),
        "maxVerticalSpeed": round(effort.luck.uniform(0.4, 1.2), 2),
    }


def _stride(effort: FinishedOuting) -> dict[str, Any]:
    metres, cadence = effort.metres or 0.0, CADENCE[activity_type(effort.type_key).family]
    steps = round(effort.seconds / 60 * cadence * effort.luck.uniform(0.97, 1.03))
    return {
        "steps": steps,
        "averageRunningCadenceInStepsPerMinute": round(60 * steps / effort.seconds, 3),
        "maxRunningCadenceInStepsPerMinute": cadence + 24.0,
        "maxDoubleCadence": cadence + 24.0,
        "avgStrideLength": round(100 * metres / steps, 2) if steps else 0.0,
    }


def _running(effort: FinishedOuting) -> dict[str, Any]:
    speed = (effort.metres or 0.0) / effort.seconds
    watts = round(95 * speed)
    return {
        **_stride(effort),
        **_fastest_splits(effort),
        "vO2MaxValue": 46.0,
        "avgPower": float(watts),
        "normPower": float(round(watts * 1.06)),
        "maxPower": float(round(watts * 1.9)),
        **{f"powerTimeInZone_{zone}": round(effort.seconds * share, 3) for zone, share in POWER_SHARES},
        "avgVerticalOscillation": round(effort.luck.uniform(7.4, 9.2), 2),
        "avgVerticalRatio": round(effort.luck.uniform(7.8, 9.8), 2),
        "avgGroundContactTime": round(effort.luck.uniform(240, 300), 1),
        "avgGradeAdjustedSpeed": round(speed * 1.03, 4),
        "minTemperature": 12.0,
        "maxTemperature": 19.0,
    }


def _fastest_splits(effort: FinishedOuting) -> dict[str, float]:
    if not effort.metres:
        return {}
    whole = effort.metres
    # the shorter the split compared with the whole, the faster the best one is than the average
    return {
        key: round(effort.seconds * metres / whole * (0.92 + 0.08 * metres / whole), 3)
        for metres, key in SPLITS.items()
        if metres <= whole
    }


def _riding(effort: FinishedOuting) -> dict[str, Any]:
    return {
        "averageBikingCadenceInRevPerMinute": float(effort.luck.randint(76, 90)),
        "maxBikingCadenceInRevPerMinute": float(effort.luck.randint(104, 122)),
        "vO2MaxValue": 48.0,
        "minTemperature": 11.0,
        "maxTemperature": 21.0,
    }


def _lengths(effort: FinishedOuting) -> dict[str, Any]:
    lengths = round((effort.metres or 0.0) / 25)
    return {
        "poolLength": 2500.0,
        "unitOfPoolLength": {"unitId": 230, "unitKey": "meter", "factor": 100.0},
        "activeLengths": lengths,
        "strokes": float(lengths * 11),
        "avgStrokes": 11.0,
        "averageSwolf": float(effort.luck.randint(38, 48)),
        "averageSwimCadenceInStrokesPerMinute": float(effort.luck.randint(24, 32)),
    }


def _strokes(effort: FinishedOuting) -> dict[str, Any]:
    strokes = round((effort.metres or 0.0) / 2.1)
    return {"strokes": float(strokes), "avgStrokeDistance": 210.0, "maxStrokeCadence": 61.0}


def _sets(effort: FinishedOuting) -> dict[str, Any]:
    sets = max(1, round(effort.seconds / 150))
    return {"activeSets": sets, "totalSets": 2 * sets, "totalReps": sets * 10, "summarizedExerciseSets": []}


def _nothing(_: FinishedOuting) -> dict[str, Any]:
    return {}


EXTRAS = {
    Family.RUN: _running,
    Family.WALK: _stride,
    Family.RIDE: _riding,
    Family.POOL: _lengths,
    Family.WATER: _strokes,
    Family.GYM: _sets,
}
POWER_SHARES = ((1, 0.3), (2, 0.38), (3, 0.2), (4, 0.08), (5, 0.04))
