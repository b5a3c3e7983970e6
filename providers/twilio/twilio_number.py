"""The state of our account and our WhatsApp sender at Twilio, and where Twilio posts what people write.

The webhook of a WhatsApp sender is set in the Senders API (https://www.twilio.com/docs/whatsapp/api/senders). The
addresses of the phone number itself (IncomingPhoneNumbers) are for SMS and calls, and are not changed. A Messaging
Service that contains the sender gets its lines, unless the service is set to use the sender's own webhook.
"""

from typing import Any

from twilio.rest import Client
from twilio.rest.messaging.v2.channels_sender import ChannelsSenderContext

from providers.errors import Refused
from providers.messenger import AccountStanding, Diversion, RefusalMeaning, Webhook

NO_SUCH_SENDER = 63007  # https://www.twilio.com/docs/api/errors/63007
MOST_SENDERS = 200
MOST_SERVICES = 50  # each of them costs one request


class TwilioNumber:
    """Our account and our number. The SDK's errors are not caught here; see `Twilio`."""

    def __init__(self, client: Client, account_sid: str, sender: str) -> None:
        self.client, self.account_sid, self.sender = client, account_sid, sender

    def standing(self) -> AccountStanding:
        """See `Messenger.standing`."""
        account = self.client.api.v2010.accounts(self.account_sid).fetch()
        sender = self._sender()
        return AccountStanding(
            account=str(account.status or ""),
            is_trial=str(account.type or "").casefold() == "trial",
            sender=str(sender.status or "") if sender else None,
            is_plain_number=sender is None and self._is_plain_number(),
            reasons=_reasons(sender.offline_reasons) if sender else (),
            webhook=_webhook(sender.webhook) if sender else Webhook(),
            diversions=self._diversions() if sender else (),
        )

    def post_lines_to(self, address: str) -> AccountStanding:
        """See `Messenger.post_lines_to`. Services that got the lines are set to use the sender's webhook."""
        sender = self._sender()
        if sender is None:
            raise Refused(NO_SUCH_SENDER, RefusalMeaning.SENDER)
        webhook = {"callback_url": address, "callback_method": "POST"}
        webhook |= {"fallback_url": address, "fallback_method": "POST"}
        self.client.messaging.v2.channels_senders(sender.sid).update(_Update({"webhook": webhook}))
        for each in self._diversions():
            self.client.messaging.v1.services(each.id).update(use_inbound_webhook_on_number=True)
        return self.standing()

    def _sender(self) -> Any:
        listed = self.client.messaging.v2.channels_senders.list(channel="whatsapp", limit=MOST_SENDERS, page_size=50)
        return next((each for each in listed if each.sender_id == self.sender), None)

    def _is_plain_number(self) -> bool:
        number = self.sender.removeprefix("whatsapp:")
        return bool(self.client.incoming_phone_numbers.list(phone_number=number, limit=1))

    def _diversions(self) -> tuple[Diversion, ...]:
        services = self.client.messaging.v1.services
        taking = [each for each in services.list(limit=MOST_SERVICES) if not each.use_inbound_webhook_on_number]
        return tuple(
            Diversion(each.sid, each.friendly_name or each.sid, each.inbound_request_url or "")
            for each in taking
            if any(one.sender == self.sender for one in services(each.sid).channel_senders.list(limit=MOST_SENDERS))
        )


class _Update(ChannelsSenderContext.MessagingV2ChannelsSenderRequestsUpdate):  # type: ignore[misc]
    """Replaces the SDK's own class, which sends null for every missing field and so might
    empty the sender's profile.
    """

    def __init__(self, payload: dict[str, Any]) -> None:
        self.payload = payload

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON that is sent."""
        return self.payload


def _webhook(told: Any) -> Webhook:
    """Return the webhook. Depending on its version, the SDK gives a dict or an object."""
    given = told if isinstance(told, dict) else vars(told or object)
    names = ("callback_url", "callback_method", "fallback_url", "fallback_method")
    return Webhook(*(str(given.get(name) or "") for name in names))


def _reasons(told: Any) -> tuple[str, ...]:
    """Return Twilio's reasons why a sender is offline, from a list of codes and messages."""
    found = (each if isinstance(each, dict) else vars(each) for each in told or ())
    return tuple(
        " ".join(filter(None, (str(each.get("code") or ""), str(each.get("message") or "")))) for each in found
    )
