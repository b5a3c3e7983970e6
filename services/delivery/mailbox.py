"""Stores received messages, and puts messages to send into the outbox. `services.delivery.outbox` decides when they are
sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import exists, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from messages.message import Message
from models import Erasure, InboundMessage, MessageKind, MessageState, OutboundMessage
from models.erasures import hashed_sid
from models.vault import vault
from services.delivery import contents, menus
from services.ground.bells import Bell, ring
from services.ground.counting import Count, count
from services.ground.telling import find_turn

PRIORITY = {MessageKind.REPLY: 0, MessageKind.NOTICE: 3, MessageKind.DIGEST: 5}
GOOD_FOR = {
    MessageKind.REPLY: timedelta(minutes=10),
    MessageKind.NOTICE: timedelta(hours=12),
    MessageKind.DIGEST: timedelta(hours=36),
}

# The vendor adds kinds without notice, and a metric must not have any number of labels.
COUNTED_KINDS = {"text", "button", "interactive", "image", "video", "audio", "document", "location", "reaction"}


def receive(session: Session, sid: str, kind: str, reference: str, now: datetime) -> bool:
    """Store an inbound message. Returns False if it was received before (the vendor repeats messages), even if its
    writer was erased since then.
    """
    row = {"sid": sid, "kind": kind, "reference": reference, "received_at": now}
    values = [literal(value, InboundMessage.__table__.c[name].type) for name, value in row.items()]
    unless_erased = select(*values).where(~exists().where(Erasure.sid.in_([sid, hashed_sid(session, sid)])))
    taken = insert(InboundMessage).from_select(list(row), unless_erased).on_conflict_do_nothing()
    is_new = session.scalar(taken.returning(InboundMessage.sid)) is not None
    count(session, Count.LINES, int(is_new), kind=kind if kind in COUNTED_KINDS else "other")
    return is_new


def find_received(session: Session, sids: Sequence[str]) -> set[str]:
    """Return the ids of those of these messages that were received, even if their writers were erased since then."""
    by_hash = {hashed_sid(session, sid): sid for sid in sids}
    heard = session.scalars(select(InboundMessage.sid).where(InboundMessage.sid.in_(sids)))
    erased = session.scalars(select(Erasure.sid).where(Erasure.sid.in_([*sids, *by_hash])))
    return {*heard, *(by_hash.get(sid, sid) for sid in erased)}


def note(session: Session, sid: str, *, member_id: int | None, command: str, mark: str | None) -> None:
    """Store what an inbound message was: its writer (None if there is none), the command or refusal, and the mark of a
    line that was not understood.
    """
    heard = update(InboundMessage).where(InboundMessage.sid == sid)
    session.execute(
        heard.values(member_id=member_id, command=command, mark=mark).execution_options(synchronize_session=False)
    )


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
