"""Files read in a process of their own: the same answers, and an end to whatever costs too much."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config import Settings
from providers.activity_files import LARGEST, read_activity
from providers.errors import Flaw, NotAnActivityFile
from providers.reading_process import NEEDED, Bounds, ReadingBroke, read_apart
from tests.recordings import gpx

BEGAN = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)
RUN = gpx((BEGAN, 0), (BEGAN + timedelta(minutes=40), 8_000))
MANY_ELEMENTS = b"<gpx>" + b"<a/>" * 2_500_000


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu")])
def test_the_rows_are_the_same(zone: ZoneInfo) -> None:
    assert read_apart(RUN, "run.gpx", zone) == read_activity(RUN, "run.gpx", zone)


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"PK\x03\x04", b"<gpx>", b"", b"\n" * 10])
def test_the_flaws_are_the_same(data: bytes) -> None:
    with pytest.raises(NotAnActivityFile) as here:
        read_activity(data, "a.fit")
    with pytest.raises(NotAnActivityFile) as apart:
        read_apart(data, "a.fit")
    assert apart.value.why is here.value.why


def test_a_file_that_is_too_large_starts_no_process() -> None:
    with pytest.raises(NotAnActivityFile) as apart:
        read_apart(b"\0" * (LARGEST + 1), "a.fit", UTC, Bounds(wall_seconds=0.0))
    assert apart.value.why is Flaw.TOO_LARGE


@pytest.mark.parametrize("bounds", [Bounds(cpu_seconds=1), Bounds(memory=16 * 1024 * 1024)])
def test_what_takes_too_much_cpu_or_memory_is_ended(bounds: Bounds) -> None:
    with pytest.raises(NotAnActivityFile) as apart:
        read_apart(MANY_ELEMENTS, "a.gpx", UTC, bounds)
    assert apart.value.why is Flaw.TOO_MUCH


def test_what_takes_too_long_may_be_tried_again() -> None:
    with pytest.raises(ReadingBroke):
        read_apart(RUN, "run.gpx", UTC, Bounds(wall_seconds=0.001))


def test_the_process_knows_none_of_our_settings() -> None:
    assert {name.upper() for name in Settings.model_fields}.isdisjoint(NEEDED)
