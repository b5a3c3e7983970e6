"""What many stories begin with: a group, friends who join it, and sessions on their watches."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from simulator.garmin.athletes import Athlete
from tests.town import Person


def code_in(message: str) -> str:
    """The invite code in a message."""
    return re.search(r"join (?:%20)?([A-HJKMNP-Z2-9]{6})", message.replace("%20", " "))[1]


def start_group(owner: Person, *friends: Person, name: str = "Sunday Legends") -> str:
    """Start a group and let friends join it. Gives its code."""
    code = code_in(owner.says(f"new group {name}"))
    for friend in friends:
        assert f"You're in *{name}*" in friend.says(f"join {code} yes")
    return code


def november(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """An instant of the month that the town lives in."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def runs(*days: int, minutes: float = 60, metres: float = 10_000) -> Callable[[Athlete], None]:
    """A watch with a run on each of these days of November."""

    def upload(athlete: Athlete) -> None:
        for day in days:
            athlete.upload(type_key="running", start=november(day), seconds=60 * minutes, metres=metres)

    return upload
