"""The figures of an activity that boards, points and records need. They are computed once, when it is stored."""

from typing import Any

from providers.recordings import Recording

VERSION = 2


def read_metrics(recording: Recording) -> dict[str, Any]:
    """Return the figures of one recording in minutes, kilometres, beats per minute and watts, without those it lacks.

    `splits` maps a distance in metres to the best time over it in seconds; `zones` lists the
    seconds in heart-rate zones 1 to 5.
    """
    figures = {
        "minutes": _rounded(recording.seconds, 60),
        "moving_minutes": _rounded(recording.moving, 60),
        "km": _rounded(recording.metres, 1000),
        "speed": recording.speed,
        "climb": recording.climb,
        "steps": recording.steps,
        "power": recording.watts,
        "heart_rate": recording.pulse,
        "most_heart_rate": recording.highest_pulse,
        "moderate_minutes": recording.moderate_minutes,
        "vigorous_minutes": recording.vigorous_minutes,
        "load": recording.load,
        "vo2max": recording.vo2max,
        "parent_type": recording.parent_type,
        "is_record": recording.is_record or None,
        "is_private": recording.private or None,
        "splits": {str(metres): seconds for metres, seconds in recording.splits.items()} or None,
        "zones": list(recording.zones) or None,
    }
    return {"version": VERSION} | {name: value for name, value in figures.items() if value is not None}


def _rounded(value: float | None, unit: float) -> float | None:
    return None if value is None else round(value / unit, 2)
