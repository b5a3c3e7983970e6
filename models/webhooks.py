"""Webhooks: addresses of members' programs, the messages that are sent there, and each attempt to send one.

Messages hold no content. It is written when they are sent, so that a program gets only what its owner may see then.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, EnumColumn, Key, Timestamps
from models.people import Member
from models.sealed import key_index


class WebhookEvent(StrEnum):
    """What a webhook can be told of. TEST is sent only when its owner asks for it."""

    ACTIVITY_CREATED = "activity.created"
    ACTIVITY_CORRECTED = "activity.corrected"
    ACTIVITY_DELETED = "activity.deleted"
    DIGEST_SENT = "digest.sent"
    MEMBER_JOINED = "member.joined"
    MEMBER_LEFT = "member.left"
    CHALLENGE_ENDED = "challenge.ended"
    TEST = "webhook.test"


class WebhookState(StrEnum):
    """The state of a message. SKIPPED: it was not sent, because its owner may not see it any more, or because the
    webhook was switched off.
    """

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"


class WhyOff(StrEnum):
    """Why a webhook was switched off. GONE: its server answered 410."""

    BY_OWNER = "by_owner"
    SIGNED_OUT = "signed_out"
    FAILING = "failing"
    GONE = "gone"


class WebhookEndpoint(Base, Timestamps):
    """An address that one member's program gave us, and what it wants to be told.

    `secret` signs what is sent there. For a day after a change of the secret, `former_secret` signs too, until
    `former_until`. Both are sealed. `group_ids` limits events of groups to these groups; None means all of the
    member's groups. `failures` counts failed attempts since the last success, and `failing_since` is when the first of
    them was. Nothing is sent before `paused_until`. A worker that sends something there holds the lease.
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        key_index("webhooks_secret_key_idx", "secret"),
        key_index("webhooks_former_secret_key_idx", "former_secret"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    url: Mapped[str] = mapped_column(String(500))
    events: Mapped[list[str]]
    group_ids: Mapped[list[int] | None] = mapped_column(JSONB(none_as_null=True))
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    former_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    former_until: Mapped[datetime | None]
    off_at: Mapped[datetime | None]
    off_why: Mapped[WhyOff | None] = mapped_column(EnumColumn(WhyOff))
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    last_attempt_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]

    member: Mapped[Member] = relationship()


class WebhookMessage(Base, Timestamps):
    """One event for one webhook; the event was when the row was made. Its id is the header `webhook-id`.

    `subject_id` is the id of what the event is about: an activity, a digest, a membership or a challenge. `about_id` is
    the other member whom it is about, if there is one: if that member is erased, the message goes too. `attempts`
    counts failed attempts since it was put into the queue. It is due at `next_attempt_at`, or at once if that is None.
    """

    __tablename__ = "webhook_messages"
    __table_args__ = (
        Index("webhook_messages_of_idx", "webhook_id", "created_at"),
        Index("webhook_messages_due_idx", "webhook_id", "next_attempt_at", postgresql_where=text("state = 'waiting'")),
        Index("webhook_messages_created_at_idx", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event: Mapped[WebhookEvent] = mapped_column(EnumColumn(WebhookEvent))
    about_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), index=True)
    subject_id: Mapped[int | None]
    state: Mapped[WebhookState] = mapped_column(EnumColumn(WebhookState), default=WebhookState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    webhook: Mapped[WebhookEndpoint] = relationship()


class WebhookAttempt(Base):
    """One attempt to send a message: the status of the answer, or why there was none. Neither body is stored."""

    __tablename__ = "webhook_attempts"

    id: Mapped[Key]
    message_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_messages.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    status: Mapped[int | None]
    problem: Mapped[str | None] = mapped_column(String(24))
    milliseconds: Mapped[int]
