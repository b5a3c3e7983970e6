"""Slips of the finger: a word that is none of ours, and the one of ours that it nearly is."""

from collections.abc import Sequence
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.arguments import OFF, ON, YES
from bot.command import commands
from bot.lines import Word
from bot.phrases import FILLERS
from fitness.metrics import Metric
from fitness.sports import Sport
from fitness.vocabulary import MONTH_NAMES, NUMBERS, WEEKDAY_NAMES

SHORTEST, LONG = 4, 7
WHEN = [
    "today",
    "yesterday",
    "week",
    "weeks",
    "month",
    "months",
    "year",
    "years",
    "weekend",
    "last",
    "this",
    "since",
    "between",
    "until",
    "previous",
    "past",
]
MOST_MENDED = 3


def mended(words: Sequence[Word]) -> tuple[list[Word], str] | None:
    """The words with their slips put right, and the first that was one; None where nothing is like ours, or too much.

    One slip in a word of four letters, two from seven on. A word that could be the slip of something destructive is
    left as it is, so nobody leaves a group by mistyping.
    """
    fresh, slips = [], []
    for word in words:
        right = _meant(word.key) if word.raw.isalpha() or word.key.isalpha() else None
        if right is not None:
            slips.append(word.key)
        fresh.append(word if right is None else Word(right, right))
    return (fresh, slips[0]) if 0 < len(slips) <= MOST_MENDED else None


def _meant(key: str) -> str | None:
    if len(key) < SHORTEST or key in FILLERS or key in _ours(len(commands)):
        return None
    allowed = 2 if len(key) >= LONG else 1
    if near(key, tuple(_risky(len(commands))), allowed):
        return None
    found = near(key, tuple(sorted(_ours(len(commands)))), allowed)
    return found[0] if found else None


def near(key: str, choices: Sequence[str], allowed: int) -> list[str]:
    """Those among the choices that are so few slips away, and share the first or the last letter; nearest first."""
    found = process.extract(key, choices, scorer=OSA.distance, score_cutoff=allowed, limit=4)
    return [word for word, _, _ in found if word[0] == key[0] or word[-1] == key[-1]]


@cache
def _ours(_number: int) -> frozenset[str]:
    """Every word that commands are made of, but for those that could destroy something."""
    names = {part for name, each in commands.items() if not each.destructive for part in name.split()}
    spoken = {word for kind in (Metric, Sport) for each in kind for word in (each.value, *each.words)}
    return frozenset(
        names | spoken | {*MONTH_NAMES, *WEEKDAY_NAMES, *NUMBERS, *WHEN, *YES, *ON, *OFF} - _risky(_number)
    )


@cache
def _risky(_number: int) -> frozenset[str]:
    return frozenset(part for name, each in commands.items() if each.destructive for part in name.split())
