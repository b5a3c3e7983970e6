"""Which message is sent next, and what follows from the answer.

A webhook gets one message at a time: whoever sends one holds the webhook's lease. So a slow server delays only its own
messages. After a failure a message is tried again as the Standard Webhooks specification proposes, and its webhook is
left alone for a moment. A server that fails for three days, or answers 410, is switched off.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Exists, Select, exists, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, joinedload

from models import Member, WebhookAttempt, WebhookEndpoint, WebhookMessage, WebhookState, WhyOff
from models.vault import Unreadable
from providers.webhook_sender import WebhookAnswer, WebhookPost
from services.ground import leases, unreadable
from services.ground.counting import Count, count
from services.ground.telling import tell
from services.people import webhooks
from services.webhooks import notices
from services.webhooks.payloads import write_payload

LEASE = timedelta(minutes=1)  # an attempt takes ten seconds at most
# The waits after each failed attempt: https://github.com/standard-webhooks/standard-webhooks, "Deliverability".
# Up to a tenth is added, so that what failed together does not come again together.
BACK_OFF = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
LONGEST_PAUSE = timedelta(minutes=30)  # of a webhook between two messages, unless its server asks for more
OFF_AFTER = timedelta(days=3)  # of failures without a success
GONE = 410
MOST_SKIPPED = 50  # messages that are found to have nothing to tell, in one transaction


@dataclass(frozen=True)
class Sending:
    """A message that this worker sends, and whose it is."""

    webhook_id: UUID
    message_id: UUID
    member_id: int
    post: WebhookPost


def take(session: Session, now: datetime, busy: Collection[int] = ()) -> Sending | None:
    """Lease a webhook that has something to send, the one first that was used longest ago, and return its oldest
    message. None if there is none.

    `busy` are members for whom enough is being sent already. Messages that have nothing to tell any more are skipped.
    """
    for _ in range(MOST_SKIPPED):
        row = session.scalar(_select_next(now, busy))
        if row is None:
            return None
        message = session.scalar(_select_messages(row, now).limit(1).with_for_update())
        found = None if message is None else _write(session, row, message, now)
        if found is not None:
            row.leased_until, row.last_attempt_at = leases.end_lease_in(session, LEASE), now
            return found
        session.flush()
    return None


def note_answer(session: Session, sending: Sending, answer: WebhookAnswer, now: datetime) -> None:
    """Store the result of an attempt. If the webhook was deleted meanwhile, there is nothing to store."""
    row = session.get(WebhookEndpoint, sending.webhook_id, with_for_update=True, populate_existing=True)
    message = session.get(WebhookMessage, sending.message_id, with_for_update=True, populate_existing=True)
    if row is None:
        return
    row.leased_until = None
    if message is None:
        return
    _note_attempt(session, message, answer, now)
    if answer.is_good:
        message.state, message.done_at, message.next_attempt_at = WebhookState.DELIVERED, now, None
        row.failures, row.failing_since, row.paused_until = 0, None, None
        return
    _note_failure(row, message, answer, now)
    if row.off_at is not None:
        if message.state is WebhookState.WAITING:
            message.state, message.done_at = WebhookState.SKIPPED, now
    elif answer.status == GONE or now - (row.failing_since or now) >= OFF_AFTER:
        why = WhyOff.GONE if answer.status == GONE else WhyOff.FAILING
        webhooks.switch_off(session, row, why, now)
        notices.tell_switched_off(session, row, now)


def give_back(session: Session, sending: Sending) -> None:
    """End the lease without an attempt: nothing was sent."""
    row = session.get(WebhookEndpoint, sending.webhook_id, with_for_update=True, populate_existing=True)
    if row is not None:
        row.leased_until = None


def has_due_message(now: datetime) -> Exists:
    """Return the condition that a message waits and may be sent now."""
    owner = exists().where(Member.id == WebhookEndpoint.member_id, *_may_be_sent_to())
    return exists().where(owner, *_is_ready(now), _has_message(now))


def find_next_due(session: Session, now: datetime) -> datetime | None:
    """Return when the next message that waits may be sent, not counting those that are under way; None if none waits.

    It may be in the past.
    """
    due = func.greatest(
        func.coalesce(WebhookMessage.next_attempt_at, now), func.coalesce(WebhookEndpoint.paused_until, now)
    )
    query = select(func.min(due)).select_from(WebhookMessage).join(WebhookMessage.webhook).join(WebhookEndpoint.member)
    waits = (WebhookMessage.state == WebhookState.WAITING, WebhookEndpoint.off_at.is_(None), *_may_be_sent_to())
    found: datetime | None = session.scalar(query.where(*waits, leases.is_free(WebhookEndpoint.leased_until)))
    return found


def _select_next(now: datetime, busy: Collection[int]) -> Select[WebhookEndpoint]:
    query = select(WebhookEndpoint).join(WebhookEndpoint.member).options(joinedload(WebhookEndpoint.member))
    query = query.where(*_is_ready(now), *_may_be_sent_to(), _has_message(now), WebhookEndpoint.member_id.not_in(busy))
    query = query.order_by(WebhookEndpoint.last_attempt_at.asc().nulls_first(), WebhookEndpoint.id).limit(1)
    return query.with_for_update(skip_locked=True, of=WebhookEndpoint)


def _select_messages(row: WebhookEndpoint, now: datetime) -> Select[WebhookMessage]:
    query = select(WebhookMessage).where(WebhookMessage.webhook_id == row.id, *_is_due(now))
    return query.order_by(WebhookMessage.created_at, WebhookMessage.id)


def _is_ready(now: datetime) -> tuple[ColumnElement[bool], ...]:
    rested = or_(WebhookEndpoint.paused_until.is_(None), WebhookEndpoint.paused_until <= now)
    return WebhookEndpoint.off_at.is_(None), rested, leases.is_free(WebhookEndpoint.leased_until)


def _may_be_sent_to() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the owner: nothing is sent after stop, or while it is in doubt whose number it is."""
    return Member.opted_out_at.is_(None), Member.doubted_at.is_(None)


