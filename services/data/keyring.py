"""Encrypts stored values again after a change of keys: every encrypted column, a batch at a time. It may be stopped and
repeated at any time.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, Select, func, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from models import Export, Feedback, GarminAccount, KeptAnswer, LinkAttempt, OutboundMessage, SentFile, WebhookEndpoint
from models.hashes import PURPOSE as HASH_KEY
from models.hashes import HashKey
from models.sealed import key_name, sealed_with
from models.vault import Unreadable, Vault, vault
from services.data import exports
from services.delivery import menus
from services.people import kept_answers, webhooks
from services.training import files

BATCH = 200


@dataclass(frozen=True)
class SealedColumn:
    """A column with encrypted values: their purpose, and how to find each value's owner."""

    column: InstrumentedAttribute[Any]
    purpose: str
    owner: Callable[[Any], object]

    @property
    def name(self) -> str:
        """The name that the operator sees: table and column."""
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
    SealedColumn(KeptAnswer.answer, kept_answers.PURPOSE, lambda row: row.id),
    SealedColumn(SentFile.content, files.PURPOSE, lambda row: row.id),
    SealedColumn(WebhookEndpoint.secret, webhooks.PURPOSE, lambda row: row.id),
    SealedColumn(WebhookEndpoint.former_secret, webhooks.FORMER, lambda row: row.id),
    SealedColumn(HashKey.by_ring, HASH_KEY, lambda row: row.id),
)


def count_by_key(session: Session) -> dict[str, Counter[str]]:
    """Return for each column how many values each key encrypts. A key without values may be removed from DATA_KEYS."""
    return {sealed.name: _by_key(session, sealed) for sealed in SEALED}


def list_names_in_use(session: Session) -> set[str]:
    """Return the names of the keys with which values are encrypted. It takes a few index steps, whatever the size."""
    return {_text(name) for name in session.scalars(_all_names()) if name}


@dataclass(frozen=True)
class Rotated:
    """The result of one batch: how many were encrypted again, how many could not be read, and where the next begins."""

    done: int
    unreadable: int
    last: Any


def rotate_some(session: Session, sealed: SealedColumn, after: Any = None) -> Rotated | None:
    """Encrypt a batch of this column's values again with the first key. Returns None if there are no more.

    The caller commits each batch; committed batches need not be repeated.
    """
    kind = sealed.column.class_
    query = select(kind).where(sealed.column.is_not(None), ~sealed_with(sealed.column, [vault(session).writes_with]))
    query = query if after is None else query.where(kind.id > after)
    rows = session.scalars(query.order_by(kind.id).limit(BATCH).with_for_update()).all()
    if not rows:
        return None
    done = sum(_sealed_anew(vault(session), sealed, row) for row in rows)
    return Rotated(done, len(rows) - done, rows[-1].id)


def count_unreadable(session: Session) -> dict[str, int]:
    """Return for each column how many values cannot be decrypted: their key is missing, or somebody changed them."""
    return {sealed.name: sum(not _opens(session, sealed, row) for row in _rows(session, sealed)) for sealed in SEALED}


def _sealed_anew(ring: Vault, sealed: SealedColumn, row: Any) -> bool:
    try:
        secret = ring.open_bytes(sealed.purpose, sealed.owner(row), getattr(row, sealed.column.key))
    except Unreadable:
        return False
    setattr(row, sealed.column.key, ring.seal_bytes(sealed.purpose, sealed.owner(row), secret))
    return True


def _by_key(session: Session, sealed: SealedColumn) -> Counter[str]:
    name = key_name(sealed.column)
    counted = select(name, func.count()).where(sealed.column.is_not(None)).group_by(name)
    return Counter({_text(found): number for found, number in session.execute(counted)})


@cache
def _all_names() -> CompoundSelect[Any]:
    return union(*(_names(sealed, f"names_{place}") for place, sealed in enumerate(SEALED)))


def _names(sealed: SealedColumn, called: str) -> Select[Any]:
    """Return a query for the key names in one column: the first in the index, then each time the next different one.

    https://wiki.postgresql.org/wiki/Loose_indexscan
    """
    name, is_sealed = key_name(sealed.column), sealed.column.is_not(None)
    found = select(name.label("name")).where(is_sealed).order_by(name).limit(1).cte(called, recursive=True)
    after = select(name).where(is_sealed, name > found.c.name).order_by(name).limit(1).scalar_subquery()
    names = found.union_all(select(after).where(found.c.name.is_not(None)))
    return select(names.c.name).where(names.c.name.is_not(None))


def _text(name: bytes | memoryview | None) -> str:
    return bytes(name or b"").decode(errors="replace")


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
