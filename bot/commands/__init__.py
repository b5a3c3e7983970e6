"""One file per topic, in the order of the help: a file here is a folder in templates/chat and a story in tests."""

from bot.commands import (  # noqa: I001 - the order of the help
    garmin,
    groups,
    invites,
    roles,
    settings,
    standings,
    questions,
    pictures,
    digest,
    sharing,
    away,
    privacy,
    people,
    data,
    manners,
    start,
)

__all__ = [
    "away",
    "data",
    "digest",
    "garmin",
    "groups",
    "invites",
    "manners",
    "people",
    "pictures",
    "privacy",
    "questions",
    "roles",
    "settings",
    "sharing",
    "standings",
    "start",
]
