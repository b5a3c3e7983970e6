"""Groups, their members, and the ways to join."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, EnumColumn, Key, Timestamps
from models.people import Member


class Role(StrEnum):
    """What a member may do in a group."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Group(Base, Timestamps):
    """A list of members that the bot keeps. WhatsApp lets no bot into an ordinary group, so each member chats with it
    alone.

    `digest_schedule` is a cron line in the group's `timezone`, or None when the digest is off; `next_digest_at`
    is the next time that follows from it. `names_version` is the version of the rules by which its name and texts were
    last checked; see `services.group.old_names`.
    """

    __tablename__ = "groups"
    __table_args__ = (
        Index(
            "groups_due_idx",
            "next_digest_at",
            postgresql_where=text("is_active AND next_digest_at IS NOT NULL"),
        ),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(40))
    description: Mapped[str | None] = mapped_column(String(400))
    whatsapp_group_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    timezone: Mapped[str] = mapped_column(String(64))
    digest_schedule: Mapped[str | None] = mapped_column(String(40))
    next_digest_at: Mapped[datetime | None]
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_active: Mapped[bool] = mapped_column(default=True)
    names_version: Mapped[int] = mapped_column(default=0, server_default="0")

    memberships: Mapped[list["Membership"]] = relationship(back_populates="group")


class Membership(Base, Timestamps):
    """A member of a group: the role, and what the others may see. After leaving, the row stays, with `left_at`.

    `consent_wording` is the text that the member agreed to, exactly as they read it. `seen_from` is the first day for
    which the group may see them in the present way, with or without their name.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("group_id", "member_id"),
        Index(
            "memberships_one_owner_idx",
            "group_id",
            unique=True,
            postgresql_where=text("role = 'owner' AND left_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(EnumColumn(Role), default=Role.MEMBER)
    shares: Mapped[list[str]] = mapped_column(default=list)
    hidden: Mapped[bool] = mapped_column(default=False)
    anonymous: Mapped[bool] = mapped_column(default=False, server_default=false())
    seen_from: Mapped[date | None]
    muted_until: Mapped[datetime | None]
    consented_at: Mapped[datetime]
    consent_version: Mapped[str] = mapped_column(String(20))
    consent_wording: Mapped[str | None] = mapped_column(String(1600))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    group: Mapped[Group] = relationship(back_populates="memberships")
    member: Mapped[Member] = relationship()

    @property
    def since(self) -> datetime:
        """The time by which two people with the same name are told apart."""
        return self.joined_at


class Invite(Base, Timestamps):
    """A code with which people join a group. Only its keyed hash is stored."""

    __tablename__ = "invites"
    __table_args__ = (CheckConstraint("uses <= most_uses", name="uses"),)

    id: Mapped[Key]
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), index=True)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"))
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    uses: Mapped[int] = mapped_column(default=0)
    most_uses: Mapped[int] = mapped_column(default=50)
    revoked_at: Mapped[datetime | None]

    group: Mapped[Group] = relationship()


class Answer(StrEnum):
    """The answer to a request to join."""

    APPROVED = "approved"
    DECLINED = "declined"
    DROPPED = "dropped"


class JoinRequest(Base, Timestamps):
    """The request of a person who used a code of a group whose admins approve each new member. The person has agreed to
    what the others will see.
    """

    __tablename__ = "join_requests"
    __table_args__ = (
        Index(
            "join_requests_one_open_idx",
            "group_id",
            "member_id",
            unique=True,
            postgresql_where=text("answer IS NULL"),
        ),
    )

    id: Mapped[Key]
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    asked_at: Mapped[datetime]
    hidden: Mapped[bool] = mapped_column(default=False, server_default=false())
    answer: Mapped[Answer | None] = mapped_column(EnumColumn(Answer))
    answered_at: Mapped[datetime | None]

    group: Mapped[Group] = relationship()
    member: Mapped[Member] = relationship()

    @property
    def since(self) -> datetime:
        """The time by which two people with the same name are told apart."""
        return self.asked_at


class Ban(Base, Timestamps):
    """A person who cannot join a group with any code, from whichever number they write.

    `member_id` is None after the banned member was erased; then only the hashes in `BanAddress` are kept of them.
    """

    __tablename__ = "bans"
    __table_args__ = (UniqueConstraint("group_id", "member_id"),)

    id: Mapped[Key]
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"), index=True)
    banned_at: Mapped[datetime]

    group: Mapped[Group] = relationship()
    member: Mapped[Member | None] = relationship()


class BanAddress(Base):
    """An address to which a ban applies, as a keyed hash (`models.hashes`): a phone number or a WhatsApp id."""

    __tablename__ = "ban_addresses"

    ban_id: Mapped[int] = mapped_column(ForeignKey("bans.id", ondelete="CASCADE"), primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
