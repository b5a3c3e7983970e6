"""Athletes of the pretend Garmin: rows as Garmin writes them, and weeks that follow their habits."""

from datetime import UTC, date, datetime, timedelta
from statistics import mean

import pytest

from simulator.garmin.athletes import ALL_ROUNDER, CYCLIST, LIFTER, RUNNER, SWIMMER, WALKER, Athlete, Habits, Outing

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVERYWHERE = {
    *("activityId", "activityName", "activityType", "startTimeLocal", "startTimeGMT", "endTimeGMT", "beginTimestamp"),
    *("eventType", "duration", "elapsedDuration", "movingDuration", "averageSpeed", "maxSpeed", "calories"),
    *("bmrCalories", "averageHR", "maxHR", "ownerId", "ownerDisplayName", "ownerFullName", "userRoles", "privacy"),
    *("ownerProfileImageUrlSmall", "ownerProfileImageUrlMedium", "ownerProfileImageUrlLarge", "userPro", "hasVideo"),
    *("timeZoneId", "aerobicTrainingEffect", "anaerobicTrainingEffect", "deviceId", "manufacturer", "lapCount"),
    *("summarizedDiveInfo", "waterEstimated", "trainingEffectLabel", "activityTrainingLoad", "splitSummaries"),
    *("minActivityLapDuration", "aerobicTrainingEffectMessage", "anaerobicTrainingEffectMessage", "hasSplits"),
    *("moderateIntensityMinutes", "vigorousIntensityMinutes", "differenceBodyBattery", "hasHeatMap", "parent", "pr"),
    *("hrTimeInZone_1", "hrTimeInZone_2", "hrTimeInZone_3", "hrTimeInZone_4", "hrTimeInZone_5", "qualifyingDive"),
    *("autoCalcCalories", "favorite", "decoDive", "elevationCorrected", "atpActivity", "purposeful", "manualActivity"),
    *("hasPolyline", "hasImages", "sportTypeId"),
}
PLACE = {"locationName", "startLatitude", "startLongitude", "endLatitude", "endLongitude"}
ON_FOOT = {
    *("steps", "averageRunningCadenceInStepsPerMinute", "maxRunningCadenceInStepsPerMinute", "avgStrideLength"),
    *("maxDoubleCadence", "elevationGain", "elevationLoss", "minElevation", "maxElevation", "maxVerticalSpeed"),
}
RUNNING = {
    *("avgPower", "maxPower", "normPower", "avgVerticalOscillation", "avgGroundContactTime", "avgVerticalRatio"),
    *("vO2MaxValue", "minTemperature", "maxTemperature", "avgGradeAdjustedSpeed", "fastestSplit_1000"),
    *("fastestSplit_1609", "powerTimeInZone_1", "powerTimeInZone_2", "powerTimeInZone_3", "powerTimeInZone_4"),
    "powerTimeInZone_5",
}
SPORTS = {
    "trail_running": EVERYWHERE | PLACE | ON_FOOT | RUNNING | {"distance"},
    "hiking": EVERYWHERE | PLACE | ON_FOOT | {"distance"},
    "stand_up_paddleboarding_v2": EVERYWHERE | PLACE | {"distance", "strokes", "avgStrokeDistance", "maxStrokeCadence"},
    "strength_training": EVERYWHERE,
    "yoga": EVERYWHERE,
}


def athlete(habits: Habits | None = None, seed: int = 1, zone: str = "Europe/Berlin") -> Athlete:
    return Athlete(
        name="Anna Example",
        email="anna@example.com",
        password="secret",
        code=None,
        garmin_id=100_000_007,
        display_name="0d1a2b3c-0000-5000-8000-000000000001",
        zone=zone,
        habits=habits,
        seed=seed,
        enrolled_at=NOW,
    )


def year(habits: Habits, seed: int = 1) -> Athlete:
    someone = athlete(habits, seed)
    someone.live_until(NOW)
    return someone


