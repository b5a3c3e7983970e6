"""What the operator wants to see besides the figures of /metrics: messages by what became of them, the free allowance,
what comes next, breakers, and contents that cannot be used.

Each query uses an index or a small table, like those in `operator_figures.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models import Breaker, Group, OutboundMessage
from models import Content as StoredContent
from services.delivery import ceiling
from services.delivery.outcomes import SAID_IN_FULL
from services.health import message_lists
from services.health.message_lists import HANDED_OVER, MessageList
from services.health.sending import USABLE

MOST_FREE = 10_000  # messages of a month that are counted at most
NEXT_DIGESTS = 5
DEAREST = 3


@dataclass(frozen=True)
class Overview:
    """What Postgres says at one moment. `free` is how many messages of this calendar month (UTC) were of the kind of
    which some cost nothing; `people` is how many people got a template in 24 hours; `dearest` are the groups with the
    most messages in 24 hours, as (group id, messages); `digests` are the next ones, as (group id, due at).
    """

    messages: Mapping[MessageList, int] = field(default_factory=dict)
    free: int = 0
    people: int = 0
    dearest: Sequence[tuple[int, int]] = ()
    digests: Sequence[tuple[int, datetime]] = ()
    breakers: Sequence[Breaker] = ()
    unusable: Sequence[StoredContent] = ()


def look_at_overview(session: Session, now: datetime) -> Overview:
    """Query Postgres for all of this."""
    by_group = ceiling.count_sent_today(session, now).by_group
    named = [(group, sent) for group, sent in by_group.most_common(DEAREST + 1) if group is not None]
    return Overview(
        messages={which: message_lists.count_messages(session, which, now) for which in MessageList},
        free=_count_free(session, now),
        people=ceiling.count_people_today(session, now),
        dearest=named[:DEAREST],
        digests=_list_next_digests(session),
        breakers=list(session.scalars(select(Breaker).order_by(Breaker.name))),
        unusable=list(
            session.scalars(
                select(StoredContent).where(StoredContent.status.not_in(USABLE)).order_by(StoredContent.name)
            )
        ),
    )


def _count_free(session: Session, now: datetime) -> int:
    """Count the messages that were handed over since the month began, and were no templates. WhatsApp's month may begin
    some hours earlier or later, and messages of members who were erased since are not counted.
    """
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    said = or_(*(OutboundMessage.said_as.startswith(form, autoescape=True) for form in SAID_IN_FULL))
    mine = (OutboundMessage.first_attempt_at >= month, OutboundMessage.state.in_(HANDED_OVER), said)
    some = select(OutboundMessage.id).where(*mine).limit(MOST_FREE).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _list_next_digests(session: Session) -> list[tuple[int, datetime]]:
    planned = (Group.is_active, Group.next_digest_at.is_not(None))
    query = select(Group.id, Group.next_digest_at).where(*planned).order_by(Group.next_digest_at).limit(NEXT_DIGESTS)
    return [(group, at) for group, at in session.execute(query) if at is not None]
