"""The commands `flask backup …`, `flask restore` and `flask restore-drill`. docs/backup.md leads through them."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click
import structlog
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from jobs import backups, restoring
from models.outages import name_of
from models.vault import new_key
from world import World

log = structlog.get_logger()

LOOK_AGAIN = 300  # seconds between two looks whether a backup is due
MEGABYTE = 1024 * 1024


def add_commands(app: Flask, world: World) -> None:
    """Add them to Flask's own."""
    for each in (_backup(world), _restore(world), _drill(world)):
        app.cli.add_command(each)


def _backup(world: World) -> AppGroup:
    group = AppGroup("backup", help="Encrypted copies of the database, in BACKUP_TO. docs/backup.md explains them.")

    @group.command("run")
    @click.option("--every", type=click.IntRange(1, 1000), help="Stay, and make one every so many hours.")
    def run(*, every: int | None) -> None:
        """Make a backup, and delete those that are old enough."""
        while every is not None:
            _make_if_due(world, timedelta(hours=every))
            time.sleep(LOOK_AGAIN)
        with _told_plainly():
            made = backups.make_backup(world)
            click.echo(f"{made.name}\t{_megabytes(made.size)}\t{made.rows} rows\t{made.seconds:.1f} s")
            _prune(world)

    @group.command("list")
    @click.option("--json", "as_data", is_flag=True, help="Print JSON.")
    def show(*, as_data: bool) -> None:
        """List the backups, the oldest first: name, size, schema and version of this program."""
        with _told_plainly():
            found = backups.list_backups(world)
            facts = [backups.describe_backup(world, each.name) for each in found]
        for each, told in zip(found, facts, strict=True):
            line = {"name": each.name, "bytes": each.size, "schema": told.get("schema"), "version": told.get("release")}
            row = (each.name, _megabytes(each.size), told.get("schema"), told.get("release"))
            click.echo(json.dumps(line) if as_data else "\t".join(str(part or "-") for part in row))

    @group.command("prune")
    def prune() -> None:
        """Delete the backups that are older than BACKUP_KEEP_DAYS or more than BACKUP_KEEP_COUNT."""
        with _told_plainly():
            _prune(world)

    @group.command("check")
    @click.argument("which", default=backups.LATEST)
    def check(which: str) -> None:
        """Decrypt a backup to see that BACKUP_KEY fits and nothing of it was changed or is missing."""
        with _told_plainly(), restoring.find_source(world, which).open(world) as read:
            facts = backups.check_backup_file(world, read).facts
            click.echo(f"whole and unchanged\tmade at {facts['taken_at']}\tschema {facts.get('schema')}")

    @group.command("key")
    @click.argument("name", default="b1")
    def key(name: str) -> None:
        """Print a new key for BACKUP_KEY. Keep a copy of it apart from the backups and from this host."""
        click.echo(new_key(name))

    return group


def _restore(world: World) -> click.Command:
    @click.command("restore")
    @click.argument("which")
    @click.option(
        "--stopped-at", help="When the old deployment stopped: 2026-11-30T08:00Z. What was due later is done."
    )
    @click.option("--replace", is_flag=True, help="Delete what is in the database.")
    @click.option(
        "--while-running", is_flag=True, help="Do it although web, worker or clock run. They must send nothing."
    )
    def restore(which: str, stopped_at: str | None, *, replace: bool, while_running: bool) -> None:
        """Restore WHICH into the database of DATABASE_URL: `latest`, a name of `backup list`, or a path.

        Stop web, worker and clock first. Erased members are erased again, and nothing that may have been sent is sent
        again.
        """
        until = _read_instant(world, stopped_at) if stopped_at else None
        with _told_plainly():
            source = restoring.find_source(world, which)
            done = restoring.restore_backup(world, source, until, replaces=replace, while_running=while_running)
        click.echo(f"restored\t{source.name}\t{done.rows} rows\t{_minutes(done.seconds)}")
        _print_settled(done.settled)
        click.echo(f"The database is as it was at {done.taken_at:%Y-%m-%d %H:%M} UTC. Start web, worker and clock now.")

    return restore


def _drill(world: World) -> click.Command:
    @click.command("restore-drill")
    @click.argument("which", default=backups.LATEST)
    @click.option("--fresh", is_flag=True, help="Make a new backup first, and try that one.")
    def drill(which: str, *, fresh: bool) -> None:
        """Restore WHICH (the newest, if you name none) into a new database, check it, and drop it again. Exit 1 if
        something is wrong. The deployment goes on working.
        """
        into = world.settings.restore_drill_url.get_secret_value()
        with _told_plainly():
            began = time.monotonic()
            name = backups.make_backup(world).name if fresh else which
            dumped = time.monotonic() - began
            done = restoring.run_drill(world, restoring.find_source(world, name), into)
        steps = ({"dump": dumped} if fresh else {}) | dict(done.seconds)
        for step, seconds in steps.items():
            click.echo(f"{step}\t{_minutes(seconds)}")
        click.echo(f"all\t{_minutes(sum(steps.values()))}\t{done.rows} rows of {done.name}")
        _print_settled(done.settled)
        for problem in done.problems:
            click.echo(f"WRONG: {problem}", err=True)
        click.echo("The backup can be restored." if not done.problems else "The backup cannot be relied on.")
        sys.exit(1 if done.problems else 0)

    return drill


def _make_if_due(world: World, every: timedelta) -> None:
    """Make a backup unless the newest is younger. A failure is logged, and tried again at the next look."""
    try:
        newest = max((backups.read_time(each.name) for each in backups.list_backups(world)), default=None)
        if newest is None or world.now() - newest >= every:
            backups.make_backup(world)
            backups.prune_backups(world)
    except backups.PROBLEMS as error:
        log.error("backup failed", why=str(error))
    except SQLAlchemyError as error:
        log.error("backup failed", why=name_of(error))


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Print a failure as one sentence instead of a traceback, log it, and exit with 1."""
    try:
        yield
    except restoring.NotRestored as error:
        click.echo(f"Not restored: {error}.", err=True)
        sys.exit(1)
    except backups.PROBLEMS as error:
        log.error("backup failed", why=str(error))
        click.echo(f"That did not work: {error}.", err=True)
        sys.exit(1)
    except SQLAlchemyError as error:
        log.error("backup failed", why=name_of(error))
        click.echo(f"Postgres did not do it ({name_of(error)}): `flask --app wsgi doctor` says more.", err=True)
        sys.exit(1)


def _prune(world: World) -> None:
    for name in backups.prune_backups(world):
        click.echo(f"deleted\t{name}")


def _print_settled(settled: Mapping[str, int]) -> None:
    for name, count in settled.items():
        click.echo(f"  {name}\t{count}")


def _read_instant(world: World, given: str) -> datetime:
    try:
        instant = datetime.fromisoformat(given)
    except ValueError as error:
        raise click.UsageError("--stopped-at wants a time such as 2026-11-30T08:00Z") from error
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    if instant > world.now():
        raise click.UsageError("--stopped-at lies in the future")
    return instant


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min ({seconds:.1f} s)"
