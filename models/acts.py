"""What a member did a moment ago, so that it can be undone."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key


class Act(Base):
    """One act that the member can undo until `until`. `before` holds the values before the act: only
    ids and choices.
    """

    __tablename__ = "acts"
    __table_args__ = (
        Index("acts_open_idx", "member_id", "at", postgresql_where=text("undone_at IS NULL")),
        Index("acts_until_idx", "until"),
    )

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
    until: Mapped[datetime]
    undone_at: Mapped[datetime | None]
