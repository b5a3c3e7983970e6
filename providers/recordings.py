"""A recording: one session in the same form for all sources.

Every source (an account at a vendor, a file, a line in the chat) returns `Recording`s, and nothing above
the adapters knows another form. Units: seconds, metres, kilocalories, beats per minute, watts, metres
per second. Places are left out.
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from fitness.sports import Sport, find_sport, is_sport

FILE, CHAT = "file", "chat"  # the sources without an account: a file that was sent, and a line that was typed
LARGEST_ID = 2**52  # larger integers are not exact in every JSON reader
TYPE_KEY = re.compile("[a-z][a-z0-9_]{2,59}")
MULTISPORT = "multi_sport"

# The type of an activity of which only the sport is known.
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
    """One session, or one part of a multisport session: then `part_of` is the id of the whole.

    `id` is the source's number of the session: it never changes, and is unique among the member's sessions at this
    source. `type_key` is one of the names in `fitness.sports` (`find_type_key`); these are Garmin's, because no other
    list is as long. For a name that is not there, `parent_type` may give the family (`fitness.sports.find_sport`).
    `offset` is the difference of the watch's clock from UTC, or None if it is unknown.

    `splits` maps a distance in metres to the best time over it; `zones` lists the seconds in heart-rate zones 1 to 5.
    `told` is the source's own data as JSON, without places, if a later release may find more in them than there is
    here; then `World.read_again` reads them.
    """

    source: str
    type_key: str
    start: datetime
    seconds: float
    id: int = 0
    part_of: int | None = None
    parent_type: int | None = None
    offset: timedelta | None = None
    name: str = ""
    maker: str = ""
    elapsed: float | None = None
    moving: float | None = None
    metres: float | None = None
    climb: float | None = None
    descent: float | None = None
    speed: float | None = None
    top_speed: float | None = None
    pulse: float | None = None
    highest_pulse: float | None = None
    calories: float | None = None
    steps: float | None = None
    watts: float | None = None
    moderate_minutes: float | None = None
    vigorous_minutes: float | None = None
    load: float | None = None
    vo2max: float | None = None
    laps: int | None = None
    splits: Mapping[int, float] = field(default_factory=dict)
    zones: tuple[float, ...] = ()
    manual: bool = False
    private: bool = False
    is_record: bool = False
    told: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed or self.seconds)

    @property
    def is_session(self) -> bool:
        """Whether it is an activity of its own: not sleep or meditation, and not a part of a multisport session."""
        return self.part_of is None and is_sport(self.type_key)


DEFAULTS = {each.name: each.default for each in fields(Recording) if each.default is not MISSING}


def find_type_key(word: str) -> str:
    """Return the name in `fitness.sports` for a source's name of a sport: such a name, or an ordinary word.

    Capitals make no difference, and spaces count as underscores: "TRAIL_RUNNING", "Biking", "trail run".
    """
    key = "_".join(word.casefold().split())
    if find_sport(key) is not Sport.OTHER or not is_sport(key):
        return key
    last = key.rsplit("_", 1)[-1]
    meant = next((sport for sport in USUAL if last in sport.words), None)
    if meant:
        return USUAL[meant]
    return key if TYPE_KEY.fullmatch(key) else "other"


def make_id(named: bytes) -> int:
    """Return an id for a session whose source identifies it by more than a number: negative, of 52 bits."""
    return -1 - int.from_bytes(sha256(named).digest()[:8]) % LARGEST_ID


def write_recording(recording: Recording) -> dict[str, Any]:
    """Return a recording as JSON data, without `told` and without fields that have their default."""
    told = {name: value for name, value in vars(recording).items() if value != DEFAULTS.get(name)}
    told["start"] = recording.start.isoformat()
    told["offset"] = None if recording.offset is None else recording.offset.total_seconds()
    told["splits"] = {str(metres): seconds for metres, seconds in recording.splits.items()}
    told["zones"] = list(recording.zones)
    return {name: value for name, value in told.items() if name != "told" and value not in (None, {}, [])}


def read_recording(told: Mapping[str, Any]) -> Recording:
    """Read the output of `write_recording`; unknown names are ignored. Raises ValueError."""
    known = {each.name for each in fields(Recording)}
    try:
        values = {name: value for name, value in told.items() if name in known}
        values["start"] = datetime.fromisoformat(told["start"]).astimezone(UTC)
        values["offset"] = timedelta(seconds=told["offset"]) if told.get("offset") is not None else None
        values["splits"] = {int(metres): seconds for metres, seconds in told.get("splits", {}).items()}
        values["zones"] = tuple(told.get("zones", ()))
        return Recording(**values)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no recording") from error
