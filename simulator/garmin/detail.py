"""Garmin's longer answer about one activity."""

from datetime import datetime, timedelta
from typing import Any

from simulator.garmin.rows import CLOCK, Owner

DETAIL_CLOCK = "%Y-%m-%dT%H:%M:%S.0"  # lists have times without T and fraction


def activity_detail(row: dict[str, Any], owner: Owner, revision: int) -> dict[str, Any]:
    """Return the detailed answer about one activity. Only this answer contains the time of the last change."""
    uploaded = datetime.strptime(row["endTimeGMT"], CLOCK) + timedelta(minutes=3)  # noqa: DTZ007
    changed = uploaded + timedelta(seconds=1, minutes=5 * revision)
    return {
        "activityId": row["activityId"],
        "activityUUID": {"uuid": f"00000000-0000-4000-8000-{row['activityId']:012d}"},
        "activityName": row["activityName"],
        "userProfileId": owner.garmin_id,
        "isMultiSportParent": row["parent"],
        "activityTypeDTO": row["activityType"],
        "eventTypeDTO": row["eventType"],
        "accessControlRuleDTO": row["privacy"],
        "timeZoneUnitDTO": {
            "unitId": row["timeZoneId"],
            "unitKey": owner.zone,
            "factor": 0.0,
            "timeZone": owner.zone,
        },
        "metadataDTO": _metadata(row, owner, uploaded, changed),
        "summaryDTO": _summary(row),
        "locationName": row.get("locationName"),
        "splitSummaries": row["splitSummaries"],
    }


def _metadata(row: dict[str, Any], owner: Owner, uploaded: datetime, changed: datetime) -> dict[str, Any]:
    return {
        **dict.fromkeys(UNUSED),
        "isOriginal": True,
        "fileFormat": None if row["manualActivity"] else {"formatId": 7, "formatKey": "fit"},
        "lastUpdateDate": changed.strftime(DETAIL_CLOCK),
        "uploadedDate": uploaded.strftime(DETAIL_CLOCK),
        "hasPolyline": row["hasPolyline"],
        "hasChartData": not row["manualActivity"],
        "hasHrTimeInZones": "hrTimeInZone_1" in row,
        "hasPowerTimeInZones": "powerTimeInZone_1" in row,
        "hasIntensityIntervals": False,
        "hasSplits": row["hasSplits"],
        "hasHeatMap": row["hasHeatMap"],
        "hasRunPowerWindData": False,
        "runPowerWindDataEnabled": False,
        "userInfoDto": {
            "userProfilePk": owner.garmin_id,
            "displayname": owner.display_name,
            "fullname": owner.full_name,
            "userPro": False,
        },
        "childIds": [],
        "childActivityTypes": [],
        "activityImages": [],
        "manufacturer": row.get("manufacturer"),
        "lapCount": row["lapCount"],
        "deviceMetaDataDTO": {"deviceId": str(row.get("deviceId", 0))},
        "personalRecord": row["pr"],
        **{key: row[key] for key in ("favorite", "manualActivity", "elevationCorrected", "autoCalcCalories")},
        "trimmed": False,
        "gcj02": False,
    }


def _summary(row: dict[str, Any]) -> dict[str, Any]:
    renamed = {new: row[old] for old, new in RENAMED.items() if old in row}
    kept = {key: row[key] for key in SUMMARY_KEYS if key in row}
    times = {key: row[key].replace(" ", "T") + ".0" for key in ("startTimeLocal", "startTimeGMT")}
    return times | kept | renamed | _means(row)


def _means(row: dict[str, Any]) -> dict[str, float]:
    """Return the means that only the detailed answer has, if the row has the values for them."""
    means = {}
    if row.get("distance") and row["movingDuration"]:
        means["averageMovingSpeed"] = round(row["distance"] / row["movingDuration"], 4)
    if row.get("averageHR"):
        means["minHR"] = row["averageHR"] - 20.0
    if "minTemperature" in row:
        means["averageTemperature"] = (row["minTemperature"] + row["maxTemperature"]) / 2
    return means


UNUSED = (
    *("deviceApplicationInstallationId", "agentApplicationInstallationId", "agentString", "associatedCourseId"),
    *("videoUrl", "sensors", "diveNumber", "associatedWorkoutId", "isAtpActivity", "eBikeMaxAssistModes"),
    *("eBikeBatteryUsage", "eBikeBatteryRemaining", "eBikeAssistModeInfoDTOList", "calendarEventInfo"),
    "groupRideUUID",
)
RENAMED = {
    "averageRunningCadenceInStepsPerMinute": "averageRunCadence",
    "maxRunningCadenceInStepsPerMinute": "maxRunCadence",
    "avgPower": "averagePower",
    "normPower": "normalizedPower",
    "avgGroundContactTime": "groundContactTime",
    "avgStrideLength": "strideLength",
    "avgVerticalOscillation": "verticalOscillation",
    "avgVerticalRatio": "verticalRatio",
    "aerobicTrainingEffect": "trainingEffect",
}
SUMMARY_KEYS = (
    *("startLatitude", "startLongitude", "endLatitude", "endLongitude", "distance", "duration"),
    *("movingDuration", "elapsedDuration", "elevationGain", "elevationLoss", "maxElevation", "minElevation"),
    *("averageSpeed", "maxSpeed", "calories", "bmrCalories", "averageHR", "maxHR", "maxPower", "steps"),
    *("minTemperature", "maxTemperature", "anaerobicTrainingEffect", "aerobicTrainingEffectMessage"),
    *("anaerobicTrainingEffectMessage", "maxVerticalSpeed", "waterEstimated", "trainingEffectLabel"),
    *("activityTrainingLoad", "minActivityLapDuration", "moderateIntensityMinutes"),
    *("vigorousIntensityMinutes", "avgGradeAdjustedSpeed", "differenceBodyBattery"),
)
