"""Answers to requests that came with an Idempotency-Key: kept for a day, and given again to whoever repeats them.

The row is written in the same transaction as what the request changes. Of several at once the first one works; the
others wait for its commit at the unique constraint, and are given its answer.
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
    """A request with a key: whose (None for nobody who is known), by what they are told apart, the key, and what."""

    member_id: int | None
    owner: str
    key: str
    request: str


def take(session: Session, asked: Asked, now: datetime) -> UUID | None:
    """Reserve a row for the answer, and give its id; None where there is one already (then see `find_kept_answer`)."""
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
    """Keep the answer, sealed. Nothing is kept where the row has gone meanwhile, with a member who was erased."""
    sealed = vault(session).seal_bytes(PURPOSE, identity, answer)
    session.execute(update(KeptAnswer).where(KeptAnswer.id == identity).values(answer=sealed))


def give_back(session: Session, identity: UUID) -> None:
    """Keep no answer: the next request with this key works anew."""
    session.execute(delete(KeptAnswer).where(KeptAnswer.id == identity))


def find_kept_answer(session: Session, asked: Asked) -> tuple[bytes | None, bool]:
    """The answer that is kept for this key, and whether it was asked for the same. None where there is none."""
    query = select(KeptAnswer).where(
        KeptAnswer.owner_hash == hash_of(asked.owner), KeptAnswer.key_hash == hash_of(asked.key)
    )
    row = session.scalar(query)
    if row is None or row.answer is None:
        return None, True
    is_same = row.request_hash == hash_of(asked.request)
    return (vault(session).open_bytes(PURPOSE, row.id, row.answer) if is_same else None), is_same


def forget_old(session: Session, now: datetime) -> None:
    """Delete what is kept for too long already."""
    session.execute(delete(KeptAnswer).where(KeptAnswer.at < now - KEPT_FOR))
