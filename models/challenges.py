"""Goals, and challenges with a beginning and an end."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Timestamps
from models.groups import Group
from models.people import Member


class Goal(Base, Timestamps):
    """A goal of a member, or of a whole group together: so much of a metric from `starts` to `ends`, both included.

    `target` is in the metric's own unit: metres, seconds, points or a count. Each member and each group has at most
    one goal; a new one replaces it.
    """

    __tablename__ = "goals"
    __table_args__ = (
        UniqueConstraint("member_id"),
        UniqueConstraint("group_id"),
        CheckConstraint("num_nonnulls(member_id, group_id) = 1", name="whose"),
        CheckConstraint("starts <= ends", name="days"),
        CheckConstraint("target > 0", name="target"),
    )

    id: Mapped[Key]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    metric: Mapped[str] = mapped_column(String(24))
    sport: Mapped[str | None] = mapped_column(String(24))
    target: Mapped[float]
    starts: Mapped[date]
    ends: Mapped[date]


class Challenge(Base, Timestamps):
    """A contest or a common target of a group, from `starts` to `ends`, both included.

    The group calls it by its `number`. `target` is what the group wants to reach together, in the metric's unit. It is
    judged at `closes_at`, late enough for the last day's sessions to have arrived from the watches. `result` holds what
    was announced then, with the ids of members.
    """

    __tablename__ = "challenges"
    __table_args__ = (
        UniqueConstraint("group_id", "number"),
        CheckConstraint("starts <= ends", name="days"),
        CheckConstraint("target IS NULL OR target > 0", name="target"),
        Index("challenges_open_idx", "closes_at", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Key]
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    number: Mapped[int]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"))
    name: Mapped[str | None] = mapped_column(String(40))
    contest: Mapped[str] = mapped_column(String(24))
    metric: Mapped[str] = mapped_column(String(24))
    sport: Mapped[str | None] = mapped_column(String(24))
    route: Mapped[str | None] = mapped_column(String(40))
    target: Mapped[float | None]
    starts: Mapped[date]
    ends: Mapped[date]
    closes_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]

    group: Mapped[Group] = relationship()


class Participant(Base, Timestamps):
    """A member who takes part in a challenge."""

    __tablename__ = "participants"

    challenge_id: Mapped[int] = mapped_column(ForeignKey("challenges.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, index=True)

    member: Mapped[Member] = relationship()
