"""Activity files that members sent into the chat."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Timestamps
from models.people import Member


class SentFile(Base, Timestamps):
    """The vendor's address of a file, until we have read it. The file's name and content are not stored.

    A worker should read it at `next_try_at`; `leased_until` is set while a worker reads it; `problem` says why it could
    not be read. The address is deleted when the file is done.
    """

    __tablename__ = "files"
    __table_args__ = (Index("files_waiting_idx", "next_try_at", postgresql_where=text("done_at IS NULL")),)

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    url: Mapped[str | None] = mapped_column(String(500))
    content_type: Mapped[str] = mapped_column(String(100))
    received_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(60))

    member: Mapped[Member] = relationship()
