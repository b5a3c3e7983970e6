"""The queues of webhooks: one row for each event and each webhook that wants it, written in the transaction of what it
tells.

Who gets an event is decided here, when it happens: a member's activities are told only to their own webhooks, and
events of a group to the webhooks of those who are in it then. What a message contains is decided when it is sent.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, CursorResult, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from models import Activity, Member, Membership, WebhookEndpoint, WebhookEvent, WebhookMessage, WebhookState
from services.ground import limits
from services.ground.bells import Bell, ring
from services.ground.refusals import EnoughWebhookRequests

KEPT_FOR = timedelta(days=30)
BY_HAND = "webhook_by_hand"
MOST_BY_HAND, WITHIN = 60, timedelta(hours=1)  # tests and repetitions that one member may ask for


def note_activities(
    session: Session,
    member_id: int,
    *,
    created: Collection[Activity] = (),
    corrected: Collection[Activity] = (),
    deleted: Collection[Activity] = (),
) -> None:
    """Tell the member's webhooks what has become of these activities."""
    session.flush()  # new rows have no id before
    for event, found in (
        (WebhookEvent.ACTIVITY_CREATED, created),
        (WebhookEvent.ACTIVITY_CORRECTED, corrected),
        (WebhookEvent.ACTIVITY_DELETED, deleted),
    ):
        note_activity_ids(session, member_id, event, [each.id for each in found])


def note_activity_ids(session: Session, member_id: int, event: WebhookEvent, ids: Sequence[int]) -> None:
    """Tell the member's webhooks of this event of these activities, which may be gone from the database."""
    if not ids:
        return
    mine = select(WebhookEndpoint.id).where(WebhookEndpoint.member_id == member_id, *_wants(event))
    found = session.scalars(mine.join(WebhookEndpoint.member)).all()
    _add(session, [{"webhook_id": each, "event": event, "subject_id": key} for each in found for key in ids])


def note_in_group(
    session: Session, event: WebhookEvent, group_id: int, subject_id: int, *, about_id: int | None = None
) -> None:
    """Tell the webhooks of all members of the group of this event. `about_id` is the member whom it is about."""
    session.flush()  # who has just left or joined
    here = (Membership.group_id == group_id, Membership.left_at.is_(None))
    chosen = or_(WebhookEndpoint.group_ids.is_(None), WebhookEndpoint.group_ids.contains([group_id]))
    query = (
        select(WebhookEndpoint.id)
        .join(WebhookEndpoint.member)
        .join(Membership, Membership.member_id == WebhookEndpoint.member_id)
    )
    what = {"event": event, "group_id": group_id, "subject_id": subject_id, "about_id": about_id}
    found = session.scalars(query.where(*here, chosen, *_wants(event))).all()
    _add(session, [{"webhook_id": each, **what} for each in found])


def note_once_in_group(session: Session, event: WebhookEvent, group_id: int, subject_id: int) -> None:
    """Do the same as `note_in_group`, unless somebody was told of this event before: a digest may be made anew."""
    same = (WebhookMessage.group_id == group_id, WebhookMessage.event == event)
    if session.scalar(select(WebhookMessage.id).where(*same, WebhookMessage.subject_id == subject_id).limit(1)) is None:
        note_in_group(session, event, group_id, subject_id)


def write_test(session: Session, row: WebhookEndpoint, now: datetime) -> WebhookMessage:
    """Put a test event into the queue of a webhook, whatever it is subscribed to. Raises `EnoughWebhookRequests`."""
    _count_by_hand(session, row.member, now)
    message = WebhookMessage(id=uuid4(), webhook_id=row.id, event=WebhookEvent.TEST)
    session.add(message)
    _hurry(session, row)
    return message


def send_again(session: Session, row: WebhookEndpoint, message: WebhookMessage, now: datetime) -> None:
    """Send a message again, now, with the same id, and with all attempts if it fails. One that still waits is sent now.

    Raises `EnoughWebhookRequests`.
    """
    _count_by_hand(session, row.member, now)
    message.state, message.attempts, message.next_attempt_at, message.done_at = WebhookState.WAITING, 0, None, None
    _hurry(session, row)


def drop_waiting(session: Session, webhook_ids: Collection[UUID] | None, now: datetime) -> int:
    """Mark everything that waits for these webhooks, or for all if it is None, as skipped. Returns how many."""
    waiting = update(WebhookMessage).where(WebhookMessage.state == WebhookState.WAITING)
    if webhook_ids is not None:
        waiting = waiting.where(WebhookMessage.webhook_id.in_(webhook_ids))
    session.flush()
    result = session.execute(
        waiting.values(state=WebhookState.SKIPPED, done_at=now), execution_options={"synchronize_session": "fetch"}
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


def forget_old(session: Session, now: datetime, most: int) -> int:
    """Delete messages that are older than 30 days, with their attempts, at most so many. Returns how many."""
    old = select(WebhookMessage.id).where(WebhookMessage.created_at < now - KEPT_FOR).limit(most)
    result = session.execute(
        delete(WebhookMessage).where(WebhookMessage.id.in_(old)), execution_options={"synchronize_session": False}
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


def _wants(event: WebhookEvent) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a webhook is told of an event. A member who said stop is sent nothing."""
    return (
        WebhookEndpoint.off_at.is_(None),
        WebhookEndpoint.events.contains([event.value]),
        Member.opted_out_at.is_(None),
    )


def _add(session: Session, rows: list[dict[str, object]]) -> None:
    if rows:
        session.execute(insert(WebhookMessage), rows)
        ring(session, Bell.WEBHOOKS)


def _hurry(session: Session, row: WebhookEndpoint) -> None:
    """Do not wait for the end of a pause: the member asks, and wants to see what happens."""
    row.paused_until = None
    session.flush()
    ring(session, Bell.WEBHOOKS)


def _count_by_hand(session: Session, member: Member, now: datetime) -> None:
    against = limits.hash_member_addresses(session, member)
    times = limits.list_times(session, against, BY_HAND, now - WITHIN)
    if len(times) >= MOST_BY_HAND:
        raise EnoughWebhookRequests(minutes=limits.count_minutes_until(times[-MOST_BY_HAND] + WITHIN, now))
    limits.count(session, against, BY_HAND, now)