def _has_message(now: datetime) -> Exists:
    return exists().where(WebhookMessage.webhook_id == WebhookEndpoint.id, *_is_due(now))


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    due = or_(WebhookMessage.next_attempt_at.is_(None), WebhookMessage.next_attempt_at <= now)
    return WebhookMessage.state == WebhookState.WAITING, due


def _write(session: Session, row: WebhookEndpoint, message: WebhookMessage, now: datetime) -> Sending | None:
    """Return what to send; None if there is nothing to tell, or if the secret cannot be read now."""
    try:
        signed_by = webhooks.open_secrets(session, row, now)
    except Unreadable as error:
        unreadable.note(session, error, "webhooks", row.id)
        row.paused_until = now + LONGEST_PAUSE
        return None
    try:
        with session.begin_nested():
            body = write_payload(session, row, message, now)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug in one kind of message must not keep the others waiting
        tell(session, "error", "webhook message broke", what=message.event.value, error=type(error).__name__)
        message.state, message.done_at = WebhookState.FAILED, now
        return None
    if body is None:
        message.state, message.done_at = WebhookState.SKIPPED, now
        return None
    return Sending(row.id, message.id, row.member_id, WebhookPost(row.url, message.id, body, now, signed_by))


def _note_attempt(session: Session, message: WebhookMessage, answer: WebhookAnswer, now: datetime) -> None:
    spent = {"milliseconds": answer.milliseconds, "status": answer.status, "problem": answer.problem}
    session.add(WebhookAttempt(message_id=message.id, at=now, **spent))
    result = "delivered" if answer.is_good else answer.problem or f"{(answer.status or 0) // 100}xx"
    count(session, Count.WEBHOOKS, result=result)


def _note_failure(row: WebhookEndpoint, message: WebhookMessage, answer: WebhookAnswer, now: datetime) -> None:
    """Plan the next attempt of the message, and leave its webhook alone for a moment."""
    message.attempts += 1
    row.failures += 1
    row.failing_since = row.failing_since or now
    wish = answer.retry_after or timedelta()
    row.paused_until = now + max(wish, min(BACK_OFF[min(row.failures, len(BACK_OFF)) - 1], LONGEST_PAUSE))
    if message.attempts > len(BACK_OFF):
        message.state, message.done_at, message.next_attempt_at = WebhookState.FAILED, now, None
        return
    wait = BACK_OFF[message.attempts - 1]
    message.next_attempt_at = now + max(wish, wait * (1 + message.id.int % 1000 / 10_000))
