"""The common parts of the pretend Twilio's answers: refusals, dates, bodies."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from flask import Response, request

from simulator.twilio.rules import RefusedError

Answer = Response | tuple[Response, int] | tuple[str, int] | tuple[str, int, dict[str, str]]
REFUSALS = {
    "401": (20003, "Authenticate", 401),
    "429": (20429, "Too Many Requests", 429),
    "500": (20500, "An internal server error has occurred", 500),
}


def refusal(name: str) -> RefusedError:
    """Return one of the refusals that do not depend on the request."""
    return RefusedError(*REFUSALS[name])


def not_found(path: str) -> RefusedError:
    return RefusedError(20404, f"The requested resource {path} was not found", 404)


def json_body() -> dict[str, Any]:
    try:
        pushed = json.loads(request.get_data())
    except ValueError:
        pushed = None
    if not isinstance(pushed, dict):
        raise RefusedError(20001, "The body must be a JSON object")
    return pushed


def instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as failure:
        raise RefusedError(20001, f"{text} is not a date") from failure
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def rfc2822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC))
