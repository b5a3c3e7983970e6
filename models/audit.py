"""The record of who did what."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key


class AuditEvent(Base):
    """One act. Rows are only added: the database refuses changes, except that it clears `member_id` or `group_id` when
    the member or the group is erased. After that, `pseudonym` still shows which acts belong to the same person.

    `member_id` is who did it, or whose data it was about if the operator or a process of ours did it. `way` says how it
    came: "chat", "page", "api" or "operator"; None if a process did it by itself, and in rows of older releases.
    """

    __tablename__ = "audit_events"

    id: Mapped[Key]
    at: Mapped[datetime]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="SET NULL"), index=True)
    pseudonym: Mapped[str | None] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(40))
    way: Mapped[str | None] = mapped_column(String(10))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
