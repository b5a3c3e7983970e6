"""One file per topic, in the order of the help: a file here is a folder in templates/chat and a story in tests."""

from bot.commands import garmin, groups, standings, digest, start  # noqa: I001 - the order of the help

__all__ = ["digest", "garmin", "groups", "standings", "start"]
