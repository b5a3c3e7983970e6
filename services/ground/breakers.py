"""Breakers: when a vendor refuses our requests, no worker calls it for a while.

The same mechanism serves Twilio and each source of activities. Each vendor has a breaker of its own, by its name.
"""

from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Breaker
from services.ground.telling import tell

MESSENGER = "messenger"  # the name of Twilio's breaker; a source's breaker has the name of the source


def shut(session: Session, name: str, now: datetime, span: timedelta, why: str) -> None:
    """Shut the vendor for `span`. If it is shut for longer already, that stays. The log says so, once each time."""
    if not is_shut(session, name, now):
        tell(session, "error", "vendor shut off", vendor=name, why=why, until=(now + span).isoformat())
    row = {"name": name, "shut_until": now + span, "why": why[:120], "trips": 1}
    taken = insert(Breaker).values(row)
    session.execute(
        taken.on_conflict_do_update(
            index_elements=["name"],
            set_={
                "shut_until": func.greatest(Breaker.shut_until, taken.excluded.shut_until),
                "why": taken.excluded.why,
                "trips": Breaker.trips + 1,
                "updated_at": taken.excluded.updated_at,
            },
        )
    )


def shut_longer(session: Session, name: str, now: datetime, first: timedelta, most: timedelta, why: str) -> None:
    """Shut the vendor for `first`; if the last time has only just ended, for twice as long as then, at most for `most`.
    Does nothing while it is shut.
    """
    found = session.get(Breaker, name, with_for_update=True)
    if found is None:
        shut(session, name, now, first, why)
    elif found.shut_until <= now:
        is_fresh = found.shut_until >= now - most
        found.trips = found.trips + 1 if is_fresh else 1
        found.shut_until = now + min(first * 2 ** min(found.trips - 1, 16), most)
        found.why = why[:120]
        tell(session, "error", "vendor shut off", vendor=name, why=why, until=found.shut_until.isoformat())


def open_again(session: Session, name: str, now: datetime) -> None:
    """End the pause now, because the operator says so. If the vendor refuses us again, the next pause is as long as
    if this one had ended by itself.
    """
    found = session.get(Breaker, name, with_for_update=True)
    if found is not None and found.shut_until > now:
        found.shut_until = now
        tell(session, "warning", "vendor pause ended", vendor=name)


def is_shut(session: Session, name: str, now: datetime) -> bool:
    """Return whether the vendor must not be called now."""
    until = shut_until(session, name)
    return until is not None and until > now


def shut_until(session: Session, name: str) -> datetime | None:
    """Return until when the vendor is shut, or was shut last; None if it never was."""
    found = session.get(Breaker, name)
    return None if found is None else found.shut_until
