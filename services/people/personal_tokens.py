"""Tokens that members make for scripts. Each has its own permissions (scopes) and an expiry date."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session, joinedload

from messages.words import clean_name
from models import Member, PersonalToken, Scope
from services.ground import audit
from services.ground.refusals import TooManyTokens
from services.people.sessions import hash_of, note_use

PREFIX = "gtp_"
MOST_TOKENS = 20  # valid ones of one member
DAYS, MOST_DAYS = 90, 365
MOST_NAME = 40
KEPT_FOR = timedelta(days=30)
NOTED_EVERY = timedelta(hours=1)  # the precision of the time when a token was last used
# A token that is stored in a script must not be able to change the account itself.
MAY_HAVE = tuple(each for each in Scope if each is not Scope.ACCOUNT)


def make(
    session: Session, member: Member, name: str, scopes: list[Scope], days: int, now: datetime
) -> tuple[PersonalToken, str]:
    """Make a token that is valid for this many days. Returns its row, and the token, which is not
    stored and can be shown only now.

    Raises `TooManyTokens`, and `ValueError` for a scope that no token may have or a number of days that is not allowed.
    """
    if not set(scopes) <= set(MAY_HAVE) or not 1 <= days <= MOST_DAYS:
        raise ValueError("a personal token cannot be like that")
    require_room(session, member, now)
    token = PREFIX + secrets.token_urlsafe(32)
    row = PersonalToken(
        member_id=member.id,
        name=clean_name(name, MOST_NAME) or "a script",
        token_hash=hash_of(token),
        scopes=[each.value for each in Scope if each in scopes],
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    audit.note(session, "access.token_made", now, member_id=member.id, scopes=row.scopes)
    return row, token


def require_room(session: Session, member: Member, now: datetime) -> None:
    """Raise `TooManyTokens` if the member has as many valid tokens as one may have."""
    if len(list_tokens(session, member, now)) >= MOST_TOKENS:
        raise TooManyTokens(most=MOST_TOKENS)


def find_token(session: Session, token: str, now: datetime) -> PersonalToken | None:
    """Return the token's row with its member; None if the token is not valid. Updates `last_used_at` once an hour."""
    good = (PersonalToken.token_hash == hash_of(token), *_good(now))
    row = session.scalar(select(PersonalToken).where(*good).options(joinedload(PersonalToken.member)))
    if row is not None and (row.last_used_at is None or now - row.last_used_at > NOTED_EVERY):
        note_use(session, row, now)
    return row


def list_tokens(session: Session, member: Member, now: datetime) -> list[PersonalToken]:
    """Return the member's valid tokens, newest first."""
    query = select(PersonalToken).where(PersonalToken.member_id == member.id, *_good(now))
    return list(session.scalars(query.order_by(PersonalToken.made_at.desc(), PersonalToken.id)))


def end(session: Session, row: PersonalToken, now: datetime) -> None:
    """End a token at once."""
    row.ended_at = now
    audit.note(session, "access.token_ended", now, member_id=row.member_id)


def end_all(session: Session, member: Member, now: datetime) -> int:
    """End all tokens of the member. Returns how many were valid."""
    good = list_tokens(session, member, now)
    for each in good:
        end(session, each, now)
    return len(good)


def forget_old(session: Session, now: datetime) -> None:
    """Delete tokens that ended more than 30 days ago."""
    over = or_(PersonalToken.ended_at < now - KEPT_FOR, PersonalToken.expires_at < now - KEPT_FOR)
    session.execute(delete(PersonalToken).where(over))


def _good(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return PersonalToken.ended_at.is_(None), PersonalToken.expires_at > now
