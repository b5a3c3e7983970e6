"""Members, and their addresses on WhatsApp."""

from datetime import datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, EnumColumn, Key, Timestamps


class Units(StrEnum):
    """The units in which a member reads lengths."""

    METRIC = "metric"
    IMPERIAL = "imperial"


class IdentityKind(StrEnum):
    """The kind of an address: a phone number (+32…), or WhatsApp's id for people without a number (BE.1234…)."""

    PHONE = "phone"
    BUSINESS = "bsuid"


class Member(Base, Timestamps):
    """A person who chats with the bot. They are identified by our own id, because numbers change and some people have
    none.

    `records_version` is the version of the rules by which all records were last computed; see
    `services.training.records`. `includes_private` says that activities which are private at Garmin count too.
    `erase_code` is the keyed hash of the code that erases everything if it is typed before `erase_until`.
    `doubted_at` is set when a line comes after weeks of silence or under another profile name, until it is known who
    has the number now; `silent_since` is when the member last wrote before that. `profile_name` is the name on the
    WhatsApp profile when they last wrote; it is only used for comparison. `names_version` is the version of the rules
    by which the name was last checked; see `services.group.old_names`.
    """

    __tablename__ = "members"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(40))
    full_name: Mapped[str | None] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(12), default="en")
    units: Mapped[Units] = mapped_column(EnumColumn(Units), default=Units.METRIC)
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    quiet_from: Mapped[time] = mapped_column(default=time(21, 30))
    quiet_until: Mapped[time] = mapped_column(default=time(7, 30))
    preferences: Mapped[dict[str, Any]] = mapped_column(default=dict)
    records_version: Mapped[int] = mapped_column(default=0, server_default="0")
    includes_private: Mapped[bool] = mapped_column(default=False, server_default=false())
    erase_code: Mapped[str | None] = mapped_column(String(64))
    erase_until: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(150))
    last_inbound_at: Mapped[datetime | None]
    opted_out_at: Mapped[datetime | None]
    unreachable_at: Mapped[datetime | None]
    doubted_at: Mapped[datetime | None]
    silent_since: Mapped[datetime | None]
    profile_name: Mapped[str | None] = mapped_column(String(40))
    names_version: Mapped[int] = mapped_column(default=0, server_default="0")
    template_at: Mapped[datetime | None] = mapped_column(index=True)
    next_send_at: Mapped[datetime | None]
    current_group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="SET NULL"))
    unfinished: Mapped[str | None] = mapped_column(String(400))
    unfinished_until: Mapped[datetime | None]

    identities: Mapped[list["Identity"]] = relationship(back_populates="member", cascade="all, delete-orphan")


class Identity(Base):
    """One address of a member."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("kind", "value"),)

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    kind: Mapped[IdentityKind] = mapped_column(EnumColumn(IdentityKind))
    value: Mapped[str] = mapped_column(String(140))

    member: Mapped[Member] = relationship(back_populates="identities")
