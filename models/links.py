"""One-time links, and the sign-ins on the page that they open."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, EnumColumn, Key, Timestamps
from models.garmin import GARMIN, GarminMethod
from models.people import Member


class LinkPurpose(StrEnum):
    """The purpose of a one-time link."""

    GARMIN = "garmin"
    DASHBOARD = "dashboard"


class AttemptStep(StrEnum):
    """The step that a sign-in has reached. ASKED, ANSWERED and CONFIRMED wait for a worker; CODE and CONFIRM wait for
    the member.

    CODE waits for Garmin's code on the page. CONFIRM waits for our code in the chat: Garmin has accepted the sign-in,
    and nothing was read yet. CONFIRMED is used for a Personal API key after our code has arrived: a worker then asks
    Garmin to which account the key belongs.
    """

    ASKED = "asked"
    CODE = "code"
    ANSWERED = "answered"
    CONFIRM = "confirm"
    CONFIRMED = "confirmed"
    DONE = "done"
    FAILED = "failed"


class OneTimeLink(Base, Timestamps):
    """A page that only one person may open, for fifteen minutes. Of the token and the browser's cookie only hashes are
    stored.
    """

    __tablename__ = "one_time_links"

    id: Mapped[Key]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[LinkPurpose] = mapped_column(EnumColumn(LinkPurpose))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    session_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship()


class LinkAttempt(Base, Timestamps):
    """One attempt to sign in to an account at `source`. Its secrets are sealed, read once, and
    deleted when the attempt ends.

    `number` increases with each attempt: of two attempts made at the same time, the one with the
    larger number is newer.
    """

    __tablename__ = "link_attempts"
    __table_args__ = (
        Index("link_attempts_waiting_idx", "created_at", postgresql_where=text("step IN ('asked', 'answered')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    number: Mapped[int] = mapped_column(BigInteger, Identity())
    link_id: Mapped[int] = mapped_column(ForeignKey("one_time_links.id", ondelete="CASCADE"), index=True)
    source: Mapped[str] = mapped_column(String(24), default=GARMIN, server_default=GARMIN)
    step: Mapped[AttemptStep] = mapped_column(EnumColumn(AttemptStep), default=AttemptStep.ASKED)
    way: Mapped[GarminMethod] = mapped_column(
        EnumColumn(GarminMethod), default=GarminMethod.PASSWORD, server_default="password"
    )
    keep: Mapped[bool] = mapped_column(default=False, server_default=false())
    key_ends_at: Mapped[datetime | None]
    garmin_email: Mapped[str | None] = mapped_column(String(254))
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[bytes | None] = mapped_column(LargeBinary)
    method: Mapped[str | None] = mapped_column(String(20))
    tries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(String(40))
    expires_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]

    link: Mapped[OneTimeLink] = relationship()
