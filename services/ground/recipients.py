"""What must be known about a member before a message is sent to them: how they read, and whether the number may belong
to somebody else now.

`services.people.numbers` and `services.group.proofs` decide when a doubt begins and ends.
docs/decisions/0021-numbers-change-hands.md explains the rules.
"""

from datetime import datetime, timedelta

from messages.render import Reader
from models import Member

ASLEEP = timedelta(days=45)  # carriers give a number to somebody else after 45 to 90 days at the earliest
QUIET = timedelta(days=7)  # a person who wrote within a week still has the number, whatever name the profile shows


def make_reader(member: Member) -> Reader:
    """Return how this member reads: language, units and time zone."""
    return Reader(member.locale, member.units, member.timezone)


def is_asleep(member: Member, now: datetime) -> bool:
    """Whether the member was silent for so long that somebody else may have the number by now."""
    return member.last_inbound_at is not None and now - member.last_inbound_at >= ASLEEP


def is_in_doubt(member: Member, now: datetime) -> bool:
    """Whether it is unknown who has the number. While it is, only answers are sent there."""
    return member.doubted_at is not None or is_asleep(member, now)


def find_known_until(member: Member, now: datetime) -> datetime:
    """Return until when the number was certainly the member's: only groups that they were in by then know them by it.

    That is a week before the doubt, or a week after their last line, whichever is earlier.
    """
    doubted = (member.doubted_at or now) - QUIET
    return doubted if member.silent_since is None else min(doubted, member.silent_since + QUIET)
