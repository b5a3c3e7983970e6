"""What is asked of a member before anything is written to them: how they read, and whether the number is surely theirs.

How a doubt begins and ends: `services.people.numbers` and `services.group.proofs`.
docs/decisions/0021-numbers-change-hands.md tells why it is as it is.
"""

from datetime import datetime, timedelta

from messages.render import Reader
from models import Member

ASLEEP = timedelta(days=45)  # carriers wait 45 to 90 days at least before they hand a number on
QUIET = timedelta(days=7)  # whoever wrote within a week has the number still, whatever their profile says


def reader_of(member: Member) -> Reader:
    """How this member reads: language, units and time zone."""
    return Reader(member.locale, member.units, member.timezone)


def is_asleep(member: Member, now: datetime) -> bool:
    """Whether silent for so long that somebody else may hold the number by now."""
    return member.last_inbound_at is not None and now - member.last_inbound_at >= ASLEEP


def is_in_doubt(member: Member, now: datetime) -> bool:
    """Whether it is unknown who holds the number: nothing goes there but answers."""
    return member.doubted_at is not None or is_asleep(member, now)


def known_until(member: Member, now: datetime) -> datetime:
    """Until when the number was surely theirs: only groups that they were in by then know them by it.

    That is a week before the doubt, or a week after they were last heard, whichever is earlier.
    """
    doubted = (member.doubted_at or now) - QUIET
    return doubted if member.silent_since is None else min(doubted, member.silent_since + QUIET)
