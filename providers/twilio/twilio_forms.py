"""Reads what Twilio posts to us: https://www.twilio.com/docs/messaging/guides/webhook-request.

Twilio does not repeat a form that we refuse, so we refuse as little as possible: every message that can be answered is
read. A field with an invalid value counts as missing. So does a field that occurs several times with different values,
because Twilio's signature does not show how its values were divided.
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
# The kinds of message whose text the person typed or tapped. The text of other kinds is not theirs, or not new: a
# reaction's emoji, an edited message, a place's address.
SPOKEN = {"text", "button", "interactive", "image", "video", "document"}
OPT_OUT_TYPES = {"STOP", "START", "HELP"}
MOST_MEDIA = 10
LONGEST_LINE = 4096  # characters: WhatsApp's limit; reading a line takes longer with its length


def read_inbound(form: Any, sender: str) -> Inbound:
    """Read an inbound message. If a button was tapped, its payload is used and not its label.

    Raises ValueError if the message is for another number, has no id, or has no sender who can be answered on WhatsApp.
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
    """Read a status callback. Unknown statuses are accepted too. Raises ValueError if it names no message."""
    status = (_one(form, "MessageStatus") or _one(form, "SmsStatus")).strip().casefold()
    code = _matching(form, "ErrorCode", ERROR_CODE)
    number = int(code) if code else None
    known = status if KIND.fullmatch(status) else "unknown"
    return Receipt(_sid(form), known, number, find_meaning(number, _one(form, "To")))


def read_addresses(sender: str, external_id: str = "") -> tuple[str | None, str | None]:
    """Return the writer's phone number and WhatsApp id, from `From` and `ExternalUserId`.

    Only WhatsApp addresses count, because the sender of an SMS can be forged. An invalid `external_id` is ignored if
    the sender can be answered without it. Raises ValueError if there is no address to answer to.
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
    """Return the phone number, or else the WhatsApp id, of an address like `whatsapp:+32…`."""
    channel, _, address = "".join(written.split()).partition(":")
    if channel.casefold() != "whatsapp":
        return None, None
    if number := PHONE.fullmatch(address):
        return f"+{number[1]}", None
    if known := BUSINESS.fullmatch(address):
        return None, f"{known[1].upper()}.{known[2]}"
    return None, None


def _is_ours(to: str, sender: str) -> bool:
    """Return whether this is our number, in any spelling. An empty number counts as ours."""
    digits = re.sub(r"[^0-9]", "", to).lstrip("0")
    return digits in ("", re.sub(r"[^0-9]", "", sender))


def _kind(form: Any, media: tuple[tuple[str, str], ...]) -> str:
    """Return the kind of message: as Twilio names it, by its media if Twilio names only text, or "other"."""
    named = _one(form, "MessageType").strip().casefold() or "text"
    if named == "text" and media:
        family = media[0][1].partition("/")[0].casefold()
        return family if family in ("image", "video", "audio") else "document"
    return named if KIND.fullmatch(named) else "other"


def _line(form: Any) -> str:
    words = [_one(form, field) for field in ("ButtonPayload", "ListId", "ButtonText", "Body")]
    return unicodedata.normalize("NFC", next(filter(None, words), ""))


def _opted(form: Any) -> str | None:
    """Return what Twilio has done about its own words for stopping and starting, if our sender uses Advanced Opt-Out.

    https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
    """
    told = _one(form, "OptOutType").strip().upper()
    return told if told in OPT_OUT_TYPES else None


def _media(form: Any) -> tuple[tuple[str, str], ...]:
    """Return the addresses and types of the media. `NumMedia` is ignored: only the fields themselves count."""
    each = ((_one(form, f"MediaUrl{i}"), _one(form, f"MediaContentType{i}")) for i in range(MOST_MEDIA))
    return tuple((url, kind) for url, kind in each if url)


def _sid(form: Any) -> str:
    """Return the message's id. Raises ValueError without one: a repeated message could not be recognised."""
    found = next(filter(None, (_matching(form, field, SID) for field in SIDS)), "")
    if not found:
        raise ValueError("no id of a message")
    return found


def _matching(form: Any, field: str, pattern: re.Pattern[str]) -> str:
    value = _one(form, field)
    return value if pattern.fullmatch(value) else ""


def _one(form: Any, field: str) -> str:
    """Return the one value of a field, without NUL, which Postgres cannot store; empty if there are several values."""
    values = {value.replace("\x00", "") for value in form.getlist(field)} - {""}
    return values.pop() if len(values) == 1 else ""
