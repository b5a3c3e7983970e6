"""One file per topic, in the order of the help: a file here is a folder of texts and a story in tests."""

from bot.commands import (  # noqa: I001 - the order of the help
    garmin, groups, invites, roles, settings, standings, records, goals, challenges, rivalry, questions, pictures,
    digest, sharing, away, privacy, people, data, access, feeds, manners, start,
)  # fmt: skip

__all__ = [
    "access",
    "away",
    "challenges",
    "data",
    "digest",
    "feeds",
    "garmin",
    "goals",
    "groups",
    "invites",
    "manners",
    "people",
    "pictures",
    "privacy",
    "questions",
    "records",
    "rivalry",
    "roles",
    "settings",
    "sharing",
    "standings",
    "start",
]
