"""How near one word is to another for a thumb: swapped, doubled, or a key beside."""

from collections.abc import Sequence
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def find_near(key: str, choices: Sequence[str], allowed: int) -> list[str]:
    """Those among the choices that are so few slips away, and share the first or the last letter; nearest first."""
    found = process.extract(key, choices, scorer=OSA.distance, score_cutoff=allowed, limit=4)
    return [word for word, _, _ in found if word[0] == key[0] or word[-1] == key[-1]]


def is_doubled(key: str, word: str) -> bool:
    """Return whether a letter is once too often or once too seldom beside its like."""
    return abs(len(key) - len(word)) == 1 and _single(key) == _single(word)


def _single(word: str) -> str:
    return "".join(sign for i, sign in enumerate(word) if not i or word[i - 1] != sign)


def is_swap(key: str, word: str) -> bool:
    """Return whether two letters changed places."""
    return (
        len(key) == len(word)
        and sorted(key) == sorted(word)
        and sum(a != b for a, b in zip(key, word, strict=True)) == 2
    )


def is_beside(key: str, word: str) -> bool:
    """Return whether one letter was hit beside."""
    other = [(a, b) for a, b in zip(key, word, strict=False) if a != b]
    return len(key) == len(word) and len(other) == 1 and other[0][1] in find_keys_beside(other[0][0])


@cache
def find_keys_beside(letter: str) -> frozenset[str]:
    """The keys around one, on a keyboard of English."""
    for i, row in enumerate(ROWS):
        if letter in row:
            at = row.index(letter)
            around = [
                ROWS[j][k]
                for j in (i - 1, i, i + 1)
                if 0 <= j < 3
                for k in (at - 1, at, at + 1)
                if 0 <= k < len(ROWS[j])
            ]
            return frozenset(around) - {letter}
    return frozenset()
