"""Common English words. A word in this list is not treated as a typo of one of ours."""

from bot.languages.lists import read_lines
from bot.words.once import once


@once
def read_english_words() -> frozenset[str]:
    """Return about thirteen thousand words in lower case, without names."""
    return frozenset(word for line in read_lines("common") for word in line.split())


@once
def read_names() -> frozenset[str]:
    """Return about a thousand names of people and places, in lower case."""
    return frozenset(word for line in read_lines("names") for word in line.split())


def is_common_name(key: str) -> bool:
    """Return whether a word in small letters is certainly a name: a common one, or one with a
    letter that English does not have.
    """
    return key in read_names() or (key.isalpha() and not key.isascii())
