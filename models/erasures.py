"""People who are forgotten: that they were, and what the vendor still has of them."""

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Key
from models.hashes import digest

SID_HASH = 40  # signs of a hash; no id of the vendor's is as long


class Erased(Base):
    """That a member was erased: enough to erase them again after a backup is restored, and to know nobody by it.

    `member_id` and `member_since` together name one row of `members` in every backup; `pseudonym` stands in the audit.
    """

    __tablename__ = "erased"

    id: Mapped[Key]
    member_id: Mapped[int]
    member_since: Mapped[datetime]
    pseudonym: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]


class Erasure(Base):
    """One message that the vendor still keeps and is to delete. It refuses while the message is under way, so this is
    tried again for days; then `done_at`, or `problem` when it was given up.

    `sid` is the vendor's id of the message while the vendor is to be asked, and its keyed hash (`hashed_sid`) from then
    on: by either, a message that comes again is known for one that was erased.
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
    """The keyed hash by which a deleted message of this id is known."""
    return digest(session, "sid", sid)[:SID_HASH]
