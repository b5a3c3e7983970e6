"""The port for sending events to members' own programs. The addresses come from members, so an adapter must not let
them reach anything but public servers and the networks that the operator has named.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class NoAnswer(StrEnum):
    """Why an attempt got no answer. NOT_ALLOWED: the address leads to a place where no webhook may be."""

    NOT_ALLOWED = "address_not_allowed"
    NAME = "name_not_found"
    NOT_CONNECTED = "not_connected"
    CERTIFICATE = "certificate"
    TOO_SLOW = "too_slow"
    BROKEN = "connection_broken"
    TOO_LARGE = "answer_too_large"


@dataclass(frozen=True)
class WebhookPost:
    """One request: where to, the id and the text of the message, the time of the attempt, and the secrets that sign it.

    With two secrets there are two signatures, so that a program may know either.
    """

    url: str = field(repr=False)
    id: UUID
    body: str = field(repr=False)
    at: datetime
    secrets: Sequence[str] = field(repr=False)


@dataclass(frozen=True)
class WebhookAnswer:
    """The result of one attempt: the status of the answer, or why there was none, and how long it took.

    `retry_after` is how long the server asks us to wait.
    """

    milliseconds: int
    status: int | None = None
    problem: str | None = None
    retry_after: timedelta | None = None

    @property
    def is_good(self) -> bool:
        """Whether the program has taken the message: any status from 200 to 299."""
        return self.status is not None and 200 <= self.status < 300


class WebhookSender(Protocol):
    """Sends messages to members' programs."""

    def find_fault(self, url: str) -> str | None:
        """Return a sentence that says why this cannot be the address of a webhook, or None. It asks no server, so an
        address without a fault may still lead to a place that is not allowed.
        """
        ...

    def post(self, post: WebhookPost) -> WebhookAnswer:
        """Make one request, follow no redirect, and return the result. It takes a limited time, and never raises."""
        ...
