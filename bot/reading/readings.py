"""The results of reading a line: a complete command, a command that lacks something, or nothing understood."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.arguments import Argument
from bot.declaring.command import Command
from fitness.impossible import Impossible


@dataclass(frozen=True)
class Understood:
    """A command with all required arguments. `guessed` is the word that was taken for the command although it
    is not its name.
    """

    command: Command
    arguments: Mapping[str, Any] = field(default_factory=dict)
    guessed: str | None = None


@dataclass(frozen=True)
class Unfinished:
    """A command of which a required argument is missing."""

    command: Command
    missing: Argument


@dataclass(frozen=True)
class NotUnderstood:
    """No command, or a command with words that it does not take. `why` says which days or times are impossible, if any;
    `readings` are lines for each of the possible meanings; `either` is the word with two meanings.
    """

    nearest: tuple[Command, ...] = ()
    strange: str = ""
    why: Impossible | None = None
    readings: tuple[str, ...] = ()
    either: str = ""


Reading = Understood | Unfinished | NotUnderstood
