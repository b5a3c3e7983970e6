"""A line as it is read: words in lower case, without the signs around them, beside what was typed."""

import re
import unicodedata
from dataclasses import dataclass

EDGES = "!?.,;:…\"'“”‘’«»()[]{}*_~`<>"
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
POLITE = {
    "please", "pls", "plz", "thanks", "thank", "you", "the", "a", "an", "of", "for", "in", "by", "on", "at", "our",
    "my", "me", "show", "us", "to", "and", "with", "is", "was",
}  # fmt: skip


@dataclass(frozen=True)
class Word:
    """One word: as it was typed, and as it is compared."""

    raw: str
    key: str


def words_of(line: str) -> list[Word]:
    """Cut a line into words. A leading "/" or "!" as other bots want it is forgiven."""
    visible = "".join(" " if unicodedata.category(sign) in INVISIBLE and sign != "\u200d" else sign for sign in line)
    visible = visible.strip().lstrip("/!")
    words = (Word(raw, key_of(raw)) for raw in visible.split())
    return [word for word in words if word.key]


def key_of(raw: str) -> str:
    """How a word is compared: compatible forms folded, lower case, no signs at its edges."""
    folded = unicodedata.normalize("NFKC", raw).casefold().strip(EDGES)
    return re.sub(r"[\ufe0f\u200d]", "", folded)
