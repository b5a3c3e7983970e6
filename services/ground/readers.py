"""How a member reads: language, units and time zone, for whatever is written to them."""

from messages.render import Reader
from models import Member


def reader_of(member: Member) -> Reader:
    """How this member reads."""
    return Reader(member.locale, member.units, member.timezone)
