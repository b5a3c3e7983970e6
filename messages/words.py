"""Names that people chose, made safe to stand in a WhatsApp text."""

import re
import unicodedata

MARKUP = str.maketrans("", "", "*_~`")
ADDRESS = re.compile(
    r"(https?://|www\.|\S+\.(com|net|org|io|me|ru|cn|info|biz)\b|\+?\d[\d\s().-]{6,}\d)", re.IGNORECASE
)
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
JOINERS = "\u200c\u200d"
MOST = 40


def clean_name(text: str, most: int = MOST) -> str:
    """A name on one line, without WhatsApp markup, addresses, numbers to call, or invisible signs; it may end up empty.

    Joiners stay between letters and inside emoji, where scripts need them. Names written from right to left are
    isolated when they are shown, not here.
    """
    text = unicodedata.normalize("NFC", text).translate(MARKUP)
    text = ADDRESS.sub(" ", text)
    text = "".join(sign if _visible(sign) else " " for sign in text)
    text = " ".join(text.split())
    text = text.strip(JOINERS)
    return _cut(text, most) if any(_readable(sign) for sign in text) else ""


def isolated(name: str) -> str:
    """A name that cannot turn the rest of its line around."""
    turns = any(unicodedata.bidirectional(sign) in {"R", "AL", "AN"} for sign in name)
    return f"{FIRST_STRONG_ISOLATE}{name}{POP_ISOLATE}" if turns else name


def _visible(sign: str) -> bool:
    return sign in JOINERS or unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _readable(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNS"


def _cut(text: str, most: int) -> str:
    """Cut without leaving half a sign: marks and joined emoji go with what they stand on."""
    if len(text) <= most:
        return text
    cut = text[:most]
    while cut and (unicodedata.combining(text[len(cut)]) or text[len(cut)] in JOINERS or cut[-1] in JOINERS):
        cut = cut[:-1]
    return cut.rstrip()
