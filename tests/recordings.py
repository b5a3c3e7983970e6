"""Files as watches and apps export them, small enough to be read in a test."""

from datetime import datetime

SPACE = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
TCX = "application/vnd.garmin.tcx+xml"


def tcx(*activities: str) -> bytes:
    inside = "".join(activities)
    return (
        f'<?xml version="1.0"?><TrainingCenterDatabase xmlns="{SPACE}"><Activities>{inside}</Activities>'
        "</TrainingCenterDatabase>"
    ).encode()


def session(start: datetime, *, minutes: float = 60, metres: float = 10_000, sport: str = "Running") -> str:
    """Return one activity of one lap as XML, for `tcx`."""
    began = start.isoformat().replace("+00:00", "Z")
    figures = f"<TotalTimeSeconds>{minutes * 60}</TotalTimeSeconds><DistanceMeters>{metres}</DistanceMeters>"
    return f'<Activity Sport="{sport}"><Id>{began}</Id><Lap StartTime="{began}">{figures}</Lap></Activity>'


def gpx(*points: tuple[datetime, float]) -> bytes:
    """Return a GPX file of a run to the north; each point has a time and its distance in metres from the first."""
    track = "".join(
        f'<trkpt lat="{51.5 + north / 111_195.08:.9f}" lon="-0.1">'
        f"<time>{at.isoformat().replace('+00:00', 'Z')}</time></trkpt>"
        for at, north in points
    )
    return (
        '<gpx version="1.1" creator="an app" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><type>running</type><trkseg>{track}</trkseg></trk></gpx>"
    ).encode()
