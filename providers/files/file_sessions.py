"""What the readers of FIT, TCX and GPX share: multisport sessions, ids, and limits for figures."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from providers.errors import Flaw, NotAnActivityFile
from providers.recordings import MULTISPORT, Recording, make_id

LONGEST = timedelta(days=14)
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
FARTHEST = 20_000_000.0  # metres
PULSES = range(20, 256)
MOST = 100  # activities in one file
MOST_LAPS = 10_000

# A session of a file: the whole, followed by its parts if it is a multisport session. They have no ids yet.
Session = tuple[Recording, ...]


def join_legs(legs: Sequence[Recording]) -> Session:
    """Make one multisport session from its legs, including transitions."""
    ordered = sorted(legs, key=lambda leg: leg.start)
    first, end = ordered[0], max(leg.end for leg in ordered)
    parent = replace(
        first,
        type_key=MULTISPORT,
        seconds=sum(leg.seconds for leg in ordered),
        elapsed=(end - first.start).total_seconds(),
        pulse=_average([(leg.pulse, leg.seconds) for leg in ordered]),
        highest_pulse=max((leg.highest_pulse for leg in ordered if leg.highest_pulse), default=None),
        **{each: _sum(ordered, each) for each in ("moving", "metres", "climb", "descent", "calories", "steps", "laps")},
        watts=None,
        top_speed=None,
        name="",
    )
    return (parent, *ordered)


def finish(sessions: Sequence[Session], data: bytes, zone: tzinfo) -> list[Recording]:
    """Check what was read, and give it ids that are derived from the file, so that the same file
    gives the same ids again.

    `zone` is where its owner lives, for files that only have UTC times. Raises NotAnActivityFile.
    """
    if not sessions:
        raise NotAnActivityFile(Flaw.NO_ACTIVITY)
    if sum(map(len, sessions)) > MOST:
        raise NotAnActivityFile(Flaw.TOO_MANY)
    digest, finished = hashlib.sha256(data).digest(), list[Recording]()
    for place, (parent, *legs) in enumerate(sessions):
        parent_id = _id(digest, place)
        finished.append(_finished(parent, parent_id, None, zone))
        finished += [_finished(leg, _id(digest, place, n), parent_id, zone) for n, leg in enumerate(legs, 1)]
    return finished


def _finished(recording: Recording, own_id: int, part_of: int | None, zone: tzinfo) -> Recording:
    """Return the recording with its id, without figures that no device can have measured. Raises NotAnActivityFile."""
    _believe(recording)
    offset = recording.offset if recording.offset is not None else recording.start.astimezone(zone).utcoffset()
    metres, laps = _within(recording.metres, FARTHEST), recording.laps
    return replace(
        recording,
        id=own_id,
        part_of=part_of,
        offset=offset,
        start=recording.start.replace(microsecond=0),
        name=recording.name[:200],
        maker=recording.maker.upper(),
        seconds=round(recording.seconds, 3),
        elapsed=_within(recording.elapsed, LONGEST.total_seconds()),
        moving=_within(recording.moving, recording.seconds),
        metres=metres,
        speed=round(metres / recording.seconds, 3) if metres else None,
        top_speed=_within(recording.top_speed, 150),
        climb=_within(recording.climb, 100_000),
        descent=_within(recording.descent, 100_000),
        pulse=_pulse(recording.pulse),
        highest_pulse=_pulse(recording.highest_pulse),
        calories=_within(recording.calories, 100_000),
        steps=_within(recording.steps, 1_000_000),
        watts=_within(recording.watts, 3_000),
        laps=laps if laps and 0 < laps <= MOST_LAPS else None,
    )


def _believe(recording: Recording) -> None:
    """Raise NotAnActivityFile for an impossible time: with a broken clock the activity might be on boards for years."""
    lasts = recording.seconds
    possible = math.isfinite(lasts) and 0 < round(lasts, 3) <= LONGEST.total_seconds()
    if not possible or not EARLIEST < recording.start < LATEST:
        raise NotAnActivityFile(Flaw.IMPOSSIBLE)


def _id(digest: bytes, *place: int) -> int:
    return make_id(digest + repr(place).encode())


def _within(value: float | None, most: float) -> float | None:
    return round(value, 3) if value is not None and math.isfinite(value) and 0 <= value <= most else None


def _pulse(value: float | None) -> float | None:
    return round(value, 1) if value is not None and math.isfinite(value) and round(value) in PULSES else None


def _sum(legs: Sequence[Recording], what: str) -> Any:
    known = [value for leg in legs if (value := getattr(leg, what)) is not None]
    return sum(known) if known else None


def _average(weighted: Sequence[tuple[float | None, float]]) -> float | None:
    known = [(value, weight) for value, weight in weighted if value]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None
