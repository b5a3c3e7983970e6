"""Letters that look like other letters: Unicode's table of confusables (UTS 39), as `confusable_homoglyphs` carries it.

The package has the table but no skeleton function, so the table is turned into one here: each sign to its prototype.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

BESIDE_LATIN = {"CYRILLIC", "GREEK", "CHEROKEE", "ARMENIAN", "COPTIC", "LISU"}  # alphabets with letters that look Latin
WITH_ACCENTS = {"LATIN", "GREEK", "CYRILLIC"}  # where a mark on a letter is an accent; elsewhere it may be a vowel
WORD = re.compile(r"\w+")
# Which form of the sign before them is meant (text or emoji, one of several ideographs), and vowels that are not seen.
VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef\u180b-\u180d\u180f\u17b4\u17b5]")


@cache
def prototypes() -> Mapping[str, str]:
    """For each sign that looks like another: the one, or the few, that stand for all of its kind.

    The table is read once (some 40 ms); it lists pairs in both directions, and only a prototype has several partners.
    """
    table = json.loads(files("confusable_homoglyphs").joinpath("confusables.json").read_text(encoding="utf-8"))
    partners = {sign: [each["c"].strip("\u200e") for each in found] for sign, found in table.items()}
    return {
        sign: found[0]
        for sign, found in partners.items()
        if len(sign) == 1 and len(found) == 1 and _stands_for(found[0], sign, partners)
    }


def skeleton(text: str) -> str:
    """A text with each sign replaced by its prototype, accents dropped: two texts that look alike have the same."""
    bare = _without_accents(unicodedata.normalize("NFKD", text))
    return "".join(prototypes().get(sign, sign) for sign in bare)


@lru_cache(maxsize=20_000)  # a name is compared with those of a whole club, each time that somebody joins it
def looks(name: str) -> frozenset[str]:
    """By what a name is recognised at a glance: two names that share one of these would be taken for each other.

    Only letters, digits and symbols count, no spaces and no punctuation. There are two, since a capital may look like
    another letter than its small one does: "PauI" is "Paul", and "BEN" is "ben".
    """
    signs = "".join(
        sign for sign in text_of(name) if unicodedata.category(sign)[0] not in "PZC" and not is_variant(sign)
    )
    return frozenset({skeleton(signs.casefold()), skeleton(signs).casefold()})


def text_of(name: str) -> str:
    """A name in the signs that its look is made of: fullwidth and ornamental letters as plain ones."""
    return unicodedata.normalize("NFKC", name)


def is_variant(sign: str) -> bool:
    """Whether a sign shows nothing by itself: a joiner, or which form of the sign before it is meant."""
    return unicodedata.category(sign) == "Cf" or VARIANTS.match(sign) is not None


def unmixed(text: str) -> str:
    """A text in which no word mixes Latin letters with others that look Latin: "Sоmebody" (a Cyrillic о) is "Somebody".

    Words of one alphabet stay as they are, and so do letters that have no Latin likeness.
    """
    return text if text.isascii() else WORD.sub(_unmixed, text)


def alphabet(sign: str) -> str:
    """The alphabet of a letter by its name in Unicode: "LATIN", "CYRILLIC"; empty for other signs."""
    return unicodedata.name(sign, "").split(" ", 1)[0] if unicodedata.category(sign)[0] == "L" else ""


def _unmixed(found: re.Match[str]) -> str:
    word = found[0]
    if word.isascii() or not {"LATIN"} < {alphabet(sign) for sign in word}:
        return word
    return "".join(_as_latin(sign) if alphabet(sign) in BESIDE_LATIN else sign for sign in word)


def _as_latin(sign: str) -> str:
    found = prototypes().get(sign, sign)
    return found if all(alphabet(each) == "LATIN" for each in found) else sign


def _stands_for(prototype: str, sign: str, partners: Mapping[str, list[str]]) -> bool:
    """Of a lone pair, the one that comes first in Unicode stands for both."""
    return len(partners.get(prototype, ())) > 1 or len(prototype) > 1 or prototype < sign


def _without_accents(text: str) -> str:
    kept, before = [], ""
    for sign in text:
        if unicodedata.category(sign) != "Mn":
            before = alphabet(sign)
        elif before in WITH_ACCENTS:
            continue
        kept.append(sign)
    return "".join(kept)
