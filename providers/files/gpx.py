"""Reads GPX files: each track with times is an activity."""

from providers.files.file_sessions import Session
from providers.files.trails import Point, Trail
from providers.recordings import find_type_key

# Strava exports some sports as numbers.
NUMBERED = {"1": "cycling", "9": "running"}


class Gpx:
    """Collects the sessions of a GPX file, element by element."""

    def __init__(self) -> None:
        self.found: list[Session] = []
        self.untimed = False
        self._name = self._type = ""
        self._trail, self._point = Trail(), Point()

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "trk":
            self._name = self._type = ""
            self._trail = Trail()
        elif name == "trkseg":
            self._trail.interrupt()
        elif name in {"trkpt", "rtept"}:
            self._point = Point(place=(float(attributes["lat"]), float(attributes["lon"])))

    def closed(self, name: str, parent: str, text: str) -> None:
        if name in {"trkpt", "rtept"}:
            self._arrive(name)
        elif name == "trk":
            self._finish()
        elif parent == "trk" and name == "name":
            self._name = text
        elif parent == "trk" and name == "type":
            self._type = text
        elif text:
            self._point.complete(name, text)

    def _arrive(self, name: str) -> None:
        self.untimed = self.untimed or self._point.time is None
        if name == "trkpt":
            self._trail.add(self._point)
        self._point = Point()

    def _finish(self) -> None:
        if self._trail.start is not None:
            key = find_type_key(NUMBERED.get(self._type, self._type))
            self.found.append((self._trail.recording(key, self._name),))
