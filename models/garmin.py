"""A member's Garmin account, and the activities read from it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Timestamps, Word
from models.people import Member


class GarminMethod(StrEnum):
    """How a member connected."""

    PASSWORD = "password"  # noqa: S105 - the name of a way, not a secret


class GarminStatus(StrEnum):
    """Whether an account can be read."""

    LINKED = "linked"
    NEEDS_RELINK = "needs_relink"


class GarminAccount(Base, Timestamps):
    """The tokens of one member, sealed, and how far their activities are read.

    `next_sync_at` is when a job should read again (earlier when the member asks); `leased_until` is set while one does.
    """

    __tablename__ = "garmin_accounts"
    __table_args__ = (Index("garmin_accounts_due_idx", "next_sync_at", postgresql_where=text("status = 'linked'")),)

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), unique=True)
    method: Mapped[GarminMethod] = mapped_column(Word(GarminMethod))
    garmin_email: Mapped[str | None] = mapped_column(String(254))
    garmin_id: Mapped[str] = mapped_column(String(64))
    display_name: Mapped[str] = mapped_column(String(120))
    tokens: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[GarminStatus] = mapped_column(Word(GarminStatus), default=GarminStatus.LINKED)
    linked_at: Mapped[datetime]
    last_sync_at: Mapped[datetime | None]
    next_sync_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(60))

    member: Mapped[Member] = relationship()


class Activity(Base, Timestamps):
    """One session as Garmin tells it, without places. Seconds, metres, kilocalories, beats per minute.

    `local_date` is the day on the watch when it began: it decides the week. A row that vanished at Garmin keeps
    `deleted_at` and counts no more.
    """

    __tablename__ = "activities"
    __table_args__ = (
        UniqueConstraint("account_id", "garmin_activity_id"),
        Index("activities_counting_idx", "member_id", "local_date", postgresql_where=text("deleted_at IS NULL")),
    )

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("garmin_accounts.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    garmin_activity_id: Mapped[int]
    type: Mapped[str] = mapped_column(String(60))
    sport: Mapped[str] = mapped_column(String(24))
    name: Mapped[str | None] = mapped_column(String(200))
    start_utc: Mapped[datetime]
    utc_offset: Mapped[int]
    local_date: Mapped[date]
    duration: Mapped[float]
    moving_duration: Mapped[float | None]
    elapsed_duration: Mapped[float | None]
    distance: Mapped[float | None]
    elevation_gain: Mapped[float | None]
    calories: Mapped[float | None]
    average_hr: Mapped[float | None]
    moderate_minutes: Mapped[int | None]
    vigorous_minutes: Mapped[int | None]
    manual: Mapped[bool] = mapped_column(default=False)
    processed_metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    raw_data: Mapped[dict[str, Any]]
    fingerprint: Mapped[str] = mapped_column(String(32))
    deleted_at: Mapped[datetime | None]
