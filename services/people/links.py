"""What all one-time links have in common: they come from the chat, belong to one member and one purpose, and end soon.

Of the token only a hash is stored. `services.training.one_time_links` is about the page on which an account is
connected, `services.people.dashboard_links` about the dashboard.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from models import LinkPurpose, Member, OneTimeLink
from services.ground import audit
from services.people.sessions import hash_of

LINK_FOR = timedelta(minutes=15)


def add_link(session: Session, member: Member, purpose: LinkPurpose, now: datetime) -> str:
    """Store a new link for this member. Returns its token, which can be read only now."""
    token = secrets.token_urlsafe(32)
    session.add(OneTimeLink(member_id=member.id, purpose=purpose, token_hash=hash_of(token), expires_at=now + LINK_FOR))
    audit.note(session, "link.made", now, member_id=member.id, purpose=purpose)
    return token


def lock_link(session: Session, token: str, purpose: LinkPurpose, now: datetime) -> OneTimeLink | None:
    """Return the link with this token, its row locked, unless it is used up, over, or for something else."""
    alive = (OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now)
    return session.scalar(select(OneTimeLink).where(*match_token(token, purpose), *alive).with_for_update())


def match_token(token: str, purpose: LinkPurpose) -> tuple[ColumnElement[bool], ...]:
    """The conditions for the link with this token, also if it is over."""
    return OneTimeLink.token_hash == hash_of(token), OneTimeLink.purpose == purpose


def was_made(session: Session, token: str, purpose: LinkPurpose) -> bool:
    """Whether a link was ever made with this token for this purpose, even if it is over."""
    return session.scalar(select(OneTimeLink.id).where(*match_token(token, purpose))) is not None
