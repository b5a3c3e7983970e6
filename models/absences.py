"""When members are away: their streaks stand still, and nobody waits for them."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Timestamps
from models.people import Member


class Absence(Base, Timestamps):
    """Days in which a member is away, both ends included; without an end, until they are back.

    Why somebody is away is nowhere kept: illness is nobody's business, ours neither. `shown` is whether the groups
    may read that the member is away.
    """

    __tablename__ = "absences"
    __table_args__ = (
        CheckConstraint("ends IS NULL OR starts <= ends", name="days"),
        Index("absences_member_idx", "member_id", "starts"),
    )

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    starts: Mapped[date]
    ends: Mapped[date | None]
    shown: Mapped[bool] = mapped_column(default=False)

    member: Mapped[Member] = relationship()
