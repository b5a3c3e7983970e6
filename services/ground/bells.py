"""What must happen after this transaction is committed: rung then, never before."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session


class Bell(StrEnum):
    """Who is to be woken."""

    DELIVER = "deliver"
    RECEIVE = "receive"
    GARMIN = "garmin"
    DIGESTS = "digests"
    SHARES = "shares"
    GROUP_POSTS = "group posts"
    HOUSEKEEPING = "housekeeping"


def ring(session: Session, bell: Bell) -> None:
    """Wake somebody once this transaction is committed."""
    rung(session).add(bell)


def ring_at(session: Session, group_id: int, due: datetime) -> None:
    """Let a group's digest bell ring at `due`, once this transaction is committed."""
    timed(session)[group_id] = due


def rung(session: Session) -> set[Bell]:
    """The bells to ring."""
    bells: set[Bell] = session.info.setdefault("bells", set())
    return bells


def timed(session: Session) -> dict[int, datetime]:
    """The groups whose digest bell is set, and to when."""
    moved: dict[int, datetime] = session.info.setdefault("digest_bells", {})
    return moved
