"""Explains how the bot reads a line, as plain values: for support, and for tests with stored lines."""

from dataclasses import fields, is_dataclass
from datetime import time
from enum import Enum
from typing import Any

from bot import commands as _declared  # noqa: F401 - importing declares them
from bot.languages.lists import READ
from bot.parser import NotUnderstood, Understood, list_offers, understand
from fitness.forms import Period


def explain_reading(line: str, language: str = READ) -> dict[str, Any]:
    """Return how one line is read that was written by somebody who is written to in this language.

    `command` is None if nothing would run; `missing` is the argument that the bot would ask for; `choices` are the
    lines that it would offer instead.
    """
    reading = understand(line, language)
    told: dict[str, Any] = {
        "line": line,
        "command": None,
        "arguments": {},
        "guessed": None,
        "missing": None,
        "choices": [],
    }
    if isinstance(reading, NotUnderstood):
        return told | {"choices": list_offers(reading)}
    told["command"] = reading.command.name
    if isinstance(reading, Understood):
        arguments = {name: _plain(value) for name, value in reading.arguments.items()}
        return told | {"arguments": arguments, "guessed": reading.guessed}
    return told | {"missing": reading.missing.name}


def _plain(value: Any) -> Any:  # noqa: PLR0911 - one line for each kind
    """Return the value in a form that JSON can hold: periods in words, times as on a clock."""
    match value:
        case Period():
            return value.words
        case Enum():
            return value.value
        case time():
            return f"{value:%H:%M}"
        case dict():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset() | range():
            return [_plain(each) for each in value]
        case str() | int() | float() | None:
            return value
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return str(value)
