"""Acts on the dashboard that need a code from the chat: changing roles, removing members, and new personal tokens.

So somebody who only holds a browser that is signed in cannot do them. A code is good for one act, which the message
with the code names, and only in the browser in which the act was asked for.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from messages.render import render
from models import ApiSession, Confirmation, MessageKind
from models.hashes import digest
from services.delivery import mailbox
from services.ground import audit, limits
from services.ground.recipients import make_reader
from services.people import chat_codes
from services.people.chat_codes import CODE_FOR, KEPT_FOR, MOST_TRIES

PURPOSE = "confirm"  # of the hashes
ASKED = "confirming"  # the name under which requests are counted


def ask(session: Session, device: ApiSession, act: Mapping[str, Any], now: datetime, **facts: Any) -> Confirmation:
    """Send a code for this act into the chat of the member who is signed in on this device.

    `act` is JSON: "what" and the ids and choices that it needs. `facts` (such as person and group) are what the message
    names. Raises `ChatNotOpen`, or `EnoughSignInCodes` after too many codes.
    """
    member = device.member
    chat_codes.require_open_chat(member, now)
    chat_codes.count_code(session, limits.hash_member_addresses(session, member), ASKED, now)
    identity, code = uuid4(), chat_codes.make_code()
    asked = Confirmation(
        id=identity,
        member_id=member.id,
        session_id=device.id,
        act=dict(act),
        code_hash=digest(session, PURPOSE, f"{identity}:{code}"),
        expires_at=now + CODE_FOR,
    )
    session.add(asked)
    minutes = int(CODE_FOR.total_seconds() // 60)
    told = {"person": None, "group": None, "scopes": [], "name": "", **facts}
    message = render("access/confirm", make_reader(member), code=code, minutes=minutes, what=act["what"], **told)
    mailbox.post(session, member.id, message, now, kind=MessageKind.REPLY, key=f"confirm:{identity}")
    audit.note(session, "access.confirmation_asked", now, member_id=member.id, what=act["what"])
    return asked


def find_waiting(session: Session, device: ApiSession, asked_id: UUID, now: datetime) -> Confirmation | None:
    """Return what was asked for in this browser and can still be confirmed; None if it is over, or is another's."""
    return session.scalar(select(Confirmation).where(*_waiting(device, asked_id, now)))


def confirm(session: Session, device: ApiSession, asked_id: UUID, code: str, now: datetime) -> Confirmation | None:
    """Return the act that this code confirms, and use the code up; None if it is wrong, over or was tried five times.

    A wrong try is counted, so the caller must not roll back.
    """
    asked = session.scalar(select(Confirmation).where(*_waiting(device, asked_id, now)).with_for_update())
    if asked is None:
        return None
    asked.tries += 1
    if not secrets.compare_digest(asked.code_hash, digest(session, PURPOSE, f"{asked_id}:{code}")):
        return None
    asked.used_at = now
    return asked


def forget_old(session: Session, now: datetime) -> None:
    """Delete what expired more than a day ago."""
    session.execute(delete(Confirmation).where(Confirmation.expires_at < now - KEPT_FOR))


def _waiting(device: ApiSession, asked_id: UUID, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Confirmation.id == asked_id,
        Confirmation.session_id == device.id,
        Confirmation.used_at.is_(None),
        Confirmation.expires_at > now,
        Confirmation.tries < MOST_TRIES,
    )
