"""Pictures that are served at addresses that cannot be guessed."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Erased, Media, Member, ShownMember
from models.hashes import digest
from providers.errors import ChartError

GOOD_FOR = timedelta(hours=72)
STILL_GOOD_FOR = timedelta(hours=24)


class ShowsErased(ChartError):
    """The picture shows a member who was erased since it was requested."""


def publish_picture(session: Session, png: bytes, now: datetime) -> str:
    """Store a picture for three days, and return its path. Everybody who knows the path can fetch it."""
    token = secrets.token_urlsafe(24)
    session.add(Media(token_hash=_hashed(token), png=png, expires_at=now + GOOD_FOR))
    return f"/m/{token}.png"


def find_path(session: Session, chart: str) -> str:
    """Return the path of the picture of these facts. It is always the same, and cannot be guessed
    without our hash key.
    """
    return f"/m/{_token_of(session, chart)}.png"


def keep_drawn(session: Session, chart: str, png: bytes, now: datetime, shows: Collection[int] = ()) -> str:
    """Store the picture of these facts for everybody who gets the same, and return its path.

    `shows` are the ids of the members on it: it is deleted when one of them is erased. Raises `ShowsErased` if that has
    happened already.
    """
    _require_there(session, shows)
    row = {"token_hash": _hashed(_token_of(session, chart)), "png": png, "expires_at": now + GOOD_FOR}
    kept = insert(Media).values(row)
    longer = {"expires_at": kept.excluded.expires_at, "updated_at": kept.excluded.updated_at}
    session.execute(kept.on_conflict_do_update(index_elements=["token_hash"], set_=longer))
    shown = [{"token_hash": row["token_hash"], "member_id": each} for each in set(shows)]
    if shown:
        session.execute(insert(ShownMember).values(shown).on_conflict_do_nothing())
    return find_path(session, chart)


def forget_shown(session: Session, member_id: int) -> None:
    """Delete every picture that shows this member."""
    tokens = select(ShownMember.token_hash).where(ShownMember.member_id == member_id)
    session.execute(delete(Media).where(Media.token_hash.in_(tokens)))


def is_drawn(session: Session, chart: str, now: datetime) -> bool:
    """Return whether there is a picture of these facts that will last until its message is delivered."""
    kept = find_drawn(session, chart)
    return kept is not None and kept.expires_at > now + STILL_GOOD_FOR


def find_drawn(session: Session, chart: str) -> Media | None:
    """Return the picture of these facts, or None."""
    return session.get(Media, _hashed(_token_of(session, chart)))


def find(session: Session, token: str) -> Media | None:
    """Return the picture with this token, even if its time is over, or None."""
    return session.get(Media, _hashed(token))


def forget_expired(session: Session, now: datetime) -> None:
    """Delete pictures a day after their time is over. Before that their address answers 410, afterwards 404."""
    session.execute(delete(Media).where(Media.expires_at < now - timedelta(days=1)))


def _require_there(session: Session, shows: Collection[int]) -> None:
    """Raise `ShowsErased` if a member on the picture was erased. If one is just being erased, the lock on their row
    makes this wait.
    """
    there = session.execute(
        select(Member.id, Member.created_at).where(Member.id.in_(shows)).order_by(Member.id).with_for_update(read=True)
    ).all()
    gone = select(Erased.id).where(tuple_(Erased.member_id, Erased.member_since).in_([tuple(each) for each in there]))
    if len(there) < len(set(shows)) or (there and session.scalar(gone.limit(1)) is not None):
        raise ShowsErased("the picture shows somebody who was erased")


def _token_of(session: Session, chart: str) -> str:
    return digest(session, "picture", chart)[:48]


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
