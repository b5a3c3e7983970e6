"""One row of Garmin's list, or of a file made to look like one, as an activity of ours. No database is asked."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from fitness.sports import counts, sport_of
from models import Activity, GarminAccount
from services.training import scoring
from services.training.metrics import metrics_of

# Kept of each row as Garmin sent it. Places, pictures and the owner's roles are dropped at the door.
KEPT = (
    "activityId", "activityName", "startTimeLocal", "startTimeGMT", "activityType", "eventType", "duration",
    "elapsedDuration", "movingDuration", "distance", "elevationGain", "elevationLoss", "averageSpeed", "maxSpeed",
    "calories", "bmrCalories", "averageHR", "maxHR", "steps", "avgPower", "normPower", "vO2MaxValue",
    "aerobicTrainingEffect", "anaerobicTrainingEffect", "activityTrainingLoad", "moderateIntensityMinutes",
    "vigorousIntensityMinutes", "hrTimeInZone_1", "hrTimeInZone_2", "hrTimeInZone_3", "hrTimeInZone_4",
    "hrTimeInZone_5", "fastestSplit_1000", "fastestSplit_1609", "fastestSplit_5000", "fastestSplit_10000",
    "fastestSplit_21098", "fastestSplit_42195", "fastestSplit_100", "fastestSplit_400", "fastestSplit_1500",
    "lapCount", "manufacturer", "privacy", "manualActivity", "pr", "parent", "parentId",
)  # fmt: skip


@dataclass(frozen=True)
class NoAccount:
    """Whose rows are read, where they come from a file."""

    member_id: int
    id: None = None


def read_all(account: GarminAccount | NoAccount, raws: Sequence[dict[str, Any]]) -> dict[int, Activity]:
    """The rows that are sessions, by Garmin's ids."""
    return {row.garmin_activity_id: row for row in (read(account, raw) for raw in raws) if row is not None}


def has_id(raw: dict[str, Any]) -> bool:
    """Whether a row says which it is."""
    return isinstance(raw.get("activityId"), int)


def is_session(raw: dict[str, Any]) -> bool:
    """Whether a row counts by itself: no sleep or meditation, no leg of a triathlon."""
    return not raw.get("parentId") and counts(_type_key(raw))


def _type_key(raw: dict[str, Any]) -> str:
    return str((raw.get("activityType") or {}).get("typeKey") or "other")


def read(account: GarminAccount | NoAccount, raw: dict[str, Any]) -> Activity | None:
    """One row of Garmin's list as ours; None for what is no session, or part of a multisport one."""
    key, parent_type = storable(_type_key(raw)), (raw.get("activityType") or {}).get("parentTypeId")
    began, local = _instant(raw.get("startTimeGMT")), _instant(raw.get("startTimeLocal"))
    if began is None or not has_id(raw) or not is_session(raw):
        return None
    local = local or began
    kept = {name: storable(raw[name]) for name in KEPT if raw.get(name) is not None}
    if kept.get("activityName"):
        kept["activityName"] = _placeless(str(kept["activityName"]), str(raw.get("locationName") or ""))
    made = Activity(
        account_id=account.id,
        member_id=account.member_id,
        garmin_activity_id=raw["activityId"],
        type=key[:60],
        sport=sport_of(key, parent_type),
        name=kept.get("activityName", "")[:200] or None,
        start_utc=began,
        utc_offset=round((local - began).total_seconds()),
        local_date=local.date(),
        duration=_number(raw.get("duration")) or 0.0,
        moving_duration=_number(raw.get("movingDuration")),
        elapsed_duration=_number(raw.get("elapsedDuration")),
        distance=_number(raw.get("distance")),
        elevation_gain=_number(raw.get("elevationGain")),
        calories=_number(raw.get("calories")),
        average_hr=_number(raw.get("averageHR")),
        moderate_minutes=_whole(raw.get("moderateIntensityMinutes")),
        vigorous_minutes=_whole(raw.get("vigorousIntensityMinutes")),
        manual=bool(raw.get("manualActivity") or raw.get("isManualActivity")),
        private=(kept.get("privacy") or {}).get("typeKey") == "private",
        processed_metrics=metrics_of(kept),
        raw_data=kept,
        fingerprint=_fingerprint(kept),
    )
    scoring.score_row(made)
    return made


def storable(value: Any) -> Any:
    """A value without what Postgres refuses: NUL, half of a surrogate pair, and numbers that are none."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode(errors="replace").decode()
    if isinstance(value, dict):
        return {name: storable(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value


def _placeless(name: str, place: str) -> str:
    """A title without the town that Garmin puts before it: it is often where the member lives."""
    return name.replace(place, "").strip(" -–,") if place else name


def _fingerprint(kept: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:32]


def _instant(text: Any) -> datetime | None:
    """Garmin's "YYYY-MM-DD HH:MM:SS". Local times are read as if they were UTC: only their date and distance count."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    except ValueError:
        return None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and value == value and abs(value) < 1e9 else None  # noqa: PLR0124


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else round(number)
