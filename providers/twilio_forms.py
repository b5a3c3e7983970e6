"""What Twilio posts to us, read strictly: https://www.twilio.com/docs/messaging/guides/webhook-request."""

import re
import unicodedata
from typing import Any

from providers.messenger import Inbound, Receipt
from providers.twilio_codes import meaning_of

SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
ERROR_CODE = re.compile(r"[0-9]{1,9}")
BUSINESS = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,128}")  # WhatsApp's id for a person without a number
STATUSES = {
    "accepted",
    "scheduled",
    "queued",
    "sending",
    "sent",
    "delivered",
    "read",
    "undelivered",
    "failed",
    "canceled",
}
MOST_MEDIA = 10


def read_inbound(form: Any, sender: str) -> Inbound:
    """Read an inbound message. A tap's payload wins over its label. Raises ValueError where a field is off."""
    if _one(form, "To") != sender:
        raise ValueError("To is not our number")
    phone, business = addresses_of(_one(form, "From"), _one(form, "ExternalUserId"))
    kind = _one(form, "MessageType") or "text"
    return Inbound(
        sid=_matching(form, "MessageSid", SID),
        phone=phone,
        business_id=business,
        profile_name=_one(form, "ProfileName")[:200],
        line=_line(form)[:4096],
        kind=kind if re.fullmatch(r"[a-z_]{1,20}", kind) else "other",
        replied_to=_one(form, "OriginalRepliedMessageSid") or None,
        media=_media(form),
        opted=_one(form, "OptOutType") or None,
    )


def read_receipt(form: Any) -> Receipt:
    """Read a status callback. Raises ValueError when it is not one."""
    status = _one(form, "MessageStatus")
    if status not in STATUSES:
        raise ValueError("unknown MessageStatus")
    code = _one(form, "ErrorCode")
    number = int(code) if ERROR_CODE.fullmatch(code) else None
    return Receipt(_matching(form, "MessageSid", SID), status, number, meaning_of(number))


def addresses_of(*written: str) -> tuple[str | None, str | None]:
    """The phone number and the WhatsApp id among addresses like `whatsapp:+32…`. Raises ValueError without either."""
    phone = business = None
    for value in written:
        address = value.removeprefix("whatsapp:")
        if value and value == address:
            raise ValueError("not a WhatsApp address")
        if PHONE.fullmatch(address):
            phone = address
        elif BUSINESS.fullmatch(address):
            business = address
        elif address:
            raise ValueError("neither a number nor a WhatsApp id")
    if not phone and not business:
        raise ValueError("nobody's address")
    return phone, business


def _line(form: Any) -> str:
    words = [_one(form, field) for field in ("ButtonPayload", "ListId", "ButtonText", "Body")]
    spoken = next(filter(None, words), "")
    return unicodedata.normalize("NFC", spoken.replace("\x00", ""))


def _media(form: Any) -> tuple[tuple[str, str], ...]:
    count = _one(form, "NumMedia")
    number = min(int(count), MOST_MEDIA) if count.isdigit() else 0
    return tuple((_one(form, f"MediaUrl{i}"), _one(form, f"MediaContentType{i}")) for i in range(number))


def _matching(form: Any, field: str, pattern: re.Pattern[str]) -> str:
    value = _one(form, field)
    if not pattern.fullmatch(value):
        raise ValueError(f"{field} is not as Twilio writes it")
    return value


def _one(form: Any, field: str) -> str:
    """One value. Twilio's signature would not notice a repeated one, so we do."""
    values = form.getlist(field)
    if len(values) > 1:
        raise ValueError(f"{field} is given {len(values)} times")
    return values[0] if values else ""
