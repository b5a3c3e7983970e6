"""What must be known about a member before a message is sent to them: how they read, whether it is quiet now, and
whether the number may belong to somebody else by now.

`services.people.phone_numbers` and `services.group.proofs` decide when a doubt begins and ends.
docs/decisions/0021-numbers-change-hands.md explains the rules.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from messages.render import Reader
from models import Member

ASLEEP = timedelta(days=45)  # carriers give a number to somebody else after 45 to 90 days at the earliest
QUIET = timedelta(days=7)  # a person who wrote within a week still has the number, whatever name the profile shows


def make_reader(member: Member) -> Reader:
    """Return how this member reads: language, units and time zone."""
    return Reader(member.locale, member.units, member.timezone)


def is_asleep(member: Member, now: datetime) -> bool:
    """Return whether the member was silent for so long that somebody else may have the number by now."""
    return member.last_inbound_at is not None and now - member.last_inbound_at >= ASLEEP


def is_in_doubt(member: Member, now: datetime) -> bool:
    """Return whether it is unknown who has the number. While it is, only answers are sent there."""
    return member.doubted_at is not None or is_asleep(member, now)


def find_known_until(member: Member, now: datetime) -> datetime:
    """Return until when the number was certainly the member's: only groups that they were in by then know them by it.

    That is a week before the doubt, or a week after their last line, whichever is earlier.
    """
    doubted = (member.doubted_at or now) - QUIET
    return doubted if member.silent_since is None else min(doubted, member.silent_since + QUIET)


def find_end_of_quiet_hours(member: Member, now: datetime) -> datetime | None:
    """Return the end of the member's quiet hours if it is quiet now, else None. They may include midnight."""
    local = now.astimezone(ZoneInfo(member.timezone))
    at, start, end_ = local.time(), member.quiet_from, member.quiet_until
    quiet = start <= at < end_ if start <= end_ else at >= start or at < end_
    if start == end_ or not quiet:
        return None
    day = local.date() if at < end_ else local.date() + timedelta(days=1)
    # In the hour that is repeated in autumn, the end is the occurrence that is still to come.
    return datetime.combine(day, end_.replace(fold=local.fold), local.tzinfo)
