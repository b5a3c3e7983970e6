"""Finds addresses in names: everything that a phone would turn into a link, or that a reader would take for one.

An address is recognised by its last part, the top-level domain. These are listed in the Public Suffix List, in the
copy that comes with the package `publicsuffixlist`: nothing is fetched over the network.
"""

import ipaddress
import re
import unicodedata
from functools import cache
from importlib.resources import files
from itertools import dropwhile, takewhile

from messages.lookalikes import alphabet, is_variant, skeleton, text_of

DOTS = ".。．｡︒․﹒ꓸ۔܁܂꘎𐩐𝅭"  # full stops of other scripts and widths, and signs that look like one
ZEROS = "٠۰"  # Arabic zeros, which look like dots; only between two letters they count as dots
MIDDLE_DOTS = "·•・∙⋅‧･˙⸱⸳ᐧ᛫ꞏ𐄁ㆍ●⦁◦"  # used between words, and inside Catalan words
OTHER_DOTS = MIDDLE_DOTS + "…‥"  # with these, a text is an address only before a well-known top-level domain
CLASSIC = frozenset({"com", "net", "org", "info", "biz", "gov", "edu"})
CATALAN_END = (
    2  # letters after "l·l" that may be an end of addresses and a Catalan syllable: "Gal·la", but not "mal·link"
)
LONGEST_SHORT = 3  # letters of titles such as "Dr", "St", "Mrs", after which a dot does not mean an address
NO_LETTERS = {"Mn", "Mc", "Me", "Lm", "Sk", "Po", "Pd", "Pc", "Zs"}  # small signs that hide no address: "evil.'com"

PART = rf"[^\s{re.escape(DOTS + OTHER_DOTS)}/\\@＠﹫,;:!?¿¡\"“”„«»()\[\]{{}}<>|]+"
DOT = rf"[{re.escape(DOTS)}]"
# An address with a scheme, with "www." or with a path after a dot, or a telephone number.
WHOLE = re.compile(
    r"[a-z][a-z0-9+.-]*://\S*|www[.。．｡․]\S*|\+?\d[\d\s().-]{6,}\d",
    re.IGNORECASE,
)
MAIL = re.compile(rf"\S+\s*[@＠﹫]\s*(?P<domain>{PART}(?:{DOT}{PART})+)\S*|mailto:\S*", re.IGNORECASE)
DOMAIN = re.compile(rf"(?P<parts>{PART}(?:{DOT}{PART})+)(?P<rest>[:/]\S*)?")
SPACED = re.compile(rf"(?P<before>{PART})(?:\s+{DOT}\s*)(?P<last>{PART})")
MIDDLE = re.compile(rf"(?P<before>{PART})[{MIDDLE_DOTS}](?=(?P<after>{PART}))")
OTHERWISE = re.compile(rf"{PART}(?:[{OTHER_DOTS}]{PART})+")
FLAG = re.compile("(?<![\U0001f1e6-\U0001f1ff])[\U0001f1e6-\U0001f1ff]{2}(?![\U0001f1e6-\U0001f1ff])")
BETWEEN_LETTERS = re.compile(rf"(?<=[^\W\d_])[{ZEROS}](?=[^\W\d_])")
NUMBERS = re.compile(
    r"(?<![\w.])\d{1,3}(?:[.。．｡․]\d{1,3}){3}(?![\w.])(?:[:/]\S*)?|\[?[0-9a-f]*:[0-9a-f:.]+\]?", re.IGNORECASE
)


@cache
def top_level() -> frozenset[str]:
    """Return the skeletons of all top-level domains ("com", "help", "рф"). A skeleton stands for what a
    text looks like.
    """
    text = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    public = text.partition("===END ICANN DOMAINS===")[0].splitlines()
    parts = [line.strip() for line in public if line.strip() and not re.search(r"[./*!]", line)]
    return frozenset(look for part in parts for look in _looks(part))


def defused(text: str) -> str:
    """Return the text without addresses. Each is removed; if a title or an initial stands before the dot ("Dr.No"), or
    spaces around it ("gruppetto . help"), only the dot is removed.

    A dot with a space only after it ends a sentence, and stays. If just that space is missing ("great ride.So good",
    "Lisa.Ng"), it is added, so that the text is no link any more.
    """
    text = MAIL.sub(_mail, WHOLE.sub(" ", BETWEEN_LETTERS.sub(".", text)))
    text = NUMBERS.sub(_numbers, text)
    text = DOMAIN.sub(_domain, text)
    text = OTHERWISE.sub(_otherwise, text)
    return SPACED.sub(_spaced, text)


