"""The port to WhatsApp: how a message leaves, and what comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class RefusalMeaning(StrEnum):
    """What a vendor's refusal means for the message, by who can do something about it."""

    AGAIN_SOON = "again soon"
    AGAIN_LATER = "again later"
    WINDOW_CLOSED = "window closed"
    NO_MORE = "no more to this person"
    UNREACHABLE = "person unreachable"
    TEMPLATE_HELD = "template held"
    CONTENT_MISSING = "content missing"
    OURS = "our fault"
    SENDER = "our sender is refused"
    STOP = "stop everything"


@dataclass(frozen=True)
class Parcel:
    """One message ready to leave: either text (and a picture), or a stored content with its variables.

    `to` is an address as the vendor writes it; `reference` is our own id, which comes back with every receipt.
    """

    to: str
    reference: str
    text: str = field(default="", repr=False)
    media_url: str | None = None
    content_id: str | None = None
    variables: Mapping[str, str] | None = field(default=None, repr=False)
    valid_for: int = 14_400


@dataclass(frozen=True)
class Inbound:
    """One line from a person. `line` is what they said, or what the button they tapped says; `at` is when, where it
    is not now.

    `opted` is "STOP" where the vendor took the line for a wish to get no more messages, and has answered it: what we
    send from then on is refused. It is "START" where the vendor sends again, "HELP" where it told the person how to
    stop, and None for any other line.
    """

    sid: str
    phone: str | None
    business_id: str | None
    profile_name: str
    line: str = field(repr=False)
    kind: str = "text"
    replied_to: str | None = None
    media: tuple[tuple[str, str], ...] = ()
    opted: str | None = None
    at: datetime | None = None

    @property
    def address(self) -> str:
        """Where an answer goes."""
        return f"whatsapp:{self.phone or self.business_id}"


@dataclass(frozen=True)
class Receipt:
    """What the vendor says became of a message."""

    sid: str
    status: str
    error_code: int | None = None
    meaning: RefusalMeaning = RefusalMeaning.OURS


@dataclass(frozen=True)
class Sent:
    """A message as the vendor lists it."""

    sid: str
    to: str
    status: str
    body: str = field(repr=False)
    created_at: datetime | None = None
    error_code: int | None = None
    meaning: RefusalMeaning = RefusalMeaning.OURS

    @property
    def receipt(self) -> "Receipt":
        """What a receipt would have told."""
        return Receipt(self.sid, self.status, self.error_code, self.meaning)


@dataclass(frozen=True)
class ContentDefinition:
    """A stored content: its body and buttons with numbered variables, and samples for each.

    Or, instead of buttons, the items of a list (label, what it says, what it is about), and the label that opens it.
    """

    name: str
    body: str
    kind: str
    buttons: Sequence[tuple[str, str]] = ()
    samples: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"
    items: Sequence[tuple[str, str, str]] = ()
    opens: str = ""


@dataclass(frozen=True)
class Approval:
    """Where WhatsApp's approval of a template stands."""

    status: str
    category: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Webhook:
    """Where the vendor posts the lines that people write, and by which HTTP method; `fallback` where it posts a line
    that the first address did not take. An empty address means none is set.
    """

    address: str = ""
    method: str = ""
    fallback: str = ""
    fallback_method: str = ""


@dataclass(frozen=True)
class Diversion:
    """A group of senders at the vendor that our number is in and that posts its lines to an address of its own."""

    id: str
    name: str
    address: str


@dataclass(frozen=True)
class AccountStanding:
    """How our account and our number stand at the vendor.

    `account` is the account's status, "active" where all is well. `sender` is the status of our number as a WhatsApp
    sender, and None where the account has no such sender; `is_plain_number` then tells that the account has the number
    all the same. `reasons` are why the sender is offline, in the vendor's words.
    """

    account: str
    is_trial: bool
    sender: str | None = None
    is_plain_number: bool = False
    reasons: tuple[str, ...] = ()
    webhook: Webhook = Webhook()
    diversions: tuple[Diversion, ...] = ()


class Messenger(Protocol):
    """Sends, verifies and reads."""

    @property
    def account(self) -> str:
        """The vendor's account that we use: what is stored in one is not there in another."""
        ...

    def send(self, parcel: Parcel) -> str:
        """Hand one message over and give the vendor's id. Raises a `providers.errors.MessengerError`."""
        ...

    def fetch(self, sid: str) -> Sent:
        """Ask what became of one message."""
        ...

    def list_sent_to(self, address: str, limit: int = 50) -> list[Sent]:
        """List the newest messages from us to this address."""
        ...

    def list_heard_since(self, instant: datetime) -> list[Inbound]:
        """List what people wrote to us since then, newest first: for those whose webhook never came."""
        ...

    def download(self, url: str, most: int) -> bytes:
        """Fetch a file that somebody sent, of at most so many bytes. Raises a `providers.errors.MessengerError`.

        `url` is taken from a webhook: an address that is not one of the vendor's own is refused.
        """
        ...

    def forget(self, sid: str) -> None:
        """Let the vendor delete one message, what it said, and what came with it. Raises a `MessengerError`."""
        ...

    def has_signature(self, headers: Mapping[str, str]) -> bool:
        """Tell whether this webhook has any signature. Without one its body need not be read."""
        ...

    def is_genuine(self, url: str, form: Any, headers: Mapping[str, str]) -> bool:
        """Tell whether this webhook was really signed by the vendor for this URL."""
        ...

    def read_inbound(self, form: Any) -> Inbound:
        """Read an inbound webhook. Raises ValueError when it is not one."""
        ...

    def read_receipt(self, form: Any) -> Receipt:
        """Read a status callback. Raises ValueError when it is not one."""
        ...

    def read_reference(self, query: Mapping[str, str], now: datetime) -> str | None:
        """Our own id of the message that a callback's address speaks of, or None when the address is not ours."""
        ...

    def has_content(self, content_id: str) -> bool:
        """Tell whether the vendor has this content in our account."""
        ...

    def push_content(self, content: ContentDefinition) -> str:
        """Store a content at the vendor and give its id."""
        ...

    def ask_approval(self, content_id: str, name: str, category: str) -> None:
        """Ask WhatsApp to approve a stored content as a template."""
        ...

    def find_approval(self, content_id: str) -> Approval:
        """Ask where the approval stands."""
        ...

    def standing(self) -> AccountStanding:
        """Ask how our account and our number stand. Raises a `providers.errors.MessengerError`."""
        ...

    def post_lines_to(self, address: str) -> AccountStanding:
        """Let the vendor post what people write to this address, and give how our number stands then.

        Raises a `providers.errors.MessengerError`, and `Refused` where the account has no such sender.
        """
        ...
