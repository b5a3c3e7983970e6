"""Activity files that members sent in the chat or through the API."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Timestamps
from models.people import Member
from models.sealed import key_index


class SentFile(Base, Timestamps):
    """A file that waits to be read, at its address at the vendor. Its name is not stored.

    For a file that came through the API, `content` is its content, sealed, until it is read; `url` is empty then.

    A worker should read it at `next_try_at`; `leased_until` is set while a worker reads it; `problem` says why it could
    not be read. The address is deleted when the file is done.
    """

    __tablename__ = "files"
    __table_args__ = (
        Index("files_waiting_idx", "next_try_at", postgresql_where=text("done_at IS NULL")),
        key_index("files_content_key_idx", "content"),
    )

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    url: Mapped[str | None] = mapped_column(String(500))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_type: Mapped[str] = mapped_column(String(100))
    received_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(60))

    member: Mapped[Member] = relationship()
