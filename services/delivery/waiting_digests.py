"""Withdraws digests that still wait in the outbox (in quiet hours or for a retry) when what the group may see changes.

The run is marked as not made, and its bell is rung, so that `services.digest` makes it again.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import DigestRun, MessageKind, MessageState, OutboundMessage, RunStatus
from services.delivery import outbox
from services.ground.bells import Bell, ring


def have_digests_made_anew(session: Session, group_id: int) -> int:
    """Withdraw the group's digests that have not been sent, and let them be made again for their readers. Returns how
    many were withdrawn.

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
            outbox.end(session, row, MessageState.SUPPRESSED, "composed anew")
            count += 1
        run.status, run.attempts, run.leased_until = RunStatus.PENDING, 0, None
        ring(session, Bell.DIGESTS)
    return count
