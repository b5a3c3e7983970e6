"""Counts for limits, and counts of sent messages. Both stay when the member who caused them is erased."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key


class CountedEvent(Base):
    """An event that counts towards a limit, and the address that caused it. Kept for a day.

    `address_hash` is a keyed hash (`models.hashes`) of a phone number, of a WhatsApp id, or of the e-mail address of
    a Garmin account. `kind` says what was done.
    """

    __tablename__ = "counted_events"
    __table_args__ = (Index("counted_events_address_idx", "address_hash", "at"),)

    id: Mapped[Key]
    address_hash: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(index=True)


class Spent(Base):
    """How many messages were sent at a time, or how many people got a template. It names no member. Kept for a day.

    `group_id` is the group that the messages were about. It is no foreign key, because the rows are only summed.
    """

    __tablename__ = "spent"

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(index=True)
    what: Mapped[str] = mapped_column(String(20))
    group_id: Mapped[int | None]
    count: Mapped[int]
