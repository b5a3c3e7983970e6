"""Webhooks: addresses of the member's own programs, to which events are sent."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from api.declaring import paging
from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.declaring.envelopes import Page
from api.declaring.problems import refuse
from api.resources.access import FRESH
from api.schemas.access import ListQuery
from api.schemas.webhooks import (
    AttemptSchema,
    DeliveriesQuery,
    DeliverySchema,
    DeliveryWithAttemptsSchema,
    NewWebhookBody,
    NewWebhookSchema,
    WebhookBody,
    WebhookSchema,
    WebhookSecretSchema,
)
from models import Scope, WebhookAttempt, WebhookEndpoint, WebhookEvent, WebhookMessage
from services.people import webhook_messages, webhooks

OF_ACTIVITIES = {
    each.value
    for each in (WebhookEvent.ACTIVITY_CREATED, WebhookEvent.ACTIVITY_CORRECTED, WebhookEvent.ACTIVITY_DELETED)
}
COLUMNS = [name for name in WebhookSchema().fields if name not in {"is_on", "made_at"}]
MOST_ATTEMPTS = 200  # that are shown of one message


@endpoint("GET", "/webhooks", scope=Scope.ACCOUNT, query=ListQuery, gives=WebhookSchema, many=True)
def list_webhooks(call: Call, query: dict[str, Any]) -> Any:
    """List your webhooks, oldest first. Their secrets are not shown again."""
    found = [_told(each) for each in webhooks.list_webhooks(call.session, call.member)]
    return paging.of_list(call, found, query)


@endpoint("POST", "/webhooks", scope=Scope.ACCOUNT, body=NewWebhookBody, gives=NewWebhookSchema, status=201)
def add_webhook(call: Call, body: dict[str, Any]) -> Any:
    """Have events sent to a program of yours. The answer has the secret that signs them. You must have signed
    in within the last 15 minutes.
    """
    _require_allowed(call)
    _require_fresh(call)
    _require_right(call, body)
    if fault := call.world.webhooks.find_fault(body["url"]):
        refuse("not-valid", errors=[{"pointer": "json:/url", "detail": fault}])
    wanted = (body["url"], body["events"], body["group_ids"], body["name"])
    row, secret = webhooks.add_webhook(call.session, call.member, *wanted, call.now)
    return {**_told(row), "secret": secret}


@endpoint("GET", "/webhooks/<uuid:webhook_id>", scope=Scope.ACCOUNT, gives=WebhookSchema)
def get_webhook(call: Call, webhook_id: UUID) -> Any:
    """Return one of your webhooks."""
    return _told(_mine(call, webhook_id))


@endpoint(
    "PATCH",
    "/webhooks/<uuid:webhook_id>",
    scope=Scope.ACCOUNT,
    body=WebhookBody,
    gives=WebhookSchema,
    guarded_by=get_webhook,
)
def change_webhook(call: Call, body: dict[str, Any], webhook_id: UUID) -> Any:
    """Change what is sent to a webhook, or switch it on or off. For another address, add another webhook."""
    row = _mine(call, webhook_id)
    _require_right(call, body)
    webhooks.change(call.session, row, call.now, body)
    call.session.flush()
    return _told(row)


@endpoint("DELETE", "/webhooks/<uuid:webhook_id>", scope=Scope.ACCOUNT, status=204)
def remove_webhook(call: Call, webhook_id: UUID) -> None:
    """Delete a webhook, with the list of what was sent to it."""
    webhooks.remove(call.session, _mine(call, webhook_id), call.now)


@endpoint("POST", "/webhooks/<uuid:webhook_id>/secret", scope=Scope.ACCOUNT, gives=WebhookSecretSchema, status=201)
def change_webhook_secret(call: Call, webhook_id: UUID) -> Any:
    """Make a new secret. For a day, messages have two signatures: by the new secret and by the former one. You must
    have signed in within the last 15 minutes.
    """
    row = _mine(call, webhook_id)
    _require_fresh(call)
    secret = webhooks.change_secret(call.session, row, call.now)
    return {"secret": secret, "former_until": row.former_until}


@endpoint("POST", "/webhooks/<uuid:webhook_id>/test", scope=Scope.ACCOUNT, gives=DeliverySchema, status=202)
def send_test_event(call: Call, webhook_id: UUID) -> Any:
    """Send the event `webhook.test`, whatever the webhook is subscribed to."""
    row = _mine(call, webhook_id)
    _require_on(call, row)
    made = webhook_messages.write_test(call.session, row, call.now)
    call.session.flush()
    return made


@endpoint(
    "GET",
    "/webhooks/<uuid:webhook_id>/deliveries",
    scope=Scope.ACCOUNT,
    query=DeliveriesQuery,
    gives=DeliverySchema,
    many=True,
)
def list_deliveries(call: Call, query: dict[str, Any], webhook_id: UUID) -> Any:
    """List the messages to a webhook of the last 30 days, newest first."""
    found = select(WebhookMessage).where(WebhookMessage.webhook_id == _mine(call, webhook_id).id)
    if "state" in query:
        found = found.where(WebhookMessage.state == query["state"])
    page = paging.of_query(call, found, {**query, "sort": "-at"}, {"at": WebhookMessage.created_at}, WebhookMessage.id)
    return Page(page.items, page.next_cursor)


@endpoint(
    "GET",
    "/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>",
    scope=Scope.ACCOUNT,
    gives=DeliveryWithAttemptsSchema,
)
def get_delivery(call: Call, webhook_id: UUID, delivery_id: UUID) -> Any:
    """Return one message to a webhook, with all attempts to send it."""
    message = _message(call, _mine(call, webhook_id), delivery_id)
    found = select(WebhookAttempt).where(WebhookAttempt.message_id == message.id).order_by(WebhookAttempt.id.desc())
    newest = list(call.session.scalars(found.limit(MOST_ATTEMPTS)))
    attempts = [{name: getattr(each, name) for name in AttemptSchema().fields} for each in reversed(newest)]
    names = (field.attribute or name for name, field in DeliverySchema().fields.items())
    return {**{name: getattr(message, name) for name in names}, "attempts": attempts}


@endpoint(
    "POST",
    "/webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/resend",
    scope=Scope.ACCOUNT,
    gives=DeliverySchema,
    status=202,
)
def resend_delivery(call: Call, webhook_id: UUID, delivery_id: UUID) -> Any:
    """Send a message again, with the same id and with what you may see now. If it fails, it is tried as often as a
    new one.
    """
    row = _mine(call, webhook_id)
    message = _message(call, row, delivery_id)
    _require_on(call, row)
    webhook_messages.send_again(call.session, row, message, call.now)
    return message


def _mine(call: Call, webhook_id: UUID) -> WebhookEndpoint:
    row = call.session.get(WebhookEndpoint, webhook_id)
    if row is None or row.member_id != call.member.id:
        refuse("not-found")
    return row


def _message(call: Call, row: WebhookEndpoint, delivery_id: UUID) -> WebhookMessage:
    message = call.session.get(WebhookMessage, delivery_id)
    if message is None or message.webhook_id != row.id:
        refuse("not-found")
    return message


def _require_allowed(call: Call) -> None:
    if not call.world.settings.webhooks:
        refuse("webhooks-off")


def _require_on(call: Call, row: WebhookEndpoint) -> None:
    _require_allowed(call)
    if row.off_at is not None:
        refuse("webhook-off")


def _require_fresh(call: Call) -> None:
    if call.now - call.my_session.signed_in_at > FRESH:
        refuse("sign-in-again")


def _require_right(call: Call, body: dict[str, Any]) -> None:
    """Raise scope-missing for events that the session may not read, and not-found for groups that the member is not
    in.
    """
    for event in body.get("events", ()):
        scope = Scope.ACTIVITIES_READ if event in OF_ACTIVITIES else Scope.GROUPS_READ
        if scope.value not in call.scopes:
            refuse("scope-missing", scope=scope.value)
    for group_id in body.get("group_ids") or ():
        call.place(group_id)


def _told(row: WebhookEndpoint) -> dict[str, Any]:
    own = {WebhookSchema().fields[name].attribute or name: getattr(row, name) for name in COLUMNS}
    return {**own, "is_on": row.off_at is None, "created_at": row.created_at}
