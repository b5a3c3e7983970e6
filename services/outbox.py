"""How a message leaves: claimed, handed over, marked; and what is done when nobody knows.

Each function is one short step inside a transaction of its caller; the vendor is never spoken to in here. The claim is
committed before the message is handed over, so a crash leaves a row that says so, and nothing is sent blindly twice.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from messages.message import Message
from models import Member, MessageEvent, MessageKind, MessageState, OutboundMessage
from models.vault import Unreadable, vault
from providers.messenger import Receipt

LEASE = timedelta(seconds=60)
PAIR_GAP = timedelta(seconds=6)
FIRST_LOOK_AFTER = timedelta(seconds=60)
MOST_ATTEMPTS = 5

IN_FLIGHT = (MessageState.SENDING, MessageState.UNKNOWN)
RANK = {
    MessageState.SENDING: 0,
    MessageState.UNKNOWN: 0,
    MessageState.QUEUED: 0,
    MessageState.ACCEPTED: 1,
    MessageState.SENT: 3,
    MessageState.DELIVERED: 4,
    MessageState.READ: 5,
}
STATE_OF = {
    "accepted": MessageState.ACCEPTED,
    "scheduled": MessageState.ACCEPTED,
    "queued": MessageState.ACCEPTED,
    "sending": MessageState.ACCEPTED,
    "sent": MessageState.SENT,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.READ,
    "undelivered": MessageState.FAILED,
    "failed": MessageState.FAILED,
    "canceled": MessageState.FAILED,
}


@dataclass(frozen=True)
class Claimed:
    """A message that this worker, and nobody else, may hand over now. `attempt` is the fence against its twin."""

    id: UUID
    attempt: int
    kind: MessageKind
    to: str
    last_inbound_at: datetime | None
    expires_at: datetime
    message: Message


def claim(session: Session, now: datetime, most: int) -> list[Claimed]:
    """Claim up to `most` messages, at most one for each person, replies first. The caller commits before sending."""
    rows = _next_for_each_person(session, now, most)
    claimed = [_claimed(session, row, member, now) for row, member in rows]
    return [each for each in claimed if each is not None]


def next_due(session: Session) -> datetime | None:
    """When the next queued message may leave, or none waits; a person who has just got one gets the next 6 s later."""
    may_leave: ColumnElement[datetime | None] = func.greatest(OutboundMessage.next_attempt_at, Member.next_send_at)
    query = select(func.min(may_leave)).join(Member, Member.id == OutboundMessage.member_id)
    return session.scalar(query.where(OutboundMessage.state == MessageState.QUEUED))


def _next_for_each_person(session: Session, now: datetime, most: int) -> Sequence[tuple[OutboundMessage, Member]]:
    busy = aliased(OutboundMessage)
    query = (
        select(OutboundMessage, Member)
        .join(Member, Member.id == OutboundMessage.member_id)
        .where(
            OutboundMessage.state == MessageState.QUEUED,
            OutboundMessage.next_attempt_at <= now,
            or_(OutboundMessage.kind == MessageKind.REPLY, Member.next_send_at.is_(None), Member.next_send_at <= now),
            ~exists().where(busy.member_id == OutboundMessage.member_id, busy.state.in_(IN_FLIGHT)),
        )
        .order_by(OutboundMessage.priority, OutboundMessage.next_attempt_at, OutboundMessage.created_at)
        .limit(most)
        .with_for_update(skip_locked=True, of=[OutboundMessage, Member])
        .execution_options(populate_existing=True)
    )
    first: dict[int, tuple[OutboundMessage, Member]] = {}
    for row, member in session.execute(query):
        first.setdefault(member.id, (row, member))
    # Between the look and the lock another worker may have claimed for the same person: look again, now locked.
    taken = select(busy.member_id).where(busy.member_id.in_(first), busy.state.in_(IN_FLIGHT))
    for member_id in session.scalars(taken):
        del first[member_id]
    return list(first.values())


def _claimed(session: Session, row: OutboundMessage, member: Member, now: datetime) -> Claimed | None:
    if row.expires_at <= now:
        end(session, row, MessageState.EXPIRED, "claim")
        return None
    if member.opted_out_at and row.kind is not MessageKind.REPLY:
        end(session, row, MessageState.SUPPRESSED, "claim", why="opted out")
        return None
    try:
        message = Message.from_json(vault(session).open("message", row.id, row.content or b""))
    except Unreadable:
        end(session, row, MessageState.FAILED, "claim", why="unreadable")
        return None
    row.state = MessageState.SENDING
    row.attempt += 1
    row.first_attempt_at = row.first_attempt_at or now
    row.leased_until = session.scalar(select(func.clock_timestamp() + LEASE))
    member.next_send_at = now + PAIR_GAP
    _event(session, row, "claim", attempt=row.attempt)
    return Claimed(row.id, row.attempt, row.kind, member.address, member.last_inbound_at, row.expires_at, message)


def end(session: Session, row: OutboundMessage, state: MessageState, source: str, **detail: object) -> None:
    """Finish a message that will not be sent."""
    row.state = state
    row.leased_until = None
    row.content = None
    _event(session, row, source, **detail)


def accepted(session: Session, claimed: Claimed, sid: str, said_as: str, body: str, now: datetime) -> None:
    """The vendor has it. What was said is kept, sealed, until it is delivered: it may have to be said as a template."""
    row = _fenced(session, claimed)
    if row is None or row.state not in IN_FLIGHT:
        return
    row.sid = row.sid or sid
    row.state = MessageState.ACCEPTED
    row.said_as, row.body_hash = said_as, body_hash(body)
    row.accepted_at, row.leased_until = now, None
    _event(session, row, "api", said_as=said_as)


def put_back(session: Session, claimed: Claimed, again_at: datetime, why: str) -> None:
    """Certainly not accepted: try again later, or give up after too many attempts."""
    row = _fenced(session, claimed)
    if row is None or row.state is not MessageState.SENDING:
        return
    if row.attempt >= MOST_ATTEMPTS * 4:
        end(session, row, MessageState.FAILED, "api", why=why)
        return
    row.state, row.next_attempt_at, row.leased_until = MessageState.QUEUED, again_at, None
    _event(session, row, "api", why=why)


def refused(session: Session, claimed: Claimed, code: int) -> None:
    """Certainly not accepted, and never will be."""
    row = _fenced(session, claimed)
    if row is None or row.state is not MessageState.SENDING:
        return
    row.error_code = code
    end(session, row, MessageState.FAILED, "api", code=code)


def doubtful(session: Session, claimed: Claimed, now: datetime, why: str) -> None:
    """Perhaps accepted: wait for a receipt, then look."""
    row = _fenced(session, claimed)
    if row is None or row.state is not MessageState.SENDING:
        return
    _to_unknown(session, row, now, "api", why)


def expire_leases(session: Session, now: datetime) -> int:
    """Whoever claimed these is gone: perhaps accepted. Gives how many."""
    query = (
        select(OutboundMessage)
        .where(OutboundMessage.state == MessageState.SENDING, OutboundMessage.leased_until < func.clock_timestamp())
        .with_for_update(skip_locked=True)
    )
    rows = list(session.scalars(query))
    for row in rows:
        _to_unknown(session, row, now, "sweeper", "lease ended")
    return len(rows)


def due_looks(session: Session, now: datetime, most: int = 100) -> list[tuple[UUID, str, datetime]]:
    """Doubtful messages whose next look is due: id, address, and when they were first handed over."""
    query = (
        select(OutboundMessage.id, Member.address, OutboundMessage.first_attempt_at)
        .join(Member, Member.id == OutboundMessage.member_id)
        .where(OutboundMessage.state == MessageState.UNKNOWN, OutboundMessage.next_attempt_at <= now)
        .order_by(OutboundMessage.next_attempt_at)
        .limit(most)
    )
    return [(identity, address, first or now) for identity, address, first in session.execute(query)]


def looked(session: Session, identity: UUID, found_sid: str | None, now: datetime) -> None:
    """A look at the vendor's list: found, it was accepted; absent in two looks a minute apart, it goes again."""
    row = session.get(OutboundMessage, identity, with_for_update=True)
    if row is None or row.state is not MessageState.UNKNOWN:
        return
    if found_sid is not None:
        row.sid, row.state, row.accepted_at = found_sid, MessageState.ACCEPTED, now
        _event(session, row, "look", found=True)
        return
    row.looks += 1
    if row.looks < 2:
        row.next_attempt_at = now + FIRST_LOOK_AFTER
    elif row.expires_at <= now or row.attempt >= MOST_ATTEMPTS:
        end(session, row, MessageState.EXPIRED, "look", found=False)
    else:
        row.state, row.next_attempt_at, row.looks = MessageState.QUEUED, now, 0
    _event(session, row, "look", found=False)


