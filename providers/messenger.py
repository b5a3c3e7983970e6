"""The port to WhatsApp: sending messages, and reading what comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class RefusalMeaning(StrEnum):
    """What a vendor's refusal means for the message, divided by who can do something about it."""

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
    """A message to send: either text (and a picture), or a stored content with its variables.

    `to` is an address in the vendor's form; `reference` is our own id, which comes back with each receipt.
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
    """A line from a person. `line` is the text, or the command of the button that they tapped; `at`
    is its time, or None for now.

    `opted` is "STOP" if the vendor read the line as a wish to get no more messages, and has answered it; it
    refuses what we send from then on. It is "START" if the vendor sends again, "HELP" if it told the person how to
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
        """The address for answers."""
        return f"whatsapp:{self.phone or self.business_id}"


@dataclass(frozen=True)
class Receipt:
    """The vendor's report on a message that we sent."""

    sid: str
    status: str
    error_code: int | None = None
    meaning: RefusalMeaning = RefusalMeaning.OURS


@dataclass(frozen=True)
class Sent:
    """A message in the vendor's list."""

    sid: str
    to: str
    status: str
    body: str = field(repr=False)
    created_at: datetime | None = None
    error_code: int | None = None
    meaning: RefusalMeaning = RefusalMeaning.OURS

    @property
    def receipt(self) -> "Receipt":
        """The same facts as a receipt."""
        return Receipt(self.sid, self.status, self.error_code, self.meaning)


@dataclass(frozen=True)
class ContentDefinition:
    """A stored content: its body and buttons with numbered variables, and a sample for each variable.

    Instead of buttons it may have the items of a list (label, command, description) and the label that opens it.
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
    """The state of WhatsApp's approval of a template."""

    status: str
    category: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Webhook:
    """The address to which the vendor posts the lines that people write, and the HTTP method; `fallback` is for lines
    that the first address did not accept. An empty address means that none is set.
    """

    address: str = ""
    method: str = ""
    fallback: str = ""
    fallback_method: str = ""


@dataclass(frozen=True)
class Diversion:
    """A group of senders at the vendor that includes our number, and that posts its lines to an address of its own."""

    id: str
    name: str
    address: str


@dataclass(frozen=True)
class AccountStanding:
    """The state of our account and our number at the vendor.

    `account` is the account's status, "active" if it works. `sender` is the status of our number as a WhatsApp sender,
    or None if the account has no such sender; `is_plain_number` then says whether the account has the number at all.
    `reasons` are the vendor's reasons why the sender is offline.
    """

    account: str
    is_trial: bool
    sender: str | None = None
    is_plain_number: bool = False
    reasons: tuple[str, ...] = ()
    webhook: Webhook = Webhook()
    diversions: tuple[Diversion, ...] = ()


class Messenger(Protocol):
    """Sends messages, verifies webhooks, and reads from the vendor."""

    @property
    def account(self) -> str:
        """The vendor's account that we use. What is stored in one account does not exist in another."""
        ...

    def send(self, parcel: Parcel) -> str:
        """Hand one message over, and return the vendor's id. Raises a `providers.errors.MessengerError`."""
        ...

    def fetch(self, sid: str) -> Sent:
        """Return one message as the vendor has it now."""
        ...

    def list_sent_to(self, address: str, limit: int = 50) -> list[Sent]:
        """Return the newest messages from us to this address."""
        ...

    def list_heard_since(self, instant: datetime) -> list[Inbound]:
        """Return what people wrote to us since then, newest first, to find lines whose webhook did not arrive."""
        ...

    def download(self, url: str, most: int) -> bytes:
        """Return a file that a person sent, of at most this many bytes. Raises a `providers.errors.MessengerError`.

        `url` comes from a webhook: an address that is not one of the vendor's own is refused.
        """
        ...

    def forget(self, sid: str) -> None:
        """Make the vendor delete one message, its text and its media. Raises a `MessengerError`."""
        ...

    def has_signature(self, headers: Mapping[str, str]) -> bool:
        """Return whether this webhook has any signature. Without one its body need not be read."""
        ...

    def is_genuine(self, url: str, form: Any, headers: Mapping[str, str]) -> bool:
        """Return whether the vendor signed this webhook for this URL."""
        ...

    def read_inbound(self, form: Any) -> Inbound:
        """Read an inbound webhook. Raises ValueError if it is not one."""
        ...

    def read_receipt(self, form: Any) -> Receipt:
        """Read a status callback. Raises ValueError if it is not one."""
        ...

    def read_reference(self, query: Mapping[str, str], now: datetime) -> str | None:
        """Return our id of the message that a callback's address belongs to, or None if the address is not ours."""
        ...

    def has_content(self, content_id: str) -> bool:
        """Return whether the vendor has this content in our account."""
        ...

    def push_content(self, content: ContentDefinition) -> str:
        """Store a content at the vendor, and return its id."""
        ...

    def ask_approval(self, content_id: str, name: str, category: str) -> None:
        """Ask WhatsApp to approve a stored content as a template."""
        ...

    def find_approval(self, content_id: str) -> Approval:
        """Return the state of the approval."""
        ...

    def standing(self) -> AccountStanding:
        """Return the state of our account and number. Raises a `providers.errors.MessengerError`."""
        ...

    def post_lines_to(self, address: str) -> AccountStanding:
        """Make the vendor post what people write to this address. Returns the state of our number after that.

        Raises a `providers.errors.MessengerError`, and `Refused` if the account has no such sender.
        """
        ...
