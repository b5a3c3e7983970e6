"""Addresses from which programs read something for a member: a calendar app, a feed reader."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, EnumColumn, Timestamps
from models.groups import Group
from models.people import Member


class FeedKind(StrEnum):
    """What an address shows: a calendar of all groups of the member (iCalendar), or a group's digests (RSS)."""

    CALENDAR = "calendar"
    DIGESTS = "digests"


class Feed(Base, Timestamps):
    """An address that a member made for a calendar app or a feed reader. It works until it is ended.

    Of the address only the hash of its token is stored. `content_hash` is the hash of what it showed last, and
    `changed_at` the time at which that was first shown, by whole seconds: Last-Modified. Nothing that it shows is
    stored: it is made anew for each request.
    """

    __tablename__ = "feeds"
    __table_args__ = (CheckConstraint("(kind = 'digests') = (group_id IS NOT NULL)", name="group"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), index=True)
    kind: Mapped[FeedKind] = mapped_column(EnumColumn(FeedKind))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    last_read_at: Mapped[datetime | None]
    content_hash: Mapped[str | None] = mapped_column(String(64))
    changed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)

    member: Mapped[Member] = relationship()
    group: Mapped[Group | None] = relationship()
