"""Pages that show one digest to everybody who has their address."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Timestamps
from models.groups import Group


class Share(Base, Timestamps):
    """A page about one group's days, made for forwarding. Only the hash of its address is stored, and none of its
    content: the page is made again each time it is opened, so that it no longer shows people who have left or hide.
    `wants_picture` is set while somebody waits for a picture to be drawn.
    """

    __tablename__ = "shares"
    __table_args__ = (Index("shares_waiting_idx", "id", postgresql_where=text("wants_picture")),)

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), index=True)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"), index=True)
    period_start: Mapped[date]
    period_end: Mapped[date]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    wants_picture: Mapped[bool] = mapped_column(default=True)

    group: Mapped[Group] = relationship()
