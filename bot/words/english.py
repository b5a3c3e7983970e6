"""Common English words. A word in this list is not treated as a typo of one of ours."""

from pathlib import Path

from bot.words.once import once

FILE = Path(__file__).parent / "english.txt"


@once
def english() -> frozenset[str]:
    """Return about thirteen thousand words in lower case, without names."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@once
def names() -> frozenset[str]:
    """Return about a thousand names of people and places, in lower case."""
    lines = (FILE.parent / "names.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def is_common_name(key: str) -> bool:
    """Whether a word in small letters is certainly a name: a common one, or one with a letter that
    English does not have.
    """
    return key in names() or (key.isalpha() and not key.isascii())
