"""Splits a line into words. Each is kept as it was typed, and in lower case without signs around it, for comparison."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

EDGES = "!?.,;:…\"'“”‘’«»()[]{}*_~`<>"
LONGEST_WORD = 80
JOINER = "\u200d"  # joins several emoji into one
GAPS = {"Cc", "Cs", "Co", "Cn"}
POLITE = {
    "please", "pls", "plz", "thanks", "thank", "you", "the", "a", "an", "of", "for", "in", "by", "on", "at", "our",
    "my", "me", "show", "us", "to", "and", "with", "is", "was", "code", "there", "now", "bot", "gruppetto",
}  # fmt: skip

WHY = {"did", "do", "does", "is", "am", "are", "so", "only", "was"}  # words after a "y" that means "why" and not "yes"
DRAWN_OUT = re.compile(r"(.)\1{2,}")  # "hiii"
SHORTHAND = {
    "hi": "hi", "hey": "hey", "thanks": "thanks", "please": "please", "yes": "yes", "no": "no", "u":
    "you", "ur": "your", "r": "are", "hw": "how", "wat": "what", "wot": "what", "wht": "what", "hv": "have", "cn":
    "can", "gd": "good", "shw": "show", "lst": "last", "wk": "week", "wks": "weeks", "yr": "year", "yrs": "years",
    "mth": "month", "mths": "months", "mnth": "month", "wknd": "weekend", "wkend": "weekend", "2day": "today", "tday":
    "today", "yday": "yesterday", "yest": "yesterday", "tmrw": "tomorrow", "tmr": "tomorrow", "thnx": "thx", "tnx":
    "thx", "thanx": "thanks", "thks": "thanks", "ppl": "people", "avrg": "average", "sesh": "session", "grp": "group",
    "yea": "yeah", "teh": "the", "taht": "that", "wiht": "with", "hte": "the", "ridden": "rode",
    "nxt": "next", "n": "and", "wots": "whats", "wats": "whats", "wen": "when", "&": "and", "wo": "who",
}  # fmt: skip


@dataclass(frozen=True)
class Word:
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


def without(words: Iterable[Word], places: Iterable[int]) -> list[Word]:
    """Return the words without those at these places. A line may have two thousand words, so this is fast."""
    taken = set(places)
    return [word for i, word in enumerate(words) if i not in taken]


def words_of(line: str) -> list[Word]:
    """Split a line into words. A leading "/" or "!", as other bots need it, is removed; a single "?" is a word."""
    plain = line.isascii() and line.isprintable()
    visible = (line if plain else "".join(map(_seen, line))).strip().lstrip("/!")
    words = [_word(raw) if len(raw) <= LONGEST_WORD else Word(raw, key_of(raw)) for raw in visible.split()]
    if any(word.key == "may" for word in words):
        words = [Word(word.raw, "can") if _asks(words, i) else word for i, word in enumerate(words)]
    if len(words) > 1 and words[0].key == "y" and words[1].key in WHY:
        words[0] = Word(words[0].raw, "why")
    spoken = [word for word in words if word.key]
    return spoken or [Word("?", "?") for word in words[:1] if "?" in word.raw]


@lru_cache(maxsize=20_000)
def _word(raw: str) -> Word:
    return Word(raw, key_of(raw))


def _asks(words: list[Word], i: int) -> bool:
    """Whether a "may" is a verb and not a month: "may I see my week"."""
    return words[i].key == "may" and i + 1 < len(words) and words[i + 1].key in {"i", "we", "you"}


def said(line: str) -> str:
    """Return a line in the form in which it is compared."""
    return " ".join(word.key for word in words_of(line))


def key_of(raw: str) -> str:
    """Return a word in the form in which it is compared: in NFKC form and lower case, without signs at its edges.

    Only its beginning is used, because no known word is longer, and one sign may become eighteen in NFKC.
    """
    return _key(raw[:LONGEST_WORD])


@lru_cache(maxsize=20_000)
def _key(raw: str) -> str:
    folded = unicodedata.normalize("NFKC", raw).casefold().strip(EDGES)
    key = re.sub(r"[\ufe0f\u200d\s]", "", folded)  # a sign may become several words in NFKC; it stays one word here
    return SHORTHAND.get(key) or SHORTHAND.get(DRAWN_OUT.sub(r"\1", key), key)


def _seen(sign: str) -> str:
    """Return the visible part of a sign, because copied text contains invisible marks: a space,
    nothing, or the sign.
    """
    kind = unicodedata.category(sign)
    return " " if kind in GAPS else "" if kind == "Cf" and sign != JOINER else sign