def _mail(found: re.Match[str]) -> str:
    """Remove an e-mail address. With spaces around the @, the text stays unless it ends with a top-level domain: "Ben @
    St.Pauli" names a place.
    """
    is_apart = any(sign.isspace() for sign in found[0])
    ends = re.split(DOT, found["domain"] or "")[1:]
    return found[0] if is_apart and not any(map(_is_top_level, ends)) else " "


def _numbers(found: re.Match[str]) -> str:
    """Remove an IPv4 or IPv6 address; keep a time of day or a score."""
    try:
        ipaddress.ip_address(unicodedata.normalize("NFKC", found[0]).strip("[]").split("/")[0])
    except ValueError:
        return found[0] if ":" in found[0] and found[0].count(".") < 3 else " "
    return " " if any(sign.isdigit() for sign in found[0]) else found[0]


def _domain(found: re.Match[str]) -> str:
    parts = re.split(DOT, found["parts"])
    end = next((at for at in range(len(parts) - 1, 0, -1) if _is_top_level(parts[at])), None)
    rest = found["rest"] or ""
    if end is None:
        return found["parts"] + DOMAIN.sub(_domain, rest)  # "J.R/evil.com"
    if not rest and _lacks_a_space(parts):
        return f"{parts[0]}. {parts[1]}"
    is_short = not rest and all(len(part) <= LONGEST_SHORT for part in parts[:end])
    is_sentence = "。" in found["parts"] and not parts[end].isascii()
    return " ".join(parts) + rest if is_short or is_sentence else " "


def _lacks_a_space(parts: list[str]) -> bool:
    """Return whether a sentence ends at the dot, or a surname begins after it: a small letter before it, and a
    capital and a small letter after it.
    """
    before, after = parts[0][-1:], parts[-1][:2]
    return len(parts) == 2 and before.islower() and after.istitle() and after.isalpha() and len(after) == 2


def _otherwise(found: re.Match[str]) -> str:
    """Remove an address with an unusual dot before a well-known top-level domain. Before any other top-level domain, a
    middle dot becomes a space: "paypal help".
    """
    parts = re.split(f"[{OTHER_DOTS}]", found[0])
    if any(_looks(end) & _classic() for end in parts[1:]):
        return " "
    return MIDDLE.sub(_middle, found[0])


def _middle(found: re.Match[str]) -> str:
    """Return a space for a dot between two Latin words if the second could be a top-level domain.

    The dot stays before a capital and a small letter, which begin a name ("Run·Club"), and in Catalan words ("Gal·la").
    """
    before, after = found["before"], found["after"]
    is_latin = all(alphabet(sign) in {"LATIN", ""} for sign in before[-1] + after)
    is_catalan = before[-1] in "lL" and after[0] in "lL" and len(_plain(after)) <= CATALAN_END
    is_name = after[:2].istitle() and after[:2].isalpha() and len(after) > 1
    stays = not is_latin or is_catalan or is_name or not _is_top_level(after)
    return found[0] if stays else f"{before} "


def _spaced(found: re.Match[str]) -> str:
    return f"{found['before']} {found['last']}" if _is_top_level(found["last"]) else found[0]


def _is_top_level(part: str) -> bool:
    """Return whether this is a top-level domain, even with something attached: "com’s", "com🌀", or
    "com" and more signs.
    """
    shown = dropwhile(_hides, part)
    begun = "".join(takewhile(lambda sign: not _hides(sign), shown))
    return part.casefold().startswith("xn--") or bool((_looks(part) | (_looks(begun) - {""})) & top_level())


def _hides(sign: str) -> bool:
    """Return whether a sign is invisible, or is only a mark on the sign before it."""
    return is_variant(sign) or unicodedata.category(sign)[0] == "M"


def _looks(part: str) -> frozenset[str]:
    """Return what a top-level domain looks like, in small letters and in capitals: "сом" is all Cyrillic."""
    plain = _plain(part)
    return frozenset({skeleton(plain), skeleton(plain.upper()).casefold()})


@cache
def _classic() -> frozenset[str]:
    return frozenset(look for end in CLASSIC for look in _looks(end))


def _plain(part: str) -> str:
    """Return the letters at the beginning of a part, in their plain form. Small or invisible signs before and between
    them are left out.
    """
    shown = (sign for sign in text_of(FLAG.sub("", part)) if not is_variant(sign))
    signs = dropwhile(lambda sign: unicodedata.category(sign) in NO_LETTERS, shown)
    return "".join(takewhile(lambda sign: unicodedata.category(sign)[0] in "LMN", signs)).casefold()
