"""Makes names that people chose safe for use in a WhatsApp text."""

import unicodedata

from messages.addresses import defused
from messages.lookalikes import unmixed
from messages.message import units

MARKUP = str.maketrans("", "", "*_~`")
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
JOINERS = "\u200c\u200d"
BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159"  # letters and marks that are invisible
SKIN = ("\U0001f3fb", "\U0001f3ff")
FLAG_HALVES = "".join(map(chr, range(0x1F1E6, 0x1F200)))
MOST = 40
MOST_READ = 400


def clean_name(text: str, most: int = MOST) -> str:
    """Return the name on one line, without WhatsApp markup, addresses, telephone numbers and invisible signs. The
    result may be empty.

    A word that mixes Latin letters with others that look Latin is written in Latin letters (`lookalikes.unmixed`).
    `most` is the largest length in UTF-16 units, in which most emoji count as two. Joiners between letters and inside
    emoji stay, because scripts need them. Names written from right to left are isolated when they are shown, not here.
    """
    before, name = None, text[:MOST_READ]
    while name != before:  # removing something from the middle may create a new address
        before, name = name, _cleaned(name, most)
    return name


def isolated(name: str) -> str:
    """Return the name in a form that cannot change the writing direction of the rest of its line."""
    turns = any(unicodedata.bidirectional(sign) in {"R", "AL", "AN"} for sign in name)
    return f"{FIRST_STRONG_ISOLATE}{name}{POP_ISOLATE}" if turns else name


def is_blank(text: str) -> bool:
    """Return whether a text is invisible: it has only spaces and signs without width, as some keyboards send them."""
    return not any(unicodedata.category(sign)[0] in "LNSP" and sign not in BLANK for sign in text)


def one_line(text: str) -> str:
    """Return the text without line breaks, invisible signs, and signs that change the writing direction."""
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """Return the part of a text that is visible: without characters that show nothing or change the
    direction of the text.

    Joiners stay, because scripts and emoji need them; each control character, break or unassigned
    character becomes a space.
    """
    return text if text.isascii() and text.isprintable() else "".join(map(_seen, text))


def folded(text: str) -> str:
    """Return a text in the form in which names are compared and sorted: in small letters, without accents."""
    bare = (sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return "".join(bare).casefold()


def without_markup(text: str) -> str:
    """Return the text without WhatsApp's formatting characters."""
    return text.translate(MARKUP)


def _cleaned(text: str, most: int) -> str:
    text = unicodedata.normalize("NFC", without_markup(visible(text)))
    text = " ".join(defused(unmixed(text)).split()).strip(JOINERS)
    return cut(text, most) if any(_readable(sign) for sign in text) else ""


def _seen(sign: str) -> str:
    kind = unicodedata.category(sign)
    if sign in JOINERS:
        return sign
    return "" if kind == "Cf" or sign in BLANK else " " if kind in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} else sign


def _readable(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNS"


def cut(text: str, most: int) -> str:
    """Cut the text to at most `most` UTF-16 units, without splitting a letter from its marks or a joined emoji."""
    end = len(text)
    while units(text[:end]) > most or _splits(text, end):
        end -= 1
    return text[:end].rstrip()


def _splits(text: str, end: int) -> bool:
    if not 0 < end < len(text):
        return False
    after = text[end]
    if after in FLAG_HALVES:
        before = text[:end]
        return (len(before) - len(before.rstrip(FLAG_HALVES))) % 2 == 1
    hangs_on = unicodedata.category(after)[0] == "M" or after in JOINERS or SKIN[0] <= after <= SKIN[1]
    return hangs_on or text[end - 1] in JOINERS
