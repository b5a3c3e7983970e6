"""What is counted for the operator's metrics (docs/metrics.md): counted in a session, and added up in Redis once it is
committed. What is taken back is not counted; what is lost between the commit and Redis is not counted either.

Labels have a few known values each. No label ever holds a name, a number or what somebody wrote.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

Labels = tuple[tuple[str, str], ...]


class Count(StrEnum):
    """What is counted, by the name that the metric has behind `gruppetto_`."""

    LINES = "lines"
    MESSAGES = "messages"
    ARRIVED = "arrived"
    ERRORS = "message_errors"
    SYNCS = "syncs"
    ACTIVITIES = "activities"
    DIGESTS = "digests"
    OPT_OUTS = "opt_outs"
    BROKEN_JOBS = "broken_jobs"


class Duration(StrEnum):
    """What takes time, by the name that the metric has behind `gruppetto_`."""

    HANDED_OVER = "handed_over_seconds"
    DELIVERED = "delivered_seconds"
    DIGEST = "digest_made_seconds"


@dataclass
class Counted:
    """What was counted since the session began, and the spans in seconds."""

    amounts: Counter[tuple[Count, Labels]] = field(default_factory=Counter)
    spans: list[tuple[Duration, Labels, float]] = field(default_factory=list)


def count(session: Session, what: Count, amount: int = 1, /, **labels: object) -> None:
    """Count this, once the transaction is committed."""
    if amount:
        find_counted(session).amounts[what, _sorted(labels)] += amount


def measure(session: Session, what: Duration, span: timedelta, /, **labels: object) -> None:
    """Note how long this took, once the transaction is committed. A negative span, of two clocks, counts as none."""
    find_counted(session).spans.append((what, _sorted(labels), max(span.total_seconds(), 0.0)))


def find_counted(session: Session) -> Counted:
    """What is to be added up."""
    found: Counted = session.info.setdefault("counted", Counted())
    return found


def _sorted(labels: dict[str, object]) -> Labels:
    return tuple(sorted((name, str(value)) for name, value in labels.items()))
