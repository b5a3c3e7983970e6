"""Stored answers to requests with an Idempotency-Key: a repeated request within a day gets the same answer.

The row is written in the same transaction as the changes of the request. If the same request comes several times at
once, the first one is processed; the others wait for its commit at the unique constraint, and get its answer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import KeptAnswer
from models.vault import vault
from services.people.sessions import hash_of

PURPOSE = "kept-answer"
KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """A request with an Idempotency-Key.

    `member_id` is None if the member is not known. `owner` tells the keys of different callers apart, and
    `request` identifies what was asked.
    """

    member_id: int | None
    owner: str
    key: str
    request: str


def take(session: Session, asked: Asked, now: datetime) -> UUID | None:
    """Reserve a row for the answer and return its id; None if there is one already (then call `find_kept_answer`)."""
    old = (KeptAnswer.owner_hash == hash_of(asked.owner), KeptAnswer.key_hash == hash_of(asked.key))
    session.execute(delete(KeptAnswer).where(*old, KeptAnswer.at <= now - KEPT_FOR))
    row = {
        "id": uuid4(),
        "owner_hash": hash_of(asked.owner),
        "key_hash": hash_of(asked.key),
        "member_id": asked.member_id,
        "request_hash": hash_of(asked.request),
        "at": now,
    }
    taken = insert(KeptAnswer).values(row).on_conflict_do_nothing(index_elements=["owner_hash", "key_hash"])
    return session.scalar(taken.returning(KeptAnswer.id))


def keep(session: Session, identity: UUID, answer: bytes) -> None:
    """Store the answer, sealed. Does nothing if the row was deleted meanwhile, because the member was erased."""
    sealed = vault(session).seal_bytes(PURPOSE, identity, answer)
    session.execute(update(KeptAnswer).where(KeptAnswer.id == identity).values(answer=sealed))


def give_back(session: Session, identity: UUID) -> None:
    """Delete the row, so that the next request with this key is processed again."""
    session.execute(delete(KeptAnswer).where(KeptAnswer.id == identity))


def find_kept_answer(session: Session, asked: Asked) -> tuple[bytes | None, bool]:
    """Return the answer that is stored for this key (None if there is none), and whether the request was the same."""
    query = select(KeptAnswer).where(
        KeptAnswer.owner_hash == hash_of(asked.owner), KeptAnswer.key_hash == hash_of(asked.key)
    )
    row = session.scalar(query)
    if row is None or row.answer is None:
        return None, True
    is_same = row.request_hash == hash_of(asked.request)
    return (vault(session).open_bytes(PURPOSE, row.id, row.answer) if is_same else None), is_same


def forget_old(session: Session, now: datetime) -> None:
    """Delete answers that are older than a day."""
    session.execute(delete(KeptAnswer).where(KeptAnswer.at < now - KEPT_FOR))
