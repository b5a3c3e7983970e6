"""Shutting off what refuses us, for every worker at once, and letting it be tried again later."""

from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Breaker

MESSENGER = "messenger"


def shut(session: Session, name: str, now: datetime, span: timedelta, why: str) -> None:
    """Leave it alone for a while."""
    row = {"name": name, "shut_until": now + span, "why": why[:120], "trips": 1}
    taken = insert(Breaker).values(row)
    session.execute(
        taken.on_conflict_do_update(
            index_elements=["name"],
            set_={"shut_until": taken.excluded.shut_until, "why": taken.excluded.why, "trips": Breaker.trips + 1},
        )
    )


def is_shut(session: Session, name: str, now: datetime) -> bool:
    """Whether it is to be left alone now."""
    found = session.get(Breaker, name)
    return found is not None and found.shut_until > now
