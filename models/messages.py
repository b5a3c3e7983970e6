"""The inbox and the outbox: messages that were received, and messages to send."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, EnumColumn, Key, Timestamps, stamp
from models.people import Member
from models.sealed import key_index


class MessageKind(StrEnum):
    """Why a message is sent. A reply answers a member; the other kinds are sent unasked, and not after an opt-out."""

    REPLY = "reply"
    NOTICE = "notice"
    DIGEST = "digest"


class MessageState(StrEnum):
    """The state of an outgoing message. It says who has to act next.

    QUEUED: any worker. SENDING: the worker that claimed it. UNKNOWN: the reconciler, because the vendor may or may not
    have received it. ACCEPTED and SENT: the vendor. The other states are final.
    """

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"


class InboundMessage(Base):
    """A webhook that was received, stored so that its repetition does nothing. The text is not stored.

    `mark` is a keyed hash of a line that was not understood: it shows when somebody sends the same again and again, as
    machines do.
    """

    __tablename__ = "inbound_messages"
    __table_args__ = (Index("inbound_of_member_idx", "member_id", "received_at"),)

    sid: Mapped[str] = mapped_column(String(40), primary_key=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    command: Mapped[str | None] = mapped_column(String(40))
    mark: Mapped[str | None] = mapped_column(String(32))
    reference: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime]


class OutboundMessage(Base, Timestamps):
    """One message to one person. `content` is the encrypted `messages.Message`. Leases are times of the database's
    clock. `offers` are the buttons under it, encrypted too, and kept as long as the row, because a number or a quoted
    reply may answer them. `turn` is the reference of the turn, or the run of the job, in which the message was written.
    """

    __tablename__ = "outbound_messages"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'sending', 'unknown', 'accepted', 'sent', 'delivered', 'read', "
            "'failed', 'expired', 'suppressed')",
            name="state",
        ),
        Index(
            "outbound_queued_idx",
            "priority",
            "next_attempt_at",
            "created_at",
            postgresql_where=text("state = 'queued'"),
        ),
        Index("outbound_in_flight_idx", "member_id", postgresql_where=text("state IN ('sending', 'unknown')")),
        Index("outbound_leased_idx", "leased_until", postgresql_where=text("state = 'sending'")),
        Index("outbound_unknown_idx", "next_attempt_at", postgresql_where=text("state = 'unknown'")),
        Index("outbound_day_idx", "first_attempt_at", "group_id"),
        Index("outbound_given_up_idx", "created_at", postgresql_where=text("state IN ('failed', 'expired')")),
        key_index("outbound_content_key_idx", "content"),
        key_index("outbound_offers_key_idx", "offers"),
        Index("outbound_silent_idx", "next_attempt_at", postgresql_where=text("state IN ('accepted', 'sent')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="SET NULL"))
    kind: Mapped[MessageKind] = mapped_column(EnumColumn(MessageKind))
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    offers: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[MessageState] = mapped_column(EnumColumn(MessageState), default=MessageState.QUEUED)
    priority: Mapped[int] = mapped_column(default=0)
    attempt: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    first_attempt_at: Mapped[datetime | None]
    looks: Mapped[int] = mapped_column(default=0)
    sid: Mapped[str | None] = mapped_column(String(40), unique=True)
    old_sids: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    turn: Mapped[str | None] = mapped_column(String(16))
    said_as: Mapped[str | None] = mapped_column(String(60))
    body_hash: Mapped[str | None] = mapped_column(String(32))
    error_code: Mapped[int | None]
    accepted_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship()

    @property
    def inbound(self) -> str | None:
        """The vendor's id of the line that this message answers, or None if it is no reply."""
        kind, _, sid = self.dedupe_key.partition(":")
        return sid if kind == "reply" else None


class MessageEvent(Base):
    """One change of an outgoing message's state. Rows are only added, never changed."""

    __tablename__ = "message_events"

    id: Mapped[Key]
    message_id: Mapped[UUID] = mapped_column(ForeignKey("outbound_messages.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(default=stamp)
    source: Mapped[str] = mapped_column(String(20))
    state: Mapped[MessageState] = mapped_column(EnumColumn(MessageState))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
