"""Addresses in names: whatever a phone would turn into a link, or a reader would take for one.

An address is known by its last part. The list of these (the top-level domains) is the Public Suffix List's, in the
copy that the package `publicsuffixlist` brings: nothing is asked over the network.
"""

import ipaddress
import re
import unicodedata
from functools import cache
from importlib.resources import files
from itertools import dropwhile, takewhile

from messages.lookalikes import alphabet, is_variant, skeleton, text_of

DOTS = ".。．｡︒․﹒ꓸ۔܁܂꘎𐩐𝅭"  # full stops of other scripts and widths, and what looks like one
ZEROS = "٠۰"  # Arabic zeros look like dots, but stand in numbers: one between two letters is taken for a dot
MIDDLE_DOTS = "·•・∙⋅‧･˙⸱⸳ᐧ᛫ꞏ𐄁ㆍ●⦁◦"  # these stand between words, and inside Catalan ones
OTHER_DOTS = MIDDLE_DOTS + "…‥"  # with any of these it is an address only before a well-known end
CLASSIC = frozenset({"com", "net", "org", "info", "biz", "gov", "edu"})
CATALAN_END = (
    2  # letters after "l·l" that may be an end of addresses and a Catalan syllable: "Gal·la", but not "mal·link"
)
LONGEST_SHORT = 3  # "Dr", "St", "Mrs": what stands before a dot without meaning an address
NO_LETTERS = {"Mn", "Mc", "Me", "Lm", "Sk", "Po", "Pd", "Pc", "Zs"}  # small signs that hide nothing: "evil.'com"

PART = rf"[^\s{re.escape(DOTS + OTHER_DOTS)}/\\@＠﹫,;:!?¿¡\"“”„«»()\[\]{{}}<>|]+"
DOT = rf"[{re.escape(DOTS)}]"
# With a scheme, "www.", a path behind a dot, or a number that could be called.
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
    """The last parts that an address can have ("com", "help", "рф"), as they look: by their skeletons."""
    text = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    public = text.partition("===END ICANN DOMAINS===")[0].splitlines()
    parts = [line.strip() for line in public if line.strip() and not re.search(r"[./*!]", line)]
    return frozenset(look for part in parts for look in _looks(part))


def defused(text: str) -> str:
    """A text without addresses: each is cut out; where a title or an initial stands before the dot ("Dr.No"), or there
    are spaces around it ("gruppetto . help"), only the dot goes.

    A dot with a space behind it alone is the end of a sentence, and stays; where only the space is missing ("great
    ride.So good", "Lisa.Ng") it is added, and nothing is a link any more.
    """
    text = MAIL.sub(_mail, WHOLE.sub(" ", BETWEEN_LETTERS.sub(".", text)))
    text = NUMBERS.sub(_numbers, text)
    text = DOMAIN.sub(_domain, text)
    text = OTHERWISE.sub(_otherwise, text)
    return SPACED.sub(_spaced, text)


def _mail(found: re.Match[str]) -> str:
    """An address goes. With spaces around the sign it may be a place: "Ben @ St.Pauli" has no end of an address."""
    is_apart = any(sign.isspace() for sign in found[0])
    ends = re.split(DOT, found["domain"] or "")[1:]
    return found[0] if is_apart and not any(map(_is_top_level, ends)) else " "


def _numbers(found: re.Match[str]) -> str:
    """An IPv4 or IPv6 address goes; a time of day or a score stays."""
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
    """Whether a sentence ends at the dot, or a surname begins: a small letter, and then a capital and a small one."""
    before, after = parts[0][-1:], parts[-1][:2]
    return len(parts) == 2 and before.islower() and after.istitle() and after.isalpha() and len(after) == 2


def _otherwise(found: re.Match[str]) -> str:
    """An address goes. Before any other end that an address can have, a middle dot becomes a space: "paypal help"."""
    parts = re.split(f"[{OTHER_DOTS}]", found[0])
    if any(_looks(end) & _classic() for end in parts[1:]):
        return " "
    return MIDDLE.sub(_middle, found[0])


def _middle(found: re.Match[str]) -> str:
    """A space for a dot between two Latin words of which the second can end an address.

    It stays before a capital and a small letter, which begin a name ("Run·Club"), and in Catalan words ("Gal·la").
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
    """Whether an address can end like this, whatever hangs on to it: "com’s", "com🌀", or "com", a joiner and "1"."""
    shown = dropwhile(_hides, part)
    begun = "".join(takewhile(lambda sign: not _hides(sign), shown))
    return part.casefold().startswith("xn--") or bool((_looks(part) | (_looks(begun) - {""})) & top_level())


def _hides(sign: str) -> bool:
    """Whether a sign shows nothing by itself, or only on the one before it."""
    return is_variant(sign) or unicodedata.category(sign)[0] == "M"


def _looks(part: str) -> frozenset[str]:
    """How the end of an address looks, in small letters and in capitals: "сом" is all Cyrillic."""
    plain = _plain(part)
    return frozenset({skeleton(plain), skeleton(plain.upper()).casefold()})


@cache
def _classic() -> frozenset[str]:
    return frozenset(look for end in CLASSIC for look in _looks(end))


def _plain(part: str) -> str:
    """The letters that a part begins with, in their plain form. Signs before and between them that show next to nothing
    do not count.
    """
    shown = (sign for sign in text_of(FLAG.sub("", part)) if not is_variant(sign))
    signs = dropwhile(lambda sign: unicodedata.category(sign) in NO_LETTERS, shown)
    return "".join(takewhile(lambda sign: unicodedata.category(sign)[0] in "LMN", signs)).casefold()
