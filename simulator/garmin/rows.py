"""One row of an activity list, in the form in which Garmin sends it."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from simulator.garmin.body import heart_keys
from simulator.garmin.motion import motion_keys
from simulator.garmin.types import activity_type, sport_id, type_row
from simulator.garmin.weeks import FinishedOuting

CLOCK = "%Y-%m-%d %H:%M:%S"
PRIVATE = {"typeId": 2, "typeKey": "private"}
PUBLIC = {"typeId": 1, "typeKey": "public"}
UNCATEGORIZED = {"typeId": 9, "typeKey": "uncategorized", "sortOrder": 10}
ROLES = ["SCOPE_CONNECT_READ", "SCOPE_CONNECT_WRITE", "ROLE_CONNECTUSER", "ROLE_FITNESS_USER", "ROLE_WELLNESS_USER"]
HOMES = {
    "Europe/London": (51.4545, -0.1183),
    "Europe/Paris": (48.8722, 2.3406),
    "Europe/Berlin": (52.4912, 13.4231),
    "Europe/Madrid": (40.4093, -3.6934),
    "America/New_York": (40.6712, -73.9636),
    "Australia/Sydney": (-33.8915, 151.2767),
}
# Garmin's own numbers for time zones. We know only these two; 0 is used for the others.
ZONE_IDS = {"Europe/Paris": 124, "America/Costa_Rica": 150}


@dataclass(frozen=True)
class Owner:
    """The owner of activities, and where that person starts."""

    garmin_id: int
    display_name: str
    full_name: str
    zone: str

    @property
    def town(self) -> str:
        return self.zone.rsplit("/", 1)[-1].replace("_", " ")

    @property
    def device_id(self) -> int:
        return 3_400_000_000 + self.garmin_id % 100_000_000


def activity_row(activity_id: int, owner: Owner, effort: FinishedOuting, changes: dict[str, Any]) -> dict[str, Any]:
    """Return one row of an activity list. `changes` override any key."""
    kind = activity_type(effort.type_key)
    manual = bool(changes.get("manualActivity", False))
    row = {
        "activityId": activity_id,
        "activityName": f"{owner.town} {kind.title}" if kind.outdoors else kind.title,
        **_times(effort, owner),
        "activityType": type_row(effort.type_key),
        "sportTypeId": sport_id(effort.type_key),
        "eventType": dict(UNCATEGORIZED),
        **_owner_keys(owner),
        **motion_keys(effort),
        **heart_keys(effort),
        **_flags(),
    }
    if not manual:
        row |= _device(owner) | (_whereabouts(owner, effort) if kind.outdoors else {"hasPolyline": False})
    return row | changes


def _times(effort: FinishedOuting, owner: Owner) -> dict[str, Any]:
    local = effort.start.astimezone(ZoneInfo(owner.zone))
    return {
        "startTimeLocal": local.strftime(CLOCK),
        "startTimeGMT": effort.start.strftime(CLOCK),
        "endTimeGMT": effort.end.strftime(CLOCK),
        "beginTimestamp": int(effort.start.timestamp()) * 1000,
        "timeZoneId": ZONE_IDS.get(owner.zone, 0),
        "duration": effort.seconds,
        "elapsedDuration": round(effort.seconds + effort.resting, 3),
        "movingDuration": round(effort.seconds * (0.985 if effort.resting else 1), 3),
    }


def _owner_keys(owner: Owner) -> dict[str, Any]:
    picture = f"https://images.example/{owner.display_name}"
    return {
        "ownerId": owner.garmin_id,
        "ownerDisplayName": owner.display_name,
        "ownerFullName": owner.full_name,
        "ownerProfileImageUrlSmall": f"{picture}-small.png",
        "ownerProfileImageUrlMedium": f"{picture}-medium.png",
        "ownerProfileImageUrlLarge": f"{picture}-large.png",
        "userRoles": list(ROLES),
        "userPro": False,
        "privacy": dict(PUBLIC),
    }


def _device(owner: Owner) -> dict[str, Any]:
    return {"deviceId": owner.device_id, "manufacturer": "GARMIN"}


def _whereabouts(owner: Owner, effort: FinishedOuting) -> dict[str, Any]:
    latitude, longitude = HOMES.get(owner.zone, (47.3769, 8.5417))
    return {
        "hasPolyline": True,
        "locationName": owner.town,
        "startLatitude": round(latitude + effort.luck.uniform(-0.01, 0.01), 6),
        "startLongitude": round(longitude + effort.luck.uniform(-0.01, 0.01), 6),
        "endLatitude": round(latitude + effort.luck.uniform(-0.01, 0.01), 6),
        "endLongitude": round(longitude + effort.luck.uniform(-0.01, 0.01), 6),
    }


def _flags() -> dict[str, Any]:
    return {
        "hasPolyline": False,
        "lapCount": 1,
        "summarizedDiveInfo": {"summarizedDiveGases": []},
        "splitSummaries": [],
        **dict.fromkeys(FLAGS, False),
    }


FLAGS = (
    "hasImages",
    "hasVideo",
    "hasSplits",
    "hasHeatMap",
    "qualifyingDive",
    "autoCalcCalories",
    "favorite",
    "decoDive",
    "elevationCorrected",
    "atpActivity",
    "purposeful",
    "manualActivity",
    "pr",
    "parent",
)
