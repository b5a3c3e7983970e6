"""The port through which the routes use the pretend Twilio."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from threading import Event
from typing import Protocol

from simulator.twilio.contents import PretendContent
from simulator.twilio.faults import TwilioFaults
from simulator.twilio.ledger import Ledger
from simulator.twilio.numbers import PretendNumber
from simulator.twilio.pictures import Pictures
from simulator.twilio.values import PretendMessage, Request


class Account(Protocol):
    """One account as its routes see it: its credentials, its stored data, its faults, and its actions."""

    now: Callable[[], datetime]
    account_sid: str
    auth_token: str
    second_token: str | None
    sender: str
    webhook_url: str
    number: PretendNumber
    messages: Ledger
    contents: dict[str, PretendContent]
    pictures: Pictures
    journal: list[Request]
    faults: TwilioFaults
    closing: Event

    def accept(self, form: Mapping[str, str], media: list[str]) -> PretendMessage:
        """Take a message, or raise RefusedError. It waits until `set_off`."""

    def set_off(self, message: PretendMessage) -> None:
        """Let an accepted message travel."""

    def listed(self, to: str | None, from_: str | None) -> Iterator[PretendMessage]:
        """Give messages, the newest first."""

    def typing(self, sid: str) -> None:
        """Show the dots under a person's message, and mark it as read."""

    def poll_approval(self, content: PretendContent) -> None:
        """Let the review of a template move on."""
