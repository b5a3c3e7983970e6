"""Numbers change hands: after months of silence a carrier gives one to somebody else, who is not our member."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from messages.words import clean_name
from models import Member
from services.group import audit, bans

ASLEEP = timedelta(days=180)  # carriers wait 45 to 90 days at least before they hand a number on


def is_asleep(member: Member, now: datetime) -> bool:
    """Whether so long ago that somebody else may hold the number by now."""
    return member.last_inbound_at is not None and now - member.last_inbound_at > ASLEEP


def confirm(session: Session, member: Member, now: datetime) -> None:
    """It is still the same person."""
    member.doubted_at = None
    audit.note(session, "member.confirmed", now, member_id=member.id)


def hand_over(session: Session, member: Member, name: str, now: datetime) -> Member:
    """Somebody else holds the number: a newcomer takes its addresses, and nothing else.

    Whoever held it before keeps groups and activities. The caller sees to it that they are written to no more.
    """
    newcomer = Member(
        name=clean_name(name) or "friend", address=member.address, timezone=member.timezone, last_inbound_at=now
    )
    session.add(newcomer)
    session.flush()
    bans.follow(session, member)  # before the addresses are somebody else's
    for identity in list(member.identities):
        identity.member_id = newcomer.id
    member.doubted_at = None
    audit.note(session, "member.number_handed_over", now, member_id=member.id, to=newcomer.id)
    return newcomer
