"""Members who were erased, and their messages that the vendor still has to delete."""

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Key
from models.hashes import digest

SID_HASH = 40  # characters of a hash; the vendor's ids are shorter


class Erased(Base):
    """A member who was erased. The row is enough to erase them again after a backup was restored, but not to identify
    them.

    `member_id` and `member_since` together identify one row of `members` in every backup; `pseudonym` is their name in
    the audit.
    """

    __tablename__ = "erased"

    id: Mapped[Key]
    member_id: Mapped[int]
    member_since: Mapped[datetime]
    pseudonym: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]


class Erasure(Base):
    """One message that the vendor must delete. The vendor refuses while the message is being delivered, so deleting is
    tried again for days. At the end `done_at` is set, or `problem` if it was given up.

    `sid` is the vendor's id of the message until it is deleted, and the keyed hash of that id (`hashed_sid`)
    afterwards. A message that arrives again is recognised by either.
    """

    __tablename__ = "erasures"
    __table_args__ = (Index("erasures_due_idx", "next_try_at", postgresql_where=text("done_at IS NULL")),)

    sid: Mapped[str] = mapped_column(String(40), primary_key=True)
    asked_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(60))


def hashed_sid(session: Session, sid: str) -> str:
    """Return the keyed hash under which a deleted message with this id is stored."""
    return digest(session, "sid", sid)[:SID_HASH]
