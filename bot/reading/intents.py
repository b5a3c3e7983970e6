"""Sentences that friends say for a command, from `intents.txt` of the language: a few thousand."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from bot.declaring.command import commands
from bot.languages.lists import read_lines
from bot.words.lines import split_line
from bot.words.once import once

NOTHING = "nothing"
GAP, SOMEBODY = "…", "@…"


@dataclass(frozen=True)
class Intent:
    """The meaning of sentences: a command, and words that are always its arguments.

    `asks_more` is true if at least one argument must be added, `named` if that is a name.
    """

    command: str
    told: tuple[str, ...] = ()
    asks_more: bool = False
    named: bool = False


def read_sentences() -> Iterator[tuple[Intent, str]]:
    """Yield every sentence with its meaning; "@…" stands for a name. Raises ValueError if a line names
    an unknown command.
    """
    for line in read_lines("intents"):
        meant, _, said = line.partition(":")
        meaning = _meaning(meant)
        for sentence in said.split("|"):
            yield replace(meaning, named=GAP in sentence), sentence.strip().replace(GAP, SOMEBODY)


@once
def count_vocabulary() -> dict[str, int]:
    """Return the words of the sentences, and for each how many sentences with a meaning contain it."""
    said: dict[str, int] = defaultdict(int)
    for meaning, sentence in read_sentences():
        for word in split_line(sentence):
            if not word.raw.startswith(SOMEBODY):
                said[word.key] += meaning.command != NOTHING
    return dict(said)


@cache
def _meaning(meant: str) -> Intent:
    words = meant.split()
    for length in range(len(words), 0, -1):
        name = " ".join(words[:length])
        if name in commands or name == NOTHING:
            told = tuple(word for word in words[length:] if word not in {"*", GAP})
            return Intent(name, told, asks_more="*" in words)
    raise ValueError(f"{meant!r} is no command")
