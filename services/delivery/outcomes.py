"""Stores what became of a message after sending: accepted, refused or in doubt, and later its receipts.

Every function locks the row first, and changes its state only forward. A worker's result counts only
for its own attempt.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, and_, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Content, Member, MessageEvent, MessageState, OutboundMessage
from providers.messenger import Receipt, RefusalMeaning, Sent
from services.delivery import contents, mailbox, opt_outs, reach
from services.delivery.outbox import IN_FLIGHT, Claimed, end, hash_body, note_event, silence
from services.ground import breakers, leases, signs
from services.ground.bells import Bell, ring
from services.ground.counting import Count, Duration, count, measure
from services.ground.telling import name_message, tell

MOST_FAILURES = 4
COUNTED = 1_000
SOON = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
# How much the vendor's clock and the worker's may differ: a machine with a wrong time zone differs by hours. Entries in
# the vendor's list that are older than that belong to earlier messages, whose rows may be deleted.
SKEW = timedelta(hours=24)
LATER = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
SAID_IN_FULL = ("text", "picture", "buttons_", "list_")
ACCOUNT_REFUSED_FOR = timedelta(minutes=1)
STOPPED_FOR = timedelta(hours=1)
DEAD_TOGETHER = timedelta(hours=1)  # after so long without another one the count begins anew
LONGEST_DOUBT = timedelta(hours=1)
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


@dataclass(frozen=True)
class Look:
    """A message in doubt that must be searched for in the vendor's list. `due` prevents that two processes store the
    result.
    """

    id: UUID
    address: str
    first_attempt_at: datetime
    body_hash: str | None
    due: datetime
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Silent:
    """A message that the vendor accepted and sent no receipt for: the vendor's id, and the facts for log lines."""

    sid: str
    about: Mapping[str, str]


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
    _queue(session, row, again_at, "api", why=why)


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
        _to_unknown(session, row, look_at, "api", why)


def note_account_refused(session: Session, now: datetime, why: str) -> None:
    """Store that the vendor refuses our account. Nothing is sent for a minute, and nothing is lost."""
    signs.leave(session, signs.ACCOUNT_REFUSED, now, why)
    breakers.shut(session, breakers.MESSENGER, now, ACCOUNT_REFUSED_FOR, why)


def note_account_accepted(session: Session) -> None:
    """Store that the vendor accepts our account."""
    signs.take_back(session, signs.ACCOUNT_REFUSED)


def expire_leases(session: Session, look_at: datetime) -> int:
    """Mark messages whose worker is gone as in doubt, because they may have been accepted. Returns how many."""
    late = (OutboundMessage.state == MessageState.SENDING, leases.is_over(OutboundMessage.leased_until))
    rows = list(session.scalars(select(OutboundMessage).where(*late).with_for_update(skip_locked=True)))
    for row in rows:
        _to_unknown(session, row, look_at, "sweeper", "lease ended")
    return len(rows)


def give_up_doubts(session: Session, now: datetime) -> int:
    """End messages that have been in doubt for too long, so that their readers can get other messages.
    Returns how many.
    """
    old = (OutboundMessage.state == MessageState.UNKNOWN, OutboundMessage.expires_at < now - LONGEST_DOUBT)
    rows = list(session.scalars(select(OutboundMessage).where(*old).with_for_update(skip_locked=True)))
    for row in rows:
        end(session, row, MessageState.EXPIRED, "sweeper", why="never found out")
    return len(rows)


def find_due_looks(session: Session, now: datetime, most: int = 200) -> list[Look]:
    """Return the messages in doubt whose next search is due."""
    query = (
        select(OutboundMessage, Member.address)
        .join(Member, Member.id == OutboundMessage.member_id)
        .where(OutboundMessage.state == MessageState.UNKNOWN, OutboundMessage.next_attempt_at <= now)
        .order_by(OutboundMessage.next_attempt_at)
        .limit(most)
    )
    return [
        Look(row.id, address, row.first_attempt_at or now, row.body_hash, row.next_attempt_at, name_message(row))
        for row, address in session.execute(query)
    ]


def note_look(session: Session, look: Look, listed: Sequence[Sent], now: datetime, again_after: timedelta) -> None:
    """Store the result of a search in the vendor's list. If the message is in it, it was accepted; if it is missing in
    two searches some time apart, it is sent again.
    """
    row = session.get(OutboundMessage, look.id, with_for_update=True)
    if row is None or row.state is not MessageState.UNKNOWN or row.next_attempt_at != look.due:
        return
    found = _recognised(session, row, look, listed)
    if found is not None:
        row.sid, row.state, row.accepted_at = found.sid, MessageState.ACCEPTED, now
        row.next_attempt_at, row.looks = now, 0  # its receipts may be lost: ask at once
        reach.note_taken(session)
        ring(session, Bell.DELIVER)  # for the messages that wait behind it
        note_event(session, row, "look", found=True)
        return
    row.looks += 1
    if row.looks < 2:
        row.next_attempt_at = now + again_after
        note_event(session, row, "look", found=False)
    elif row.expires_at <= now:
        end(session, row, MessageState.EXPIRED, "look", found=False)
    else:
        _queue(session, row, now, "look", found=False)


