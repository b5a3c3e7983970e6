"""A line becomes a command and what it was told, or a question, or nothing we know."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from rapidfuzz import fuzz, process

from bot.arguments import ORDER, Argument
from bot.command import Command, commands
from bot.lines import POLITE, Word, words_of
from fitness.periods import BadPeriod
from fitness.schedules import BadClock

LIKE_ENOUGH = 84
WORTH_OFFERING = 60


@dataclass(frozen=True)
class Understood:
    """A command and all that it needs. `guessed` is the word that was taken for the command, when it was not one."""

    command: Command
    arguments: dict[str, Any] = field(default_factory=dict)
    guessed: str | None = None


@dataclass(frozen=True)
class Unfinished:
    """A command that lacks something it must be told."""

    command: Command
    missing: Argument


@dataclass(frozen=True)
class NotUnderstood:
    """No command, or one with words that mean nothing to it. `why` is a plain sentence where there is one."""

    nearest: tuple[Command, ...] = ()
    strange: str = ""
    why: str = ""


Reading = Understood | Unfinished | NotUnderstood


def understand(line: str) -> Reading:
    """Read one line. Never raises."""
    words = _from_the_first_spoken(words_of(line))
    found = _named(words)
    if found is not None:
        return _told(*found)
    return _guessed(words)


def is_command(line: str) -> bool:
    """Whether a line begins with the exact name of a command."""
    return _named(_from_the_first_spoken(words_of(line))) is not None


def _from_the_first_spoken(words: Sequence[Word]) -> Sequence[Word]:
    """Drop the emoji before the first word. Where there is no word, they stay."""
    return words[next((i for i, word in enumerate(words) if word.is_spoken), 0) :]


def _named(words: Sequence[Word]) -> tuple[Command, Sequence[Word]] | None:
    """The command whose name the line begins with, the longest name first."""
    for length in range(min(_longest(), len(words)), 0, -1):
        name = " ".join(word.key for word in words[:length])
        if name in commands:
            return commands[name], words[length:]
    return None


def _guessed(words: Sequence[Word]) -> Reading:
    """A slip of the finger is forgiven, unless it could destroy something; else the nearest commands are offered."""
    if not words:
        return NotUnderstood()
    line = " ".join(word.key for word in words)
    for length in (2, 1):
        start = " ".join(word.key for word in words[:length])
        near = process.extractOne(start, commands.keys(), scorer=fuzz.ratio, score_cutoff=LIKE_ENOUGH)
        if near and len(start) >= 4 and len(words) >= length and not commands[near[0]].destructive:
            reading = _told(commands[near[0]], words[length:])
            if isinstance(reading, Understood):
                return Understood(reading.command, reading.arguments, guessed=start)
    offers = process.extract(line, commands.keys(), scorer=fuzz.WRatio, score_cutoff=WORTH_OFFERING, limit=6)
    nearest = dict.fromkeys(commands[name] for name, _, _ in offers if not commands[name].destructive)
    return NotUnderstood(nearest=tuple(nearest)[:3])


def _told(command: Command, words: Sequence[Word]) -> Reading:
    """Let each argument find its words, whatever their order; words that nobody wanted are strange."""
    arguments: dict[str, Any] = {}
    left = list(words)
    try:
        for argument in sorted(command.arguments, key=lambda each: ORDER.index(each.kind)):
            found = argument.find(left)
            if found is not None:
                arguments[argument.name] = found[0]
                left = [word for i, word in enumerate(left) if i not in set(found[1])]
    except (BadPeriod, BadClock) as error:
        return NotUnderstood((command,), why=str(error))
    strange = [word for word in left if word.is_spoken and word.key not in POLITE]
    if strange:
        return NotUnderstood((command,), strange=" ".join(word.raw for word in strange))
    missing = next((each for each in command.arguments if each.required and each.name not in arguments), None)
    return Unfinished(command, missing) if missing else Understood(command, arguments)


@cache
def _longest() -> int:
    return max(len(name.split()) for name in commands)
