"""Kinds of arguments with a few possible values."""

from enum import StrEnum


class Setting(StrEnum):
    """A setting of a group; each is the name of a field of `services.ground.settings.GroupSettings`."""

    RANKING = "ranking"
    CHEER_BELOW = "cheer_below"
    MANUAL_PERCENT = "manual_percent"
    WEEK_START = "week_start"
    APPROVAL = "approval"
    MEMBERS_INVITE = "members_invite"
    MEMBERS_CHALLENGE = "members_challenge"


class Sure(StrEnum):
    """Agreement to an act that cannot be undone. It must come last in the line, so that no name is taken for it."""

    YES = "yes"


class Newest(StrEnum):
    """The newest one, or the next one."""

    LAST = "last"
    THIS = "this"


class Telling(StrEnum):
    """The form of a digest."""

    TABLE = "table"
    STORY = "story"


class Yes(StrEnum):
    """Agreement."""

    YES = "yes"


class Off(StrEnum):
    """Switching something off."""

    OFF = "off"


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


class PictureWanted(StrEnum):
    """The kinds of pictures."""

    WEEK = "week"
    TREND = "trend"
    SPORT = "sport"


class Light(StrEnum):
    """Light or dark pictures."""

    LIGHT = "light"
    DARK = "dark"


class Whose(StrEnum):
    """The member's own, or the group's."""

    MINE = "mine"
    GROUP = "group"


class Each(StrEnum):
    """The unit of an average: each week, month, day or session."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    SESSION = "session"


class Choose(StrEnum):
    """The wish to choose first what the others see."""

    CHOOSE = "privacy"


class Instead(StrEnum):
    """Whether another account replaces the connected one."""

    REPLACE = "replace"
    KEEP = "keep"


class KeepOrErase(StrEnum):
    """Whether activities are kept or erased when their account is disconnected."""

    KEEP = "keep"
    ERASE = "erase"


class Included(StrEnum):
    """Whether activities that are private at Garmin count."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
