"""People with phones: they write and tap, and receive messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from simulator.twilio.server import PretendMessage, PretendTwilio
from simulator.twilio.values import ARRIVED, LOST

API = "https://api.twilio.com/2010-04-01/Accounts"


@dataclass
class Phone:
    """A person with WhatsApp. Without a number they are identified by their business-scoped id only."""

    twilio: PretendTwilio = field(repr=False)
    name: str
    number: str = ""
    business_id: str | None = None
    reads: bool = True
    blocked: bool = False
    last_inbound_at: datetime | None = None
    chat: list[PretendMessage] = field(default_factory=list, repr=False)
    _place: dict[str, int] = field(default_factory=dict, repr=False)
    _forms: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)

    @property
    def key(self) -> str:
        """The person's name in addresses of pages."""
        return self.number.lstrip("+") or str(self.business_id)

    @property
    def address(self) -> str:
        return f"whatsapp:{self.number or self.business_id}"

    @property
    def heard(self) -> list[PretendMessage]:
        """The messages that have arrived on this phone, oldest first."""
        return [message for message in list(self.chat) if message.status in ARRIVED]

    def says(self, text: str) -> str:
        """Write to the bot and give the MessageSid."""
        return self._post({"MessageType": "text", "Body": text})

    def taps(self, label: str) -> str:
        """Tap the newest button or list item with that label. Raises LookupError with the existing labels."""
        for message in reversed(self.heard):
            if label in dict(message.buttons):
                return self.taps_on(message, label)
        labels = dict.fromkeys(title for message in self.heard for title, _ in message.buttons)
        raise LookupError(f"{self.name} sees no button {label!r}; there are {', '.join(labels) or 'none'}")

    def taps_on(self, message: PretendMessage, label: str) -> str:
        """Tap a button of exactly this message, which may be old."""
        payload = dict(message.buttons)[label]
        message.tapped = label
        if message.kind == "twilio/list-picker":
            extra = {"ListId": payload, "ListTitle": label}
        else:
            extra = {
                "ButtonText": label,
                "ButtonPayload": payload,
                "OriginalRepliedMessageSid": message.sid,
                "OriginalRepliedMessageSender": message.from_,
            }
        return self._post({"MessageType": "interactive", "Body": label}, extra)

    def sends(self, kind: str, text: str = "", **fields: str) -> str:
        """Let Twilio post a message of any kind. `fields` are added to the usual fields or replace them."""
        return self._post({"MessageType": kind, "Body": text}, fields, fields.get("MessageSid"))

    def reacts(self, message: PretendMessage, emoji: str = "👍") -> str:
        """Put an emoji under a message."""
        return self.sends("reaction", emoji, OriginalRepliedMessageSid=message.sid)

    def edits(self, sid: str, text: str) -> str:
        """Edit an earlier message; Twilio reports this with a message of its own."""
        return self.sends("edit", text, OriginalRepliedMessageSid=sid)

    def sends_picture(self, caption: str = "") -> str:
        """Send a photo, which the bot can not read."""
        sid = f"MM{uuid4().hex}"
        url = f"{API}/{self.twilio.account_sid}/Messages/{sid}/Media/ME{uuid4().hex}"
        extra = {"MediaUrl0": url, "MediaContentType0": "image/jpeg"}
        return self._post({"MessageType": "image", "Body": caption, "NumMedia": "1"}, extra, sid)

    def sends_file(self, data: bytes, content_type: str, name: str = "") -> str:
        """Send a document. Its name is in the field that contains the text of other messages."""
        sid = f"MM{uuid4().hex}"
        url = f"{API}/{self.twilio.account_sid}/Messages/{sid}/Media/{self.twilio.pictures.keep(content_type, data)}"
        extra = {"MediaUrl0": url, "MediaContentType0": content_type}
        return self._post({"MessageType": "document", "Body": name, "NumMedia": "1"}, extra, sid)

    def shares_location(self) -> str:
        """Send the person's location."""
        place = {"Latitude": "50.8503", "Longitude": "4.3517", "Address": "Grand Place", "Label": "Start"}
        return self._post({"MessageType": "location", "Body": ""}, place)

    def repeats(self, sid: str) -> int:
        """Let Twilio post the same webhook again, and return the HTTP status."""
        return self.twilio.deliver_inbound(self._forms[sid])

    def note(self, message: PretendMessage) -> None:
        """Add a message to this chat, once."""
        if message.sid not in self._place:
            self._place[message.sid] = len(self.chat)
            self.chat.append(message)

    def find(self, sid: str) -> PretendMessage | None:
        place = self._place.get(sid)
        return None if place is None else self.chat[place]

    def before(self, message: PretendMessage) -> PretendMessage | None:
        """Return the message above this one, or None."""
        place = self._place[message.sid]
        return self.chat[place - 1] if place else None

    def snapshot(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "number": self.number,
            "business_id": self.business_id,
            "reads": self.reads,
            "blocked": self.blocked,
            "last_inbound_at": self.last_inbound_at and self.last_inbound_at.isoformat(),
            "chat": [message.to_json() for message in list(self.chat)],
            "forms": dict(self._forms),
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        at = data["last_inbound_at"]
        self.reads, self.blocked = data["reads"], data["blocked"]
        self.last_inbound_at = datetime.fromisoformat(at) if at else None
        self._forms = dict(data["forms"])
        for message in map(PretendMessage.from_json, data["chat"]):
            self.note(self.twilio.messages.get(message.sid, message))

    def _post(self, said: Mapping[str, str], extra: Mapping[str, str] | None = None, sid: str | None = None) -> str:
        sid = sid or f"SM{uuid4().hex}"
        form = {**self._form(sid), **said, **(extra or {})}
        self._forms[sid] = form
        self.twilio.deliver_inbound(form)
        return sid

    def _form(self, sid: str) -> dict[str, str]:
        known_as = {"ExternalUserId": f"whatsapp:{self.business_id}"} if self.business_id else {}
        return {
            "SmsMessageSid": sid,
            "NumMedia": "0",
            "ProfileName": self.name,
            "MessageType": "text",
            "SmsSid": sid,
            "WaId": self.number.lstrip("+"),
            "SmsStatus": "received",
            "Body": "",
            "To": self.twilio.sender,
            "NumSegments": "1",
            "ReferralNumMedia": "0",
            "MessageSid": sid,
            "AccountSid": self.twilio.account_sid,
            "From": self.address,
            **known_as,
            "ApiVersion": "2010-04-01",
            "Forwarded": "false",
            "FrequentlyForwarded": "false",
        }


class Phones:
    """All people whom the pretend WhatsApp can reach."""

    def __init__(self, twilio: PretendTwilio) -> None:
        self.by_number: dict[str, Phone] = {}
        self._twilio = twilio
        self._by_address: dict[str, Phone] = {}
        twilio.on_message.append(self._note)

    def add(self, name: str, number: str, business_id: str | None = None) -> Phone:
        """Give a person a phone. With an empty number they are identified by their business id only."""
        if not (number or business_id):
            raise ValueError(f"{name} needs a number or a business id")
        if (number or business_id) in self.by_number:
            raise ValueError(f"somebody already has {number or business_id}")
        phone = Phone(self._twilio, name, number, business_id)
        self.by_number[number or str(business_id)] = phone
        for known_as in filter(None, (number, business_id)):
            self._by_address[f"whatsapp:{known_as}"] = phone
            self._twilio.handsets[f"whatsapp:{known_as}"] = phone
        return phone

    def fresh_number(self) -> str:
        """Return a number that nobody has."""
        taken = len(self.by_number) + 1
        while f"+324700{taken:05}" in self.by_number:
            taken += 1
        return f"+324700{taken:05}"

    def of(self, message: PretendMessage) -> Phone | None:
        """Return the phone to whose chat a message belongs, or None."""
        return self._by_address.get(message.from_ if message.inbound else message.to)

    def snapshot(self) -> list[dict[str, Any]]:
        """Give all phones with their chats, ready for JSON."""
        return [phone.snapshot() for phone in list(self.by_number.values())]

    def restore(self, data: list[dict[str, Any]]) -> None:
        """Add the phones of a snapshot; restore the pretend Twilio first."""
        for one in data:
            self.add(one["name"], one["number"], one["business_id"]).restore(one)

    def _note(self, message: PretendMessage) -> None:
        phone = self.of(message)
        if phone is not None and (message.inbound or message.status in ARRIVED | LOST):
            phone.note(message)
