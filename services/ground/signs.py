"""Signs: facts that one process stores for all processes, such as the last tick. Health checks read them.

They are written at the end of a transaction and always in the same order, so that two transactions that lock signs and
messages cannot wait for each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Sign

TICK = "tick"  # the last tick that was completed
ACCOUNT_REFUSED = "account refused"  # the messenger does not accept our account or its token
SENDER_REFUSED = "sender refused"  # the messenger does not let this account send from our number
NOT_TAKEN = "not taken"  # the messenger does not answer when a message is sent
NOT_ANSWERED = "not answered"  # the messenger does not answer other requests
OPT_OUTS = "opt outs"  # members who opted out, each within an hour of the one before
DEAD = "dead messages"  # messages that were given up because of a fault of ours
BACKUP = "backup"  # the last backup that was completed; the detail is its name
RESTORED = "restored"  # a backup was restored; the detail is the time up to which lines may have been answered
NOT_ARRIVED = "not arrived"  # messages fail to arrive, for a reason that does not concern a single person


@dataclass(frozen=True)
class _Noted:
    """A change of one sign that was noted in this transaction."""

    now: datetime
    detail: str
    lapse: timedelta | None


def leave(session: Session, name: str, now: datetime, detail: str = "", *, lapse: timedelta | None = None) -> None:
    """Note that the fact `name` is true now. `write` stores it.

    With `lapse`, a sign that was last noticed longer ago than that is dropped first, so that it counts from now.
    """
    _pending(session)[name] = _Noted(now, detail[:200], lapse)


def take_back(session: Session, name: str) -> None:
    """Note that the fact `name` is no longer true. `write` stores it."""
    _pending(session)[name] = None


def write(session: Session) -> None:
    """Store what was noted in this transaction. Call it last."""
    for name, noted in sorted(_pending(session).items()):
        if noted is None:
            session.execute(delete(Sign).where(Sign.name == name), execution_options={"synchronize_session": False})
            continue
        taken = insert(Sign).values(name=name, since=noted.now, at=noted.now, count=1, detail=noted.detail)
        again = {"at": taken.excluded.at, "count": Sign.count + 1, "detail": taken.excluded.detail}
        if noted.lapse is not None:
            is_old = Sign.at < noted.now - noted.lapse
            again["since"] = case((is_old, taken.excluded.since), else_=Sign.since)
            again["count"] = case((is_old, 1), else_=Sign.count + 1)
        session.execute(taken.on_conflict_do_update(index_elements=["name"], set_=again))
    _pending(session).clear()


def list_signs(session: Session) -> Mapping[str, Sign]:
    """Return all signs, by name."""
    return {each.name: each for each in session.scalars(select(Sign))}


def _pending(session: Session) -> dict[str, _Noted | None]:
    noted: dict[str, _Noted | None] = session.info.setdefault("signs", {})
    return noted
