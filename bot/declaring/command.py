"""The declaration of commands. Parsing, usage, help, permissions, buttons and tests are made from it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from inspect import signature
from typing import Any

from bot.arguments import Argument
from bot.declaring.turn import Turn
from messages.message import Message
from messages.render import Offer

Handler = Callable[..., Message]


class Allowed(Enum):
    """Who may use a command."""

    ANYONE = auto()
    MEMBERS = auto()
    ADMINS = auto()
    OWNER = auto()


@dataclass(frozen=True)
class Command:
    """A command: its names, who may use it, its arguments, and its handler."""

    name: str
    aliases: tuple[str, ...]
    help: str
    allowed: Allowed
    examples: tuple[str, ...]
    handler: Handler
    arguments: tuple[Argument, ...]
    destructive: bool

    def __call__(self, turn: Turn, **arguments: Any) -> Message:
        """Call the handler, and return its message."""
        return self.handler(turn, **arguments)

    @property
    def topic(self) -> str:
        """The file in bot/commands, the folder in templates/<language>/chat, and the story in tests/conversations."""
        return self.handler.__module__.rsplit(".", 1)[-1]

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and its aliases."""
        return (self.name, *self.aliases)

    @property
    def usage(self) -> str:
        """How the help writes it: `leaderboard [time|distance|count] [sport] [when]`."""
        parts = [arg.usage if arg.required else f"[{arg.usage}]" for arg in self.arguments]
        return " ".join([self.name, *parts])

    def button(self, label: str, *words: object) -> Offer:
        """Return a button that sends this command with these words. `label` is its name in `labels.toml`."""
        return Offer(label, " ".join([self.name, *map(str, words)]))


commands: dict[str, Command] = {}


def command(
    name: str,
    *,
    help: str,  # noqa: A002 - it is what it is called everywhere
    allowed: Allowed,
    examples: tuple[str, ...],
    aliases: tuple[str, ...] = (),
    destructive: bool = False,
) -> Callable[[Handler], Command]:
    """Declare the function below as the command `name`. Two commands with the same name are an error at import."""

    def declare(handler: Handler) -> Command:
        parameters = list(signature(handler).parameters.values())[1:]
        arguments = tuple(Argument.from_parameter(parameter) for parameter in parameters)
        made = Command(name, aliases, help, allowed, examples, handler, arguments, destructive)
        for each in made.names:
            if each in commands:
                raise ValueError(f"{each!r} already means {commands[each].name!r}")
            commands[each] = made
        return made

    return declare


def list_commands() -> list[Command]:
    """Return every command once, in the order of declaration."""
    return list({each.name: each for each in commands.values()}.values())


def group_by_topic(least: int = 2) -> dict[str, list[Command]]:
    """Return the commands of each topic that has at least `least` of them."""
    topics: dict[str, list[Command]] = {}
    for each in list_commands():
        topics.setdefault(each.topic, []).append(each)
    return {topic: found for topic, found in topics.items() if len(found) >= least}
