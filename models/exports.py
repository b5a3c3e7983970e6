"""Copies of all their data that members asked for."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Timestamps
from models.people import Member


class Export(Base, Timestamps):
    """One copy that a member asked for. A worker makes it, the member can download it once, and it is deleted after a
    day.

    Of the address's token only the hash is stored. `archive` is the zip file, encrypted; it is deleted when it was
    downloaded or at `expires_at`.
    """

    __tablename__ = "exports"
    __table_args__ = (Index("exports_waiting_idx", "asked_at", postgresql_where=text("made_at IS NULL AND tries < 5")),)

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    asked_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime | None]
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    archive: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]  # no longer written: a later migration drops it

    member: Mapped[Member] = relationship()
