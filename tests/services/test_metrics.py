"""The figures that are stored with each activity: computed once and complete, also from recorded rows."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models import Activity
from providers.garmin.activity_rows import KEPT, SPLITS, read_row
from services.training.activity_figures import VERSION, read_metrics
from services.training.from_recordings import make_row
from tests.accounts import link
from tests.town import START, Town

SAMPLES = Path(os.environ.get("GRUPPETTO_SAMPLES", Path(__file__).parents[3] / "shared" / "samples")) / "garmin"
# Four invented rows, for machines without recordings.
MADE_UP: list[dict[str, Any]] = [
    {"activityId": 1, "activityType": {"typeKey": "running", "parentTypeId": 17}, "duration": 1800.0},
    {"activityId": 2, "activityType": {"typeKey": "trail_running", "parentTypeId": 1}, "duration": 2223.315,
     "movingDuration": 2100.5, "distance": 4261.2, "elevationGain": 88.0, "averageHR": 151.0, "steps": 5102},
    {"activityId": 3, "activityType": {"typeKey": "open_water_swimming", "parentTypeId": 26}, "duration": 1501.9,
     "distance": 1203.4, "hrTimeInZone_2": 900.1, "privacy": {"typeKey": "private"}},
    {"activityId": 4, "activityType": {"typeKey": "stand_up_paddleboarding_v2", "parentTypeId": 228},
     "duration": 3599.6, "distance": 0.0, "fastestSplit_1000": 611.4},
]  # fmt: skip


@pytest.mark.parametrize(
    ("kept", "figures"),
    [
        ({}, {}),
        ({"duration": 90.0}, {"minutes": 1.5}),
        ({"duration": 0.0, "distance": 0}, {"minutes": 0.0, "km": 0.0}),
        ({"duration": 5400.4, "movingDuration": 5399.9}, {"minutes": 90.01, "moving_minutes": 90.0}),
        ({"distance": 42_195.4}, {"km": 42.2}),
        ({"distance": None, "averageHR": None}, {}),
        ({"distance": "far"}, {}),
        ({"averageHR": 148.0, "maxHR": 177.0}, {"heart_rate": 148.0, "most_heart_rate": 177.0}),
        (
            {"moderateIntensityMinutes": 0, "vigorousIntensityMinutes": 31},
            {"moderate_minutes": 0, "vigorous_minutes": 31},
        ),
        (
            {"elevationGain": 312.0, "avgPower": 214.0, "averageSpeed": 7.2},
            {"climb": 312.0, "power": 214.0, "speed": 7.2},
        ),
        (
            {"activityTrainingLoad": 81.2, "vO2MaxValue": 46.0, "steps": 9000},
            {"load": 81.2, "vo2max": 46.0, "steps": 9000},
        ),
        ({"pr": True}, {"is_record": True}),
        ({"privacy": {"typeKey": "private"}}, {"is_private": True}),
        ({"privacy": {"typeKey": "public"}}, {}),
        ({"privacy": None}, {}),
        (
            {"fastestSplit_1000": 241.5, "fastestSplit_5000": 1290.1, "fastestSplit_777": 5.0},
            {"splits": {"1000": 241.5, "5000": 1290.1}},
        ),
        ({"hrTimeInZone_2": 600.4, "hrTimeInZone_4": 31.0}, {"zones": [0.0, 600.4, 0.0, 31.0, 0.0]}),
        ({f"hrTimeInZone_{zone}": 0.0 for zone in range(1, 6)}, {}),
    ],
)
def test_figures(kept: dict[str, Any], figures: dict[str, Any]) -> None:
    row = {"activityId": 1, "startTimeGMT": "2026-11-18 09:00:00"} | kept
    assert read_metrics(read_row(row)) == {"version": VERSION, "minutes": 0.0} | figures


def test_every_split_that_is_kept_is_a_figure() -> None:
    kept = {name for name in KEPT if name.startswith("fastestSplit_")}
    assert kept == {f"fastestSplit_{metres}" for metres in SPLITS}


def recordings() -> list[tuple[str, dict[str, Any]]]:
    """Return real rows if there are recordings beside the checkout, and the invented ones."""
    times = {"startTimeGMT": "2026-11-18 09:00:00", "startTimeLocal": "2026-11-18 10:00:00"}
    found = [("made up", times | row) for row in MADE_UP]
    for path in sorted(SAMPLES.glob("data__test_activity_list*.json")):
        answer = json.loads(path.read_text())
        found += [(path.name, row) for row in (answer if isinstance(answer, list) else [])]
    return found


def test_of_every_recorded_row_the_figures_are_its_own() -> None:
    for source, raw in recordings():
        figures = make_row(read_row(raw), member_id=1).processed_metrics
        assert figures["minutes"] == pytest.approx(raw["duration"] / 60, abs=0.01), source
        for name, key, unit in (("km", "distance", 1000), ("moving_minutes", "movingDuration", 60)):
            assert (name in figures) == (raw.get(key) is not None), (source, name)
            assert figures.get(name, 0) == pytest.approx((raw.get(key) or 0) / unit, abs=0.01), source
        for name, key in (("heart_rate", "averageHR"), ("climb", "elevationGain"), ("steps", "steps")):
            assert figures.get(name) == raw.get(key), (source, name)
        assert figures.get("splits", {}) == {
            key.removeprefix("fastestSplit_"): value
            for key, value in raw.items()
            if key.startswith("fastestSplit_") and value
        }, source
        assert json.loads(json.dumps(figures, allow_nan=False)) == figures, source


def test_figures_are_kept_with_the_row_and_change_with_it(town: Town) -> None:
    linked = link(town)
    one = linked.athlete.upload(start=START, seconds=1800, metres=5000, averageHR=140.0)
    linked.sync()
    linked.athlete.edit(one, duration=2400.0, fastestSplit_1000=300.5)
    linked.sync()
    with town.world.sessions() as session:
        figures = session.scalars(select(Activity.processed_metrics)).one()
    assert (figures["minutes"], figures["km"], figures["heart_rate"]) == (40.0, 5.0, 140.0)
    assert figures["splits"]["1000"] == 300.5
    assert "is_private" not in figures
