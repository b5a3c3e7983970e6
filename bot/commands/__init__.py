"""The commands: one file for each topic, in the order of the help. Each file has a folder in templates/chat and
a story in tests/conversations.
"""

from bot.commands import (  # noqa: I001 - the order of the help
    garmin, groups, invites, roles, settings, standings, records, goals, challenges, rivalry, questions, pictures,
    digest, sharing, away, privacy, people, data, manners, start,
)  # fmt: skip

__all__ = [
    "away",
    "challenges",
    "data",
    "digest",
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
