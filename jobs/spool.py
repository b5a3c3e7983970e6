"""Where lines and receipts are kept, sealed, while Postgres is away."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models.vault import Unreadable, Vault
from services.data import erasure
from world import World

SPOOL, TAKEN, BROKEN = "spool:inbound", "spool:taken", "spool:broken"
PURPOSE, OWNER = "spool", "inbound"
KEPT_FOR = 30 * 24 * 3600  # seconds that what was set aside is kept, after the last line that was


def sealed(vault: Vault, facts: dict[str, Any], at: datetime) -> bytes:
    """What is kept of a webhook that was heard at that instant."""
    return vault.seal(PURPOSE, OWNER, json.dumps({**facts, "at": at.isoformat()}))


def opened(vault: Vault, kept: bytes) -> tuple[dict[str, Any], datetime]:
    """What `sealed` was given. Raises `Unreadable`, and ValueError, TypeError or KeyError when it is something else."""
    facts = json.loads(vault.open(PURPOSE, OWNER, kept))
    return facts, datetime.fromisoformat(facts["at"])


def drop_of_erased(world: World) -> int:
    """Drop what was set aside of people who were erased since they wrote it. Gives how many lines.

    What cannot be opened, for want of its key, is nobody's that we know: it goes when the list ends (`KEPT_FOR`).
    """
    aside = world.redis.lrange(BROKEN, 0, -1)
    with world.sessions() as session:
        gone = [line for line in aside if isinstance(line, bytes) and _is_of_erased(session, world.vault, line)]
    for line in gone:
        world.redis.lrem(BROKEN, 1, line)  # type: ignore[arg-type]
    return len(gone)


def _is_of_erased(session: Session, vault: Vault, kept: bytes) -> bool:
    try:
        facts, at = opened(vault, kept)
        phone, business_id = facts["inbound"]["phone"], facts["inbound"]["business_id"]
    except (Unreadable, ValueError, TypeError, KeyError):
        return False
    return erasure.came_before(session, at, phone=phone, business_id=business_id)


def heard_at(vault: Vault, kept: bytes) -> datetime | None:
    """When it was heard, or None when it cannot be opened."""
    try:
        return opened(vault, kept)[1]
    except (Unreadable, ValueError, TypeError, KeyError):
        return None
