"""Stores what became of a message after sending: accepted, refused or in doubt, and later its receipts.

Every function locks the row first, and changes its state only forward. A worker's result counts only for its own
attempt. `services.delivery.looking_up` finds out what neither an answer nor a receipt has told.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, and_, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Content, Member, MessageEvent, MessageState, OutboundMessage
from providers.messenger import Receipt, RefusalMeaning
from services.delivery import contents, opt_outs, reach
from services.delivery.outbox import IN_FLIGHT, Claimed, end, note_event
from services.delivery.waiting import silence
from services.ground import breakers, leases, signs
from services.ground.bells import Bell, ring
from services.ground.counting import Count, Duration, count, measure
from services.ground.telling import name_message, tell

MOST_FAILURES = 4
COUNTED = 1_000
SOON = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
LATER = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
SAID_IN_FULL = ("text", "picture", "buttons_", "list_")
ACCOUNT_REFUSED_FOR = timedelta(minutes=1)
STOPPED_FOR = timedelta(hours=1)
DEAD_TOGETHER = timedelta(hours=1)  # after so long without another one, counting starts again
# The vendor is asked about a message without receipts at these times after it was accepted, and then no more.
POLLS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=4, minutes=30), timedelta(hours=24))

# The states that are not final. UNKNOWN stands before SENDING, which becomes UNKNOWN when a backup is restored.
GO_ON = (
    MessageState.QUEUED,
    MessageState.UNKNOWN,
    MessageState.SENDING,
    MessageState.ACCEPTED,
    MessageState.SENT,
)
RANK = {
    MessageState.QUEUED: 0,
    MessageState.SENDING: 0,
    MessageState.UNKNOWN: 0,
    MessageState.ACCEPTED: 1,
    MessageState.SENT: 3,
    MessageState.DELIVERED: 4,
    MessageState.READ: 5,
}
# Other statuses change nothing: "receiving" and "received" are about messages to us, "deleted" comes after a delivery,
# and Twilio adds new ones without notice.
STATE_OF = {
    "accepted": MessageState.ACCEPTED,
    "scheduled": MessageState.ACCEPTED,
    "queued": MessageState.ACCEPTED,
    "sending": MessageState.ACCEPTED,
    "sent": MessageState.SENT,
    "partially_delivered": MessageState.SENT,  # only some recipients or parts, which proves nothing about ours
    "delivered": MessageState.DELIVERED,
    "read": MessageState.READ,
    "undelivered": MessageState.FAILED,
    "failed": MessageState.FAILED,
    "canceled": MessageState.FAILED,
}


def note_accepted(session: Session, claimed: Claimed, sid: str, now: datetime) -> None:
    """Store that the vendor has accepted the message. Its encrypted text is kept until it is delivered, because it may
    have to be sent again as a template.
    """
    row = _fenced(session, claimed)
    if row is None or row.state not in (*IN_FLIGHT, MessageState.QUEUED) or sid in row.old_sids:
        return  # its receipt came first, and may have said that it did not arrive
    row.sid, row.state, row.accepted_at, row.leased_until = sid, MessageState.ACCEPTED, now, None
    row.next_attempt_at, row.looks = now + POLLS[0], 0
    note_event(session, row, "api")


def put_back(session: Session, claimed: Claimed, again_at: datetime, why: str) -> None:
    """Store that the message was certainly not accepted. It is tried again at `again_at`, until it expires."""
    row = _fenced(session, claimed)
    if row is None or row.state not in IN_FLIGHT:
        return
    enqueue_again(session, row, again_at, "api", why=why)


def choose_delay(wish: timedelta | None, attempt: int) -> timedelta:
    """Return how long to wait before a message that was not accepted is tried again: as long as the vendor wishes, and
    longer after each attempt, up to a minute.
    """
    return max(wish or timedelta(), timedelta(seconds=min(2**attempt, 60)))


def note_refused(session: Session, claimed: Claimed, code: int, meaning: RefusalMeaning, now: datetime) -> None:
    """Store that the vendor has refused the message, with its code and what the code means."""
    row = _fenced(session, claimed)
    if row is not None and row.state in IN_FLIGHT:
        _failed(session, row, code, meaning, now, "api")


def note_doubtful(session: Session, claimed: Claimed, look_at: datetime, why: str) -> None:
    """Store that the message may have been accepted. If no receipt comes, the vendor's list is
    searched at `look_at`.
    """
    row = _fenced(session, claimed)
    if row is not None and row.state is MessageState.SENDING:
        mark_doubtful(session, row, look_at, "api", why)


def note_account_refused(session: Session, now: datetime, why: str) -> None:
    """Store that the vendor refuses our account. Nothing is sent for a minute, and nothing is lost."""
    signs.leave(session, signs.ACCOUNT_REFUSED, now, why)
    breakers.shut(session, breakers.MESSENGER, now, ACCOUNT_REFUSED_FOR, why)


def note_account_accepted(session: Session) -> None:
    """Store that the vendor accepts our account."""
    signs.take_back(session, signs.ACCOUNT_REFUSED)


def let_nothing_go_again(session: Session, now: datetime) -> Counter[MessageState]:
    """After a backup was restored: make sure that no message in it is sent again. Returns how many there were in each
    state.

    What waited in the queue may have been sent after the backup was made, so it is ended. What was being sent is
    searched for in the vendor's list, and ended if it is not there. What the vendor had accepted keeps its receipts,
    but is not sent in another form if it failed: that may have happened as well.
    """
    found: Counter[MessageState] = Counter()
    ended = {MessageState.QUEUED: MessageState.SUPPRESSED, MessageState.SENDING: MessageState.UNKNOWN}
    for state in GO_ON:
        new = ended.get(state, state)
        values: dict[str, Any] = {"state": new, "content": None, "expires_at": now, "leased_until": None}
        if state in IN_FLIGHT:
            values |= {"next_attempt_at": now, "looks": 0}
        if new in (MessageState.SUPPRESSED, MessageState.UNKNOWN):
            _note_restored(session, state, new, now)
        changed = update(OutboundMessage).where(OutboundMessage.state == state).values(values)
        done = session.execute(changed, execution_options={"synchronize_session": False})
        found[state] += done.rowcount if isinstance(done, CursorResult) else 0
    session.expire_all()
    return +found


def has_doubtful_message(now: datetime) -> ColumnElement[bool]:
    """Return a condition: a claim has expired, or a message in doubt or without receipts is due to be checked.

    Each part uses an index of its own; one condition on a row could use none.
    """
    state, due = OutboundMessage.state, OutboundMessage.next_attempt_at <= now
    return or_(
        exists().where(state == MessageState.SENDING, leases.is_over(OutboundMessage.leased_until)),
        exists().where(state == MessageState.UNKNOWN, due),
        exists().where(state.in_([MessageState.ACCEPTED, MessageState.SENT]), due),
    )


def count_backlog(session: Session) -> Mapping[str, int]:
    """Return how many messages are in each state that is not final, counted up to `COUNTED`,
    without states that have none.

    Each state is read in the order of its own index. Without an order Postgres scans the table from its beginning when
    it expects many, and to its end if they have been sent since.
    """
    order = {
        MessageState.QUEUED: (OutboundMessage.priority, OutboundMessage.next_attempt_at, OutboundMessage.created_at),
        MessageState.SENDING: (leases.rank_by_end(OutboundMessage.leased_until),),
        MessageState.UNKNOWN: (OutboundMessage.next_attempt_at,),
    }
    waiting = tuple(order)
    some = [
        select(OutboundMessage.id).where(OutboundMessage.state == state).order_by(*columns).limit(COUNTED)
        for state, columns in order.items()
    ]
    counts = [select(func.count()).select_from(each.subquery()).scalar_subquery() for each in some]
    found = session.execute(select(*counts)).one()
    return {str(state): count for state, count in zip(waiting, found, strict=True) if count}


def note_receipt(session: Session, identity: UUID | None, receipt: Receipt, now: datetime) -> MessageState | None:
    """Store a receipt. States only move forward. Returns the new state if it has changed, else None."""
    which = OutboundMessage.id == identity if identity else OutboundMessage.sid == receipt.sid
    row = session.scalar(select(OutboundMessage).where(which).with_for_update())
    told = {"sid": receipt.sid, "status": receipt.status, "code": receipt.error_code}
    if row is None or receipt.sid in row.old_sids or (row.sid is not None and row.sid != receipt.sid):
        tell(session, "info", "receipt of another attempt", **told, **(name_message(row) if row else {}))
        return None
    new = STATE_OF.get(receipt.status)
    if new is None or not _moves_forward(row.state, new):
        if row.state is not new:
            tell(session, "info", "receipt came late", **told, state=str(row.state), **name_message(row))
        return None
    row.sid, row.accepted_at = receipt.sid, row.accepted_at or now
    if new is MessageState.FAILED:
        _failed(session, row, receipt.error_code or 0, receipt.meaning, now, "receipt")
        return row.state
    if row.state is MessageState.UNKNOWN:
        ring(session, Bell.DELIVER)  # for the messages that wait behind it
    if RANK[new] >= RANK[MessageState.SENT]:
        signs.take_back(session, signs.SENDER_REFUSED)
        reach.note_arrived(session)
    row.state, row.leased_until = new, None
    if RANK[new] >= RANK[MessageState.DELIVERED]:
        if row.delivered_at is None:
            count(session, Count.ARRIVED, kind=row.kind)
            measure(session, Duration.DELIVERED, now - row.accepted_at, kind=row.kind)
        row.delivered_at, row.content = row.delivered_at or now, None
        _reached(session, row.member_id)
    else:
        row.next_attempt_at = now + POLLS[0]
    note_event(session, row, "receipt", status=receipt.status)
    return new


def enqueue_again(session: Session, row: OutboundMessage, at: datetime, source: str, **detail: object) -> None:
    """Put the message back into the queue. The vendor's old id is kept, because late receipts may refer to it."""
    if row.sid is not None:
        row.old_sids = [*row.old_sids, row.sid]
    row.state, row.sid, row.next_attempt_at, row.leased_until, row.looks = MessageState.QUEUED, None, at, None, 0
    row.accepted_at = None
    note_event(session, row, source, **detail)
    ring(session, Bell.DELIVER)


