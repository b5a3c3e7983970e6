"""Posts into a WhatsApp group: one for each digest."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, EnumColumn, Key, Timestamps
from models.digests import DigestRun


class PostState(StrEnum):
    """The state of a post. UNKNOWN: it may or may not be in the group. It is not sent again, because every member gets
    the digest in their own chat too.
    """

    QUEUED = "queued"
    SENDING = "sending"
    POSTED = "posted"
    FAILED = "failed"
    UNKNOWN = "unknown"


class GroupPost(Base, Timestamps):
    """One digest that is posted into the WhatsApp group. `vendor_id` is the vendor's id of the message.

    It may be sent from `next_attempt_at` on; `leased_until` is set while a worker sends it.
    """

    __tablename__ = "group_posts"
    __table_args__ = (
        Index("group_posts_open_idx", "next_attempt_at", postgresql_where=text("state IN ('queued', 'sending')")),
    )

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("digest_runs.id", ondelete="CASCADE"), unique=True)
    state: Mapped[PostState] = mapped_column(EnumColumn(PostState), default=PostState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    vendor_id: Mapped[str | None] = mapped_column(String(200))
    problem: Mapped[str | None] = mapped_column(String(120))

    run: Mapped[DigestRun] = relationship()
