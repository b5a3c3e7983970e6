"""WhatsApp through Twilio: sends messages one at a time, and checks and reads signed webhooks."""

import hmac
import json
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import structlog
from requests import exceptions as http
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.request_validator import SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER, RequestValidator
from twilio.request_validator import get_signature_algorithm as algorithm_of
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList
from urllib3 import exceptions as urllib3

from providers.errors import MessengerBroken, MessengerError, NotSent, Refused, Unclear
from providers.messenger import (
    AccountStanding,
    Approval,
    ContentDefinition,
    Inbound,
    Parcel,
    Receipt,
    RefusalMeaning,
    Sent,
)
from providers.signing import Signer
from providers.twilio.twilio_codes import find_meaning
from providers.twilio.twilio_forms import LONGEST_LINE, SID, read_addresses, read_inbound, read_receipt
from providers.twilio.twilio_http import Throttled, TwilioHttp
from providers.twilio.twilio_media import TwilioMedia
from providers.twilio.twilio_number import TwilioNumber

log = structlog.get_logger()

ACCOUNT_REFUSED = {20003, 20005, 30002}  # wrong token, account suspended: https://www.twilio.com/docs/api/errors
# The SDK raises the last three if an answer does not have the expected form.
FAILURES = (Throttled, TwilioException, http.RequestException, AttributeError, TypeError, ValueError)
BEFORE_ANYTHING_WAS_SENT = (urllib3.NewConnectionError, urllib3.ConnectTimeoutError)


