"""Letters that look like other letters: Unicode's table of confusables (UTS 39), as `confusable_homoglyphs` carries it.

The package has the table but no skeleton function, so the table is turned into one here: each sign to its prototype.
The table leaves out what nobody takes for a plain letter at a second glance: small capitals, letters in boxes, letters
with a stroke, and the alphabets of "fancy text" generators. A name is read at the first glance, so these are added:
where Unicode's own name of a sign tells which letter it is, by that name, else from the lists below.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files

BESIDE_LATIN = {"CYRILLIC", "GREEK", "CHEROKEE", "ARMENIAN", "COPTIC", "LISU"}  # alphabets with letters that look Latin
# Where a mark is an accent, or nothing that anybody spells with ("" is no letter); elsewhere it may be a vowel.
WITHOUT_VOWELS = BESIDE_LATIN | {"LATIN", "CANADIAN", ""}
WORD = re.compile(r"\w+")
# Which form of the sign before them is meant (text or emoji, one of several ideographs), and vowels that are not seen.
VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef\u180b-\u180d\u180f\u17b4\u17b5]")
# Marks that belong to no script's spelling once NFKC has joined what it can: strokes, rings, boxes and the like.
OVERLAYS = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
NAMED = re.compile(
    r"LATIN (?:(?:CAPITAL|SMALL) LETTER|LETTER SMALL CAPITAL)"
    r"(?: (?:REVERSED|OPEN|BARRED|SIDEWAYS|INSULAR|BLACKLETTER|TAILLESS|SCRIPT|MIDDLE-WELSH|TURNED(?= [AEIHKRT]\b)))?"
    r" (?P<letter>[A-Z])(?: WITH .+)?"
)
BOXED = re.compile(
    r".*(?:LATIN (?:CAPITAL|SMALL)|SYMBOL) LETTER (?P<one>[A-Z])|(?:NEGATIVE )?SQUARED (?P<few>[A-Z]{2,4})"
)
# Prototypes of the table that are no plain letters, though what they stand for looks like one: к, м, ᑎ, ᗯ, Λ.
SHAPES = dict(zip("ĸʍՈոѠѡɯɅ", "kmNnWwwA", strict=True))
# The alphabets in which generators of "fancy text" write Latin words, as far as neither the table nor a name helps.
# These stand for letters in `looks` only: an address is not recognised in them, and native words have dots too.
ORNAMENTS = dict(
    zip(
        "ᗩᑕᗴᕮᘿᑫᔕᘔᖱᏗፈᎴᏋᎦᎶᏂᏠᎷᏁᎧᎮᎤᏕᏖᏬᏉᏇጀፚᏆค๒๔เ๓ภ๏รยฬ卂乃匚乇千卄丨爪几ㄖ卩尺丂ㄒㄩ山乂ㄚ乙ㄥ₳฿₵₣₲₭₥₦₱₴₮₩€$ИЯДЦШЩΔΣ",
        "ACEEEQSZdacdefghjmnopqstuvwxzIabdimnosuwABCEFHIMNOPRSTUWXYZLABCFGKMNPSTWESNRAUWWAE",
        strict=True,
    )
)


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
    return _without_accents("".join(map(_shape, bare)))


@lru_cache(maxsize=20_000)  # a name is compared with those of a whole club, each time that somebody joins it
def looks(name: str) -> frozenset[str]:
    """By what a name is recognised at a glance: two names that share one of these would be taken for each other.

    Only letters, digits and symbols count, no spaces and no punctuation. There are two, since a capital may look like
    another letter than its small one does: "PauI" is "Paul", and "BEN" is "ben". "vv" is a "w".
    """
    signs = [sign for sign in text_of(name) if unicodedata.category(sign)[0] not in "PZC" and not is_variant(sign)]
    forms = skeleton(_unadorned("".join(signs).casefold())), skeleton(skeleton(_unadorned(signs)).casefold())
    return frozenset(form.replace("vv", "w") for form in forms)


def text_of(name: str) -> str:
    """A name in the signs that its look is made of: fullwidth, ornamental and boxed letters as plain ones, and no marks
    that are laid over or around a letter.
    """
    return "".join(map(_unboxed, OVERLAYS.sub("", unicodedata.normalize("NFKC", name))))


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
    found = "".join(SHAPES.get(each) or _named(each) or each for each in prototypes().get(sign, sign))
    return found if all(alphabet(each) == "LATIN" for each in found) else sign


def _unadorned(signs: Iterable[str]) -> str:
    return "".join(ORNAMENTS.get(sign, sign) for sign in signs)


@lru_cache(maxsize=20_000)
def _shape(sign: str) -> str:
    """The sign, or the few, that a letter looks like: "ᴍ" is an "m", and that is "rn" in the table."""
    found = SHAPES.get(sign) or _named(sign) or prototypes().get(sign)
    return "".join(map(_shape, found)) if found and found != sign else sign


@lru_cache(maxsize=20_000)
def _named(sign: str) -> str | None:
    """The plain letter that a small capital, or a letter with a stroke or a hook, is made of; None for all others."""
    found = None if sign.isascii() else NAMED.fullmatch(unicodedata.name(sign, ""))
    letter = found["letter"] if found else None
    return letter.lower() if letter and (sign.islower() or "SMALL" in unicodedata.name(sign)) else letter


@lru_cache(maxsize=20_000)
def _unboxed(sign: str) -> str:
    """The letters or the digit that a symbol shows: "🅰", "🇦", "🆗", "❶"; any other sign as it is."""
    if unicodedata.category(sign) not in {"So", "No"}:
        return sign
    found = BOXED.fullmatch(unicodedata.name(sign, ""))
    digit = unicodedata.digit(sign, None)
    return str(digit) if digit is not None else (found["one"] or found["few"]) if found else sign


def _stands_for(prototype: str, sign: str, partners: Mapping[str, list[str]]) -> bool:
    """Of a lone pair, the one that comes first in Unicode stands for both."""
    return len(partners.get(prototype, ())) > 1 or len(prototype) > 1 or prototype < sign


def _without_accents(text: str) -> str:
    """A text without the marks that are accents, or stand on something that is no letter. Vowel signs stay."""
    kept, has_vowels = [], False
    for sign in text:
        if unicodedata.category(sign) not in {"Mn", "Me"}:
            has_vowels = alphabet(sign) not in WITHOUT_VOWELS
        elif not has_vowels or unicodedata.category(sign) == "Me":
            continue
        kept.append(sign)
    return "".join(kept)
