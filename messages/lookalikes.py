"""Letters that look like other letters, from Unicode's table of confusables (UTS 39) in the package
`confusable_homoglyphs`.

The package has the table but no skeleton function, so one is made here: it replaces each sign by its prototype.
The table does not contain letters that can be told apart on a closer look: small capitals, letters in boxes, letters
with a stroke, and the alphabets of "fancy text" generators. Names are only read quickly, so these are added here: by
Unicode's name of the sign if it contains the letter, else from the lists below.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files

BESIDE_LATIN = {"CYRILLIC", "GREEK", "CHEROKEE", "ARMENIAN", "COPTIC", "LISU"}  # alphabets with letters that look Latin
# In these alphabets a mark is an accent and not a vowel ("" means no letter).
WITHOUT_VOWELS = BESIDE_LATIN | {"LATIN", "CANADIAN", ""}
WORD = re.compile(r"\w+")
# Signs that choose a form of the sign before them (text or emoji, one of several ideographs), and invisible vowels.
VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef\u180b-\u180d\u180f\u17b4\u17b5]")
# Marks that no script uses for spelling once NFKC has combined what it can: strokes, rings, boxes and the like.
OVERLAYS = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
NAMED = re.compile(
    r"LATIN (?:(?:CAPITAL|SMALL) LETTER|LETTER SMALL CAPITAL)"
    r"(?: (?:REVERSED|OPEN|BARRED|SIDEWAYS|INSULAR|BLACKLETTER|TAILLESS|SCRIPT|MIDDLE-WELSH|TURNED(?= [AEIHKRT]\b)))?"
    r" (?P<letter>[A-Z])(?: WITH .+)?"
)
BOXED = re.compile(
    r".*(?:LATIN (?:CAPITAL|SMALL)|SYMBOL) LETTER (?P<one>[A-Z])|(?:NEGATIVE )?SQUARED (?P<few>[A-Z]{2,4})"
)
# Prototypes of the table that are not plain letters, although the signs that they stand for look like one: к, м, ᑎ, ᗯ,
# Λ.
SHAPES = dict(zip("ĸʍՈոѠѡɯɅ", "kmNnWwwA", strict=True))
# Alphabets in which generators of "fancy text" write Latin words, as far as neither the table nor a Unicode name covers
# them. Only `looks` treats them as letters: phones recognise no address in them, and real words of these scripts have
# dots too.
ORNAMENTS = dict(
    zip(
        "ᗩᑕᗴᕮᘿᑫᔕᘔᖱᏗፈᎴᏋᎦᎶᏂᏠᎷᏁᎧᎮᎤᏕᏖᏬᏉᏇጀፚᏆค๒๔เ๓ภ๏รยฬ卂乃匚乇千卄丨爪几ㄖ卩尺丂ㄒㄩ山乂ㄚ乙ㄥ₳฿₵₣₲₭₥₦₱₴₮₩€$ИЯДЦШЩΔΣ",
        "ACEEEQSZdacdefghjmnopqstuvwxzIabdimnosuwABCEFHIMNOPRSTUWXYZLABCFGKMNPSTWESNRAUWWAE",
        strict=True,
    )
)


@cache
def prototypes() -> Mapping[str, str]:
    """Return for each sign that looks like others its prototype: the sign, or the few signs, that stand
    for all of them.

    The table is read once (about 40 ms). It lists pairs in both directions, and only a prototype has several partners.
    """
    table = json.loads(files("confusable_homoglyphs").joinpath("confusables.json").read_text(encoding="utf-8"))
    partners = {sign: [each["c"].strip("\u200e") for each in found] for sign, found in table.items()}
    return {
        sign: found[0]
        for sign, found in partners.items()
        if len(sign) == 1 and len(found) == 1 and _stands_for(found[0], sign, partners)
    }


def skeleton(text: str) -> str:
    """Return the text with each sign replaced by its prototype and without accents. Texts that look alike have the same
    skeleton.
    """
    bare = _without_accents(unicodedata.normalize("NFKD", text))
    return _without_accents("".join(map(_shape, bare)))


@lru_cache(maxsize=20_000)  # a name is compared with those of a whole club each time somebody joins it
def looks(name: str) -> frozenset[str]:
    """Return what a name looks like at a glance. Two names that share one of these looks could be confused.

    Only letters, digits and symbols count, not spaces and punctuation. There are up to two looks, because a capital may
    look like another letter than its small form does: "PauI" is "Paul", and "BEN" is "ben". "vv" is a "w".
    """
    signs = [sign for sign in text_of(name) if unicodedata.category(sign)[0] not in "PZC" and not is_variant(sign)]
    forms = skeleton(_unadorned("".join(signs).casefold())), skeleton(skeleton(_unadorned(signs)).casefold())
    return frozenset(form.replace("vv", "w") for form in forms)


def text_of(name: str) -> str:
    """Return the name in plain letters: fullwidth, ornamental and boxed letters are replaced, and marks over or around
    letters are removed.
    """
    return "".join(map(_unboxed, OVERLAYS.sub("", unicodedata.normalize("NFKC", name))))


def is_variant(sign: str) -> bool:
    """Return whether a sign is invisible: a joiner, or a sign that chooses a form of the sign before it."""
    return unicodedata.category(sign) == "Cf" or VARIANTS.match(sign) is not None


def unmixed(text: str) -> str:
    """Return the text in Latin letters where a word mixes these with letters that look Latin: "Sоmebody" with a
    Cyrillic о becomes "Somebody".

    Words of a single alphabet stay as they are, and so do letters that do not look Latin.
    """
    return text if text.isascii() else WORD.sub(_unmixed, text)


def alphabet(sign: str) -> str:
    """Return the alphabet of a letter by its name in Unicode: "LATIN", "CYRILLIC"; "" for signs that are no letters."""
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
    """Return the sign, or the few signs, that a letter looks like: "ᴍ" looks like "m", which the table
    turns into "rn".
    """
    found = SHAPES.get(sign) or _named(sign) or prototypes().get(sign)
    return "".join(map(_shape, found)) if found and found != sign else sign


@lru_cache(maxsize=20_000)
def _named(sign: str) -> str | None:
    """Return the plain letter of a small capital, or of a letter with a stroke or a hook; None for all other signs."""
    found = None if sign.isascii() else NAMED.fullmatch(unicodedata.name(sign, ""))
    letter = found["letter"] if found else None
    return letter.lower() if letter and (sign.islower() or "SMALL" in unicodedata.name(sign)) else letter


@lru_cache(maxsize=20_000)
def _unboxed(sign: str) -> str:
    """Return the letters or the digit that a symbol shows ("🅰", "🇦", "🆗", "❶"); any other sign unchanged."""
    if unicodedata.category(sign) not in {"So", "No"}:
        return sign
    found = BOXED.fullmatch(unicodedata.name(sign, ""))
    digit = unicodedata.digit(sign, None)
    return str(digit) if digit is not None else (found["one"] or found["few"]) if found else sign


def _stands_for(prototype: str, sign: str, partners: Mapping[str, list[str]]) -> bool:
    """Return whether `prototype` is the prototype of `sign`. In a pair without other partners, it
    is the first in Unicode.
    """
    return len(partners.get(prototype, ())) > 1 or len(prototype) > 1 or prototype < sign


def _without_accents(text: str) -> str:
    """Return the text without accents, and without marks on signs that are no letters. Vowel signs stay."""
    kept, has_vowels = [], False
    for sign in text:
        if unicodedata.category(sign) not in {"Mn", "Me"}:
            has_vowels = alphabet(sign) not in WITHOUT_VOWELS
        elif not has_vowels or unicodedata.category(sign) == "Me":
            continue
        kept.append(sign)
    return "".join(kept)
