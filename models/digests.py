"""The weekly digests of groups: exactly one run for each period."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, EnumColumn, Key, Timestamps
from models.groups import Group


class RunStatus(StrEnum):
    """Whether a digest was made. SKIPPED: it became due while no worker ran, and is too old to be worth reading."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


class DigestRun(Base, Timestamps):
    """One group's digest for the days from `period_start` to `period_end`, both included. It is unique, so that nobody
    gets it twice.

    `content` stores every member's place. Until `freeze_at` late data may still correct it; after that, `freeze_at`
    is None.
    """

    __tablename__ = "digest_runs"
    __table_args__ = (
        UniqueConstraint("group_id", "period_start", "period_end"),
        CheckConstraint("period_start <= period_end", name="period"),
        Index("digest_runs_pending_idx", "due_at", postgresql_where=text("status = 'pending'")),
        Index("digest_runs_freeze_idx", "freeze_at", postgresql_where=text("freeze_at IS NOT NULL")),
    )

    id: Mapped[Key]
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    period_start: Mapped[date]
    period_end: Mapped[date]
    due_at: Mapped[datetime]
    status: Mapped[RunStatus] = mapped_column(EnumColumn(RunStatus), default=RunStatus.PENDING)
    content: Mapped[dict[str, Any] | None]
    generated_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]  # no longer written: a later migration drops it
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    freeze_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(60))

    group: Mapped[Group] = relationship()
