"""Reads the rows of Garmin's list of activities as recordings. No other file knows Garmin's field names.

https://connect.garmin.com sends these rows to its own web page; they are not documented.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from providers.recordings import Recording
from providers.sources import Page

NAME = "garmin"  # of the source
# Garmin's list contains the legs of a triathlon only with this parameter; each leg names its session in `parentId`.
WITH_LEGS = {"excludeChildren": "false"}
SPLITS = (100, 400, 1000, 1500, 1609, 5000, 10000, 21098, 42195)
# The fields of each row that are stored as Garmin sent them. Places, pictures and the owner's roles are dropped here.
KEPT = (
    "activityId", "activityName", "startTimeLocal", "startTimeGMT", "activityType", "eventType", "duration",
    "elapsedDuration", "movingDuration", "distance", "elevationGain", "elevationLoss", "averageSpeed", "maxSpeed",
    "calories", "bmrCalories", "averageHR", "maxHR", "steps", "avgPower", "normPower", "vO2MaxValue",
    "aerobicTrainingEffect", "anaerobicTrainingEffect", "activityTrainingLoad", "moderateIntensityMinutes",
    "vigorousIntensityMinutes", "hrTimeInZone_1", "hrTimeInZone_2", "hrTimeInZone_3", "hrTimeInZone_4",
    "hrTimeInZone_5", *(f"fastestSplit_{metres}" for metres in SPLITS),
    "lapCount", "manufacturer", "privacy", "manualActivity", "pr", "parent", "parentId",
)  # fmt: skip
MOST = 1e9  # no figure of a session is larger


def read_page(rows: Sequence[dict[str, Any]], *, last: bool) -> Page:
    """Read a page of the list. Rows without an id are left out; ids of rows that cannot be read are in `unread`."""
    found = {row["activityId"]: read_row(row) for row in rows if _is_id(row.get("activityId"))}
    recordings = [recording for recording in found.values() if recording is not None]
    return Page(recordings, last, frozenset(key for key, recording in found.items() if recording is None))


def read_row(row: Mapping[str, Any]) -> Recording | None:
    """Read one row, or the stored part of it. None if it has no id or no valid start."""
    began, local = _instant(row.get("startTimeGMT")), _instant(row.get("startTimeLocal"))
    kind, part_of = row.get("activityType") or {}, row.get("parentId") or None
    if began is None or not _is_id(row.get("activityId")) or not (part_of is None or _is_id(part_of)):
        return None
    parent, kept = kind.get("parentTypeId"), _kept(row)
    measured: dict[str, Any] = {ours: _number(row.get(theirs)) for ours, theirs in MEASURED.items()}
    return Recording(
        source=NAME,
        id=row["activityId"],
        part_of=part_of,
        type_key=str(kind.get("typeKey") or "other"),
        parent_type=parent if _is_id(parent) else None,
        name=str(kept.get("activityName") or ""),
        start=began,
        offset=(local or began) - began,
        seconds=_number(row.get("duration")) or 0.0,
        manual=bool(row.get("manualActivity") or row.get("isManualActivity")),
        private=(row.get("privacy") or {}).get("typeKey") == "private",
        is_record=bool(row.get("pr") or row.get("isPR")),
        maker=str(row.get("manufacturer") or ""),
        splits={m: best for m in SPLITS if (best := _number(row.get(f"fastestSplit_{m}")))},
        zones=_zones(row),
        told=kept,
        **measured,
    )


# Our names of measured figures, and Garmin's.
MEASURED = {
    "elapsed": "elapsedDuration",
    "moving": "movingDuration",
    "metres": "distance",
    "climb": "elevationGain",
    "descent": "elevationLoss",
    "speed": "averageSpeed",
    "top_speed": "maxSpeed",
    "pulse": "averageHR",
    "highest_pulse": "maxHR",
    "calories": "calories",
    "steps": "steps",
    "watts": "avgPower",
    "moderate_minutes": "moderateIntensityMinutes",
    "vigorous_minutes": "vigorousIntensityMinutes",
    "load": "activityTrainingLoad",
    "vo2max": "vO2MaxValue",
}


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: row[name] for name in KEPT if row.get(name) is not None}
    if kept.get("activityName"):
        kept["activityName"] = _placeless(str(kept["activityName"]), str(row.get("locationName") or ""))
    return kept


def _placeless(name: str, place: str) -> str:
    """Return a title without the town that Garmin puts in front of it, because it is often where the member lives."""
    return name.replace(place, "").strip(" -–,") if place else name


def _zones(row: Mapping[str, Any]) -> tuple[float, ...]:
    zones = [float(_number(row.get(f"hrTimeInZone_{zone}")) or 0) for zone in range(1, 6)]
    return tuple(zones) if any(zones) else ()


def _instant(text: Any) -> datetime | None:
    """Read Garmin's "YYYY-MM-DD HH:MM:SS". Local times are read as UTC: only their date and their
    difference from UTC are used.
    """
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    except ValueError:
        return None


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) < MOST else None


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
