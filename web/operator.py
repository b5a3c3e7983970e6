"""The `flask …` commands for the operator."""

import json
import sys
from collections import Counter

import click
from flask import Flask
from flask.cli import AppGroup
from redis import RedisError
from sqlalchemy import select

from bot import receiving
from bot.explained import explain_reading
from bot.languages.lists import READ
from messages.words import one_line
from models import Group, hashes
from models.vault import new_key
from providers.errors import MessengerError
from providers.group_transport import GroupTransport
from services.data import keyring
from services.delivery import ceiling, contents
from services.ground import audit
from services.people import feedback
from web import operator_backups, operator_doctor, operator_members
from world import World

KEYS_HELP = """Keys that encrypt what is secret: DATA_KEYS="k1:…".

To change the key without losing anything:

1. `keys generate k2`, and add it as the SECOND: DATA_KEYS="k1:…,k2:…". Deploy to every process.

2. Move it to the front: DATA_KEYS="k2:…,k1:…". Deploy again.

3. `keys rotate`: everything is sealed anew.

4. When `keys status` names only k2, take k1 out, and deploy.

docs/keys.md tells how SECRET_KEY and Twilio's token are changed.
"""


def add_commands(app: Flask, world: World) -> None:
    """Add our commands to Flask's own."""
    app.cli.add_command(_templates(world))
    app.cli.add_command(_keys(world))
    app.cli.add_command(_groups(world))
    app.cli.add_command(_feedback(world))
    app.cli.add_command(_spent(world))
    app.cli.add_command(operator_members.make_member_commands(world))
    operator_backups.add_commands(app, world)
    operator_doctor.add_commands(app, world)
    app.cli.add_command(_understand)


def add_offline_commands(app: Flask) -> None:
    """Add the commands that need neither settings nor a database."""
    keys = AppGroup("keys", help=KEYS_HELP)
    keys.add_command(_generate)
    app.cli.add_command(keys)
    app.cli.add_command(_understand)


@click.command("generate")
@click.argument("name", default="k1")
def _generate(name: str) -> None:
    """Print a new key for DATA_KEYS. `flask keys --help` says where to put it, and when."""
    click.echo(new_key(name))


@click.command("understand")
@click.argument("lines", nargs=-1, required=True)
@click.option("--language", default=READ, help="The code of the language that the writer has chosen, such as de.")
def _understand(lines: tuple[str, ...], language: str) -> None:
    """Print how the bot reads each line, one JSON object per line. Runs no command."""
    for line in lines:
        click.echo(json.dumps(explain_reading(line, language), ensure_ascii=False))


def _templates(world: World) -> AppGroup:
    group = AppGroup("templates", help="Button contents and approved templates at Twilio.")

    @group.command("push")
    def push() -> None:
        """Store buttons and templates that are new, changed or missing at Twilio, and submit templates for approval."""
        for content in contents.list_definitions():
            with _said_plainly(), world.sessions.begin() as session:
                _print([contents.push_one(session, world.messenger, content, world.now())])

    @group.command("status")
    def status() -> None:
        """Ask Twilio whether each button and template exists and is approved. Exit code 1 if one is missing."""
        with world.sessions() as session:
            names = contents.list_to_poll(session, world.messenger.account)
        for name in names:
            with _said_plainly(), world.sessions.begin() as session:
                _print([contents.poll_one(session, world.messenger, name, world.now())])
        with world.sessions() as session:
            missing = contents.find_missing(session, world.messenger.account)
        count = len(contents.list_definitions())
        click.echo(f"{count - len(missing)} of {count} contents are in the account {world.messenger.account}")
        if missing:
            click.echo(f"Missing: {', '.join(missing)}. `flask templates push` stores them.", err=True)
            sys.exit(1)

    return group


def _keys(world: World) -> AppGroup:
    group = AppGroup("keys", help=KEYS_HELP)

    group.add_command(_generate)

    @group.command("status")
    def status() -> None:
        """Count the values that each key encrypts. A key that is not listed may be removed from DATA_KEYS."""
        with world.sessions() as session:
            for column, keys in keyring.count_by_key(session).items():
                for name, number in sorted(keys.items()):
                    click.echo(f"{column}\t{name}\t{number}")
        for name, number in sorted(_kept_lines(world).items()):
            click.echo(f"lines kept in Redis\t{name}\t{number}")

    @group.command("rotate")
    def rotate() -> None:
        """Encrypt everything again with the first key of DATA_KEYS. You may stop it at any time, and run it again.

        Run it only when every process has that key: see `flask keys --help`.
        """
        for sealed in keyring.SEALED:
            done, lost = _rotated(world, sealed)
            click.echo(f"{sealed.name}\t{done} sealed anew\t{lost} unreadable")
        with world.sessions.begin() as session:
            hashes.reseal(session)

    @group.command("verify")
    def verify() -> None:
        """Decrypt every stored value. Exit code 1 if one cannot be decrypted."""
        with world.sessions() as session:
            found = keyring.count_unreadable(session)
        click.echo("\n".join(f"{column}\t{number} unreadable" for column, number in found.items()))
        sys.exit(1 if any(found.values()) else 0)

    return group


