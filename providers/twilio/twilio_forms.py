"""What Twilio posts to us: https://www.twilio.com/docs/messaging/guides/webhook-request.

Twilio does not repeat a form that we refuse, so as little as possible is refused: whoever can be answered is read. A
field that is not as it should be counts as not given. A field that comes several times with different values counts as
not given too, because Twilio's signature does not tell how its values were divided.
"""

import re
import unicodedata
from typing import Any

from providers.messenger import Inbound, Receipt
from providers.twilio.twilio_codes import find_meaning

SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
SIDS = ("MessageSid", "SmsSid", "SmsMessageSid")  # Twilio writes the same into all three
PHONE = re.compile(r"\+?([1-9][0-9]{6,14})")
BUSINESS = re.compile(r"([A-Za-z]{2})\.([A-Za-z0-9.]{1,128})")  # WhatsApp's id for a person without a number
ERROR_CODE = re.compile(r"[0-9]{1,9}")
KIND = re.compile(r"[a-z_]{1,20}")
# Kinds of message whose words a person typed or tapped. The words of any other kind are not theirs, or not new: a
# reaction's emoji, an edited message's text, a place's address.
SPOKEN = {"text", "button", "interactive", "image", "video", "document"}
OPT_OUT_TYPES = {"STOP", "START", "HELP"}
MOST_MEDIA = 10
LONGEST_LINE = 4096  # signs: as long as WhatsApp lets a message be; the reader's work grows with them


def read_inbound(form: Any, sender: str) -> Inbound:
    """Read an inbound message. A tap's payload wins over its label.

    Raises ValueError when it is for another number, from nobody who could be answered on WhatsApp, or without an id.
    """
    if not _is_ours(_one(form, "To"), sender):
        raise ValueError("To is another number than ours")
    phone, business = read_addresses(_one(form, "From"), _one(form, "ExternalUserId"))
    media = _media(form)
    kind = _kind(form, media)
    return Inbound(
        sid=_sid(form),
        phone=phone,
        business_id=business,
        profile_name=_one(form, "ProfileName")[:200],
        line=_line(form)[:LONGEST_LINE] if kind in SPOKEN else "",
        kind=kind,
        replied_to=_matching(form, "OriginalRepliedMessageSid", SID) or None,
        media=media,
        opted=_opted(form),
    )


def read_receipt(form: Any) -> Receipt:
    """Read a status callback. A status that we do not know is read too. Raises ValueError when no message is named."""
    status = (_one(form, "MessageStatus") or _one(form, "SmsStatus")).strip().casefold()
    code = _matching(form, "ErrorCode", ERROR_CODE)
    number = int(code) if code else None
    known = status if KIND.fullmatch(status) else "unknown"
    return Receipt(_sid(form), known, number, find_meaning(number, _one(form, "To")))


def read_addresses(sender: str, external_id: str = "") -> tuple[str | None, str | None]:
    """The phone number and the WhatsApp id of whoever wrote, from `From` and `ExternalUserId`.

    Only addresses on WhatsApp count: the sender of an SMS can be forged. An odd `external_id` is left out as long as
    the sender can be answered. Raises ValueError when nobody can.
    """
    phone, business = _address(sender)
    other_phone, other_business = _address(external_id)
    if not phone and not business:
        phone = other_phone
    business = other_business or business
    if not phone and not business:
        raise ValueError("nobody whom we could answer on WhatsApp")
    return phone, business


def _address(written: str) -> tuple[str | None, str | None]:
    """The phone number or else the WhatsApp id that an address like `whatsapp:+32…` holds."""
    channel, _, address = "".join(written.split()).partition(":")
    if channel.casefold() != "whatsapp":
        return None, None
    if number := PHONE.fullmatch(address):
        return f"+{number[1]}", None
    if known := BUSINESS.fullmatch(address):
        return None, f"{known[1].upper()}.{known[2]}"
    return None, None


def _is_ours(to: str, sender: str) -> bool:
    """Whether this is our number, however it is spelled. None at all is no other one."""
    digits = re.sub(r"[^0-9]", "", to).lstrip("0")
    return digits in ("", re.sub(r"[^0-9]", "", sender))


def _kind(form: Any, media: tuple[tuple[str, str], ...]) -> str:
    """The kind of message: as it is named, or by its media where only text is named, or "other"."""
    named = _one(form, "MessageType").strip().casefold() or "text"
    if named == "text" and media:
        family = media[0][1].partition("/")[0].casefold()
        return family if family in ("image", "video", "audio") else "document"
    return named if KIND.fullmatch(named) else "other"


def _line(form: Any) -> str:
    words = [_one(form, field) for field in ("ButtonPayload", "ListId", "ButtonText", "Body")]
    return unicodedata.normalize("NFC", next(filter(None, words), ""))


def _opted(form: Any) -> str | None:
    """What Twilio has done about its own words for stopping and starting, where Advanced Opt-Out is on for our sender.

    https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
    """
    told = _one(form, "OptOutType").strip().upper()
    return told if told in OPT_OUT_TYPES else None


def _media(form: Any) -> tuple[tuple[str, str], ...]:
    """Addresses and kinds of what came along. `NumMedia` is not asked: what counts is what is there."""
    each = ((_one(form, f"MediaUrl{i}"), _one(form, f"MediaContentType{i}")) for i in range(MOST_MEDIA))
    return tuple((url, kind) for url, kind in each if url)


def _sid(form: Any) -> str:
    """The message's id. Without one, a message could not be told from its repetition."""
    found = next(filter(None, (_matching(form, field, SID) for field in SIDS)), "")
    if not found:
        raise ValueError("no id of a message")
    return found


def _matching(form: Any, field: str, pattern: re.Pattern[str]) -> str:
    value = _one(form, field)
    return value if pattern.fullmatch(value) else ""


def _one(form: Any, field: str) -> str:
    """The one value of a field, without the sign that Postgres cannot keep; nothing where there are several."""
    values = {value.replace("\x00", "") for value in form.getlist(field)} - {""}
    return values.pop() if len(values) == 1 else ""
