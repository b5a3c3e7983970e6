"""The store in Redis in which lines and receipts are kept, encrypted, while Postgres is away."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models.vault import Unreadable, Vault
from services.data import erasure
from world import World

SPOOL, TAKEN, BROKEN = "spool:inbound", "spool:taken", "spool:broken"
PURPOSE, OWNER = "spool", "inbound"
KEPT_FOR = 30 * 24 * 3600  # seconds for which lines that were set aside are kept, counted from the newest of them


def seal_webhook(vault: Vault, facts: dict[str, Any], at: datetime) -> bytes:
    """Return the encrypted facts of a webhook that was received at `at`."""
    return vault.seal(PURPOSE, OWNER, json.dumps({**facts, "at": at.isoformat()}))


def open_webhook(vault: Vault, kept: bytes) -> tuple[dict[str, Any], datetime]:
    """Return the facts and the time that were given to `seal_webhook`. Raises `Unreadable` if it cannot be decrypted,
    and ValueError, TypeError or KeyError if it contains something else.
    """
    facts = json.loads(vault.open(PURPOSE, OWNER, kept))
    return facts, datetime.fromisoformat(facts["at"])


def drop_of_erased(world: World) -> int:
    """Delete the lines that were set aside and whose writers were erased since then. Returns how many.

    Lines that cannot be decrypted because their key is missing have an unknown writer: they are deleted when the list
    expires (`KEPT_FOR`).
    """
    aside = world.redis.lrange(BROKEN, 0, -1)
    with world.sessions() as session:
        gone = [line for line in aside if isinstance(line, bytes) and _is_of_erased(session, world.vault, line)]
    for line in gone:
        world.redis.lrem(BROKEN, 1, line)  # type: ignore[arg-type]
    return len(gone)


def _is_of_erased(session: Session, vault: Vault, kept: bytes) -> bool:
    try:
        facts, at = open_webhook(vault, kept)
        phone, business_id = facts["inbound"]["phone"], facts["inbound"]["business_id"]
    except (Unreadable, ValueError, TypeError, KeyError):
        return False
    return erasure.was_erased_since(session, at, phone=phone, business_id=business_id)


def read_when_heard(vault: Vault, kept: bytes) -> datetime | None:
    """Return when the webhook was received, or None if it cannot be decrypted."""
    try:
        return open_webhook(vault, kept)[1]
    except (Unreadable, ValueError, TypeError, KeyError):
        return None