class Twilio:
    """Implements `Messenger` with Twilio. Threads may share it.

    `auth_token` is used for requests and for checking webhooks; `second_token` only checks them, while the token is
    changed. Webhooks that name a SharedKey are signed with its secret instead:
    https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys. The first of `secrets` signs the addresses for
    receipts, and each of them is accepted there.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sender: str,
        callback_url: str,
        secrets: Sequence[str],
        second_token: str | None = None,
        shared_keys: Sequence[str] = (),
        base_url: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.account = account_sid
        self.sender = sender
        self.callback_url = callback_url
        self.signer = Signer("receipt", secrets, former=16)
        self.by_token = [RequestValidator(token) for token in (auth_token, second_token) if token]
        self.by_shared_key = [RequestValidator(key) for key in shared_keys]
        client = TwilioHttp(base_url, timeout)
        self.client = Client(account_sid, auth_token, http_client=client)
        # This imports eighty modules: here, and not in every forked job before its first message
        _ = self.client.messages
        self.media = TwilioMedia(client, account_sid, auth_token)
        self.number = TwilioNumber(self.client, account_sid, sender)

    def send(self, parcel: Parcel) -> str:
        """Send one message with one request. See `Messenger.send`."""
        what: dict[str, Any] = {"validity_period": min(max(parcel.valid_for, 1), 36_000)}
        if parcel.content_id:
            what["content_sid"] = parcel.content_id
            what["content_variables"] = json.dumps(dict(parcel.variables or {}), ensure_ascii=False)
        else:
            what["body"] = parcel.text
            if parcel.media_url:
                what["media_url"] = [parcel.media_url]
        try:
            message = self.client.messages.create(
                to=parcel.to, from_=self.sender, status_callback=self._callback(parcel.reference), **what
            )
        except FAILURES as error:
            raise _sending(error, parcel.to) from None
        if not SID.fullmatch(str(message.sid)):
            raise Unclear("Twilio's answer names no message")
        return str(message.sid)

    def fetch(self, sid: str) -> Sent:
        """Request one message. See `Messenger.fetch`."""
        try:
            return _sent(self.client.messages(sid).fetch())
        except FAILURES as error:
            raise _asking(error) from None

    def list_sent_to(self, address: str, limit: int = 50) -> list[Sent]:
        """List the newest messages. It cannot filter by date, because queued messages have none.
        See `Messenger.list_sent_to`.
        """
        try:
            return [_sent(each) for each in self.client.messages.list(to=address, from_=self.sender, limit=limit)]
        except FAILURES as error:
            raise _asking(error) from None

    def list_heard_since(self, instant: datetime) -> list[Inbound]:
        """List inbound messages. See `Messenger.list_heard_since`."""
        try:
            listed = self.client.messages.list(to=self.sender, date_sent_after=instant, limit=1000)
        except FAILURES as error:
            raise _asking(error) from None
        return [heard for heard in map(_heard, listed) if heard is not None]

    def download(self, url: str, most: int) -> bytes:
        """See `Messenger.download`."""
        return self.media.download(url, most)

    def forget(self, sid: str) -> None:
        """Empty one message, then delete it and its media. Twilio answers 20009 while it is being
        sent. See `Messenger.forget`.
        """
        try:
            message = self.client.messages(sid)
            message.update(body="")  # so the text is deleted even if the next requests fail
            for each in message.media.list(limit=20):
                message.media(each.sid).delete()
            message.delete()
        except FAILURES as error:
            raise _asking(error) from None

    def has_signature(self, headers: Mapping[str, str]) -> bool:
        """See `Messenger.has_signature`."""
        return bool(headers.get(SIGNATURE_HEADER))

    def is_genuine(self, url: str, form: Any, headers: Mapping[str, str]) -> bool:
        """Check the account, then the signature. A missing signature gives False, not an error."""
        signature = headers.get(SIGNATURE_HEADER)
        if not signature or not hmac.compare_digest(form.get("AccountSid", "").encode(), self.account.encode()):
            return False
        settings = headers.get(SIGNATURE_SETTINGS_HEADER)
        if settings and not self.by_shared_key:
            log.error("webhook names a SharedKey, and TWILIO_SHARED_KEYS is not set")
        validators = self.by_shared_key if settings else self.by_token
        return any(each.validate(url, form, signature, algorithm_of(settings)) for each in validators)

    def read_inbound(self, form: Any) -> Inbound:
        """See `Messenger.read_inbound`."""
        return read_inbound(form, self.sender)

    def read_receipt(self, form: Any) -> Receipt:
        """See `Messenger.read_receipt`."""
        return read_receipt(form)

    def read_reference(self, query: Mapping[str, str], now: datetime) -> str | None:
        """See `Messenger.read_reference`."""
        reference = query.get("m", "")
        return reference if self.signer.is_genuine(reference, query.get("k", ""), now) else None

    def has_content(self, content_id: str) -> bool:
        """See `Messenger.has_content`."""
        try:
            self.client.content.v1.contents(content_id).fetch()
        except FAILURES as error:
            failure = _asking(error)
            if isinstance(failure, Refused) and failure.meaning is RefusalMeaning.CONTENT_MISSING:
                return False
            raise failure from None
        return True

    def push_content(self, content: ContentDefinition) -> str:
        """Store a text, quick-reply or list content. See `Messenger.push_content`."""
        actions = [{"type": "QUICK_REPLY", "title": title, "id": says} for title, says in content.buttons]
        body: dict[str, Any] = {"body": content.body, **({"actions": actions} if actions else {})}
        kind = "twilio/quick-reply" if actions else "twilio/text"
        if content.items:
            items = [{"item": label, "id": says, "description": about} for label, says, about in content.items]
            kind, body = "twilio/list-picker", {"body": content.body, "button": content.opens, "items": items}
        request = {
            "friendly_name": content.name,
            "language": content.language,
            "variables": dict(content.samples),
            "types": _Types({kind: body}),
        }
        try:
            return str(self.client.content.v1.contents.create(ContentList.ContentCreateRequest(request)).sid)
        except FAILURES as error:
            raise _asking(error) from None

    def ask_approval(self, content_id: str, name: str, category: str) -> None:
        """See `Messenger.ask_approval`."""
        request = ApprovalCreateList.ContentApprovalRequest({"name": name, "category": category})
        try:
            self.client.content.v1.contents(content_id).approval_create.create(request)
        except FAILURES as error:
            raise _asking(error) from None

    def find_approval(self, content_id: str) -> Approval:
        """See `Messenger.find_approval`."""
        try:
            found = self.client.content.v1.contents(content_id).approval_fetch().fetch().whatsapp or {}
        except FAILURES as error:
            raise _asking(error) from None
        return Approval(
            found.get("status", "unsubmitted"), found.get("category", ""), found.get("rejection_reason", "")
        )

    def standing(self) -> AccountStanding:
        """See `Messenger.standing`."""
        try:
            return self.number.standing()
        except FAILURES as error:
            raise _asking(error) from None

    def post_lines_to(self, address: str) -> AccountStanding:
        """See `Messenger.post_lines_to`."""
        try:
            return self.number.post_lines_to(address)
        except FAILURES as error:
            raise _asking(error) from None

    def _callback(self, reference: str) -> str:
        return f"{self.callback_url}?{urlencode({'m': reference, 'k': self.signer.tag(reference)})}"


class _Types(ContentList.Types):  # type: ignore[misc]
    """Replaces the SDK's own class, which drops fields that it does not know."""

    def __init__(self, payload: dict[str, Any]) -> None:
        self.payload = payload

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON that is sent."""
        return self.payload


def _sending(error: Exception, to: str = "") -> MessengerError:
    """Return the error: refused, not sent, or unclear. An unknown failure is unclear, so
    that no message is sent twice.
    """
    if isinstance(error, Throttled):
        return NotSent("Twilio asks to slow down", error.retry_after, throttled=True)
    if isinstance(error, TwilioRestException | TwilioServiceException):
        return _answered(error, to)
    # The errors of the SDK's lists have no code
    status = getattr(error.args[-1] if error.args else None, "status_code", None)
    if status == 401:
        return MessengerBroken("Twilio refuses our account (401)")
    reason = getattr(error.args[0], "reason", None) if isinstance(error, http.RequestException) and error.args else None
    if isinstance(error, http.ConnectTimeout) or isinstance(reason, BEFORE_ANYTHING_WAS_SENT) or _not_trusted(reason):
        return NotSent("Twilio could not be reached", timedelta(seconds=5))
    return Unclear(f"Twilio answered {status}" if status else type(error).__name__)


def _not_trusted(reason: object) -> bool:
    """Return whether the certificate was refused, so that nothing was sent. Other TLS errors may
    come after the request.
    """
    inner = reason.args[0] if isinstance(reason, urllib3.SSLError) and reason.args else None
    return isinstance(inner, ssl.SSLCertVerificationError)


def _asking(error: Exception) -> MessengerError:
    """Return the error of a request that changes nothing: it may be repeated after any failure except a refusal."""
    failure = _sending(error)
    return NotSent(str(failure)) if isinstance(failure, Unclear) else failure


def _answered(error: TwilioRestException | TwilioServiceException, to: str) -> MessengerError:
    code = error.code or error.status
    log.warning("twilio refused", status=error.status, code=code)
    if error.status == 401 or code in ACCOUNT_REFUSED:
        return MessengerBroken(f"Twilio refuses our account ({code})")
    if not 400 <= error.status < 500 or error.status == 408:
        return Unclear(f"Twilio answered {error.status}")
    if code == error.status:
        # Twilio's own refusals have a code. This answer is from something else, such as a proxy or another host.
        return Unclear(f"{error.status} without a code of Twilio's")
    return Refused(code, find_meaning(code, to))


def _heard(message: Any) -> Inbound | None:
    """Read a message of Twilio's list. It lacks the writer's name and the kind, and of a tap it has only the label."""
    try:
        phone, business = read_addresses(message.from_ or "")
    except ValueError:
        return None
    kind = "text" if str(message.num_media or 0) == "0" else "media"
    at = message.date_sent or message.date_created
    line = (message.body or "").replace("\x00", "")[:LONGEST_LINE]
    return Inbound(message.sid, phone, business, "", line, kind, at=at)


def _sent(message: Any) -> Sent:
    return Sent(
        sid=message.sid,
        to=message.to,
        status=message.status,
        body=message.body or "",
        created_at=message.date_created,
        error_code=message.error_code,
        meaning=find_meaning(message.error_code, message.to or ""),
    )
