"""What a line may be read as: a command and all that it needs, one that lacks something, or nothing we know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.arguments import Argument
from bot.declaring.command import Command
from fitness.impossible import Impossible


@dataclass(frozen=True)
class Understood:
    """A command and all that it needs. `guessed` is the word that was taken for the command, when it was not one."""

    command: Command
    arguments: Mapping[str, Any] = field(default_factory=dict)
    guessed: str | None = None


@dataclass(frozen=True)
class Unfinished:
    """A command that lacks something it must be told."""

    command: Command
    missing: Argument


@dataclass(frozen=True)
class NotUnderstood:
    """No command, or one with words that mean nothing to it. `why` tells what cannot be, if anything; `readings`
    are lines that each say one of the things that were perhaps meant; `either` is the word that has two meanings.
    """

    nearest: tuple[Command, ...] = ()
    strange: str = ""
    why: Impossible | None = None
    readings: tuple[str, ...] = ()
    either: str = ""


Reading = Understood | Unfinished | NotUnderstood
