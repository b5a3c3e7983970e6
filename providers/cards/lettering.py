"""Makes any text safe to draw, and fits it into its space."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from messages.words import JOINERS, visible

CELLS = 120  # longer texts are cut, so that a name of a megabyte does not cost much work
MARKS = 3  # combining marks on one letter: enough for Hebrew and Vietnamese, too few to reach into another row
ELLIPSIS = "…"
RIGHT_TO_LEFT_MARK = "\u200f"

_FANCY = re.compile("[\u2460-\u24ff\U0001d400-\U0001d7ff]+")  # 𝓩𝓸𝓮 and Ⓩⓞⓔ: letters that few fonts have
_BEYOND_ONE_EMOJI = re.compile(
    "\u200d[\U0001f000-\U0001faff\u2190-\u27bf\u2b00-\u2bff]|[\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff]"
)
_FLAGS = {0x1F1E6 + place: chr(ord("A") + place) for place in range(26)}
_STRAY_JOINER = re.compile("(?<![\u0600-\u0dff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u0dff])")


@dataclass(frozen=True)
class Words:
    """A text that fits its space at this size."""

    text: str
    size: int


def fit(text: str, room: float, size: int, least: int) -> Words:
    """Return the text at the largest size between `least` and `size` at which it fits `room`; cut
    it if none fits. In pixels.
    """
    text = clean_text(text)
    needed = estimate_width(text)
    if needed * least <= room:
        return Words(text, min(size, int(room / needed)) if needed else size)
    return Words(_cut(text, room / least - estimate_width(ELLIPSIS)) if least else "", least)


def clean_text(text: str) -> str:
    """Return the text without characters that the renderer cannot draw.

    An emoji sequence becomes its first emoji (resvg 0.48 draws sequences as boxes and panics on some), a flag its two
    letters; bidi controls, control characters and characters that are in no font are removed.
    """
    text = _FANCY.sub(lambda fancy: unicodedata.normalize("NFKC", fancy[0]), text[: CELLS * 8])
    text = _BEYOND_ONE_EMOJI.sub("", text).translate(_FLAGS)
    text = unicodedata.normalize("NFC", _STRAY_JOINER.sub("", visible(text)))
    return " ".join("".join(_few_marks(text)).split())


def cut_text(text: str, cells: int) -> str:
    """Cut a text to this many cells (a wide character takes two), with an ellipsis at the end in reading direction."""
    text = clean_text(text)
    if sum(map(_cells, text)) <= cells:
        return text
    return _kept(text, _cells, cells - 1)


def choose_initial(name: str) -> str:
    """Return one character that stands for a name."""
    return (clean_text(name)[:1].upper() or "?")[0]


def estimate_width(text: str) -> float:
    """Return the estimated width of a bold text as a multiple of its size. It is rather too large than too small."""
    return sum(map(_em, text))


def _cut(text: str, room: float) -> str:
    """Cut a cleaned text to this width, as a multiple of its size, and to at most `CELLS` cells."""
    within = sum(1 for cells in accumulate(map(_cells, text)) if cells < CELLS)
    return _kept(text[:within], _em, room)


def _kept(text: str, measure: Callable[[str], float], room: float) -> str:
    """Return the beginning of a text that fits, with an ellipsis."""
    fitting = sum(1 for taken in accumulate(map(measure, text)) if taken <= room)
    return text[:fitting].rstrip(" " + JOINERS) + ELLIPSIS + (RIGHT_TO_LEFT_MARK if _right_to_left(text) else "")


def _few_marks(text: str) -> Iterator[str]:
    stacked = 0
    for character in text:
        stacked = stacked + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if stacked <= MARKS:
            yield character


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _right_to_left(text: str) -> bool:
    strong = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in strong if kind in ("L", "R", "AL")), "L") != "L"


# Measured with Inter Bold and the bold Noto fonts; scripts that are not listed get the width of their widest letters.
_ADVANCES = {
    character: em
    for characters, em in (
        (" ijl.,:;!'|I·", 0.3),
        ("\\`ft()[]/r-1ίϊΐ", 0.43),
        ("aceksvxyzFJL7?*", 0.59),
        ("bdghnopquE235689", 0.63),
        ("BPRSTZ04&#$+<=>~", 0.67),
        ("ACDGHKNOQUVXY", 0.76),
        ("اأإآلدذرزنيهوةىךוזיןנ", 0.6),
        ("…wm", 0.9),
        ("MW%@ЖШЩЮМжшщюмФфЫыДЉÆŒæœϖ—▲▼№سشصض", 1.08),
        ("⸺", 2.1),
        ("⸻", 3.1),
    )
    for character in characters
}
_ADVANCES_BY_KIND = {"Mn": 0.0, "Me": 0.0, "Cf": 0.0, "Ll": 0.68, "Lu": 0.8, "Nd": 0.66}
_ADVANCES_BY_SCRIPT = (
    (range(0x530, 0x590), 1.0),  # Armenian
    (range(0x590, 0x900), 0.78),  # Hebrew, Arabic
    (range(0x900, 0x980), 0.9),  # Devanagari
    (range(0x980, 0xE00), 1.4),  # Bengali to Sinhala
    (range(0xE00, 0x1000), 0.75),  # Thai, Lao
    (range(0x1000, 0x1800), 1.2),  # Myanmar, Georgian, Ethiopic, Khmer
)


@lru_cache(4096)
def _em(character: str) -> float:
    kind = unicodedata.category(character)
    if character in _ADVANCES:
        return _ADVANCES[character]
    if unicodedata.east_asian_width(character) in "WF":
        return 1.3 if kind == "So" else 1.05
    parts = unicodedata.normalize("NFKD", character)
    if parts != character:
        return max(estimate_width(parts), 0.43)
    by_script = (em for block, em in _ADVANCES_BY_SCRIPT if ord(character) in block and kind[0] == "L")
    return next(by_script, _ADVANCES_BY_KIND.get(kind, 0.7 if character.isascii() else 1.4))
