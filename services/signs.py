"""Signs that one process leaves for all: health checks read them.

They are written at the end of a transaction and in one order for all, so that nobody who holds one waits for a message
that somebody else holds.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Sign

TICK = "tick"  # the last tick that came to its end
ACCOUNT_REFUSED = "account refused"  # the messenger does not accept our account or its token
SENDER_REFUSED = "sender refused"  # the messenger does not let this account send from our number


def leave(session: Session, name: str, now: datetime, detail: str = "") -> None:
    """Note that this holds now. Written when `write` is called."""
    _pending(session)[name] = (now, detail[:200])


def take_back(session: Session, name: str) -> None:
    """Note that this holds no longer. Written when `write` is called."""
    _pending(session)[name] = None


def write(session: Session) -> None:
    """Write down what was noted in this transaction. Call it last."""
    for name, noted in sorted(_pending(session).items()):
        if noted is None:
            session.execute(delete(Sign).where(Sign.name == name), execution_options={"synchronize_session": False})
            continue
        now, detail = noted
        taken = insert(Sign).values(name=name, since=now, at=now, count=1, detail=detail)
        again = {"at": taken.excluded.at, "count": Sign.count + 1, "detail": taken.excluded.detail}
        session.execute(taken.on_conflict_do_update(index_elements=["name"], set_=again))
    _pending(session).clear()


def standing(session: Session) -> Mapping[str, Sign]:
    """All signs, by name."""
    return {each.name: each for each in session.scalars(select(Sign))}


def _pending(session: Session) -> dict[str, tuple[datetime, str] | None]:
    noted: dict[str, tuple[datetime, str] | None] = session.info.setdefault("signs", {})
    return noted
