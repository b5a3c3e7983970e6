"""Reports logged errors to Sentry if SENTRY_DSN is set: what broke and where, and nothing that people wrote.

Sentry's own integrations are off: they would send requests, their bodies, variables and breadcrumbs. An event is made
here from the log line, which contains none of that, and from the lines of code of the exception.
"""

import traceback
from collections.abc import Callable
from typing import Any

import sentry_sdk
from sentry_sdk.transport import Transport

import logs

FLUSHED_WITHIN = 2.0  # seconds that a process which may end at once waits for Sentry
# What Sentry's own code would add to an event. Our events are made here, so this is only the second of three
# protections.
NOTHING: Any = {
    "user_info": False,
    "http_bodies": [],
    "database_query_data": False,
    "queues": False,
    "stack_frame_variables": False,
    "frame_context_lines": 0,
}
LEFT_OUT = ("request", "user", "breadcrumbs", "modules", "server_name")
OF_THE_SDK = ("release", "environment", "event_id", "timestamp", "platform", "sdk", "contexts", "level")


def begin(dsn: str, process: str, release: str, environment: str, transport: Transport | None = None) -> None:
    """Report errors of this process from now on. `transport` is for tests."""
    sentry_sdk.init(
        dsn=dsn,
        release=f"gruppetto@{release}",
        environment=environment,
        default_integrations=False,
        auto_enabling_integrations=False,
        data_collection=NOTHING,
        max_breadcrumbs=0,
        max_request_body_size="never",
        before_send=_scrubbed,  # type: ignore[arg-type]
        transport=transport,
    )
    logs.report_to(lambda facts, error: report(process, facts, error))


def report(process: str, facts: dict[str, Any], error: BaseException | None) -> None:
    """Report one log line. A worker's job is a process that ends at once, so it waits until the line was sent."""
    sentry_sdk.capture_event(_event(process, facts, error))  # type: ignore[arg-type]
    if process != "web":
        sentry_sdk.flush(FLUSHED_WITHIN)


def _event(process: str, facts: dict[str, Any], error: BaseException | None) -> dict[str, Any]:
    told = {name: value for name, value in facts.items() if name not in ("event", "level", "timestamp", "exc_info")}
    event: dict[str, Any] = {
        "level": "error",
        "logger": process,
        "message": str(facts.get("event", "")),
        "tags": {"process": process, **{name: told[name] for name in ("check", "job", "work") if name in told}},
        "extra": {name: value if isinstance(value, int | float | bool) else str(value) for name, value in told.items()},
    }
    if error is not None:
        event["exception"] = {"values": [_told(each) for each in reversed(logs.chain(error))]}
    return event


def _told(error: BaseException) -> dict[str, Any]:
    """Return one exception: its type, its message if that may be reported, and the lines of code, without variables."""
    frames = [
        {"filename": logs.short(each.filename), "lineno": each.lineno, "function": each.name}
        for each in traceback.extract_tb(error.__traceback__)
    ]
    return {
        "type": type(error).__qualname__,
        "module": type(error).__module__,
        "value": logs.words(error),
        "stacktrace": {"frames": frames},
    }


def _scrubbed(event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
    """Clean the event again before it is sent: it may contain only what the log may contain."""
    kept = {name: value for name, value in event.items() if name not in LEFT_OUT}
    return {name: value if name in OF_THE_SDK else _clean(value, logs.hidden) for name, value in kept.items()}


def _clean(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {name: _clean(each, clean) for name, each in value.items()}
    return [_clean(each, clean) for each in value] if isinstance(value, list | tuple) else value
