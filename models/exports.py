"""A member's own copy of everything."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Timestamps
from models.people import Member


class Export(Base, Timestamps):
    """One copy that was asked for: made by a worker, fetched once, gone after a day.

    Only the hash of the address's token is kept. `archive` is the zip file, sealed, until it is fetched or `expires_at`
    passes.
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
