"""Pictures we serve, and the contents and templates stored at the vendor."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Timestamps


class Media(Base, Timestamps):
    """A picture behind an address that cannot be guessed, for a few days. Only the address's hash is kept."""

    __tablename__ = "media"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]


class ShownMember(Base):
    """That a picture shows a member: it is deleted when they are erased."""

    __tablename__ = "shown_members"

    token_hash: Mapped[str] = mapped_column(ForeignKey("media.token_hash", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(
        ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, index=True, autoincrement=False
    )


class Content(Base, Timestamps):
    """A content stored at the vendor: buttons to use in a conversation, or a template that WhatsApp approved.

    `status` is the vendor's word for the approval; contents for use in a conversation need none: `session`. It is
    `missing` where the vendor does not have the content any more. `account` is whose content it is at the vendor, and
    `pushed_at` when we stored it there, or last tried to hand it in for approval; both are None for contents that an
    older release pushed.
    """

    __tablename__ = "contents"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    sid: Mapped[str] = mapped_column(String(40))
    fingerprint: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(20), default="")
    checked_at: Mapped[datetime | None]
    account: Mapped[str | None] = mapped_column(String(40))
    pushed_at: Mapped[datetime | None]