def note_no_look(session: Session, look: Look, again_at: datetime) -> None:
    """Store that the list could not be read. This does not count as a search; the next one
    begins with another message.
    """
    row = session.get(OutboundMessage, look.id, with_for_update=True)
    if row is not None and row.state is MessageState.UNKNOWN and row.next_attempt_at == look.due:
        row.next_attempt_at = again_at


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
    """How many messages wait in each state that is not an end, counted up to `COUNTED`; states with none left out.

    Each state is walked through in the order of its own index. Without an order Postgres reads the table from its
    beginning when it believes that many wait, and to its end when they have left since.
    """
    order = {
        MessageState.QUEUED: (OutboundMessage.priority, OutboundMessage.next_attempt_at, OutboundMessage.created_at),
        MessageState.SENDING: (OutboundMessage.leased_until,),
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


def find_due_polls(session: Session, now: datetime, most: int = 100) -> list[Silent]:
    """Return messages that the vendor accepted and sent no receipt for, and that are due to be asked about."""
    silent = OutboundMessage.state.in_([MessageState.ACCEPTED, MessageState.SENT])
    query = select(OutboundMessage).where(silent, OutboundMessage.next_attempt_at <= now)
    query = query.order_by(OutboundMessage.next_attempt_at).limit(most)
    return [Silent(row.sid, name_message(row)) for row in session.scalars(query) if row.sid]


def note_poll(session: Session, sid: str, now: datetime) -> None:
    """Store that the vendor was asked about the message; it is asked again later, a few times."""
    row = session.scalar(select(OutboundMessage).where(OutboundMessage.sid == sid).with_for_update())
    if row is None or row.state not in (MessageState.ACCEPTED, MessageState.SENT):
        return
    row.looks += 1
    wait = POLLS[row.looks] if row.looks < len(POLLS) else timedelta(days=3650)
    row.next_attempt_at = (row.accepted_at or now) + wait if row.looks < len(POLLS) else now + wait


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


def _note_restored(session: Session, state: MessageState, new: MessageState, now: datetime) -> None:
    """Store a step for each message that has this state, in one statement: a backup may contain many."""
    columns = MessageEvent.__table__.c
    detail = {"why": "a backup was restored: it may have been sent"}
    values = [literal(value, columns[name].type) for name, value in (("at", now), ("source", "restore"))]
    values += [literal(new, columns["state"].type), literal(detail, columns["detail"].type)]
    rows = select(OutboundMessage.id, *values).where(OutboundMessage.state == state)
    session.execute(insert(MessageEvent).from_select(["message_id", "at", "source", "state", "detail"], rows))


def _recognised(session: Session, row: OutboundMessage, look: Look, listed: Sequence[Sent]) -> Sent | None:
    """Return the listed message that is this one, or None: it is not from an earlier day, belongs to no other row and
    no erasure, and has the same text if it has one.
    """
    young = [each for each in listed if each.created_at is None or each.created_at >= look.first_attempt_at - SKEW]
    sids = [each.sid for each in young]
    known = set(session.scalars(select(OutboundMessage.sid).where(OutboundMessage.sid.in_(sids))))
    tried = (OutboundMessage.member_id == row.member_id, func.jsonb_array_length(OutboundMessage.old_sids) > 0)
    known.update(*session.scalars(select(OutboundMessage.old_sids).where(*tried)))
    known |= mailbox.find_received(session, sids)
    strangers = [each for each in young if each.sid not in known]
    return next((each for each in strangers if not each.body or hash_body(session, each.body) == look.body_hash), None)


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
        _queue(session, row, again, source, code=code, meaning=meaning)


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
    """Whether the message was sent with a content that is stored at the vendor."""
    return row.said_as not in (None, "text", "picture")


def _wrote_since(member: Member, row: OutboundMessage) -> bool:
    """Whether the member has written, and so opened the 24 hours again, after this message was accepted."""
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


def _queue(session: Session, row: OutboundMessage, at: datetime, source: str, **detail: object) -> None:
    """Put the message back into the queue. The vendor's old id is kept, because late receipts may refer to it."""
    if row.sid is not None:
        row.old_sids = [*row.old_sids, row.sid]
    row.state, row.sid, row.next_attempt_at, row.leased_until, row.looks = MessageState.QUEUED, None, at, None, 0
    row.accepted_at = None
    note_event(session, row, source, **detail)
    ring(session, Bell.DELIVER)


def _to_unknown(session: Session, row: OutboundMessage, look_at: datetime, source: str, why: str) -> None:
    row.state, row.next_attempt_at, row.leased_until, row.looks = MessageState.UNKNOWN, look_at, None, 0
    note_event(session, row, source, why=why)


def _fenced(session: Session, claimed: Claimed) -> OutboundMessage | None:
    """Return the locked row, or None if another worker has claimed it since."""
    mine = and_(OutboundMessage.id == claimed.id, OutboundMessage.attempt == claimed.attempt)
    return session.scalar(select(OutboundMessage).where(mine).with_for_update())
