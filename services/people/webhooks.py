"""Webhooks: addresses of a member's own programs, to which events are sent.

What is put into their queues is in `services.people.webhook_messages`, and how it is sent in `services.webhooks`.
"""

import base64
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from messages.words import clean_name
from models import Member, WebhookEndpoint, WebhookEvent, WhyOff
from models.vault import vault
from services.ground import audit
from services.ground.counting import Count, count
from services.ground.refusals import TooManyWebhooks
from services.people import webhook_messages

PURPOSE, FORMER = "webhook-secret", "former-webhook-secret"
PREFIX, SECRET_BYTES = "whsec_", 24
MOST = 10  # of one member
MOST_NAME = 40
OVERLAP = timedelta(days=1)  # the former secret signs for so long after a change
SUBSCRIBABLE = tuple(each for each in WebhookEvent if each is not WebhookEvent.TEST)


def add_webhook(
    session: Session,
    member: Member,
    url: str,
    events: Collection[str],
    group_ids: Collection[int] | None,
    name: str,
    now: datetime,
) -> tuple[WebhookEndpoint, str]:
    """Store a webhook, and return it with its secret, which can be shown only now. The caller has checked the address.

    Raises `TooManyWebhooks`.
    """
    if len(list_webhooks(session, member)) >= MOST:
        raise TooManyWebhooks(most=MOST)
    secret = _new_secret()
    row = WebhookEndpoint(member_id=member.id, url=url, name=clean_name(name, MOST_NAME) or _host(url), secret=b"")
    row.events, row.group_ids = _in_order(events), sorted(set(group_ids)) if group_ids is not None else None
    session.add(row)
    session.flush()
    row.secret = vault(session).seal(PURPOSE, row.id, secret)
    session.flush()
    audit.note(session, "webhook.added", now, member_id=member.id, events=row.events)
    return row, secret


def list_webhooks(session: Session, member: Member) -> list[WebhookEndpoint]:
    """Return the member's webhooks, oldest first."""
    mine = select(WebhookEndpoint).where(WebhookEndpoint.member_id == member.id)
    return list(session.scalars(mine.order_by(WebhookEndpoint.created_at, WebhookEndpoint.id)))


def change(session: Session, row: WebhookEndpoint, now: datetime, changed: dict[str, Any]) -> None:
    """Change some of `name`, `events`, `group_ids` and `is_on`. Switching on forgets earlier failures."""
    if "name" in changed:
        row.name = clean_name(changed["name"], MOST_NAME) or _host(row.url)
    if "events" in changed:
        row.events = _in_order(changed["events"])
    if "group_ids" in changed:
        wanted = changed["group_ids"]
        row.group_ids = None if wanted is None else sorted(set(wanted))
    if changed.get("is_on") is True and row.off_at is not None:
        row.off_at = row.off_why = row.failing_since = row.paused_until = None
        row.failures = 0
    if changed.get("is_on") is False and row.off_at is None:
        switch_off(session, row, WhyOff.BY_OWNER, now)
    audit.note(session, "webhook.changed", now, member_id=row.member_id, what=sorted(changed))


def change_secret(session: Session, row: WebhookEndpoint, now: datetime) -> str:
    """Give a webhook a new secret, and return it. For a day, messages are signed with the former one too."""
    ring = vault(session)
    former, secret = ring.open(PURPOSE, row.id, row.secret), _new_secret()
    row.secret, row.former_secret = ring.seal(PURPOSE, row.id, secret), ring.seal(FORMER, row.id, former)
    row.former_until = now + OVERLAP
    audit.note(session, "webhook.secret_changed", now, member_id=row.member_id)
    return secret


def open_secrets(session: Session, row: WebhookEndpoint, now: datetime) -> list[str]:
    """Return the secrets that sign now, the newest first. Raises `Unreadable`."""
    ring, found = vault(session), []
    found.append(ring.open(PURPOSE, row.id, row.secret))
    if row.former_secret is not None and row.former_until is not None and row.former_until > now:
        found.append(ring.open(FORMER, row.id, row.former_secret))
    return found


def switch_off(session: Session, row: WebhookEndpoint, why: WhyOff, now: datetime) -> None:
    """Send nothing to a webhook any more. What waits for it is skipped."""
    row.off_at, row.off_why = now, why
    webhook_messages.drop_waiting(session, [row.id], now)
    count(session, Count.WEBHOOKS_OFF, why=why.value)
    audit.note(session, "webhook.off", now, member_id=row.member_id, why=why.value)


def switch_all_off(session: Session, member: Member, now: datetime) -> int:
    """Switch all webhooks of a member off, because they sign out everywhere. Returns how many were on."""
    found = [each for each in list_webhooks(session, member) if each.off_at is None]
    for each in found:
        switch_off(session, each, WhyOff.SIGNED_OUT, now)
    return len(found)


def remove(session: Session, row: WebhookEndpoint, now: datetime) -> None:
    """Delete a webhook, with all that was noted about what was sent there."""
    session.delete(row)
    audit.note(session, "webhook.removed", now, member_id=row.member_id)


def forget_former_secrets(session: Session, now: datetime) -> None:
    """Delete former secrets that do not sign any more."""
    over: ColumnElement[bool] = WebhookEndpoint.former_until < now
    session.execute(update(WebhookEndpoint).where(over).values(former_secret=None, former_until=None))


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _in_order(events: Collection[str]) -> list[str]:
    return [each.value for each in SUBSCRIBABLE if each.value in events]


def _host(url: str) -> str:
    return clean_name(urlsplit(url).hostname or "", MOST_NAME) or "webhook"
