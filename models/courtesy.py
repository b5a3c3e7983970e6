"""Kudos from one member to another, and feedback from members to the operator."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Timestamps
from models.groups import Group
from models.people import Member


class Kudos(Base, Timestamps):
    """Praise from one member to another. It is shown below the next message to the member who gets it."""

    __tablename__ = "kudos"
    __table_args__ = (Index("kudos_waiting_idx", "to_id", postgresql_where=text("delivered_at IS NULL")),)

    id: Mapped[Key]
    from_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    to_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    words: Mapped[str] = mapped_column(String(80))
    given_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]

    giver: Mapped[Member] = relationship(foreign_keys=[from_id])
    group: Mapped[Group] = relationship()


class Feedback(Base, Timestamps):
    """A message from a member to the operator, stored encrypted; `flask feedback` shows it."""

    __tablename__ = "feedback"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    words: Mapped[bytes] = mapped_column(LargeBinary)
    given_at: Mapped[datetime]
