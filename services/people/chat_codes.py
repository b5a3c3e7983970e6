"""What all six-digit codes have in common that are sent into the chat: to sign in, and to confirm an act."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models import Member
from services.delivery.outbox import WINDOW
from services.ground import limits
from services.ground.refusals import ChatNotOpen, EnoughSignInCodes

CODE_FOR = timedelta(minutes=10)
MOST_TRIES = 5  # for one code; there are a million codes
MOST_CODES, CODES_WITHIN = 3, timedelta(minutes=15)
MOST_A_DAY, DAY = 10, timedelta(days=1)
KEPT_FOR = timedelta(days=1)  # after the end of a code


def make_code() -> str:
    """Return a new code of six digits."""
    return f"{secrets.randbelow(1_000_000):06}"


def is_chat_open(member: Member, now: datetime) -> bool:
    """Return whether WhatsApp allows a message without a template: the member wrote within 24 hours and did not say
    "stop" since.
    """
    is_awake = member.last_inbound_at is not None and now - member.last_inbound_at <= WINDOW
    return is_awake and member.opted_out_at is None


def require_open_chat(member: Member, now: datetime) -> None:
    """Raise `ChatNotOpen` if a code would not arrive."""
    if not is_chat_open(member, now):
        raise ChatNotOpen


def count_code(session: Session, against: Sequence[str], what: str, now: datetime) -> None:
    """Count one more code for these hashes of addresses. `what` is what the code is for.

    Raises `EnoughSignInCodes` after three within 15 minutes, or ten within a day.
    """
    asked = limits.list_times(session, against, what, now - DAY)
    lately = [each for each in asked if each > now - CODES_WITHIN]
    for found, most, within in ((lately, MOST_CODES, CODES_WITHIN), (asked, MOST_A_DAY, DAY)):
        if len(found) >= most:
            raise EnoughSignInCodes(minutes=limits.count_minutes_until(found[-most] + within, now))
    limits.count(session, against, what, now)
