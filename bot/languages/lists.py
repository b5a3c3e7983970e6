"""The words that members write, in one folder for each language.

Lines are read with the lists in `en/`. The folder of another language has `means.toml`, which gives the English word
for each of its words, so members who are written to in that language may use them. They may also write English, but a
word in `means.toml` is read as it says there: "Mai" as "may", also where it is a name.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
READ = "en"  # the language in which lines are read


def read_lines(name: str) -> list[str]:
    """Return the lines of one of the lists for reading, without its comments."""
    lines = (FOLDER / READ / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def read_words(name: str) -> frozenset[str]:
    """Return the words of one kind: a list in `words.toml`."""
    return frozenset(_lists()[name].split())


def read_phrases(name: str) -> tuple[str, ...]:
    """Return the whole lines of one kind: a list in `words.toml`."""
    return tuple(_lists()[name])


def read_words_by(name: str) -> Mapping[str, frozenset[str]]:
    """Return the words of a table in `words.toml`, by their meaning."""
    return {meaning: frozenset(spoken.split()) for meaning, spoken in _lists()[name].items()}


def read_texts_by(name: str) -> Mapping[str, str]:
    """Return a table of `words.toml` unchanged."""
    return dict(_lists()[name])


@cache
def read_meanings(language: str) -> Mapping[str, str]:
    """Return the words of a language, each with the English word for it.

    The words are single, in lower case, in NFKC form and as `casefold` writes them ("ss" for "ß"). The value is one
    English word, or the name of a command ("group goal"): the line is split before, so any other value of several words
    would be taken for one word. `tests/messages/test_languages.py` finds words that would never match.
    """
    path = FOLDER / language / "means.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads((FOLDER / READ / "words.toml").read_text(encoding="utf-8"))
