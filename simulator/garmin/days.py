"""A day's steps and wellness data in the form in which Garmin sends them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from simulator.garmin.athletes import Athlete
from simulator.garmin.rows import PRIVATE

WELLNESS_CLOCK = "%Y-%m-%dT%H:%M:%S.0"


def daily_steps(athlete: Athlete, first: date, last: date) -> list[dict[str, Any]]:
    """Return the steps of each day from `first` to `last`, both included."""
    return [
        {
            "calendarDate": day.isoformat(),
            "totalSteps": (steps := _steps(athlete, day)),
            "totalDistance": round(steps * 0.79),
            "stepGoal": 8000,
        }
        for day in _days(first, last)
    ]


def daily_summaries(athlete: Athlete, first: date, last: date) -> dict[str, Any]:
    """Return the summary of each day from `first` to `last`, both included."""
    return {"data": [_summary(athlete, day) for day in _days(first, last)]}


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _rows(athlete: Athlete, day: date) -> list[dict[str, Any]]:
    return [row for row in athlete.activities if row["startTimeLocal"].startswith(day.isoformat())]


def _sum(rows: list[dict[str, Any]], key: str) -> float:
    return sum(row.get(key) or 0 for row in rows)


def _steps(athlete: Athlete, day: date) -> int:
    about_the_house = max(1200, round(_luck(athlete, day).gauss(5200, 1500)))
    return about_the_house + round(_sum(_rows(athlete, day), "steps"))


def _luck(athlete: Athlete, day: date) -> Random:
    return Random(f"{athlete.seed}:{day}:wellness")


def _summary(athlete: Athlete, day: date) -> dict[str, Any]:
    luck, rows, steps = _luck(athlete, day), _rows(athlete, day), _steps(athlete, day)
    return {
        "userProfileId": athlete.garmin_id,
        "calendarDate": day.isoformat(),
        "uuid": f"{luck.getrandbits(128):032x}",
        "rule": dict(PRIVATE),
        "source": "GARMIN",
        "userDailySummaryId": athlete.garmin_id,
        "privacyProtected": False,
        "includesWellnessData": True,
        "includesActivityData": bool(rows),
        "includesCalorieConsumedData": False,
        **_span(athlete, day),
        **_movement(rows, steps),
        **_energy(rows, steps),
        **_heart(luck),
        **_stress(luck),
        **_battery(luck),
        **_breath(),
    }


def _span(athlete: Athlete, day: date) -> dict[str, Any]:
    zone = ZoneInfo(athlete.zone)
    dawn, dusk = (datetime.combine(day + timedelta(days=ahead), time(), zone) for ahead in (0, 1))
    gmt = [moment.astimezone(UTC) for moment in (dawn, dusk)]
    return {
        "wellnessStartTimeGmt": gmt[0].strftime(WELLNESS_CLOCK),
        "wellnessStartTimeLocal": dawn.strftime(WELLNESS_CLOCK),
        "wellnessEndTimeGmt": gmt[1].strftime(WELLNESS_CLOCK),
        "wellnessEndTimeLocal": dusk.strftime(WELLNESS_CLOCK),
        "durationInMilliseconds": int((gmt[1] - gmt[0]).total_seconds() * 1000),
    }


def _movement(rows: list[dict[str, Any]], steps: int) -> dict[str, Any]:
    moving = _sum(rows, "duration")
    return {
        "totalSteps": steps,
        "dailyStepGoal": 8000,
        "totalDistanceMeters": round(steps * 0.79),
        "wellnessDistanceMeters": round(steps * 0.79),
        "moderateIntensityMinutes": round(_sum(rows, "moderateIntensityMinutes")),
        "vigorousIntensityMinutes": round(_sum(rows, "vigorousIntensityMinutes")),
        "intensityMinutesGoal": 150,
        "highlyActiveSeconds": round(moving) + 300,
        "activeSeconds": 3800,
        "sleepingSeconds": 27_600,
        "sedentarySeconds": max(0, 86_400 - 27_600 - 3800 - 300 - round(moving)),
        "floorsAscended": 5.0,
        "floorsDescended": 5.0,
        "floorsAscendedInMeters": 15.24,
        "floorsDescendedInMeters": 15.24,
        "userFloorsAscendedGoal": 10,
    }


def _energy(rows: list[dict[str, Any]], steps: int) -> dict[str, Any]:
    active = round(_sum(rows, "calories") + steps * 0.03)
    return {
        "totalKilocalories": 1900.0 + active,
        "activeKilocalories": float(active),
        "bmrKilocalories": 1900.0,
        "wellnessKilocalories": 1900.0 + active,
        "wellnessActiveKilocalories": float(active),
        "burnedKilocalories": None,
        "consumedKilocalories": None,
        "remainingKilocalories": None,
        "netCalorieGoal": None,
        "netRemainingKilocalories": float(active),
    }


def _heart(luck: Random) -> dict[str, Any]:
    resting = luck.randint(47, 54)
    return {
        "restingHeartRate": resting,
        "lastSevenDaysAvgRestingHeartRate": 50,
        "minHeartRate": resting - 2,
        "maxHeartRate": luck.randint(104, 172),
        "minAvgHeartRate": resting - 1,
        "maxAvgHeartRate": luck.randint(100, 165),
        "abnormalHeartRateAlertsCount": None,
    }


def _stress(luck: Random) -> dict[str, Any]:
    return {
        "averageStressLevel": luck.randint(18, 42),
        "maxStressLevel": luck.randint(80, 99),
        "stressDuration": 21_840,
        "restStressDuration": 52_080,
        "activityStressDuration": 6000,
        "uncategorizedStressDuration": 6300,
        "totalStressDuration": 86_220,
        "lowStressDuration": 17_880,
        "mediumStressDuration": 3720,
        "highStressDuration": 240,
        "stressPercentage": 25.33,
        "restStressPercentage": 60.4,
        "activityStressPercentage": 6.96,
        "uncategorizedStressPercentage": 7.31,
        "lowStressPercentage": 20.74,
        "mediumStressPercentage": 4.31,
        "highStressPercentage": 0.28,
        "stressQualifier": "BALANCED",
        "measurableAwakeDuration": 51_180,
        "measurableAsleepDuration": 28_740,
    }


def _battery(luck: Random) -> dict[str, Any]:
    highest = luck.randint(70, 100)
    return {
        "bodyBatteryChargedValue": highest - 30,
        "bodyBatteryDrainedValue": highest - 34,
        "bodyBatteryHighestValue": highest,
        "bodyBatteryLowestValue": luck.randint(12, 35),
        "bodyBatteryMostRecentValue": 36,
        "bodyBatteryDuringSleep": highest - 34,
        "bodyBatteryAtWakeTime": highest,
        "bodyBatteryActivityEventList": [],
        "bodyBatteryVersion": 3.0,
    }


def _breath() -> dict[str, Any]:
    return {
        "avgWakingRespirationValue": 14.0,
        "highestRespirationValue": 22.0,
        "lowestRespirationValue": 7.0,
        "averageSpo2": None,
        "lowestSpo2": None,
        "latestSpo2": None,
        "latestRespirationValue": 13.0,
        "respirationAlgorithmVersion": 200,
    }
