"""Ends or releases messages that still wait in the outbox, when something has changed for their readers: they want no
more, have left the group or proved their number, or a digest has to be made again.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import DigestRun, MessageKind, MessageState, OutboundMessage, RunStatus
from services.delivery.outbox import IN_DOUBT, end
from services.ground.bells import Bell, ring


def silence(session: Session, member_id: int) -> None:
    """End all messages that wait for a member who wants no more, except replies."""
    mine = (OutboundMessage.member_id == member_id, OutboundMessage.kind != MessageKind.REPLY)
    query = select(OutboundMessage).where(*mine, OutboundMessage.state == MessageState.QUEUED).with_for_update()
    for row in session.scalars(query):
        end(session, row, MessageState.SUPPRESSED, "opt-out")


def withdraw(session: Session, member_id: int, group_id: int, why: str = "removed") -> None:
    """End all messages about a group that wait for a member who has left it or was removed."""
    theirs = (OutboundMessage.member_id == member_id, OutboundMessage.group_id == group_id)
    query = select(OutboundMessage).where(*theirs, OutboundMessage.state == MessageState.QUEUED).with_for_update()
    for row in session.scalars(query):
        end(session, row, MessageState.SUPPRESSED, why)


def release(session: Session, member_id: int, now: datetime) -> None:
    """Let the messages to a member leave that were put off, because the member has proved that the number is still
    theirs. Messages that are too old are ended.
    """
    mine = (OutboundMessage.member_id == member_id, OutboundMessage.kind != MessageKind.REPLY)
    later = (OutboundMessage.state == MessageState.QUEUED, OutboundMessage.next_attempt_at > now)
    for row in session.scalars(select(OutboundMessage).where(*mine, *later).with_for_update()):
        if row.expires_at <= now:
            end(session, row, MessageState.SUPPRESSED, "claim", why=IN_DOUBT)
        else:
            row.next_attempt_at = now
    ring(session, Bell.DELIVER)


def have_digests_made_anew(session: Session, group_id: int) -> int:
    """Withdraw the group's digests that still wait (in quiet hours or for a retry), because what the group may see has
    changed. Their runs are marked as not made, so that `services.digest` makes them again for their readers. Returns
    how many were withdrawn.

    Members who have got theirs get no second one, because its key is used. A run that is just being made is not
    touched, because it may already have passed the readers whose messages would be withdrawn.
    """
    waiting = (OutboundMessage.group_id == group_id, OutboundMessage.kind == MessageKind.DIGEST)
    queued = OutboundMessage.state == MessageState.QUEUED
    keys = session.scalars(select(OutboundMessage.dedupe_key).where(*waiting, queued))
    run_ids = {int(key.split(":")[1]) for key in keys}
    runs = select(DigestRun).where(DigestRun.id.in_(run_ids), DigestRun.status == RunStatus.SENT).with_for_update()
    count = 0
    for run in session.scalars(runs):
        mine = OutboundMessage.dedupe_key.startswith(f"digest:{run.id}:", autoescape=True)
        for row in session.scalars(select(OutboundMessage).where(*waiting, queued, mine).with_for_update()):
            row.dedupe_key = f"{row.dedupe_key}:before {row.id}"
            end(session, row, MessageState.SUPPRESSED, "composed anew")
            count += 1
        run.status, run.attempts, run.leased_until = RunStatus.PENDING, 0, None
        ring(session, Bell.DIGESTS)
    return count
