"""`flask …`: what an operator does by hand."""

import sys

import click
from flask import Flask
from flask.cli import AppGroup

from models.vault import new_key
from providers.errors import MessengerError
from services import contents
from world import World


def add_commands(app: Flask, world: World) -> None:
    """Add our groups of commands to Flask's own."""
    app.cli.add_command(_templates(world))
    app.cli.add_command(_keys())


def _templates(world: World) -> AppGroup:
    group = AppGroup("templates", help="Button contents and approved templates at Twilio.")

    @group.command("push")
    def push() -> None:
        """Store what is new or changed, and ask for approval."""
        with _said_plainly(), world.sessions.begin() as session:
            _print(contents.push(session, world.messenger, world.now()))

    @group.command("status")
    def status() -> None:
        """Ask where the approvals stand."""
        with _said_plainly(), world.sessions.begin() as session:
            _print(contents.poll(session, world.messenger, world.now()))

    return group


def _keys() -> AppGroup:
    group = AppGroup("keys", help="Keys that encrypt what is secret.")

    @group.command("generate")
    @click.argument("name", default="k1")
    def generate(name: str) -> None:
        """Print a new key, to put first in DATA_KEYS."""
        click.echo(new_key(name))

    return group


class _said_plainly:  # noqa: N801 - reads as a word where it is used
    """A failure of the vendor is one sentence, not a traceback."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, MessengerError):
            click.echo(f"Twilio did not do it: {error}", err=True)
            sys.exit(1)


def _print(changes: list[contents.Change]) -> None:
    for change in changes:
        click.echo("\t".join(filter(None, (change.name, change.status, change.category, change.reason))))
