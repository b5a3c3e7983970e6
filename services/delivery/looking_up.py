"""Finds out what became of messages in doubt, by searching the vendor's list, and of messages without receipts, by
asking the vendor about them. `jobs.reconciling` does the requests; here is what to ask, and what the answers change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Member, MessageState, OutboundMessage
from providers.messenger import Sent
from services.delivery import inbox, reach
from services.delivery.outbox import end, hash_body, note_event
from services.delivery.outcomes import POLLS, enqueue_again, mark_doubtful
from services.ground import leases
from services.ground.bells import Bell, ring
from services.ground.telling import name_message

# How much the vendor's clock and the worker's may differ: a machine with a wrong time zone differs by hours. Entries in
# the vendor's list that are older than that belong to earlier messages, whose rows may be deleted.
SKEW = timedelta(hours=24)
LONGEST_DOUBT = timedelta(hours=1)


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


def expire_leases(session: Session, look_at: datetime) -> int:
    """Mark messages whose worker is gone as in doubt, because they may have been accepted. Returns how many."""
    late = (OutboundMessage.state == MessageState.SENDING, leases.is_over(OutboundMessage.leased_until))
    rows = list(session.scalars(select(OutboundMessage).where(*late).with_for_update(skip_locked=True)))
    for row in rows:
        mark_doubtful(session, row, look_at, "sweeper", "lease ended")
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
        enqueue_again(session, row, now, "look", found=False)


def note_no_look(session: Session, look: Look, again_at: datetime) -> None:
    """Store that the list could not be read. This does not count as a search; the next one
    begins with another message.
    """
    row = session.get(OutboundMessage, look.id, with_for_update=True)
    if row is not None and row.state is MessageState.UNKNOWN and row.next_attempt_at == look.due:
        row.next_attempt_at = again_at


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


def _recognised(session: Session, row: OutboundMessage, look: Look, listed: Sequence[Sent]) -> Sent | None:
    """Return the listed message that is this one, or None: it is not from an earlier day, belongs to no other row and
    no erasure, and has the same text if it has one.
    """
    young = [each for each in listed if each.created_at is None or each.created_at >= look.first_attempt_at - SKEW]
    sids = [each.sid for each in young]
    known = set(session.scalars(select(OutboundMessage.sid).where(OutboundMessage.sid.in_(sids))))
    tried = (OutboundMessage.member_id == row.member_id, func.jsonb_array_length(OutboundMessage.old_sids) > 0)
    known.update(*session.scalars(select(OutboundMessage.old_sids).where(*tried)))
    known |= inbox.find_received(session, sids)
    strangers = [each for each in young if each.sid not in known]
    return next((each for each in strangers if not each.body or hash_body(session, each.body) == look.body_hash), None)
