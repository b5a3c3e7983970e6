"""Sealed values that did not open: noted where they are met, told to the operator after the commit."""

from typing import Any

from sqlalchemy.orm import Session

from models.vault import UnknownKey, Unreadable

WAITS = "sealed under an unknown key: tried again later"
TAMPERED = "sealed value was changed or moved: given up"


def note(session: Session, error: Unreadable, what: str, which: object) -> None:
    """Let the operator know of `what` (a table's name, say), and which of them, once this is committed."""
    told = {"event": WAITS, "key": error.name} if isinstance(error, UnknownKey) else {"event": TAMPERED}
    noted(session).append({**told, "what": what, "which": str(which)})


def noted(session: Session) -> list[dict[str, Any]]:
    """What is to be told: keyword arguments of a line in the log."""
    found: list[dict[str, Any]] = session.info.setdefault("unreadable", [])
    return found
