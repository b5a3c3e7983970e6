"""Menus: the buttons and choices of sent messages. They are needed when somebody answers with a number, or quotes an
old message and says yes.
"""

import json
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from messages.message import Message
from models import MessageState, OutboundMessage
from models.vault import UnknownKey, Unreadable, vault
from services.ground import unreadable

PURPOSE = "offers"
GOOD_FOR = timedelta(minutes=10)  # for so long a number alone answers the newest menu
NEVER_ARRIVED = (MessageState.FAILED, MessageState.EXPIRED, MessageState.SUPPRESSED)

Menu = list[tuple[str, str]]


def seal_offers(session: Session, identity: UUID, message: Message) -> bytes | None:
    """Return the labels and lines of a message's buttons, encrypted because they may contain an invite code.
    None if it has none.
    """
    return vault(session).seal(PURPOSE, identity, json.dumps(message.offers)) if message.offers else None


def find_newest(session: Session, member_id: int, now: datetime) -> Menu:
    """Return the menu of the newest message to this member that has one, if it is at most ten minutes old; else
    an empty one.

    Raises `UnknownKey` if it cannot be decrypted: then the answer is kept and read later,
    instead of being misunderstood.
    """
    query = (
        select(OutboundMessage)
        .where(
            OutboundMessage.member_id == member_id,
            OutboundMessage.offers.is_not(None),
            OutboundMessage.state.not_in(NEVER_ARRIVED),
            OutboundMessage.accepted_at > now - GOOD_FOR,
        )
        .order_by(OutboundMessage.accepted_at.desc(), OutboundMessage.created_at.desc())
        .limit(1)
    )
    return _opened(session, session.scalar(query), now)


def find_under(session: Session, member_id: int, sid: str, now: datetime) -> Menu:
    """Return the menu of one message to this member, of any age. Raises `UnknownKey` within ten minutes."""
    query = select(OutboundMessage).where(OutboundMessage.member_id == member_id, OutboundMessage.sid == sid)
    return _opened(session, session.scalar(query), now)


def find_line_meant(menu: Menu, line: str, *, quoted: bool) -> str | None:
    """Return the line that an answer stands for, or None. The answer may be a number, a label, or, if the message was
    quoted, a plain yes or no.

    If a label ends with the number ("Use 2"), that one is meant.
    """
    said = line.strip().casefold().rstrip(".)!")
    if said.isascii() and said.isdigit() and len(said) <= 2:
        numbered = [says for label, says in menu if label.split()[-1:] == [said]]
        place = int(said)
        return next(iter(numbered or [says for _, says in menu[place - 1 : place] if place]), None)
    for label, says in menu:
        if said == label.casefold():
            return says
    if not quoted or said not in {"yes", "no"}:
        return None
    agreeing = [says for label, says in menu if label.casefold().split()[0].strip(",") == said]
    only = [menu[0][1]] if said == "yes" and len(menu) == 1 else []
    return next(iter(agreeing or only), None)


def _opened(session: Session, row: OutboundMessage | None, now: datetime) -> Menu:
    if row is None or row.offers is None:
        return []
    try:
        return [(label, says) for label, says in json.loads(vault(session).open(PURPOSE, row.id, row.offers))]
    except Unreadable as error:
        is_young = row.accepted_at is not None and row.accepted_at > now - GOOD_FOR
        if isinstance(error, UnknownKey) and is_young:
            raise
        unreadable.note(session, error, "outbound_messages.offers", row.id)
        return []
