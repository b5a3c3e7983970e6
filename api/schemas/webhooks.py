"""Webhooks, and what was sent to them."""

from typing import Any

from marshmallow import Schema, fields, validate

from api.declaring.envelopes import PageQuery, Strict
from api.schemas.parts import Switch, Text, Whole, one_of
from models import WebhookEvent, WebhookState, WhyOff
from services.people.webhooks import MOST_NAME, SUBSCRIBABLE

EVENTS = [each.value for each in SUBSCRIBABLE]
STATES = [each.value for each in WebhookState]
MOST_GROUPS, MOST_URL, LARGEST_ID = 20, 500, 2**53 - 1
GROUPS = {"description": "Events of groups are sent for these groups only; null: for all of yours."}


def _events(**more: Any) -> Any:
    return fields.List(one_of(EVENTS), validate=validate.Length(1, len(EVENTS)), **more)


def _groups(**more: Any) -> Any:
    each = Whole(1, LARGEST_ID)
    return fields.List(each, allow_none=True, validate=validate.Length(1, MOST_GROUPS), metadata=GROUPS, **more)


class NewWebhookBody(Strict):
    url = Text(MOST_URL, required=True, metadata={"description": "Where events are sent: https://…"})
    name = Text(MOST_NAME, load_default="", least=0, metadata={"description": "What the chat calls it."})
    events = _events(required=True)
    group_ids = _groups(load_default=None)


class WebhookBody(Strict):
    name = Text(MOST_NAME, least=0)
    events = _events()
    group_ids = _groups()
    is_on = Switch(metadata={"description": "Switch it on or off. What happens while it is off is not sent later."})


class WebhookSchema(Schema):
    """A webhook. `failing_since` is when attempts began to fail; null while the newest one succeeded."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    url = fields.String(required=True)
    events = fields.List(fields.String(), required=True)
    group_ids = fields.List(fields.Integer(), required=True, allow_none=True)
    is_on = fields.Boolean(required=True)
    off_why = fields.Enum(WhyOff, by_value=True, required=True, allow_none=True)
    failing_since = fields.AwareDateTime(required=True, allow_none=True)
    made_at = fields.AwareDateTime(attribute="created_at", required=True)


class NewWebhookSchema(WebhookSchema):
    secret = fields.String(required=True, metadata={"description": "Checks signatures. Shown only now."})


class WebhookSecretSchema(Schema):
    secret = fields.String(required=True, metadata={"description": "Shown only now."})
    former_until = fields.AwareDateTime(
        required=True, metadata={"description": "Until then, messages are signed with the former secret too."}
    )


class DeliveriesQuery(PageQuery):
    state = one_of(STATES)


class DeliverySchema(Schema):
    """A message to a webhook; `id` is its header `webhook-id`. `next_attempt_at` is null if none is planned, or if it
    is sent as soon as possible.
    """

    id = fields.UUID(required=True)
    event = fields.Enum(WebhookEvent, by_value=True, required=True)
    group_id = fields.Integer(required=True, allow_none=True)
    state = fields.Enum(WebhookState, by_value=True, required=True)
    at = fields.AwareDateTime(attribute="created_at", required=True)
    next_attempt_at = fields.AwareDateTime(required=True, allow_none=True)
    done_at = fields.AwareDateTime(required=True, allow_none=True)


class AttemptSchema(Schema):
    """One attempt: the status of the answer, or the problem if there was none."""

    at = fields.AwareDateTime(required=True)
    status = fields.Integer(required=True, allow_none=True)
    problem = fields.String(required=True, allow_none=True)
    milliseconds = fields.Integer(required=True)


class DeliveryWithAttemptsSchema(DeliverySchema):
    attempts = fields.List(fields.Nested(AttemptSchema), required=True, metadata={"description": "The oldest first."})
