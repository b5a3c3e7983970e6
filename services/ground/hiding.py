"""Shows an address without giving it away: enough to compare it with a number that somebody names, and no more."""

import phonenumbers

HIDDEN = "…"


def hide_number(address: str | None) -> str:
    """Return a WhatsApp address with its country and its last two digits only, such as "+32 … 01"; "…" if there is no
    address, and the last two characters of an address that is no phone number.
    """
    bare = (address or "").removeprefix("whatsapp:")
    if not bare:
        return HIDDEN
    try:
        code = f"+{phonenumbers.parse(bare).country_code} "
    except phonenumbers.NumberParseException:
        code = ""
    return f"{code}{HIDDEN} {bare[-2:]}"
