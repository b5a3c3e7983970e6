"""Finds one of a few values, a code, a setting or a field by its word anywhere in a line."""

from collections.abc import Container, Mapping, Sequence
from enum import Enum
from typing import Any

from bot.arguments.choices import Newest, Sure
from bot.arguments.spoken import (
    AROUND_SETTINGS,
    CHOICES,
    CODE,
    FIELDS,
    LINK_CODE,
    PLAINLY_YES,
    SESSIONS,
    SETTINGS,
    YES,
    Found,
    Reader,
)
from bot.arguments.values import Code, Field, LinkCode
from bot.words.lines import LineWord
from bot.words.metrics import SHARED


def find_phrase(keys: Sequence[str], start: int, known: Container[str], most: int) -> range | None:
    """Return the places of the longest phrase that begins at `start` and is `known`, at most so many words, or None."""
    lengths = range(min(most, len(keys) - start), 0, -1)
    return next((range(start, start + n) for n in lengths if "_".join(keys[start : start + n]) in known), None)


def make_reader_of_enum(kind: type[Enum]) -> Reader:
    """Return a reader that finds one of the words of an enumeration."""
    return make_word_reader({spoken: choice for choice in kind for spoken in (choice.value, *choice.words)})  # type: ignore[attr-defined]


def make_word_reader(meanings: Mapping[str, Any]) -> Reader:
    """Return a reader that finds the first word or phrase with a meaning. The words of a phrase are joined by "_" in
    `meanings`; of several that begin with the same word, the longest counts.
    """
    most = max((spoken.count("_") + 1 for spoken in meanings), default=1)

    def read(words: Sequence[LineWord]) -> Found | None:
        keys = [word.key for word in words]
        found = (places for i in range(len(keys)) if (places := find_phrase(keys, i, meanings, most)))
        first = next(found, None)
        return (meanings["_".join(keys[first.start : first.stop])], first) if first else None

    return read


def make_reader_of_choices(*choices: Any) -> Reader:
    """Return a reader for these words. The arguments are, in turn, a set of words and their meaning."""
    return make_word_reader(
        {key: value for keys, value in zip(choices[::2], choices[1::2], strict=True) for key in keys}
    )


def read_code(words: Sequence[LineWord]) -> Found | None:
    """Find an invite code."""
    for i, word in enumerate(words):
        if CODE.fullmatch(word.key.upper()):
            return Code(word.key.upper()), [i]
    return None


def read_link_code(words: Sequence[LineWord]) -> Found | None:
    """Find a code of the link page."""
    for i, word in enumerate(words):
        if LINK_CODE.fullmatch(word.key.upper()):
            return LinkCode(word.key.upper()), [i]
    return None


def read_setting(words: Sequence[LineWord]) -> Found | None:
    """Find a setting's name, with the words that people put around it."""
    for i, word in enumerate(words):
        if word.key in SETTINGS:
            around = [j for j, other in enumerate(words) if other.key in AROUND_SETTINGS]
            return SETTINGS[word.key], [i, *around]
    return None


def read_field(words: Sequence[LineWord]) -> Found | None:
    """Find a field that a member may share, by any of its words."""
    spoken = {word: Field(field) for field, said in FIELDS.items() for word in said.split()}
    return make_word_reader(spoken | {word: Field(metric.value) for word, metric in SHARED.items()})(words)


def read_newest(words: Sequence[LineWord]) -> Found | None:
    """Find "last", or "last run"."""
    found = make_reader_of_choices(CHOICES["newest_last"], Newest.LAST, CHOICES["newest_this"], Newest.THIS)(words)
    if found is None:
        return None
    after = found[1][0] + 1
    named = after < len(words) and words[after].key in SESSIONS
    return found[0], [*found[1], after] if named else found[1]


def read_sure(words: Sequence[LineWord]) -> Found | None:
    """Find a yes at the end of a line with other words before it, so that the name "Si" is not taken for a yes."""
    last = len(words) - 1
    if any(word.key.startswith("#") for word in words):
        return make_reader_of_choices(YES, Sure.YES)(words)
    return (Sure.YES, [last]) if last > 0 and words[last].key in PLAINLY_YES else None
