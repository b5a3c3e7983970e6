"""What boards, points and records need of an activity, computed once when it is stored."""

from typing import Any

SPLITS = (100, 400, 1000, 1500, 1609, 5000, 10000, 21098, 42195)
VERSION = 2


def metrics_of(kept: dict[str, Any]) -> dict[str, Any]:
    """Figures of one row of Garmin's list: seconds, metres, beats per minute, watts. Absent ones are left out.

    `splits` is the best time over so many metres; `zones` the seconds in heart-rate zones 1 to 5.
    """
    figures = {
        "minutes": _rounded(kept.get("duration"), 60),
        "moving_minutes": _rounded(kept.get("movingDuration"), 60),
        "km": _rounded(kept.get("distance"), 1000),
        "speed": kept.get("averageSpeed"),
        "climb": kept.get("elevationGain"),
        "steps": kept.get("steps"),
        "power": kept.get("avgPower"),
        "heart_rate": kept.get("averageHR"),
        "most_heart_rate": kept.get("maxHR"),
        "moderate_minutes": kept.get("moderateIntensityMinutes"),
        "vigorous_minutes": kept.get("vigorousIntensityMinutes"),
        "load": kept.get("activityTrainingLoad"),
        "vo2max": kept.get("vO2MaxValue"),
        "parent_type": (kept.get("activityType") or {}).get("parentTypeId"),
        "is_record": kept.get("pr") or kept.get("isPR"),
        "is_private": (kept.get("privacy") or {}).get("typeKey") == "private" or None,
        "splits": {str(m): kept[f"fastestSplit_{m}"] for m in SPLITS if kept.get(f"fastestSplit_{m}")} or None,
        "zones": _zones(kept),
    }
    return {"version": VERSION} | {name: value for name, value in figures.items() if value is not None}


def _zones(kept: dict[str, Any]) -> list[float] | None:
    zones = [kept.get(f"hrTimeInZone_{zone}") for zone in range(1, 6)]
    return [float(each or 0) for each in zones] if any(zones) else None


def _rounded(value: Any, unit: float) -> float | None:
    return round(value / unit, 2) if isinstance(value, int | float) else None
