"""The kinds of which a command is told one of a few."""

from enum import StrEnum


class Setting(StrEnum):
    """What a group may choose; each is the name of one of `services.ground.settings.Settings`."""

    RANKING = "ranking"
    CHEER_BELOW = "cheer_below"
    MANUAL_PERCENT = "manual_percent"
    WEEK_START = "week_start"
    APPROVAL = "approval"
    MEMBERS_INVITE = "members_invite"
    MEMBERS_CHALLENGE = "members_challenge"


class Sure(StrEnum):
    """Agreement to what cannot be taken back: it comes last, so that nobody's name is taken for it."""

    YES = "yes"


class Newest(StrEnum):
    """The newest there is, or the one that is to come."""

    LAST = "last"
    THIS = "this"


class Telling(StrEnum):
    """How a digest is told."""

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


class Picture(StrEnum):
    """What a picture is of."""

    WEEK = "week"
    TREND = "trend"
    SPORT = "sport"


class Light(StrEnum):
    """How a picture is lit."""

    LIGHT = "light"
    DARK = "dark"


class Whose(StrEnum):
    """One's own, or the group's."""

    MINE = "mine"
    GROUP = "group"


class Each(StrEnum):
    """Told as an average: for each week, month, day or session."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    SESSION = "session"


class Choose(StrEnum):
    """To choose first what the others see."""

    CHOOSE = "privacy"


class Instead(StrEnum):
    """Whether another account takes the place of the one that is connected."""

    REPLACE = "replace"
    KEEP = "keep"


class KeepOrErase(StrEnum):
    """What becomes of activities when their account is disconnected."""

    KEEP = "keep"
    ERASE = "erase"


class Included(StrEnum):
    """Whether activities that are private at Garmin count."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
