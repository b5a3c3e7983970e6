"""The figures of an activity that can be computed from its points alone. Places are used for
distances and then dropped.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from providers.recordings import FILE, Recording

EARTH = 6_371_008.8  # radius in metres
WAVER = 3.0  # metres by which an altimeter goes up and down without a reason
SILENCE, STANDING = 60.0, 0.3  # if there was no point for a minute, at nearly the same place, the watch was paused
SMALLEST_DISTANCE = 1.0


@dataclass
class Point:
    """One point while it is read: latitude and longitude, or the metres since the start."""

    place: tuple[float, float] | None = None
    time: datetime | None = None
    height: float | None = None
    pulse: float | None = None
    metres: float | None = None

    def complete(self, name: str, text: str) -> None:
        """Store the text of an element of the point. TCX, GPX and their extensions use each name for one thing only."""
        if name in {"time", "Time"}:
            self.time = read_moment(text)
        elif name in {"ele", "AltitudeMeters"}:
            self.height = float(text)
        elif name == "hr":
            self.pulse = float(text)
        elif name == "DistanceMeters":
            self.metres = float(text)


class Trail:
    """Sums up points as they are read. It stores only the last one."""

    def __init__(self) -> None:
        self.start: datetime | None = None
        self._end: datetime | None = None
        self._last: Point | None = None
        self._seconds = self._metres = 0.0
        self._level: float | None = None
        self._climb = self._descent = 0.0
        self._beats = self._beating = self._highest = 0.0

    def interrupt(self) -> None:
        """Leave out the time and distance between the last point and the next, because the watch was paused."""
        self._last = None

    def add(self, point: Point) -> None:
        """Add the next point. One without a time, or from before the last one, is ignored."""
        if point.time is None or (self._end and point.time < self._end):
            return
        if self._last and self._last.time:
            self._step(self._last, point, (point.time - self._last.time).total_seconds())
        self.start, self._end, self._last = self.start or point.time, point.time, point
        self._rise(point.height)
        self._highest = max(self._highest, point.pulse or 0.0)

    def recording(self, key: str, name: str) -> Recording:
        """Return the recording of these points. Raises ValueError without any."""
        if self.start is None or self._end is None:
            raise ValueError("a trail without points")
        has_height = self._level is not None
        return Recording(
            source=FILE,
            type_key=key,
            start=self.start,
            seconds=self._seconds,
            elapsed=(self._end - self.start).total_seconds(),
            metres=self._metres if self._metres >= SMALLEST_DISTANCE else None,
            climb=self._climb if has_height else None,
            descent=self._descent if has_height else None,
            pulse=self._beats / self._beating if self._beating else None,
            highest_pulse=self._highest or None,
            name=name,
        )

    def _step(self, old: Point, new: Point, seconds: float) -> None:
        metres = _distance(old, new)
        if seconds > SILENCE and metres < STANDING * seconds:
            return
        self._seconds += seconds
        self._metres += metres
        if new.pulse:
            self._beats, self._beating = self._beats + new.pulse * seconds, self._beating + seconds

    def _rise(self, height: float | None) -> None:
        if height is None or not math.isfinite(height):
            return
        change = height - (self._level if self._level is not None else height)
        if abs(change) >= WAVER or self._level is None:
            self._level = height
            self._climb, self._descent = self._climb + max(change, 0.0), self._descent + max(-change, 0.0)


def _distance(old: Point, new: Point) -> float:
    if old.metres is not None and new.metres is not None:
        return max(new.metres - old.metres, 0.0)
    if old.place is None or new.place is None:
        return 0.0
    (south, west), (north, east) = old.place, new.place
    up, right = math.radians(north - south), math.radians(east - west)
    half = math.sin(up / 2) ** 2
    half += math.cos(math.radians(south)) * math.cos(math.radians(north)) * math.sin(right / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(min(1.0, half)))


def read_moment(text: str) -> datetime:
    """Read a time. In both formats a time without a zone is UTC."""
    instant = datetime.fromisoformat(text)
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
