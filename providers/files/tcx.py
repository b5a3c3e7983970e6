"""Reads TCX files. Totals come from the laps, because the device measured them more exactly than its points show."""

from datetime import datetime

from providers.errors import Flaw, NotAnActivityFile
from providers.files.file_sessions import Session, join_legs
from providers.files.trails import Point, Trail, read_moment
from providers.recordings import FILE, Recording, find_type_key

SUMS = {"TotalTimeSeconds", "DistanceMeters", "Calories"}
PARTS = {"Activity", "Transition"}


class Tcx:
    """Collects the sessions of a TCX file, element by element."""

    untimed = False

    def __init__(self) -> None:
        self.found: list[Session] = []
        self._legs: list[Recording] | None = None
        self._part: Part | None = None
        self._point = Point()

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "MultiSportSession":
            self._legs = []
        elif name in PARTS and self._part is None:
            self._part = Part("transition" if name == "Transition" else find_type_key(attributes.get("Sport", "")))
        elif name == "Lap" and self._part:
            self._part.open_lap(attributes.get("StartTime", ""))

    def closed(self, name: str, parent: str, text: str) -> None:
        if self._part is None:
            if name == "MultiSportSession":
                self._join()
        elif name in PARTS:
            self._take(self._part.recording())
            self._part = None
        elif name == "Trackpoint":
            self._part.trail.add(self._point)
            self._point = Point()
        elif text and name == "Value":
            self._feel(self._part, parent, float(text))
        elif text and parent == "Lap" and name in SUMS:
            self._part.sums[name] = self._part.sums.get(name, 0.0) + float(text)
        elif text and parent == "Trackpoint":
            self._point.complete(name, text)

    def _feel(self, part: "Part", element: str, beats: float) -> None:
        if element == "HeartRateBpm":
            self._point.pulse = beats
        elif element == "AverageHeartRateBpm":
            part.average(beats)
        elif element == "MaximumHeartRateBpm":
            part.highest = max(part.highest, beats)

    def _take(self, recording: Recording) -> None:
        if self._legs is None:
            self.found.append((recording,))
        else:
            self._legs.append(recording)

    def _join(self) -> None:
        legs, self._legs = self._legs or [], None
        if legs:
            self.found.append(join_legs(legs))


class Part:
    """An activity, or a leg of one, while it is read."""

    def __init__(self, key: str) -> None:
        self.key, self.trail, self.sums = key, Trail(), dict.fromkeys(SUMS, 0.0)
        self.start: datetime | None = None
        self.laps = 0
        self.beats = self.beating = self.highest = 0.0
        self._before = 0.0  # seconds of the laps before this one

    def open_lap(self, started: str) -> None:
        self.trail.interrupt()
        self.laps += 1
        self._before = self.sums["TotalTimeSeconds"]
        if self.start is None and started:
            self.start = read_moment(started)

    def average(self, beats: float) -> None:
        """Add a lap's average pulse, weighted with the lap's time, which comes before it in the file."""
        seconds = self.sums["TotalTimeSeconds"] - self._before
        self.beats, self.beating = self.beats + beats * seconds, self.beating + seconds

    def recording(self) -> Recording:
        """Return the recording, with the laps' figures if they have any, otherwise with the points'."""
        start = self.start or self.trail.start
        if start is None:
            raise NotAnActivityFile(Flaw.NO_TIMES)
        traced = self.trail.recording(self.key, "") if self.trail.start else Recording(FILE, self.key, start, 0.0)
        seconds = self.sums["TotalTimeSeconds"] or traced.seconds
        return Recording(
            source=FILE,
            type_key=self.key,
            start=start,
            seconds=seconds,
            elapsed=max(seconds, traced.elapsed or 0.0),
            metres=self.sums["DistanceMeters"] or traced.metres,
            climb=traced.climb,
            descent=traced.descent,
            pulse=self.beats / self.beating if self.beating else traced.pulse,
            highest_pulse=self.highest or traced.highest_pulse,
            calories=self.sums["Calories"] or None,
            laps=self.laps or None,
        )
