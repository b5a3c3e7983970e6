"""A member's Garmin account, and the activities read from it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fitness.metrics import COLUMNS
from models.base import Base, EnumColumn, Key, Timestamps
from models.people import Member
from models.sealed import key_index

GARMIN = "garmin"  # the source of all rows that are older than this column


class GarminMethod(StrEnum):
    """The way in which a member connected their Garmin account."""

    KEY = "personal_key"
    PASSWORD = "password"  # noqa: S105 - the name of a way, not a secret


class GarminStatus(StrEnum):
    """Whether a Garmin account can be read."""

    LINKED = "linked"
    NEEDS_RELINK = "needs_relink"


class DoubtAnswer(StrEnum):
    """The owner's answer about an activity that seemed impossible."""

    RIGHT = "right"
    LEFT_OUT = "left_out"


class GarminAccount(Base, Timestamps):
    """An account of one member at a source (`providers.sources`; Garmin was the first): its tokens, sealed, and how far
    its activities are read. A member has one account at each source.

    `password` is stored, encrypted, only if the member asked for it and the operator allows it. `refused_at` is when
    Garmin first answered 401 although it had just refreshed the tokens; a single such answer does not end the link.
    A job should read the account at `next_sync_at` (earlier if the member asks); `leased_until` is set while one does.
    """

    __tablename__ = "garmin_accounts"
    __table_args__ = (
        UniqueConstraint("member_id", "source", name="garmin_accounts_member_id_source_key"),
        Index("garmin_accounts_due_idx", "next_sync_at", postgresql_where=text("status = 'linked'")),
        Index(
            "garmin_accounts_key_ends_idx",
            "key_ends_at",
            postgresql_where=text("status = 'linked' AND key_ends_at IS NOT NULL"),
        ),
        key_index("garmin_accounts_tokens_key_idx", "tokens"),
        key_index("garmin_accounts_password_key_idx", "password"),
    )

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(24), default=GARMIN, server_default=GARMIN)
    method: Mapped[GarminMethod] = mapped_column(EnumColumn(GarminMethod))
    garmin_email: Mapped[str | None] = mapped_column(String(254))
    garmin_id: Mapped[str] = mapped_column(String(64))
    display_name: Mapped[str] = mapped_column(String(120))
    tokens: Mapped[bytes] = mapped_column(LargeBinary)
    password: Mapped[bytes | None] = mapped_column(LargeBinary)
    password_used_at: Mapped[datetime | None]
    key_ends_at: Mapped[datetime | None]
    reminded_days: Mapped[int | None]
    status: Mapped[GarminStatus] = mapped_column(EnumColumn(GarminStatus), default=GarminStatus.LINKED)
    linked_at: Mapped[datetime]
    last_sync_at: Mapped[datetime | None]
    next_sync_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    whole_year_at: Mapped[datetime | None]
    steps_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(60))

    member: Mapped[Member] = relationship()


# All columns that a board needs, so that it can be read from the index alone. In a club of a thousand members almost
# every row is on another page of the table.
# The columns follow from the metrics: a metric that adds up another column needs a migration of this index;
# tests/services/test_standings.py fails without it.
ADDED_UP = ("sport", *COLUMNS, "manual", "private", "excluded_at", "doubt", "doubt_answer")


class Activity(Base, Timestamps):
    """One activity from a source, without places. Seconds, metres, kilocalories, beats per minute.

    `local_date` is the day on the watch when it began: it decides the week. A row that was deleted at its source keeps
    `deleted_at` and no longer counts; nor does one that another device recorded too: `twin_of` is that other one.
    `external_id` is its id at `source`: two sources may use the same one. `account_id` is None for an activity from a
    file, and for one that was logged by hand. `private` is set at the source; `excluded_at` is set by the member.

    `points` are effort points by the formula `points_version`, 0 before it was scored. `doubt` is what seems impossible
    about it: it counts only after its owner has said that it is right.
    """

    __tablename__ = "activities"
    __table_args__ = (
        UniqueConstraint("member_id", "source", "garmin_activity_id", name="activities_member_id_source_key"),
        Index(
            "activities_counting_idx",
            "member_id",
            "local_date",
            postgresql_where=text("deleted_at IS NULL AND twin_of IS NULL"),
            postgresql_include=ADDED_UP,
        ),
        Index("activities_points_version_idx", "points_version"),
    )

    id: Mapped[Key]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("garmin_accounts.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(24), default=GARMIN, server_default=GARMIN)
    external_id: Mapped[int] = mapped_column("garmin_activity_id")
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
    points: Mapped[float] = mapped_column(default=0.0, server_default=text("0"))
    points_version: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    doubt: Mapped[str | None] = mapped_column(String(24))
    doubt_answer: Mapped[DoubtAnswer | None] = mapped_column(EnumColumn(DoubtAnswer))
    doubt_asked_at: Mapped[datetime | None]
    processed_metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    raw_data: Mapped[dict[str, Any]]
    fingerprint: Mapped[str] = mapped_column(String(32))
    twin_of: Mapped[int | None]
    deleted_at: Mapped[datetime | None]
    private: Mapped[bool] = mapped_column(default=False, server_default=false())
    excluded_at: Mapped[datetime | None]


class Day(Base, Timestamps):
    """A member's steps on one day by the watch, and the watch's goal for that day, None if it has none."""

    __tablename__ = "days"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    steps: Mapped[int]
    goal: Mapped[int | None]
