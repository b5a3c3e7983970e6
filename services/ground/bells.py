"""Bells: requests to start a job. They are collected in a transaction and rung only after its commit."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session


class Bell(StrEnum):
    """The kinds of work for which a worker can be woken."""

    DELIVER = "deliver"
    RECEIVE = "receive"
    GARMIN = "garmin"
    DIGESTS = "digests"
    SHARES = "shares"
    GROUP_POSTS = "group posts"
    HOUSEKEEPING = "housekeeping"
    WEBHOOKS = "webhooks"


def ring(session: Session, bell: Bell) -> None:
    """Wake a worker for this kind of work once this transaction is committed."""
    list_rung(session).add(bell)


def ring_at(session: Session, group_id: int, due: datetime) -> None:
    """Set a group's digest bell to `due` once this transaction is committed."""
    list_timed(session)[group_id] = due


def list_rung(session: Session) -> set[Bell]:
    """Return the bells to ring after the commit."""
    bells: set[Bell] = session.info.setdefault("bells", set())
    return bells


def list_timed(session: Session) -> dict[int, datetime]:
    """Return the groups whose digest bell is to be set after the commit, each with its time."""
    moved: dict[int, datetime] = session.info.setdefault("digest_bells", {})
    return moved