def mark_doubtful(session: Session, row: OutboundMessage, look_at: datetime, source: str, why: str) -> None:
    """Mark that the message may have been accepted. The vendor's list is searched for it at `look_at`."""
    row.state, row.next_attempt_at, row.leased_until, row.looks = MessageState.UNKNOWN, look_at, None, 0
    note_event(session, row, source, why=why)


def _note_restored(session: Session, state: MessageState, new: MessageState, now: datetime) -> None:
    """Store a step for each message that has this state, in one statement: a backup may contain many."""
    columns = MessageEvent.__table__.c
    detail = {"why": "a backup was restored: it may have been sent"}
    values = [literal(value, columns[name].type) for name, value in (("at", now), ("source", "restore"))]
    values += [literal(new, columns["state"].type), literal(detail, columns["detail"].type)]
    rows = select(OutboundMessage.id, *values).where(OutboundMessage.state == state)
    session.execute(insert(MessageEvent).from_select(["message_id", "at", "source", "state", "detail"], rows))


def _moves_forward(old: MessageState, new: MessageState) -> bool:
    if old not in RANK:
        return False
    if new is MessageState.FAILED:
        return RANK[old] < RANK[MessageState.DELIVERED]
    return RANK[new] > RANK[old]


def _failed(
    session: Session, row: OutboundMessage, code: int, meaning: RefusalMeaning, now: datetime, source: str
) -> None:
    """Store that the message did not arrive. It is sent again, in another form, later, or never,
    depending on the code.
    """
    row.error_code = code
    reach.note_not_arrived(session, now, code, meaning)
    member = session.get_one(Member, row.member_id)
    if meaning is RefusalMeaning.WINDOW_CLOSED and not _wrote_since(member, row):
        member.last_inbound_at = None
    if meaning in (RefusalMeaning.NO_MORE, RefusalMeaning.UNREACHABLE):
        _give_up_on(session, member, meaning, now)
    if meaning is RefusalMeaning.STOP:
        breakers.shut(session, breakers.MESSENGER, now, STOPPED_FOR, f"code {code}")
    if meaning is RefusalMeaning.SENDER:
        signs.leave(session, signs.SENDER_REFUSED, now, f"code {code}")
    if meaning is RefusalMeaning.TEMPLATE_HELD and row.said_as:
        _hold_template(session, row.said_as)
    if meaning is RefusalMeaning.CONTENT_MISSING and _is_of_content(row):
        contents.note_missing(session, row.said_as or "")
    again = _again_at(row, meaning, now)
    if again is None or again > row.expires_at or row.content is None:
        if meaning is RefusalMeaning.OURS:
            signs.leave(session, signs.DEAD, now, f"code {code}", lapse=DEAD_TOGETHER)
        end(session, row, MessageState.FAILED, source, code=code, meaning=meaning)
    else:
        enqueue_again(session, row, again, source, code=code, meaning=meaning)


