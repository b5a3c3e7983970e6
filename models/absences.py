"""The days in which members are away. During these days their streaks neither grow nor end."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Timestamps
from models.people import Member


class Absence(Base, Timestamps):
    """Days in which a member is away, from `starts` to `ends`, both included. `ends` is None until they are back.

    The reason is not stored, because it may be an illness. `shown` says whether the groups may see that the member
    is away.
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