@pytest.mark.parametrize("type_key", SPORTS)
def test_rows_carry_the_keys_of_their_sport(type_key: str) -> None:
    anna = athlete()
    metres = 4261.19 if "distance" in SPORTS[type_key] else None
    anna.upload(type_key=type_key, start=datetime(2026, 7, 8, 14, 10, 21, tzinfo=UTC), seconds=2223.327, metres=metres)
    row = anna.activities[0]
    assert SPORTS[type_key] - row.keys() == set()
    assert ("distance" in row) == (metres is not None)
    assert row["startTimeLocal"] == "2026-07-08 16:10:21"
    assert row["startTimeGMT"] == "2026-07-08 14:10:21"
    assert row["endTimeGMT"] == "2026-07-08 14:47:24"
    assert row["beginTimestamp"] == 1_783_519_821_000
    assert row["activityType"]["typeKey"] == type_key
    assert row["ownerFullName"] == "Anna Example"


def test_types_have_the_numbers_that_garmin_gave_them() -> None:
    anna = athlete()
    for type_key in ("trail_running", "hiking", "stand_up_paddleboarding_v2", "lap_swimming", "strength_training"):
        anna.upload(type_key=type_key, start=NOW, seconds=600)
    found = {row["activityType"]["typeKey"]: row["activityType"] for row in anna.activities}
    assert {key: (kind["typeId"], kind["parentTypeId"]) for key, kind in found.items()} == {
        "trail_running": (6, 1),
        "hiking": (3, 17),
        "stand_up_paddleboarding_v2": (239, 228),
        "lap_swimming": (27, 26),
        "strength_training": (13, 29),
    }
    with pytest.raises(ValueError, match="quidditch"):
        anna.upload(type_key="quidditch", start=NOW, seconds=600)


@pytest.mark.parametrize(("heart_rate", "moderate", "vigorous"), [(142, 6, 29), (88, 1, 0), (None, 0, 0)])
def test_intensity_minutes_follow_the_heart_rate(heart_rate: int | None, moderate: int, vigorous: int) -> None:
    anna = athlete()
    anna.upload(start=NOW, seconds=2160, metres=5000, averageHR=heart_rate)
    row = anna.activities[0]
    assert row["moderateIntensityMinutes"] == pytest.approx(moderate, abs=1)
    assert row["vigorousIntensityMinutes"] == pytest.approx(vigorous, abs=1)
    assert ("hrTimeInZone_1" in row) == (heart_rate is not None)
    assert row["calories"] > 0


def test_a_longer_run_has_slower_splits_and_more_of_them() -> None:
    anna = athlete()
    anna.upload(start=NOW, seconds=3300, metres=10_500)
    anna.upload(start=NOW - timedelta(days=1), seconds=300, metres=900)
    long, short = anna.activities
    paces = [long[f"fastestSplit_{metres}"] / metres for metres in (1000, 1609, 5000, 10000)]
    assert paces == sorted(paces)
    assert paces[-1] < 3300 / 10_500
    assert not [key for key in short if key.startswith("fastestSplit")]


def test_overrides_win_and_manual_activities_know_little() -> None:
    anna = athlete()
    anna.upload(
        start=NOW, seconds=1800, metres=5000, manualActivity=True, activityName="By hand", elevationGain=40.0, pr=True
    )
    row = anna.activities[0]
    assert (row["activityName"], row["elevationGain"], row["pr"], row["manualActivity"]) == (
        "By hand",
        40.0,
        True,
        True,
    )
    assert not {"averageHR", "deviceId", "manufacturer", "startLatitude", "hrTimeInZone_1"} & row.keys()


def test_refuses_what_cannot_be() -> None:
    anna = athlete()
    with pytest.raises(ValueError, match="aware"):
        anna.upload(start=datetime(2026, 1, 1), seconds=60)  # noqa: DTZ001
    with pytest.raises(ValueError, match="lasts longer"):
        anna.upload(start=NOW, seconds=0)
    kept = anna.upload(start=NOW, seconds=60)
    with pytest.raises(ValueError, match="activityId"):
        anna.edit(kept, activityId=1)
    with pytest.raises(LookupError, match="Anna Example has no activity 1"):
        anna.edit(1, activityName="x")