def _feedback(world: World) -> click.Command:
    @click.command("feedback", help="What members want you to know, newest first.")
    @click.option("--most", default=50, help="How many at most.")
    def show(most: int) -> None:
        with world.sessions.begin() as session:
            audit.name_way(session, audit.OPERATOR)
            for at, member, in_doubt, words in list(feedback.list_newest(session, most)):
                audit.note(session, "operator.read_feedback", world.now(), member_id=member)
                who = f"member {member}" + (", number in doubt" if in_doubt else "")
                click.echo(f"{at:%Y-%m-%d %H:%M}\t{who}\t{one_line(words)}")

    return show


def _spent(world: World) -> click.Command:
    @click.command("spent", help="Messages of the last 24 hours, of how many may leave: all, and the dearest groups.")
    @click.option("--most", default=10, help="How many groups at most.")
    def show(most: int) -> None:
        with world.sessions() as session:
            by_group = ceiling.count_sent_today(session, world.now()).by_group
        click.echo(f"all\t{by_group.total()}\tof {world.settings.messages_a_day}")
        groups = [(group, sent) for group, sent in by_group.most_common() if group is not None]
        for group, sent in groups[:most]:
            click.echo(f"group {group}\t{sent}\tof {world.settings.group_messages_a_day}")

    return show


def _groups(world: World) -> AppGroup:
    group = AppGroup("groups", help="WhatsApp groups that digests are put into (GROUP_TRANSPORT=meta).")

    @group.command("list")
    def listed() -> None:
        """List our groups by number, and the WhatsApp groups into which the bot may post."""
        with _said_plainly("Meta"), world.sessions() as session:
            for each in session.scalars(select(Group).where(Group.is_active).order_by(Group.id)):
                click.echo(f"{each.id}\t{each.name}\t{each.whatsapp_group_id or '-'}")
            for place, subject in world.group_transport.groups():
                click.echo(f"whatsapp\t{subject}\t{place}")

    @group.command("create")
    @click.argument("number", type=int)
    def create(number: int) -> None:
        """Ask Meta for a WhatsApp group with the name of this group. `list` shows it a little later."""
        with _said_plainly("Meta"), world.sessions() as session:
            click.echo(f"asked for\t{_transport(world).create(session.get_one(Group, number).name)}")

    @group.command("connect")
    @click.argument("number", type=int)
    @click.argument("place")
    def connect(number: int, place: str) -> None:
        """Post this group's digests into that WhatsApp group too, and print the link with which people join it."""
        with _said_plainly("Meta"), world.sessions.begin() as session:
            audit.name_way(session, audit.OPERATOR)
            session.get_one(Group, number).whatsapp_group_id = place
            audit.note(session, "operator.group_connected", world.now(), group_id=number)
            click.echo(_transport(world).invite_link(place))

    @group.command("disconnect")
    @click.argument("number", type=int)
    def disconnect(number: int) -> None:
        """Stop posting this group's digests into a WhatsApp group. Members still get them in their own chats."""
        with world.sessions.begin() as session:
            audit.name_way(session, audit.OPERATOR)
            session.get_one(Group, number).whatsapp_group_id = None
            audit.note(session, "operator.group_disconnected", world.now(), group_id=number)

    return group


def _transport(world: World) -> GroupTransport:
    if not world.group_transport.can_post:
        raise click.UsageError("GROUP_TRANSPORT=meta is not set: this bot is in no WhatsApp group")
    return world.group_transport


def _kept_lines(world: World) -> Counter[str]:
    try:
        return receiving.count_kept_by_key(world.redis)
    except RedisError as error:
        click.echo(f"Lines kept in Redis could not be counted: {type(error).__name__}", err=True)
        return Counter()


def _rotated(world: World, sealed: keyring.SealedColumn) -> tuple[int, int]:
    """Encrypt one column again, each batch committed by itself. Returns how many values were done, and how many could
    not be read.
    """
    done, lost, last = 0, 0, None
    while True:
        with world.sessions.begin() as session:
            batch = keyring.rotate_some(session, sealed, last)
        if batch is None:
            return done, lost
        done, lost, last = done + batch.done, lost + batch.unreadable, batch.last


class _said_plainly:  # noqa: N801 - reads as a word where it is used
    """A context manager that prints a failure of the vendor as one sentence instead of a traceback."""

    def __init__(self, vendor: str = "Twilio") -> None:
        self.vendor = vendor

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, MessengerError):
            click.echo(f"{self.vendor} did not do it: {error}", err=True)
            sys.exit(1)


def _print(changes: list[contents.Change]) -> None:
    for change in changes:
        click.echo("\t".join(filter(None, (change.name, change.status, change.category, change.reason))))
