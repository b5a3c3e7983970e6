"""One file per topic, in the order of the help: a file here is a folder in templates/chat and a story in tests."""

from bot.commands import garmin, groups, standings, pictures, digest, sharing, away, manners, start  # noqa: I001 - the order of the help

__all__ = ["away", "digest", "garmin", "groups", "manners", "pictures", "sharing", "standings", "start"]