def test_the_same_seed_lives_the_same_weeks_in_one_leap_or_in_many() -> None:
    leap, steps, other = athlete(RUNNER, 7), athlete(RUNNER, 7), athlete(RUNNER, 8)
    for someone in (leap, other):
        someone.live_until(NOW + timedelta(days=60))
    for hours in range(0, 60 * 24, 7):
        steps.live_until(NOW + timedelta(hours=hours))
        steps.live_until(NOW + timedelta(hours=hours - 3))
    steps.live_until(NOW + timedelta(days=60))
    assert steps.activities == leap.activities
    assert other.activities != leap.activities
    assert leap.activities[-1]["endTimeGMT"] > (NOW - timedelta(days=365)).strftime("%Y-%m-%d")
    assert leap.activities[-1]["endTimeGMT"] < (NOW - timedelta(days=340)).strftime("%Y-%m-%d")


def test_deleted_activities_do_not_come_back() -> None:
    anna = year(RUNNER)
    gone = anna.activities[0]["activityId"]
    anna.delete(gone)
    anna.live_until(NOW + timedelta(days=1))
    assert gone not in {row["activityId"] for row in Athlete.restored(anna.snapshot()).activities}
    assert Athlete.restored(anna.snapshot()).activities == anna.activities


@pytest.mark.parametrize(
    ("habits", "minutes", "sports"),
    [
        (CYCLIST, 335, {"road_biking", "gravel_cycling", "indoor_cycling"}),
        (WALKER, 475, {"walking", "hiking"}),
        (RUNNER, 219, {"running", "strength_training"}),
        (ALL_ROUNDER, 192, {"running", "lap_swimming", "cycling", "hiking", "yoga"}),
        (SWIMMER, 221, {"lap_swimming", "yoga"}),
        (LIFTER, 118, {"strength_training", "hiit", "running"}),
    ],
    ids=lambda value: value.name if isinstance(value, Habits) else "",
)
def test_weeks_look_like_the_habits(habits: Habits, minutes: int, sports: set[str]) -> None:
    assert habits.minutes_a_week == pytest.approx(minutes, rel=0.05)
    for seed in (1, 2, 3):
        rows = year(habits, seed).activities
        weeks = [sum(row["duration"] for row in rows if week_of(row) == week) / 60 for week in range(52)]
        assert mean(weeks) == pytest.approx(minutes, rel=0.15)
        assert len({round(week) for week in weeks}) > 20
        assert {row["activityType"]["typeKey"] for row in rows} == sports
        assert len({row["activityId"] for row in rows}) == len(rows)


def week_of(row: dict[str, str]) -> int:
    return ((NOW.date() - date.fromisoformat(row["startTimeLocal"][:10])).days - 1) // 7


def test_outings_are_longer_in_summer_and_indoors_in_winter() -> None:
    habits = Habits("both", (Outing(2, 1.0, "cycling", 90, 130, 7.0), Outing(4, 1.0, "indoor_cycling", 60, 130, 8.0)))
    lengths = {
        (month, key): mean(
            row["duration"]
            for seed in range(5)
            for row in year(habits, seed).activities
            if row["startTimeLocal"][5:7] == month and row["activityType"]["typeKey"] == key
        )
        for month in ("01", "07")
        for key in ("cycling", "indoor_cycling")
    }
    assert lengths["07", "cycling"] > 1.15 * lengths["01", "cycling"]
    assert lengths["01", "indoor_cycling"] > 1.15 * lengths["07", "indoor_cycling"]


def test_generated_rows_tell_where_somebody_lives_so_that_we_can_prove_to_drop_it() -> None:
    outdoors = [row for row in year(RUNNER).activities if row["activityType"]["typeKey"] == "running"]
    assert all(row.keys() >= PLACE for row in outdoors)
    assert {row["locationName"] for row in outdoors} == {"Berlin"}
    assert all(52.4 < row["startLatitude"] < 52.6 for row in outdoors)
    gym = [row for row in year(RUNNER).activities if row["activityType"]["typeKey"] == "strength_training"]
    assert gym
    assert not any(PLACE & row.keys() for row in gym)
