"""Logs encrypted values that could not be decrypted, once the transaction is committed."""

from sqlalchemy.orm import Session

from models.vault import UnknownKey, Unreadable
from services.ground.telling import tell


def note(session: Session, error: Unreadable, what: str, which: object) -> None:
    """Log the error once this transaction is committed. `what` is for example a table's name, and
    `which` the row's id.
    """
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
