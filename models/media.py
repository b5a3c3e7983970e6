"""Pictures that we serve, and the contents and templates that are stored at the vendor."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Timestamps


class Media(Base, Timestamps):
    """A picture that is served for a few days at an address that cannot be guessed. Of the address only the hash is
    stored.
    """

    __tablename__ = "media"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]


class ShownMember(Base):
    """A member who is shown on a picture. The picture is deleted when the member is erased."""

    __tablename__ = "shown_members"

    token_hash: Mapped[str] = mapped_column(ForeignKey("media.token_hash", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(
        ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, index=True, autoincrement=False
    )


class Content(Base, Timestamps):
    """A content stored at the vendor: buttons for use in a conversation, or a template that WhatsApp approves.

    `status` is the vendor's word for the approval. It is `session` for contents that need no approval, and `missing` if
    the vendor does not have the content any more. `account` is the vendor's account in which it is stored; `pushed_at`
    is when we stored it there, or last tried to submit it for approval. Both are None for contents that an older
    release stored.
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
