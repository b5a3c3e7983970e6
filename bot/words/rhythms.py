"""Finds how often a digest comes: "monthly 1", "monthly last", "weekly", or the fields of a cron line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.languages.lists import read_words
from bot.words.lines import LineWord

MONTHLY = read_words("monthly")
WEEKLY = read_words("weekly")
EVERY = read_words("every")
CRON = re.compile(r"\bcron\b[\s*_~`:]*(?=[\d*])(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Rhythm:
    """Every week, every month on a day (-1 is the last), or by a cron line, which `find_cron` finds in the text."""

    kind: str
    day: int | None = None


def find_rhythm(words: Sequence[LineWord]) -> tuple[Rhythm, Sequence[int]] | None:
    """Find the first rhythm. Returns it and the places of its words (for a cron line, all that follow), or None."""
    for i, word in enumerate(words):
        if word.key == "cron":
            return Rhythm("cron"), range(i, len(words))
        if word.key in MONTHLY:
            led = i > 0 and words[i - 1].key in EVERY
            day, taken = _day(words, i)
            return Rhythm("month", day), [*range(i - led, i + 1), *taken]
        if word.key in WEEKLY:
            led = i > 0 and words[i - 1].key in EVERY
            return Rhythm("week"), range(i - led, i + 1)
    return None


def find_cron(line: str) -> str:
    """Return the cron line in a typed line, or "". It is read from the raw text, because asterisks are no words."""
    match = CRON.search(line)
    return " ".join(match[1].split()) if match else ""


def _day(words: Sequence[LineWord], month: int) -> tuple[int | None, list[int]]:
    """Find the day of the month anywhere in the words: "1", "15th", "last" (-1)."""
    for i, word in enumerate(words):
        if i != month and word.key == "last":
            following = [i + 1] if i + 1 < len(words) and words[i + 1].key == "day" else []
            return -1, [i, *following]
        if i != month and (match := re.fullmatch(r"(\d{1,2})(st|nd|rd|th)?", word.key)):
            half = i + 1 < len(words) and words[i + 1].key in {"am", "pm"}
            if not half:
                return int(match[1]), [i]
    return None, []