def ours(session: Session, sids: Sequence[str]) -> set[str]:
    """Which of these vendor ids we already know."""
    return {sid for sid in session.scalars(select(OutboundMessage.sid).where(OutboundMessage.sid.in_(sids))) if sid}


def receipt(session: Session, identity: UUID | None, receipt: Receipt, now: datetime) -> MessageState | None:
    """Take note of what became of a message. States only move forward; gives the new one if it moved."""
    which = OutboundMessage.id == identity if identity else OutboundMessage.sid == receipt.sid
    row = session.scalar(select(OutboundMessage).where(which).with_for_update())
    if row is None or (row.sid is not None and row.sid != receipt.sid):
        return None
    new = STATE_OF[receipt.status]
    if not _moves_forward(row.state, new):
        return None
    row.sid, row.state = receipt.sid, new
    row.accepted_at = row.accepted_at or now
    row.leased_until = None
    if new in (MessageState.DELIVERED, MessageState.READ):
        row.delivered_at, row.content = row.delivered_at or now, None
    row.error_code = receipt.error_code or row.error_code
    _event(session, row, "receipt", status=receipt.status, code=receipt.error_code)
    return new


def body_hash(body: str) -> str:
    """Enough of a text to recognise it in the vendor's list."""
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def backlog(session: Session) -> Mapping[str, int]:
    """How many messages wait in each state that is not an end."""
    waiting = (MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN)
    query = select(OutboundMessage.state, func.count()).where(OutboundMessage.state.in_(waiting))
    return {str(state): count for state, count in session.execute(query.group_by(OutboundMessage.state))}


def _moves_forward(old: MessageState, new: MessageState) -> bool:
    if old not in RANK:
        return False
    if new is MessageState.FAILED:
        return RANK[old] < RANK[MessageState.DELIVERED]
    return RANK[new] > RANK[old]


def _to_unknown(session: Session, row: OutboundMessage, now: datetime, source: str, why: str) -> None:
    row.state, row.next_attempt_at, row.leased_until = MessageState.UNKNOWN, now + FIRST_LOOK_AFTER, None
    _event(session, row, source, why=why)


def _fenced(session: Session, claimed: Claimed) -> OutboundMessage | None:
    """The row, locked, if no other worker has claimed it since."""
    mine = and_(OutboundMessage.id == claimed.id, OutboundMessage.attempt == claimed.attempt)
    return session.scalar(select(OutboundMessage).where(mine).with_for_update())


def _event(session: Session, row: OutboundMessage, source: str, **detail: object) -> None:
    session.add(MessageEvent(message_id=row.id, source=source, state=row.state, detail=detail))
