"""Counts for the operator's metrics (docs/metrics.md): made in a session, and added up in Redis after its commit.
Counts of a transaction that is rolled back are dropped, and so are those that are lost between the commit and Redis.

Each label has a few known values. Labels never contain a name, a number or a person's text.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

Labels = tuple[tuple[str, str], ...]


class Count(StrEnum):
    """What is counted, by the metric's name without `gruppetto_`."""

    LINES = "lines"
    MESSAGES = "messages"
    ARRIVED = "arrived"
    ERRORS = "message_errors"
    SYNCS = "syncs"
    ACTIVITIES = "activities"
    DIGESTS = "digests"
    OPT_OUTS = "opt_outs"
    BROKEN_JOBS = "broken_jobs"
    WEBHOOKS = "webhooks"
    WEBHOOKS_OFF = "webhooks_off"


class Duration(StrEnum):
    """What is measured, by the metric's name without `gruppetto_`."""

    HANDED_OVER = "handed_over_seconds"
    DELIVERED = "delivered_seconds"
    DIGEST = "digest_made_seconds"


@dataclass
class Counted:
    """The counts since the session began, and the measured spans in seconds."""

    amounts: Counter[tuple[Count, Labels]] = field(default_factory=Counter)
    spans: list[tuple[Duration, Labels, float]] = field(default_factory=list)


def count(session: Session, what: Count, amount: int = 1, /, **labels: object) -> None:
    """Count this when the transaction is committed."""
    if amount:
        find_counted(session).amounts[what, _sorted(labels)] += amount


def measure(session: Session, what: Duration, span: timedelta, /, **labels: object) -> None:
    """Record this span when the transaction is committed. A negative span, which two clocks may give, counts as 0."""
    find_counted(session).spans.append((what, _sorted(labels), max(span.total_seconds(), 0.0)))


def find_counted(session: Session) -> Counted:
    """Return the counts of this session."""
    found: Counted = session.info.setdefault("counted", Counted())
    return found


def _sorted(labels: dict[str, object]) -> Labels:
    return tuple(sorted((name, str(value)) for name, value in labels.items()))
