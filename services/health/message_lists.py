"""Lists of messages for the operator. A figure and the list behind it have the same condition, so they always agree.

Neither has a message's text, which is encrypted, and numbers are masked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models import Member, MessageEvent, MessageState, OutboundMessage
from services.ground.hiding import hide_number

DAY, WEEK = timedelta(days=1), timedelta(days=7)
MOST = 10_000  # messages that are counted at most
ON_A_PAGE = 50
GIVEN_UP = (MessageState.FAILED, MessageState.EXPIRED)
HANDED_OVER = (MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED, MessageState.READ)


class MessageList(StrEnum):
    """Which messages a list has.

    SENT: handed over in 24 hours. ARRIVED: those of them that have arrived. FAILED: written in 24 hours and given up.
    FAILED_THIS_WEEK: the same for seven days. IN_DOUBT: it is unknown whether they were sent. WAITING: in the queue.
    """

    SENT = "sent"
    ARRIVED = "arrived"
    FAILED = "failed"
    FAILED_THIS_WEEK = "failed-this-week"
    IN_DOUBT = "in-doubt"
    WAITING = "waiting"


@dataclass(frozen=True)
class ListedMessage:
    """One message as the operator may see it: without its text, and with a masked number.

    `why` is the reason of its last step: what the vendor's code means, or why it waits; empty if there is none.
    """

    id: UUID
    member_id: int
    group_id: int | None
    number: str
    kind: str
    state: str
    said_as: str
    written_at: datetime
    attempt: int
    error_code: int | None
    why: str


def count_messages(session: Session, which: MessageList, now: datetime) -> int:
    """Count the messages of this list, up to `MOST`."""
    some = select(OutboundMessage.id).where(*_conditions(which, now)).limit(MOST).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def list_messages(session: Session, which: MessageList, now: datetime, skip: int = 0) -> list[ListedMessage]:
    """Return a page of the messages of this list, the newest first, without the first `skip`. Two queries."""
    query = select(OutboundMessage, Member.address).join(Member, Member.id == OutboundMessage.member_id)
    newest = (OutboundMessage.created_at.desc(), OutboundMessage.id)
    page = query.where(*_conditions(which, now)).order_by(*newest).offset(skip).limit(ON_A_PAGE)
    found = session.execute(page).all()
    reasons = _find_reasons(session, [row.id for row, _ in found])
    return [_show(row, address, reasons.get(row.id, "")) for row, address in found]


def _conditions(which: MessageList, now: datetime) -> tuple[ColumnElement[bool], ...]:
    state, first = OutboundMessage.state, OutboundMessage.first_attempt_at
    written = OutboundMessage.created_at
    conditions: dict[MessageList, tuple[ColumnElement[bool], ...]] = {
        MessageList.SENT: (first > now - DAY, state.in_(HANDED_OVER)),
        MessageList.ARRIVED: (first > now - DAY, state.in_([MessageState.DELIVERED, MessageState.READ])),
        MessageList.FAILED: (state.in_(GIVEN_UP), written > now - DAY),
        MessageList.FAILED_THIS_WEEK: (state.in_(GIVEN_UP), written > now - WEEK),
        MessageList.IN_DOUBT: (state == MessageState.UNKNOWN,),
        MessageList.WAITING: (state == MessageState.QUEUED,),
    }
    return conditions[which]


def _find_reasons(session: Session, ids: list[UUID]) -> dict[UUID, str]:
    """Return the reason of the last step of each of these messages."""
    newest = select(func.max(MessageEvent.id)).where(MessageEvent.message_id.in_(ids)).group_by(MessageEvent.message_id)
    rows = session.execute(select(MessageEvent.message_id, MessageEvent.detail).where(MessageEvent.id.in_(newest)))
    return {message: _reason(detail) for message, detail in rows}


def _reason(detail: dict[str, Any]) -> str:
    return str(detail.get("meaning") or detail.get("why") or "").replace("_", " ")


def _show(row: OutboundMessage, address: str | None, why: str) -> ListedMessage:
    return ListedMessage(
        id=row.id,
        member_id=row.member_id,
        group_id=row.group_id,
        number=hide_number(address),
        kind=str(row.kind),
        state=str(row.state),
        said_as=row.said_as or "",
        written_at=row.created_at,
        attempt=row.attempt,
        error_code=row.error_code,
        why=why,
    )
