"""Where lines and receipts are kept, sealed, while Postgres is away."""

import json
from datetime import datetime
from typing import Any

from models.vault import Unreadable, Vault

SPOOL, TAKEN, BROKEN = "spool:inbound", "spool:taken", "spool:broken"
PURPOSE, OWNER = "spool", "inbound"


def sealed(vault: Vault, facts: dict[str, Any], at: datetime) -> bytes:
    """What is kept of a webhook that was heard at that instant."""
    return vault.seal(PURPOSE, OWNER, json.dumps({**facts, "at": at.isoformat()}))


def opened(vault: Vault, kept: bytes) -> tuple[dict[str, Any], datetime]:
    """What `sealed` was given. Raises `Unreadable`, and ValueError, TypeError or KeyError when it is something else."""
    facts = json.loads(vault.open(PURPOSE, OWNER, kept))
    return facts, datetime.fromisoformat(facts["at"])


def heard_at(vault: Vault, kept: bytes) -> datetime | None:
    """When it was heard, or None when it cannot be opened."""
    try:
        return opened(vault, kept)[1]
    except (Unreadable, ValueError, TypeError, KeyError):
        return None
