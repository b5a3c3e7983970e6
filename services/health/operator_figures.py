"""The figures that are queried from Postgres at a scrape of /metrics. Each query uses an index or a small table.

Figures that need all members are queried seldom, and the caller stores them (`jobs/metrics_look.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, literal, select, text
from sqlalchemy.orm import Session

from models import Breaker, DigestRun, GarminAccount, GarminStatus, Group, Member, RunStatus
from models import Content as StoredContent
from services.delivery import ceiling, outcomes

# A digest that is not made so long after it was due is late; the same as in `mail.MOST_WAIT`
LATE = timedelta(minutes=30)
MOST = 1_000  # rows that are counted at most; a figure of 1,000 is bad enough
AT_MOST = 2_000  # milliseconds that one statement may take
ACTIVE = {"1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
FRESH = timedelta(hours=24)


@dataclass(frozen=True)
class Sample:
    """One value of one gauge. `name` is the metric's name without `gruppetto_`."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def hurry(session: Session) -> None:
    """Limit each statement of this transaction to `AT_MOST` milliseconds."""
    session.execute(text(f"SET LOCAL statement_timeout = {AT_MOST}"))


def look(session: Session, now: datetime, most_messages: int) -> list[Sample]:
    """Return the figures that change from minute to minute. `most_messages` is the ceiling of messages in 24 hours."""
    waiting = {"queued": 0, "sending": 0, "unknown": 0} | dict(outcomes.count_backlog(session))
    samples = [Sample("messages_waiting", count, {"state": state}) for state, count in waiting.items()]
    breakers = session.scalars(select(Breaker))
    samples += [Sample("breaker_shut", float(each.shut_until > now), {"vendor": each.name}) for each in breakers]
    by_status = select(StoredContent.status, func.count()).group_by(StoredContent.status)
    samples += [Sample("contents", count, {"status": status}) for status, count in session.execute(by_status)]
    spent = ceiling.count_sent_today(session, now).by_group.total()
    samples += [Sample("spent_messages", spent), Sample("ceiling_messages", most_messages)]
    return samples + _digests(session, now) + _syncs(session, now)


def look_seldom(session: Session, now: datetime) -> list[Sample]:
    """Return the figures that need all members and accounts: active members, groups, accounts and fresh accounts."""
    columns: list[ColumnElement[int]] = [func.count()]
    columns += [func.count().filter(Member.last_inbound_at > now - span) for span in ACTIVE.values()]
    counts = session.execute(select(*columns).select_from(Member)).one()
    linked = GarminAccount.status == GarminStatus.LINKED
    fresh = and_(linked, GarminAccount.last_sync_at > now - FRESH)
    counted = (func.count().filter(linked), func.count().filter(~linked), func.count().filter(fresh))
    accounts, broken, new = session.execute(select(*counted).select_from(GarminAccount)).one()
    groups = session.scalar(select(func.count()).select_from(Group).where(Group.is_active)) or 0
    return [
        Sample("members", counts[0]),
        *(Sample("active_members", count, {"within": span}) for span, count in zip(ACTIVE, counts[1:], strict=True)),
        Sample("groups", groups),
        Sample("garmin_accounts", accounts, {"status": "linked"}),
        Sample("garmin_accounts", broken, {"status": "needs_relink"}),
        Sample("garmin_accounts_fresh", new),
    ]


def _digests(session: Session, now: datetime) -> list[Sample]:
    pending = select(DigestRun.due_at).where(DigestRun.status == RunStatus.PENDING, DigestRun.due_at <= now)
    some = pending.order_by(DigestRun.due_at).limit(MOST).subquery()
    late = func.count().filter(some.c.due_at < literal(now - LATE))
    waiting, overdue = session.execute(select(func.count(), late).select_from(some)).one()
    return [Sample("digests_due", waiting), Sample("digests_late", overdue)]


def _syncs(session: Session, now: datetime) -> list[Sample]:
    """Return how many accounts are due for a sync, and by how many seconds the first of them is late."""
    due = select(GarminAccount.next_sync_at).where(
        GarminAccount.status == GarminStatus.LINKED, GarminAccount.next_sync_at <= now
    )
    some = due.order_by(GarminAccount.next_sync_at).limit(MOST).subquery()
    waiting, first = session.execute(select(func.count(), func.min(some.c.next_sync_at)).select_from(some)).one()
    lag = max((now - first).total_seconds(), 0.0) if first else 0.0
    return [Sample("syncs_due", waiting), Sample("sync_lag_seconds", lag)]
