"""The state of the pretend account: whether it is active, its WhatsApp sender, and the
services that have the sender.
"""

from dataclasses import dataclass, field


@dataclass
class PretendService:
    """A Messaging Service. `defers` leaves the lines of a sender to that sender's own webhook."""

    sid: str
    name: str
    inbound_url: str = ""
    defers: bool = False
    senders: list[str] = field(default_factory=list)


@dataclass
class PretendSender:
    """Our number in the Senders API. The address of its webhook is `PretendTwilio.webhook_url`."""

    sid: str = "XE" + "0" * 32
    status: str = "ONLINE"
    reasons: list[dict[str, str]] = field(default_factory=list)
    method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback_url: str = ""


@dataclass
class PretendNumber:
    """The account and its sender. Without a sender the number is a plain phone number of the
    account, or not the account's.
    """

    account_status: str = "active"
    account_type: str = "Full"
    sender: PretendSender | None = field(default_factory=PretendSender)
    is_plain_number: bool = False
    services: dict[str, PretendService] = field(default_factory=dict)

    def diversion(self, address: str) -> str:
        """Return the address to which lines to this sender are posted instead of its own webhook;
        empty if there is none.
        """
        taking = (each for each in self.services.values() if address in each.senders and not each.defers)
        return next((each.inbound_url for each in taking if each.inbound_url), "")
