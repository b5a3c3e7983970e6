"""Pictures behind addresses that cannot be guessed."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from models import Media

GOOD_FOR = timedelta(hours=72)


def publish(session: Session, png: bytes, now: datetime) -> str:
    """Keep a picture for three days and give the path at which everybody who knows it may fetch it."""
    token = secrets.token_urlsafe(24)
    session.add(Media(token_hash=_hashed(token), png=png, expires_at=now + GOOD_FOR))
    return f"/m/{token}.png"


def find(session: Session, token: str) -> Media | None:
    """The picture behind a token, even if its time is over."""
    return session.get(Media, _hashed(token))


def forget_expired(session: Session, now: datetime) -> None:
    """Delete pictures whose time was over a day ago; until then the answer is 410, after that 404."""
    session.execute(delete(Media).where(Media.expires_at < now - timedelta(days=1)))


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
