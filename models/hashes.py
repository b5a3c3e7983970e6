"""Keyed hashes, by which a value can be found again although it is not stored: invite codes, lines, message texts,
addresses.

Their key belongs to the installation. It is made once and stored in Postgres in two encrypted copies: one under
DATA_KEYS, one under SECRET_KEY. Either copy is enough, so changing one of these settings changes no hash.
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
    """The one key of all hashes, in two encrypted copies: `by_ring` under DATA_KEYS, `by_secret` under SECRET_KEY."""

    __tablename__ = "hash_keys"
    __table_args__ = (CheckConstraint(f"id = {ONLY}", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    by_ring: Mapped[bytes] = mapped_column(LargeBinary)
    by_secret: Mapped[bytes] = mapped_column(LargeBinary)


def digest(session: Session, purpose: str, text: str) -> str:
    """Return the keyed hash (HMAC-SHA256, hex) of a text for this purpose. It stays the same for the whole life of the
    database.

    Costs one query by primary key for each session. Raises `UnknownKey` if neither DATA_KEYS nor SECRET_KEY decrypts
    the key; that happens only if both were replaced in one deploy.
    """
    if "hash_key" not in session.info:
        with session.no_autoflush:
            row = session.get(HashKey, ONLY)
        session.info["hash_key"] = _opened(vault(session), row) if row else _made(session)
    return keyed_hash(session.info["hash_key"], purpose, text)


def reseal(session: Session) -> bool:
    """Encrypt both copies of the key again, under the first of DATA_KEYS and under SECRET_KEY. Returns False if there
    is no key yet.

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
    """Create the key in the caller's transaction, because waiting for a second connection of the pool might never end.

    If several processes create it at the same time, the others wait until the first has committed, and use its key.
    Earlier releases hashed with SECRET_KEY itself: if they have stored hashes, SECRET_KEY becomes the key, so that
    these hashes stay valid.
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
    """Forget the key after a rollback, also to a savepoint, because it may have been created in what
    was rolled back.
    """
    session.info.pop("hash_key", None)
