"""What a message to a webhook contains. It is written when the message is sent, from the present rows, so that a
program gets nothing that its owner may not see any more.

The names are those of the API's answers; tests/api/test_webhooks.py compares the two.
"""

import json
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from fitness.dates import Dates
from models import (
    Activity,
    Challenge,
    DigestRun,
    Group,
    Membership,
    RunStatus,
    WebhookEndpoint,
    WebhookEvent,
    WebhookMessage,
)
from providers.recordings import CHAT, FILE
from services.digest import digests
from services.people.members import find_membership_in
from services.play import contests

Data = dict[str, Any]
Facts = tuple[Session, WebhookEndpoint, WebhookMessage, datetime]


def write_payload(session: Session, row: WebhookEndpoint, message: WebhookMessage, now: datetime) -> str | None:
    """Return the JSON of a message as its owner may see it now; None if there is nothing to tell any more."""
    data = _find_data(session, row, message, now)
    if data is None:
        return None
    told = {"type": message.event.value, "timestamp": message.created_at, "data": data}
    return json.dumps(told, default=_write_value, ensure_ascii=False, separators=(",", ":"))


def _find_data(session: Session, row: WebhookEndpoint, message: WebhookMessage, now: datetime) -> Data | None:
    event, key = message.event, message.subject_id
    if event is WebhookEvent.TEST:
        return {"webhook": row.id, "name": row.name}
    if event is WebhookEvent.ACTIVITY_DELETED:
        return {"id": key}
    if event in {WebhookEvent.ACTIVITY_CREATED, WebhookEvent.ACTIVITY_CORRECTED}:
        return _describe_activity(session, row, key)
    group = _find_group(session, row, message)
    if group is None:
        return None
    about = {"group": {"id": group.id, "name": group.name}}
    told: Data | None
    if event is WebhookEvent.DIGEST_SENT:
        told = _describe_digest(session, row, group, key, now)
    elif event is WebhookEvent.CHALLENGE_ENDED:
        told = _describe_challenge(session, group, key, now)
    else:
        told = _describe_member(session, message, key)
    return None if told is None else about | told


def _find_group(session: Session, row: WebhookEndpoint, message: WebhookMessage) -> Group | None:
    """Return the group of an event, if the webhook's owner is still in it and still wants to be told of it."""
    place = find_membership_in(session, row.member, message.group_id or 0)
    is_wanted = row.group_ids is None or message.group_id in row.group_ids
    return place.group if place is not None and is_wanted else None


def _describe_activity(session: Session, row: WebhookEndpoint, key: int | None) -> Data | None:
    each = session.get(Activity, key, populate_existing=True)
    if each is None or each.member_id != row.member_id or each.deleted_at is not None:
        return None  # it is gone by now, and a later message says so
    return {
        "id": each.id,
        "source": each.source,
        "external_id": None if each.source in {FILE, CHAT} else each.external_id,
        "sport": each.sport,
        "type": each.type,
        "name": each.name,
        "start": each.start_utc,
        "date": each.local_date,
        "duration": each.duration,
        "moving_duration": each.moving_duration,
        "distance": each.distance,
        "elevation_gain": each.elevation_gain,
        "calories": each.calories,
        "average_hr": each.average_hr,
        "points": each.points,
        "metrics": each.processed_metrics,
        "is_private": each.private,
        "is_excluded": each.excluded_at is not None,
        "is_twin": each.twin_of is not None,
        "doubt": each.doubt,
        "doubt_answer": each.doubt_answer,
        "updated_at": each.updated_at,
    }


def _describe_member(session: Session, message: WebhookMessage, key: int | None) -> Data | None:
    """Return who has joined, as the list of members shows them; of who has left, only the number in that list."""
    place = session.get(Membership, key)
    if message.event is WebhookEvent.MEMBER_LEFT:
        return {"member": {"id": key}} if place is not None and place.left_at is not None else None
    if place is None or place.left_at is not None:
        return None
    known = {"id": place.id, "name": place.member.name, "role": place.role, "joined_at": place.joined_at}
    return {"member": known}


def _describe_digest(
    session: Session, row: WebhookEndpoint, group: Group, key: int | None, now: datetime
) -> Data | None:
    """Return the digest as the webhook's owner would read it in the chat now."""
    run = session.get(DigestRun, key)
    if run is None or run.status is not RunStatus.SENT:
        return None
    days = Dates(run.period_start, run.period_end)
    text = digests.write_for_reader(session, group, row.member, days, now).text
    return {"digest": {"id": run.id, "since": days.start, "until": days.end, "text": text}}


def _describe_challenge(session: Session, group: Group, key: int | None, now: datetime) -> Data | None:
    """Return the result, with the participants whom the group may see."""
    challenge = session.get(Challenge, key)
    if challenge is None:
        return None
    standing = contests.measure_contest(session, challenge, now.astimezone(ZoneInfo(group.timezone)).date())
    lines = [
        {
            "place": line.place.place if standing.is_ranked else None,
            "member_id": line.member.id,
            "name": line.member.name,
            "value": line.value,
        }
        for line in standing.lines
    ]
    known = ("number", "name", "contest", "metric", "sport", "route", "target", "ended_at")
    described = {name: getattr(challenge, name) for name in known}
    days = {"since": challenge.starts, "until": challenge.ends}
    return {"challenge": {**described, **days, "done": standing.done, "lines": lines}}


def _write_value(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
