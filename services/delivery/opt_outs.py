"""Records that a member wants no more messages: in the audit log, and for the operator, who is told of many at once."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models import Member
from services.ground import audit, signs
from services.ground.counting import Count, count

TOGETHER = timedelta(hours=1)  # after so long without another one, counting starts again


def note(session: Session, member: Member, now: datetime, *, by: str = "member") -> None:
    """Record that the member opted out, and mark them. A second time changes nothing.

    `by` says who told us: "member" or "vendor".
    """
    if member.opted_out_at is not None:
        return
    member.opted_out_at = now
    audit.note(session, "member.opted_out", now, member_id=member.id, by=by)
    count(session, Count.OPT_OUTS)
    signs.leave(session, signs.OPT_OUTS, now, lapse=TOGETHER)
