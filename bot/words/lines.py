"""Splits a line into words. Each is kept as it was typed, and in lower case without signs around it, for comparison."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bot.languages.lists import READ, read_meanings, read_texts_by, read_words
from messages.words import visible

EDGES = "!?.,;:…\"'“”‘’«»()[]{}*_~`<>"
LONGEST_WORD = 80
POLITE = read_words("polite")
WHY = read_words("after_y_for_why")
DRAWN_OUT = re.compile(r"(.)\1{2,}")  # "hiii"
SHORTHAND = read_texts_by("shorthand")


@dataclass(frozen=True)
class LineWord:
    """One word: as it was typed (`raw`), and in the form in which it is compared (`key`)."""

    raw: str
    key: str

    @cached_property
    def is_spoken(self) -> bool:
        """Whether it contains a letter or a digit, and is not only a sign or an emoji."""
        return self.key.isalnum() or any(sign.isalnum() for sign in self.key)

    @cached_property
    def plain(self) -> str:
        """The key with a plain apostrophe."""
        return self.key.replace("’", "'")


def drop_places(words: Iterable[LineWord], places: Iterable[int]) -> list[LineWord]:
    """Return the words without those at these places. A line may have two thousand words, so this is fast."""
    taken = set(places)
    return [word for i, word in enumerate(words) if i not in taken]


def split_line(line: str, language: str = READ) -> list[LineWord]:
    """Split a line into words. A leading "/" or "!", which other bots need, is dropped; a lone "?" is a word.

    A word of another language is compared as the English word that it means (`bot.languages.lists.read_meanings`).
    """
    shown = visible(line).strip().lstrip("/!")
    words = [_word(raw) if len(raw) <= LONGEST_WORD else LineWord(raw, normalise_word(raw)) for raw in shown.split()]
    if meant := read_meanings(language):
        words = [LineWord(word.raw, meant.get(word.key, word.key)) for word in words]
    if any(word.key == "may" for word in words):
        words = [LineWord(word.raw, "can") if _asks(words, i) else word for i, word in enumerate(words)]
    if len(words) > 1 and words[0].key == "y" and words[1].key in WHY:
        words[0] = LineWord(words[0].raw, "why")
    spoken = [word for word in words if word.key]
    return spoken or [LineWord("?", "?") for word in words[:1] if "?" in word.raw]


@lru_cache(maxsize=20_000)
def _word(raw: str) -> LineWord:
    return LineWord(raw, normalise_word(raw))


def _asks(words: list[LineWord], i: int) -> bool:
    """Return whether a "may" is a verb and not a month: "may I see my week"."""
    return words[i].key == "may" and i + 1 < len(words) and words[i + 1].key in {"i", "we", "you"}


def normalise_line(line: str, language: str = READ) -> str:
    """Return a line in the form in which it is compared."""
    return " ".join(word.key for word in split_line(line, language))


def normalise_word(raw: str) -> str:
    """Return a word in the form in which it is compared: in NFKC form and lower case, without signs at its edges.

    Only its beginning is used, because no known word is longer, and one sign may become eighteen in NFKC.
    """
    return _key(raw[:LONGEST_WORD])


@lru_cache(maxsize=20_000)
def _key(raw: str) -> str:
    folded = unicodedata.normalize("NFKC", raw).casefold().strip(EDGES)
    key = re.sub(r"[\ufe0f\u200c\u200d\s]", "", folded)  # a sign may fold into words: one word stays one
    return SHORTHAND.get(key) or SHORTHAND.get(DRAWN_OUT.sub(r"\1", key), key)
