"""api.twilio.com and messaging.twilio.com: the account, its numbers, its WhatsApp sender and its Messaging Services."""

from collections.abc import Callable
from typing import Any

from flask import jsonify, request

from simulator.twilio.account import Account
from simulator.twilio.answers import Answer, json_body, not_found
from simulator.twilio.numbers import PretendSender, PretendService
from simulator.twilio.rules import RefusedError

MESSAGING_HOST = "https://messaging.twilio.com"
SENDERS, SERVICES = "/messaging/v2/Channels/Senders", "/messaging/v1/Services"


class NumbersApi:
    """Routes and answers in the form of Twilio's."""

    def __init__(self, twilio: Account) -> None:
        self._twilio = twilio

    def routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        return [
            ("/2010-04-01/Accounts/<account>.json", "GET", self.account),
            ("/2010-04-01/Accounts/<account>/IncomingPhoneNumbers.json", "GET", self.numbers),
            (SENDERS, "GET", self.senders),
            (f"{SENDERS}/<sid>", "GET", self.fetch_sender),
            (f"{SENDERS}/<sid>", "POST", self.update_sender),
            (SERVICES, "GET", self.services),
            (f"{SERVICES}/<sid>", "POST", self.update_service),
            (f"{SERVICES}/<sid>/ChannelSenders", "GET", self.channel_senders),
        ]

    def account(self) -> Answer:
        number, sid = self._twilio.number, self._twilio.account_sid
        return jsonify({"sid": sid, "status": number.account_status, "type": number.account_type})

    def numbers(self) -> Answer:
        phone = self._twilio.sender.removeprefix("whatsapp:")
        asked = request.args.get("PhoneNumber", phone)
        found = [{"sid": "PN" + "0" * 32, "phone_number": phone}] if self._has_number() and asked == phone else []
        uri = request.path
        return jsonify({"page": 0, "page_size": 50, "uri": uri, "next_page_uri": None, "incoming_phone_numbers": found})

    def senders(self) -> Answer:
        if request.args.get("Channel") != "whatsapp":
            raise RefusedError(20001, "Channel must be whatsapp")
        sender = self._twilio.number.sender
        return self._paged("senders", [self._sender(sender)] if sender else [])

    def fetch_sender(self, sid: str) -> Answer:
        return jsonify(self._sender(self._found(sid)))

    def update_sender(self, sid: str) -> Answer:
        sender, asked = self._found(sid), json_body()
        if None in asked.values():
            raise RefusedError(20001, "null would empty a part of the sender: leave it out")
        webhook = asked.get("webhook") or {}
        self._twilio.webhook_url = webhook.get("callback_url", self._twilio.webhook_url)
        sender.method = webhook.get("callback_method", sender.method)
        sender.fallback_url = webhook.get("fallback_url", sender.fallback_url)
        sender.fallback_method = webhook.get("fallback_method", sender.fallback_method)
        sender.status_callback_url = webhook.get("status_callback_url", sender.status_callback_url)
        return jsonify(self._sender(sender)), 202

    def services(self) -> Answer:
        return self._paged("services", [_service(each) for each in self._twilio.number.services.values()])

    def update_service(self, sid: str) -> Answer:
        service = self._service(sid)
        service.inbound_url = request.form.get("InboundRequestUrl", service.inbound_url)
        deferring = request.form.get("UseInboundWebhookOnNumber")
        service.defers = service.defers if deferring is None else deferring.casefold() == "true"
        return jsonify(_service(service))

    def channel_senders(self, sid: str) -> Answer:
        listed = [{"sid": f"XE{n:032}", "sender": each} for n, each in enumerate(self._service(sid).senders)]
        return self._paged("senders", listed)

    def _has_number(self) -> bool:
        return self._twilio.number.sender is not None or self._twilio.number.is_plain_number

    def _found(self, sid: str) -> PretendSender:
        sender = self._twilio.number.sender
        if sender is None or sender.sid != sid:
            raise not_found(request.path)
        return sender

    def _service(self, sid: str) -> PretendService:
        if sid not in self._twilio.number.services:
            raise not_found(request.path)
        return self._twilio.number.services[sid]

    def _sender(self, sender: PretendSender) -> dict[str, Any]:
        return {
            "sid": sender.sid,
            "sender_id": self._twilio.sender,
            "status": sender.status,
            "offline_reasons": sender.reasons or None,
            "webhook": {
                "callback_url": self._twilio.webhook_url or None,
                "callback_method": sender.method,
                "fallback_url": sender.fallback_url or None,
                "fallback_method": sender.fallback_method,
                "status_callback_url": sender.status_callback_url or None,
                "status_callback_method": "POST",
            },
            "url": f"{MESSAGING_HOST}/v2/Channels/Senders/{sender.sid}",
        }

    def _paged(self, key: str, found: list[dict[str, Any]]) -> Answer:
        """Return all items as one page, which is enough for an account with one sender."""
        url = f"{MESSAGING_HOST}{request.path.removeprefix('/twilio').removeprefix('/messaging')}"
        meta = {"page": 0, "page_size": 50, "key": key, "url": url, "first_page_url": url}
        return jsonify({"meta": meta | {"previous_page_url": None, "next_page_url": None}, key: found})


def _service(service: PretendService) -> dict[str, Any]:
    return {
        "sid": service.sid,
        "friendly_name": service.name,
        "inbound_request_url": service.inbound_url or None,
        "use_inbound_webhook_on_number": service.defers,
    }
