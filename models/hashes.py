"""Keyed hashes, by which something is found again without being kept: invite codes, lines, message texts, addresses.

Their key belongs to the installation. It is made once and kept in Postgres, encrypted twice: under DATA_KEYS and under
SECRET_KEY. Either is enough to open it, so no change of these settings changes a hash.
"""

import os

from sqlalchemy import CheckConstraint, LargeBinary, event, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base
from models.groups import Invite
from models.messages import InboundMessage, OutboundMessage
from models.people import Member
from models.vault import Unreadable, Vault, keyed_hash, vault

ONLY = 1
PURPOSE = "hash-key"
HASHED_BEFORE = (
    exists().where(Invite.id.is_not(None)),
    exists().where(OutboundMessage.body_hash.is_not(None)),
    exists().where(InboundMessage.mark.is_not(None)),
    exists().where(Member.erase_code.is_not(None)),
)


class HashKey(Base):
    """The one key of all hashes, sealed under the ring of DATA_KEYS and, apart from that, under SECRET_KEY."""

    __tablename__ = "hash_keys"
    __table_args__ = (CheckConstraint(f"id = {ONLY}", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    by_ring: Mapped[bytes] = mapped_column(LargeBinary)
    by_secret: Mapped[bytes] = mapped_column(LargeBinary)


def digest(session: Session, purpose: str, text: str) -> str:
    """Give the keyed hash (HMAC-SHA256, hex) of a text for this purpose: the same for as long as the database lives.

    Costs one look by primary key for each session. Raises `UnknownKey` where neither DATA_KEYS nor SECRET_KEY opens
    the key, which is the case only after both were replaced at once.
    """
    if "hash_key" not in session.info:
        with session.no_autoflush:
            row = session.get(HashKey, ONLY)
        session.info["hash_key"] = _opened(vault(session), row) if row else _made(session)
    return keyed_hash(session.info["hash_key"], purpose, text)


def reseal(session: Session) -> bool:
    """Seal the key anew under the first of DATA_KEYS and under SECRET_KEY. False when there is none yet.

    Raises `UnknownKey` like `digest`.
    """
    row = session.get(HashKey, ONLY, with_for_update=True)
    if row is None:
        return False
    row.by_ring, row.by_secret = _sealed(vault(session), _opened(vault(session), row))
    return True


def _opened(keys: Vault, row: HashKey) -> bytes:
    try:
        return keys.open_bytes(PURPOSE, ONLY, row.by_ring)
    except Unreadable:
        return keys.of_secrets.open_bytes(PURPOSE, ONLY, row.by_secret)


def _sealed(keys: Vault, key: bytes) -> tuple[bytes, bytes]:
    return keys.seal_bytes(PURPOSE, ONLY, key), keys.of_secrets.seal_bytes(PURPOSE, ONLY, key)


def _made(session: Session) -> bytes:
    """Make the key, in the caller's transaction: a second connection of the pool may never become free.

    Of several processes that make it at once, the others wait for the first one to commit, and have its key. Releases
    before this one hashed with SECRET_KEY itself: where they left hashes, that stays the key, and these stay good.
    """
    keys = vault(session)
    with session.no_autoflush:
        key = keys.secrets[0].encode() if session.scalar(select(or_(*HASHED_BEFORE))) else os.urandom(32)
        by_ring, by_secret = _sealed(keys, key)
        row = insert(HashKey).values(id=ONLY, by_ring=by_ring, by_secret=by_secret)
        session.execute(row.on_conflict_do_nothing())
        return _opened(keys, session.get_one(HashKey, ONLY))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, _rolled_back: object) -> None:
    """A key that was made in what is rolled back, be it to a savepoint, is gone with it."""
    session.info.pop("hash_key", None)
