"""Sessions of programs and browsers: everything that is signed in as a member, in one list.

A program starts one with a code from the chat, and renews it by refresh tokens that can be used once each. If a refresh
token is used a second time, it was copied: the session ends, and the member is told.

A browser starts one with a link from the chat, and has a cookie that is valid for 30 days
(`services.people.dashboard_links`).
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, joinedload

from messages.render import Offer
from messages.words import clean_name
from models import ApiSession, Ended, Member, MessageKind, PersonalToken, RefreshToken, Scope
from services.delivery import mailbox
from services.delivery.notices import write_notice
from services.ground import audit

UNUSED_FOR = timedelta(days=30)  # a program's session ends if it was not renewed for so long
BROWSER_FOR = timedelta(days=30)  # a browser's session ends so long after it began, even if it is used
NOTED_EVERY = timedelta(hours=1)  # the time of the last use is stored at most this often
MOST_DEVICE = 40
NO_NAME = "a program"
MOST_SESSIONS = 50  # at a time; a new one ends the one that was used longest ago
KEPT_FOR = timedelta(days=30)  # it is still listed for so long after its end
PREFIX = "gtr_"


@dataclass(frozen=True)
class Renewed:
    """A session, and the refresh token for its next renewal, which is not stored and can be shown only now."""

    session: ApiSession
    refresh: str = field(repr=False)


def begin(session: Session, member: Member, device: str, scopes: list[Scope], now: datetime) -> Renewed:
    """Start a session of this member for a program that calls itself `device`."""
    row = _open(session, member, device, now)
    row.scopes = [each.value for each in Scope if each in scopes]
    session.flush()
    return Renewed(row, _token(session, row, now))


def begin_in_browser(session: Session, member: Member, device: str, now: datetime) -> tuple[ApiSession, str]:
    """Begin a session of this member for a browser. Returns it and the secret for the browser's cookie."""
    secret = secrets.token_urlsafe(32)
    row = _open(session, member, device, now)
    row.browser_hash, row.expires_at = hash_of(secret), now + BROWSER_FOR
    session.flush()
    return row, secret


def find_browser_session(session: Session, secret: str, now: datetime) -> ApiSession | None:
    """The open session of the browser with this cookie, and its member. One query."""
    mine = (ApiSession.browser_hash == hash_of(secret), ApiSession.ended_at.is_(None), ApiSession.expires_at > now)
    row = session.scalar(select(ApiSession).where(*mine).options(joinedload(ApiSession.member)))
    if row is not None and now - row.last_used_at >= NOTED_EVERY:
        note_use(session, row, now)
    return row


def note_use(session: Session, row: ApiSession | PersonalToken, now: datetime) -> None:
    """Store that this session or token is used now. Its first use on each day (UTC) is written to the audit: one row
    stands for everything that is read with it on that day.
    """
    before, row.last_used_at = row.last_used_at, now
    if before is None or before.date() != now.date():
        used: dict[str, Any] = {"token" if isinstance(row, PersonalToken) else "session": str(row.id)}
        audit.note(session, "access.used", now, member_id=row.member_id, **used)


def renew(session: Session, refresh: str, now: datetime) -> Renewed | None:
    """Exchange a refresh token for the next one; None if it is not valid.

    A token that was exchanged before ends its session, and the member is told in the chat. The caller
    must therefore not roll back. If several requests exchange the same token at once, the first one
    succeeds, and the others count as reuse.
    """
    query = select(RefreshToken).where(RefreshToken.token_hash == hash_of(refresh)).with_for_update()
    token = session.scalar(query)
    if token is None:
        return None
    row = session.get_one(ApiSession, token.session_id, with_for_update=True, populate_existing=True)
    if not _is_alive(row, now):
        return None
    if token.used_at is not None:
        _end_reused(session, row, now)
        return None
    token.used_at = now
    note_use(session, row, now)
    row.expires_at = now + UNUSED_FOR
    return Renewed(row, _token(session, row, now))


def find_open_session(session: Session, session_id: UUID, now: datetime) -> ApiSession | None:
    """Return the open session with this id, with its member; None if it has ended. One query."""
    mine = (ApiSession.id == session_id, ApiSession.ended_at.is_(None), ApiSession.expires_at > now)
    row = session.scalar(select(ApiSession).where(*mine).options(joinedload(ApiSession.member)))
    if row is not None and now - row.last_used_at >= NOTED_EVERY:
        note_use(session, row, now)
    return row


def list_open_sessions(session: Session, member: Member, now: datetime) -> list[ApiSession]:
    """Return the member's open sessions, the last used first."""
    mine = (ApiSession.member_id == member.id, ApiSession.ended_at.is_(None), ApiSession.expires_at > now)
    return list(
        session.scalars(select(ApiSession).where(*mine).order_by(ApiSession.last_used_at.desc(), ApiSession.id))
    )


def end(session: Session, row: ApiSession, now: datetime, why: Ended = Ended.SIGNED_OUT) -> None:
    """End a session at once: none of its tokens is valid any more."""
    row.ended_at, row.ended_why = now, why
    audit.note(session, f"access.{why}", now, member_id=row.member_id)


def end_all(session: Session, member: Member, now: datetime) -> int:
    """End all sessions of a member. Returns how many were open."""
    mine = (ApiSession.member_id == member.id, ApiSession.ended_at.is_(None), ApiSession.expires_at > now)
    ended = update(ApiSession).where(*mine).values(ended_at=now, ended_why=Ended.SIGNED_OUT)
    count = len(session.scalars(ended.returning(ApiSession.id)).all())
    if count:
        audit.note(session, "access.signed_out_everywhere", now, member_id=member.id, count=count)
    return count


def forget_old(session: Session, now: datetime) -> None:
    """Delete sessions that ended more than 30 days ago, with their tokens."""
    over = or_(ApiSession.ended_at < now - KEPT_FOR, ApiSession.expires_at < now - KEPT_FOR)
    session.execute(delete(ApiSession).where(over))


def hash_of(token: str) -> str:
    """Return the hash by which a token is found. Tokens cannot be guessed, so the hash needs no key."""
    return hashlib.sha256(token.encode()).hexdigest()


def _open(session: Session, member: Member, device: str, now: datetime) -> ApiSession:
    _make_room(session, member, now)
    row = ApiSession(
        member_id=member.id,
        device=clean_name(device, MOST_DEVICE) or NO_NAME,
        scopes=[],
        signed_in_at=now,
        last_used_at=now,
        expires_at=now + UNUSED_FOR,
    )
    session.add(row)
    audit.note(session, "access.signed_in", now, member_id=member.id)
    return row


def _token(session: Session, row: ApiSession, now: datetime) -> str:
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(RefreshToken(session_id=row.id, token_hash=hash_of(token), made_at=now))
    return token


def _is_alive(row: ApiSession, now: datetime) -> bool:
    return row.ended_at is None and row.expires_at > now


def _make_room(session: Session, member: Member, now: datetime) -> None:
    for each in list_open_sessions(session, member, now)[MOST_SESSIONS - 1 :]:
        end(session, each, now)


def _end_reused(session: Session, row: ApiSession, now: datetime) -> None:
    end(session, row, now, Ended.REUSED)
    member = row.member
    if member.opted_out_at is None:
        buttons = [Offer("who_is_signed_in", "signed in"), Offer("sign_out_all", "sign out")]
        message = write_notice(
            "access/reused",
            member,
            about=None,
            says="signed in",
            short="access/reused_short",
            buttons=buttons,
            device=row.device,
        )
        mailbox.post(session, member.id, message, now, kind=MessageKind.NOTICE, key=f"reused:{row.id}")
