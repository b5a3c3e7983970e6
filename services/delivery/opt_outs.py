"""Notes that somebody wants no more messages: many in a short time are news for the operator."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models import Member
from services.ground import signs
from services.ground.counting import Count, count

TOGETHER = timedelta(hours=1)  # after so long without another one the count begins anew


def note(session: Session, member: Member, now: datetime) -> None:
    """Note it, before the member is marked. Whoever has opted out before is counted once."""
    if member.opted_out_at is None:
        count(session, Count.OPT_OUTS)
        signs.leave(session, signs.OPT_OUTS, now, lapse=TOGETHER)
