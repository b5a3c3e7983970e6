"""The records of members. They are computed again whenever the activities change."""

from datetime import date

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key


class RecordSet(Base):
    """A record: an activity that was the member's best so far in something. See `fitness.records.BrokenRecord`.

    `value` is in seconds (a split over `metres`, or the longest session), metres, or metres climbed; `before` is the
    value that it beat, None for the first. `deserves` says whether it is announced to others.
    """

    __tablename__ = "records"
    __table_args__ = (Index("records_member_idx", "member_id", "day"),)

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id", ondelete="CASCADE"), index=True)
    sport: Mapped[str] = mapped_column(String(24))
    kind: Mapped[str] = mapped_column(String(24))
    metres: Mapped[int] = mapped_column(default=0)
    day: Mapped[date]
    value: Mapped[float]
    before: Mapped[float | None]
    deserves: Mapped[bool]
