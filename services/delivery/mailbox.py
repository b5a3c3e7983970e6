"""Puts messages to send into the outbox. `services.delivery.outbox` decides when they are sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from messages.message import Message
from models import MessageKind, MessageState, OutboundMessage
from models.vault import vault
from services.delivery import contents, menus
from services.ground.bells import Bell, ring
from services.ground.telling import find_turn

PRIORITY = {MessageKind.REPLY: 0, MessageKind.NOTICE: 3, MessageKind.DIGEST: 5}
GOOD_FOR = {
    MessageKind.REPLY: timedelta(minutes=10),
    MessageKind.NOTICE: timedelta(hours=12),
    MessageKind.DIGEST: timedelta(hours=36),
}


class NeverSayable(ValueError):
    """A bug: a message that nobody asked for has no approved template, so it cannot be sent after 24
    hours of silence.
    """


@dataclass(frozen=True)
class Post:
    """One message for one member. A second post with the same `key` is ignored."""

    member_id: int
    message: Message
    key: str


def post_many(
    session: Session,
    posts: Sequence[Post],
    now: datetime,
    *,
    kind: MessageKind,
    group_id: int | None = None,
) -> None:
    """Put many messages into the outbox, in one statement. They are sent after the commit.

    Raises `NeverSayable` for a notice or digest that WhatsApp would refuse after 24 hours.
    """
    if not posts:
        return
    rows = [_row(session, each, now, kind, group_id) for each in posts]
    # The rows are passed separately, so that the statement is compiled once and not again for each number of rows.
    session.execute(insert(OutboundMessage).on_conflict_do_nothing(index_elements=["dedupe_key"]), rows)
    ring(session, Bell.DELIVER)


def post(
    session: Session,
    member_id: int,
    message: Message,
    now: datetime,
    *,
    kind: MessageKind,
    key: str,
    group_id: int | None = None,
) -> None:
    """Put a message into the outbox. It is sent after the commit. A second message with the same `key` is ignored."""
    post_many(session, [Post(member_id, message, key)], now, kind=kind, group_id=group_id)


def close_keys(
    session: Session,
    closed: Sequence[tuple[int, str]],
    now: datetime,
    *,
    kind: MessageKind,
    group_id: int | None = None,
) -> None:
    """Let no message be posted with these keys any more, given as (member id, key), because it may have been sent.

    A row without text takes each key's place; a key that is taken already stays as it is.
    """
    if not closed:
        return
    rows = [
        {
            "id": uuid4(),
            "member_id": member_id,
            "group_id": group_id,
            "kind": kind,
            "dedupe_key": key,
            "state": MessageState.SUPPRESSED,
            "priority": PRIORITY[kind],
            "next_attempt_at": now,
            "expires_at": now,
        }
        for member_id, key in closed
    ]
    session.execute(insert(OutboundMessage).on_conflict_do_nothing(index_elements=["dedupe_key"]), rows)


def _row(session: Session, post: Post, now: datetime, kind: MessageKind, group_id: int | None) -> dict[str, object]:
    identity, approved = uuid4(), post.message.approved
    if kind is not MessageKind.REPLY and not (approved and contents.is_filled_by(approved)):
        raise NeverSayable(f"{post.key} has no approved template that fits: see services/delivery/notices.py")
    return {
        "id": identity,
        "member_id": post.member_id,
        "group_id": group_id,
        "kind": kind,
        "dedupe_key": post.key,
        "content": vault(session).seal("message", identity, post.message.to_json()),
        "offers": menus.seal_offers(session, identity, post.message),
        "priority": PRIORITY[kind],
        "next_attempt_at": now,
        "expires_at": now + GOOD_FOR[kind],
        "turn": find_turn(session),
    }
