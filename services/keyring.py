"""Changing the key that seals: every sealed column, a batch at a time, safe to stop anywhere and to repeat."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import Export, Feedback, GarminAccount, LinkAttempt, OutboundMessage
from models.hashes import PURPOSE as HASH_KEY
from models.hashes import HashKey
from models.sealed import sealed_with
from models.vault import Unreadable, Vault, vault
from services.delivery import menus
from services.people import exports

BATCH = 200


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed values: what its values are for, and whose each is."""

    column: InstrumentedAttribute[Any]
    purpose: str
    owner: Callable[[Any], object]

    @property
    def name(self) -> str:
        """How an operator reads it."""
        return f"{self.column.class_.__tablename__}.{self.column.key}"


SEALED = (
    SealedColumn(GarminAccount.tokens, "garmin-tokens", lambda row: row.member_id),
    SealedColumn(GarminAccount.password, "kept-password", lambda row: row.member_id),
    SealedColumn(LinkAttempt.secret, "garmin-secret", lambda row: row.id),
    SealedColumn(LinkAttempt.state, "garmin-state", lambda row: row.id),
    SealedColumn(Feedback.words, "feedback", lambda row: row.id),
    SealedColumn(Export.archive, exports.PURPOSE, lambda row: row.id),
    SealedColumn(OutboundMessage.content, "message", lambda row: row.id),
    SealedColumn(OutboundMessage.offers, menus.PURPOSE, lambda row: row.id),
    SealedColumn(HashKey.by_ring, HASH_KEY, lambda row: row.id),
)


def status(session: Session) -> dict[str, Counter[str]]:
    """How many values each key seals, by column. A key that seals none may leave the ring."""
    return {sealed.name: _by_key(session, sealed) for sealed in SEALED}


def missing_keys(session: Session) -> set[str]:
    """The names of keys that seal something and are not in the ring: what they seal is lost until they are back."""
    return set().union(*status(session).values()) - {name for name, _ in vault(session).keys}


@dataclass(frozen=True)
class Rotated:
    """One batch: how many were sealed anew, how many could not be read, and where the next batch begins."""

    done: int
    unreadable: int
    last: Any


def rotate_some(session: Session, sealed: SealedColumn, after: Any = None) -> Rotated | None:
    """Seal a batch of this column's values anew with the first key; None when there are no more.

    The caller commits: whatever was committed stays done.
    """
    kind = sealed.column.class_
    query = select(kind).where(sealed.column.is_not(None), ~sealed_with(sealed.column, [vault(session).writes_with]))
    query = query if after is None else query.where(kind.id > after)
    rows = session.scalars(query.order_by(kind.id).limit(BATCH).with_for_update()).all()
    if not rows:
        return None
    done = sum(_sealed_anew(vault(session), sealed, row) for row in rows)
    return Rotated(done, len(rows) - done, rows[-1].id)


def unreadable(session: Session) -> dict[str, int]:
    """How many values of each column do not open: their key is gone, or they were tampered with."""
    return {sealed.name: sum(not _opens(session, sealed, row) for row in _rows(session, sealed)) for sealed in SEALED}


def _sealed_anew(ring: Vault, sealed: SealedColumn, row: Any) -> bool:
    try:
        secret = ring.open_bytes(sealed.purpose, sealed.owner(row), getattr(row, sealed.column.key))
    except Unreadable:
        return False
    setattr(row, sealed.column.key, ring.seal_bytes(sealed.purpose, sealed.owner(row), secret))
    return True


def _by_key(session: Session, sealed: SealedColumn) -> Counter[str]:
    """A sealed value begins with a version, the length of its key's name, and the name: enough to count in SQL."""
    head = func.substring(sealed.column, 1, 18)
    counted = select(head, func.count()).where(sealed.column.is_not(None)).group_by(head)
    found: Counter[str] = Counter()
    for start, number in session.execute(counted):
        written = bytes(start)
        found[written[2 : 2 + written[1]].decode(errors="replace")] += number
    return found


def _rows(session: Session, sealed: SealedColumn) -> Any:
    return session.scalars(
        select(sealed.column.class_).where(sealed.column.is_not(None)).execution_options(yield_per=BATCH)
    )


def _opens(session: Session, sealed: SealedColumn, row: Any) -> bool:
    try:
        vault(session).open_bytes(sealed.purpose, sealed.owner(row), getattr(row, sealed.column.key))
    except Unreadable:
        return False
    return True
