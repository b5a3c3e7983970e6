"""Reads FIT files, Garmin's own format: the totals of each session that the watch computed."""

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fitdecode import CrcCheck, ErrorHandling, FitDataMessage, FitReader  # type: ignore[import-untyped,unused-ignore]
from fitdecode.exceptions import FitError  # type: ignore[import-untyped,unused-ignore]
from fitdecode.profile import MESSAGE_TYPES  # type: ignore[import-untyped,unused-ignore]

from providers.errors import Flaw, NotAnActivityFile
from providers.files import fit_frames
from providers.files.file_sessions import MOST, Session, join_legs
from providers.files.fit_sports import find_fit_type
from providers.recordings import FILE, Recording

EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
CLOCK_SET = 0x10000000  # smaller times count from when the watch was switched on
WANTED = {"file_id", "session", "activity"}
NUMBERS = frozenset(number for number, kind in MESSAGE_TYPES.items() if kind.name in WANTED)
# The errors that the library raises for a malformed file.
NONSENSE = (
    FitError, ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError, OSError,
    struct.error,
)  # fmt: skip


@dataclass
class _Told:
    """What was read so far from the files in the stream."""

    sessions: list[Recording] = field(default_factory=list)
    offset: timedelta | None = None
    maker: str = ""
    is_activity: bool = False


def read_fit(data: bytes) -> list[Session]:
    """Read the sessions: one is an activity, several are the legs of a multisport session. Raises NotAnActivityFile."""
    told = _Told()
    try:
        for name, values in _messages(data):
            _note(told, name, values)
        sessions = [replace(each, offset=told.offset, maker=told.maker) for each in told.sessions]
        return [join_legs(sessions) if len(sessions) > 1 else tuple(sessions)] if sessions else []
    except NONSENSE:
        raise NotAnActivityFile(Flaw.DAMAGED) from None


def _messages(data: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    wanted = io.BytesIO(fit_frames.keep_only(data, NUMBERS))  # its checksums are checked there
    reader = FitReader(wanted, processor=None, check_crc=CrcCheck.DISABLED, error_handling=ErrorHandling.IGNORE)
    with reader:
        for frame in reader:
            if isinstance(frame, FitDataMessage) and frame.name in WANTED:
                yield frame.name, _values(frame)


def _values(message: Any) -> dict[str, Any]:
    """Return the message's own fields. An app on the watch may add fields with the same names."""
    own = (each for each in message.fields if each.field_def is None or not each.field_def.is_dev)
    return {each.name: each.value for each in own if each.value is not None}


def _note(told: _Told, name: str, values: Mapping[str, Any]) -> None:
    if name == "file_id":
        told.is_activity = values.get("type") == "activity"
        told.maker = told.maker or _word(values.get("manufacturer"))
    elif not told.is_activity:
        return
    elif name == "activity":
        told.offset = _offset(values)
    elif "start_time" in values:
        if len(told.sessions) >= MOST:
            raise NotAnActivityFile(Flaw.TOO_MANY)
        told.sessions.append(_session(values))


def _session(values: Mapping[str, Any]) -> Recording:
    elapsed = _number(values, "total_elapsed_time")
    seconds = _number(values, "total_timer_time") or elapsed
    start = values["start_time"]
    if not isinstance(start, int) or start < CLOCK_SET or not seconds:
        raise NotAnActivityFile(Flaw.IMPOSSIBLE)
    strides = _number(values, "total_strides")
    return Recording(
        source=FILE,
        type_key=find_fit_type(_word(values.get("sport")), _word(values.get("sub_sport"))),
        start=EPOCH + timedelta(seconds=start),
        seconds=seconds,
        elapsed=elapsed,
        moving=_number(values, "total_moving_time"),
        metres=_number(values, "total_distance"),
        climb=_number(values, "total_ascent"),
        descent=_number(values, "total_descent"),
        pulse=_number(values, "avg_heart_rate"),
        highest_pulse=_number(values, "max_heart_rate"),
        calories=_number(values, "total_calories"),
        steps=2 * strides if strides is not None else None,
        watts=_number(values, "avg_power"),
        top_speed=_number(values, "enhanced_max_speed") or _number(values, "max_speed"),
        laps=int(_number(values, "num_laps") or 0) or None,
    )


def _offset(values: Mapping[str, Any]) -> timedelta | None:
    """Return the difference of the watch's clock from UTC, rounded to 15 minutes because the clock
    may be some seconds off.
    """
    local, utc = values.get("local_timestamp"), values.get("timestamp")
    if not isinstance(local, int) or not isinstance(utc, int):
        return None
    offset = timedelta(minutes=15 * round((local - utc) / 900))
    return offset if abs(offset) <= timedelta(hours=14) else None


def _number(values: Mapping[str, Any], name: str) -> float | None:
    value = values.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _word(value: Any) -> str:
    """Return a FIT name; empty for a number, which the library gives if it knows no name."""
    return value if isinstance(value, str) else ""
