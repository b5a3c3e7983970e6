"""Signing in with a code that is sent into the chat. No answer shows whether a number belongs to a member.

docs/decisions/0026-sign-in-for-programs.md explains why.
"""

import secrets
from datetime import datetime
from uuid import UUID, uuid4

import phonenumbers
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from messages.render import render
from models import Identity, IdentityKind, Member, MessageKind, SignInCode
from models.hashes import digest
from services.delivery import mailbox
from services.ground import audit, limits
from services.ground.recipients import make_reader
from services.people import chat_codes
from services.people.chat_codes import CODE_FOR, KEPT_FOR, MOST_TRIES

ASKED = "sign-in code"  # the name under which requests are counted


def read_number(text: str) -> str | None:
    """Return a phone number in the stored form, "+32470123456"; None if it is none. It must begin
    with + and the country code.
    """
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def ask(session: Session, number: str, now: datetime) -> UUID:
    """Send a code to the member with this number, if there is one. Returns a request id in any case.

    A code is only sent to a member who wrote to the bot within WhatsApp's 24 hours: so it disturbs nobody, and
    does not go to a number that may have a new holder. Raises `EnoughSignInCodes` after too many requests for a
    number, whether or not it is a member's.
    """
    chat_codes.count_code(session, [limits.hash_address(session, IdentityKind.PHONE, number)], ASKED, now)
    request = uuid4()
    member = _reachable(session, number, now)
    if member is not None:
        code = chat_codes.make_code()
        hashed = digest(session, "sign-in", f"{request}:{code}")
        session.add(SignInCode(id=request, member_id=member.id, code_hash=hashed, expires_at=now + CODE_FOR))
        minutes = int(CODE_FOR.total_seconds() // 60)
        message = render("access/code", make_reader(member), code=code, minutes=minutes)
        mailbox.post(session, member.id, message, now, kind=MessageKind.REPLY, key=f"sign-in:{request}")
        audit.note(session, "access.code_asked", now, member_id=member.id)
    return request


def prove(session: Session, request: UUID, code: str, now: datetime) -> Member | None:
    """Return the member whose code this is; None if it is wrong, expired, used, or was tried five times.

    A correct try counts too, so the caller must not roll back.
    """
    query = select(SignInCode).where(SignInCode.id == request).with_for_update()
    asked = session.scalar(query)
    given = digest(session, "sign-in", f"{request}:{code}")
    if asked is None or asked.used_at is not None or asked.expires_at <= now or asked.tries >= MOST_TRIES:
        return None
    asked.tries += 1
    if not secrets.compare_digest(asked.code_hash, given) or asked.member.doubted_at is not None:
        return None
    asked.used_at = now
    return asked.member


def forget_old(session: Session, now: datetime) -> None:
    """Delete codes that expired more than a day ago."""
    session.execute(delete(SignInCode).where(SignInCode.expires_at < now - KEPT_FOR))


def _reachable(session: Session, number: str, now: datetime) -> Member | None:
    query = select(Member).join(Identity).where(Identity.kind == IdentityKind.PHONE, Identity.value == number)
    member = session.scalar(query)
    if member is None or member.doubted_at is not None:
        return None
    return member if chat_codes.is_chat_open(member, now) else None
