"""People who are forgotten: that they were, and what the vendor still has of them."""

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key


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
    """

    __tablename__ = "erasures"
    __table_args__ = (Index("erasures_due_idx", "next_try_at", postgresql_where=text("done_at IS NULL")),)

    sid: Mapped[str] = mapped_column(String(40), primary_key=True)
    asked_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(60))
