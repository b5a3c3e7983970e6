"""The settings of a group: read with `read_settings`, written with `change`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from models import Group
from services.ground.refusals import SettingNotUsable

MONDAY, SATURDAY, SUNDAY = 0, 5, 6
MOST_CHEER_BELOW = 50


@dataclass(frozen=True)
class GroupSettings:
    """A group's settings. If a value in the stored JSON is missing, unknown or invalid, the default is used.

    ranking: boards have places, medals and arrows; without ranking a board is in alphabetical order.
    cheer_below: with fewer active people than this a board has no ranking either (1 to 50).
    manual_percent: how many per cent of the points of a session logged by hand count (0 to 100).
    week_start: the first day of the week: 0 Monday, 5 Saturday, 6 Sunday.
    approval: a person who uses an invite waits until an admin approves them.
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
        """The fraction of the table's points that counts for a session logged by hand, 0 to 1."""
        return self.manual_percent / 100

    def is_ranked(self, active: int) -> bool:
        """Return whether a board with so many active people shows places."""
        return self.ranking and active >= self.cheer_below


def read_settings(group: Group) -> GroupSettings:
    """Return the group's settings."""
    return read(group.settings)


def read(stored: Mapping[str, Any] | None) -> GroupSettings:
    """Return the settings for this stored JSON, which an older or newer version of this code may have written."""
    known = {each.name for each in fields(GroupSettings)}
    usable = {key: value for key, value in (stored or {}).items() if key in known and _is_usable(key, value)}
    return GroupSettings(**usable)


def change(group: Group, key: str, value: object) -> GroupSettings:
    """Change one setting and return all settings. Raises `SettingNotUsable` for an invalid value, and `KeyError` for an
    unknown setting.
    """
    if not _is_usable(key, value):
        raise SettingNotUsable(setting=key)
    # SQLAlchemy notices the change only if the column gets a new object.
    group.settings = {**group.settings, key: value}
    return read_settings(group)


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
