"""What a file from a watch tells of an activity, and the same as a row of Garmin's list."""

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from fitness.sports import Sport, counts, sport_of
from providers.errors import Flaw, NotAnActivityFile

KEY = re.compile("[a-z][a-z0-9_]{2,59}")
CLOCK = "%Y-%m-%d %H:%M:%S"
MULTISPORT = "multi_sport"
LONGEST = timedelta(days=14)
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
FARTHEST = 20_000_000.0  # metres
PULSES = range(20, 256)
MOST = 100  # activities in one file
MOST_LAPS = 10_000

# What Garmin calls an activity of which no more is known than its sport.
USUAL = {
    Sport.RUN: "running",
    Sport.RIDE: "cycling",
    Sport.SWIM: "swimming",
    Sport.WALK: "walking",
    Sport.HIKE: "hiking",
    Sport.STRENGTH: "strength_training",
    Sport.YOGA: "yoga",
    Sport.ROW: "rowing",
    Sport.PADDLE: "paddling",
    Sport.SKI: "winter_sports",
    Sport.RACKET: "racket_sports",
    Sport.TEAM: "team_sports",
    Sport.CARDIO: "indoor_cardio",
    Sport.MULTI: MULTISPORT,
}


@dataclass(frozen=True)
class Recording:
    """One activity as a device told it: seconds, metres, kilocalories, beats per minute; no places.

    `offset` is how far the watch's clock was from UTC, if the file tells. `legs` are the parts of a multisport one.
    """

    type_key: str
    start: datetime
    seconds: float
    elapsed: float | None = None
    moving: float | None = None
    metres: float | None = None
    climb: float | None = None
    descent: float | None = None
    pulse: float | None = None
    highest_pulse: float | None = None
    calories: float | None = None
    steps: float | None = None
    watts: float | None = None
    top_speed: float | None = None
    laps: int | None = None
    name: str = ""
    maker: str = ""
    offset: timedelta | None = None
    legs: tuple["Recording", ...] = ()

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed or self.seconds)


def type_key(word: str) -> str:
    """Garmin's key for what a file calls its sport: a key already, or a word of people's ("Biking", "trail run")."""
    key = "_".join(word.casefold().split())
    if sport_of(key) is not Sport.OTHER or not counts(key):
        return key
    last = key.rsplit("_", 1)[-1]
    meant = next((sport for sport in USUAL if last in sport.words), None)
    if meant:
        return USUAL[meant]
    return key if KEY.fullmatch(key) else "other"


def whole(legs: Sequence[Recording]) -> Recording:
    """Make one multisport activity of its legs, transitions included."""
    ordered = tuple(sorted(legs, key=lambda leg: leg.start))
    first, end = ordered[0], max(leg.end for leg in ordered)
    return replace(
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
        legs=ordered,
    )


def rows(recordings: Sequence[Recording], data: bytes, zone: tzinfo) -> list[dict[str, Any]]:
    """Write the rows. Ids come from the file itself, negative so that none of Garmin's is among them."""
    if not recordings:
        raise NotAnActivityFile(Flaw.NO_ACTIVITY)
    if sum(1 + len(each.legs) for each in recordings) > MOST:
        raise NotAnActivityFile(Flaw.TOO_MANY)
    digest, written = hashlib.sha256(data).digest(), []
    for place, recording in enumerate(recordings):
        parent = _row(recording, _id(digest, place), zone)
        written.append(parent)
        for number, leg in enumerate(recording.legs, 1):
            row = _row(leg, _id(digest, place, number), zone)
            written.append(row | {"parentId": parent["activityId"]})
    return written


def _row(recording: Recording, activity_id: int, zone: tzinfo) -> dict[str, Any]:
    _believe(recording)
    offset = recording.offset if recording.offset is not None else recording.start.astimezone(zone).utcoffset()
    metres = _within(recording.metres, FARTHEST)
    row = {
        "activityId": activity_id,
        "activityName": recording.name[:200] or None,
        "startTimeGMT": recording.start.strftime(CLOCK),
        "startTimeLocal": (recording.start + (offset or timedelta())).strftime(CLOCK),
        "beginTimestamp": int(recording.start.timestamp()) * 1000,
        "activityType": {"typeKey": recording.type_key},
        "duration": round(recording.seconds, 3),
        "elapsedDuration": _within(recording.elapsed, LONGEST.total_seconds()),
        "movingDuration": _within(recording.moving, recording.seconds),
        "distance": metres,
        "averageSpeed": round(metres / recording.seconds, 3) if metres else None,
        "maxSpeed": _within(recording.top_speed, 150),
        "elevationGain": _within(recording.climb, 100_000),
        "elevationLoss": _within(recording.descent, 100_000),
        "averageHR": _pulse(recording.pulse),
        "maxHR": _pulse(recording.highest_pulse),
        "calories": _within(recording.calories, 100_000),
        "steps": _within(recording.steps, 1_000_000),
        "avgPower": _within(recording.watts, 3_000),
        "lapCount": recording.laps if recording.laps and 0 < recording.laps <= MOST_LAPS else None,
        "manufacturer": recording.maker.upper() or None,
        "parent": bool(recording.legs),
        "manualActivity": False,
    }
    return {key: value for key, value in row.items() if value is not None}


def _believe(recording: Recording) -> None:
    """Refuse what cannot have happened: a broken clock would sit on every board for years."""
    lasts = recording.seconds
    possible = math.isfinite(lasts) and 0 < round(lasts, 3) <= LONGEST.total_seconds()
    if not possible or not EARLIEST < recording.start < LATEST:
        raise NotAnActivityFile(Flaw.IMPOSSIBLE)


def _id(digest: bytes, *place: int) -> int:
    """A number of 52 bits, which JSON keeps whole everywhere."""
    named = hashlib.sha256(digest + repr(place).encode()).digest()
    return -1 - int.from_bytes(named[:8]) % 2**52


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