def _again_at(row: OutboundMessage, meaning: RefusalMeaning, now: datetime) -> datetime | None:
    """Return when to try again, or None if never."""
    tried = min(row.attempt, len(SOON)) - 1
    if meaning is RefusalMeaning.AGAIN_SOON and len(row.old_sids) < MOST_FAILURES:
        return now + SOON[tried]
    if meaning is RefusalMeaning.AGAIN_LATER:
        return now + LATER[tried]
    if meaning is RefusalMeaning.STOP:
        return now + STOPPED_FOR
    if meaning is RefusalMeaning.TEMPLATE_HELD:
        return now + LATER[2]
    # The next claim sends it as its template, if it has one; or as text, if the content is missing.
    in_full = meaning is RefusalMeaning.WINDOW_CLOSED and (row.said_as or "").startswith(SAID_IN_FULL)
    return now if in_full or (meaning is RefusalMeaning.CONTENT_MISSING and _is_of_content(row)) else None


def _is_of_content(row: OutboundMessage) -> bool:
    """Return whether the message was sent with a content that is stored at the vendor."""
    return row.said_as not in (None, "text", "picture")


def _wrote_since(member: Member, row: OutboundMessage) -> bool:
    """Return whether the member has written, and so opened the 24 hours again, after this message was accepted."""
    return bool(row.accepted_at and member.last_inbound_at and member.last_inbound_at > row.accepted_at)


def _give_up_on(session: Session, member: Member, meaning: RefusalMeaning, now: datetime) -> None:
    if meaning is RefusalMeaning.NO_MORE:
        opt_outs.note(session, member, now, by="vendor")
    else:
        member.unreachable_at = now
    silence(session, member.id)


def _reached(session: Session, member_id: int) -> None:
    back = update(Member).where(Member.id == member_id, Member.unreachable_at.is_not(None))
    session.execute(back.values(unreachable_at=None))


def _hold_template(session: Session, name: str) -> None:
    content = session.get(Content, name)
    if content is not None and content.status == "approved":
        content.status = "paused"


def _fenced(session: Session, claimed: Claimed) -> OutboundMessage | None:
    """Return the locked row, or None if another worker has claimed it since."""
    mine = and_(OutboundMessage.id == claimed.id, OutboundMessage.attempt == claimed.attempt)
    return session.scalar(select(OutboundMessage).where(mine).with_for_update())
