"""What a group has chosen: read with `settings_of`, written with `change`.."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from models import Group
from services.ground.refusals import SettingNotUsable

MONDAY, SATURDAY, SUNDAY = 0, 5, 6
MOST_CHEER_BELOW = 50


@dataclass(frozen=True)
class Settings:
    """A group's choices. What is missing, unknown or unusable in the stored JSON reads as the default.

    ranking: places, medals and arrows; without them a board is cheer mode: A to Z.
    cheer_below: with fewer active people than this there is no ranking either (1 to 50).
    manual_percent: how much of an entry made by hand counts (0 to 100).
    week_start: 0 Monday, 5 Saturday, 6 Sunday.
    approval: whoever uses an invite waits until an admin lets them in.
    members_invite: every member may invite, not only admins.
    members_challenge: every member may start challenges.
    """

    ranking: bool = True
    cheer_below: int = 2
    manual_percent: int = 70
    week_start: int = MONDAY
    approval: bool = False
    members_invite: bool = False
    members_challenge: bool = False

    @property
    def manual(self) -> float:
        """The part of the table's points that an entry made by hand keeps, 0 to 1."""
        return self.manual_percent / 100

    def is_ranked(self, active: int) -> bool:
        """Whether a board with so many active people shows places."""
        return self.ranking and active >= self.cheer_below


def settings_of(group: Group) -> Settings:
    """The group's choices."""
    return read(group.settings)


def read(stored: Mapping[str, Any] | None) -> Settings:
    """Make choices of what is stored, whichever version of us wrote it."""
    known = {each.name for each in fields(Settings)}
    usable = {key: value for key, value in (stored or {}).items() if key in known and _is_usable(key, value)}
    return Settings(**usable)


def change(group: Group, key: str, value: object) -> Settings:
    """Choose one thing. Raises `SettingNotUsable` for a value that it cannot have, and `KeyError` for no setting."""
    if not _is_usable(key, value):
        raise SettingNotUsable(setting=key)
    # The column notices only a new object.
    group.settings = {**group.settings, key: value}
    return settings_of(group)


def _is_usable(key: str, value: object) -> bool:
    return USABLE[key](value)


def _yes_or_no(value: object) -> bool:
    return isinstance(value, bool)


def _whole(least: int, most: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


USABLE: dict[str, Callable[[object], bool]] = {
    "ranking": _yes_or_no,
    "cheer_below": _whole(1, MOST_CHEER_BELOW),
    "manual_percent": _whole(0, 100),
    "week_start": lambda value: type(value) is int and value in {MONDAY, SATURDAY, SUNDAY},
    "approval": _yes_or_no,
    "members_invite": _yes_or_no,
    "members_challenge": _yes_or_no,
}
