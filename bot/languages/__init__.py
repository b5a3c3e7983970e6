"""The words that members write: one folder for each language.

Lines are read by the lists of `en/`. A folder of another language holds `means.toml`, its words with the English words
by which they are read; so a member who is written to in that language may write it too. They may also write English,
but a word that stands in `means.toml` is read as it says there: "Mai" as "may", also where it is a name.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
READ = "en"  # the language in which lines are read


def read_lines(name: str) -> list[str]:
    """The lines of one of the lists by which lines are read, without its comments."""
    lines = (FOLDER / READ / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def read_words(name: str) -> frozenset[str]:
    """The words of one kind: a list in `words.toml`."""
    return frozenset(_lists()[name].split())


def read_phrases(name: str) -> tuple[str, ...]:
    """Whole lines of one kind: a list in `words.toml`."""
    return tuple(_lists()[name])


def read_words_by(name: str) -> Mapping[str, frozenset[str]]:
    """The words of a table in `words.toml`, by what they mean."""
    return {meaning: frozenset(spoken.split()) for meaning, spoken in _lists()[name].items()}


def read_texts_by(name: str) -> Mapping[str, str]:
    """A table in `words.toml`, as it stands."""
    return dict(_lists()[name])


@cache
def read_meanings(language: str) -> Mapping[str, str]:
    """Return the words of a language, each with the English one by which it is read.

    The words are single, in lower case, in NFKC form and as `casefold` writes them ("ss" for "ß"). What one means is
    one English word, or the name of a command ("group goal"): the line is split before, so that other values of several
    words would be taken for one word. `tests/messages/test_languages.py` tells of those that would never match.
    """
    path = FOLDER / language / "means.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads((FOLDER / READ / "words.toml").read_text(encoding="utf-8"))
