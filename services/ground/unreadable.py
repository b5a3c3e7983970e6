"""Sealed values that did not open: the operator is told of them once the transaction is committed."""

from sqlalchemy.orm import Session

from models.vault import UnknownKey, Unreadable
from services.ground.telling import tell


def note(session: Session, error: Unreadable, what: str, which: object) -> None:
    """Let the operator know of `what` (a table's name, say), and which of them, once this is committed."""
    if isinstance(error, UnknownKey):
        tell(
            session,
            "error",
            "sealed under an unknown key: tried again later",
            key=error.name,
            what=what,
            which=str(which),
        )
    else:
        tell(session, "error", "sealed value was changed or moved: given up", what=what, which=str(which))
