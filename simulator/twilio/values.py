"""The values of the pretend Twilio: messages, requests, and what it knows about a phone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol

INBOUND = "inbound"
OUTBOUND = "outbound-api"
ARRIVED = frozenset({"delivered", "read"})
LOST = frozenset({"undelivered", "failed"})
FINAL = ARRIVED | LOST | {"received"}


class Handset(Protocol):
    """The facts about a phone that decide whether a message may reach it."""

    reads: bool
    blocked: bool
    last_inbound_at: datetime | None


@dataclass(frozen=True)
class Request:
    """One request that the pretend Twilio has answered, for assertions."""

    at: datetime
    method: str
    path: str
    params: Mapping[str, Any] = field(repr=False)
    user_agent: str
    status: int


@dataclass(frozen=True)
class Face:
    """A content with its variables filled in, as it looks in a message."""

    body: str = ""
    kind: str = "twilio/text"
    media_url: str | None = None
    buttons: list[tuple[str, str]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)
    list_label: str = ""
    missing: bool = False


@dataclass
class PretendMessage:
    """A message to or from a phone. `body` is Twilio's copy, `text` the text on the phone."""

    sid: str
    to: str
    from_: str
    created_at: datetime
    direction: str = OUTBOUND
    body: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    status: str = "queued"
    error_code: int | None = None
    kind: str = "twilio/text"
    content_sid: str | None = None
    variables: dict[str, str] = field(default_factory=dict, repr=False)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)
    list_label: str = ""
    missing_variables: bool = False
    media_url: str | None = None
    media: list[str] = field(default_factory=list)
    picture: str | None = None
    callback: str = ""
    valid_for: int = 36_000
    doom: int | None = None
    number: int = 0
    tapped: str | None = None
    events: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def picture_url(self) -> str | None:
        """The address of the picture that has reached the phone, or None."""
        return f"/twilio/kept/{self.picture}" if self.picture else None

    @property
    def inbound(self) -> bool:
        return self.direction == INBOUND

    def wear(self, face: Face) -> None:
        """Set the message's contents from a filled-in content."""
        self.body = self.text = face.body
        self.kind, self.media_url, self.list_label = face.kind, face.media_url, face.list_label
        self.buttons, self.links, self.descriptions = face.buttons, face.links, face.descriptions
        self.missing_variables = face.missing

    def redact(self) -> None:
        """Delete the text, as Twilio does on Body=""; the phone keeps its copy."""
        self.body, self.variables = "", {}

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        data["created_at"] = self.created_at.isoformat()
        data["events"] = [(at.isoformat(), name) for at, name in self.events]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PretendMessage":
        message = cls(**data)
        message.created_at = datetime.fromisoformat(data["created_at"])
        message.events = [(datetime.fromisoformat(at), name) for at, name in data["events"]]
        message.buttons = [(title, payload) for title, payload in data["buttons"]]
        message.links = [(title, url) for title, url in data["links"]]
        return message
