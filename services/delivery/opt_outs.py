"""Notes that somebody wants no more messages: in the audit log, and for the operator, to whom many at once are news."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models import Member
from services.ground import audit, signs
from services.ground.counting import Count, count

TOGETHER = timedelta(hours=1)  # after so long without another one the count begins anew


def note(session: Session, member: Member, now: datetime, *, by: str = "member") -> None:
    """Note it, and mark the member. Whoever has opted out before is noted once.

    `by` says who told us: "member" or "vendor".
    """
    if member.opted_out_at is not None:
        return
    member.opted_out_at = now
    audit.note(session, "member.opted_out", now, member_id=member.id, by=by)
    count(session, Count.OPT_OUTS)
    signs.leave(session, signs.OPT_OUTS, now, lapse=TOGETHER)
