"""Restores a backup into a database, and tries out whether that works."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.orm import Session

from jobs import backups, redis_look
from jobs.heartbeats import read_beats
from models.backup_file import BackupUnreadable, Opened, Read, open_backup
from models.base import NOTICES_WHO_IS_GONE, make_sessions, open_engine
from models.hashes import digest
from models.vault import Unreadable
from providers.backup_store import FolderStore
from providers.postgres_client import feed_restore
from services.data import keyring
from services.data.restoring import settle_restored
from services.delivery import outbox, outcomes
from services.health.database import find_expected_schema
from world import World

log = structlog.get_logger()

ROOT = Path(__file__).parents[1]
# Our tables and functions. Extensions of the host, and what belongs to other users, stay.
OURS = text(
    """
    SELECT format('DROP TABLE public.%I CASCADE', tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tableowner = current_user
    UNION ALL
    SELECT format('DROP FUNCTION public.%I(%s) CASCADE', proname, pg_get_function_identity_arguments(p.oid))
    FROM pg_proc p
    WHERE pronamespace = 'public'::regnamespace AND proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
    """
)
# Rows in these tables do not mean that a database is in use: a deployment writes them when it starts.
STARTED_WITH = {"alembic_version", "breakers", "contents", "formula_runs", "hash_keys", "signs"}


class NotRestored(Exception):
    """A backup was not restored, and nothing was changed. The message says why."""


@dataclass(frozen=True)
class Restored:
    """A backup that was restored: when it was made, how long it took, and what was done with the rows."""

    taken_at: datetime
    seconds: float
    rows: int
    settled: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Drilled:
    """The result of a drill: seconds of each step, and every check that failed, as a sentence."""

    name: str
    seconds: Mapping[str, float]
    rows: int
    problems: tuple[str, ...]
    settled: Mapping[str, int]


@dataclass(frozen=True)
class BackupSource:
    """Where a backup comes from: a name in the store, or a file on this machine."""

    name: str
    path: Path | None = None

    @contextmanager
    def open(self, world: World) -> Iterator[Read]:
        """Open it for reading. Raises `StoreFailed`."""
        store = FolderStore(self.path.parent) if self.path else backups.find_store(world)
        with store.open(self.name) as read:
            yield read


def find_source(world: World, which: str) -> BackupSource:
    """Return the backup that an operator names: `latest`, a name in the store, or a path on this machine.

    Raises `NoBackups`.
    """
    path = Path(which)
    if path.parent != Path() and path.is_file():
        return BackupSource(path.name, path.absolute())
    return BackupSource(backups.find_backup(world, which))


def restore_backup(
    world: World,
    source: BackupSource,
    until: datetime | None = None,
    *,
    replaces: bool = False,
    while_running: bool = False,
) -> Restored:
    """Restore a backup into the database of DATABASE_URL, and make it ready for work.

    `until` is when the old deployment stopped; without it, everything up to now counts as done. `replaces` allows to
    delete what is in the database, `while_running` to go on although processes of the deployment are alive. Raises
    `NotRestored` if it is not allowed, and one of `backups.PROBLEMS` if the backup cannot be used; then nothing was
    changed.
    """
    began, now = time.monotonic(), world.now()
    erased = backups.find_erased(world) if world.backups else set()
    with source.open(world) as read:
        facts = backups.check_backup_file(world, read).facts
    _require_known_schema(facts)
    if not while_running:
        _require_quiet(world)
    engine = open_engine(world.settings.database_url, NOTICES_WHO_IS_GONE, pool=2)
    try:
        _require_empty(engine, replaces=replaces)
        fill_database(world, source, engine)
        settled = settle(world, engine, erased, until or now)
    finally:
        engine.dispose()
    rows = sum(facts["rows"].values())
    restored = Restored(read_taken_at(facts), time.monotonic() - began, rows, settled)
    log.warning("backup restored", name=source.name, rows=rows, seconds=round(restored.seconds, 1), **_named(settled))
    return restored


def run_drill(world: World, source: BackupSource, into: str = "") -> Drilled:
    """Restore a backup into a new database beside the one in use, check it, and drop it again.

    `into` is the address of an empty database to use instead, where we may create none. Nothing is sent, and the
    deployment goes on working. Raises `NotRestored` or one of `backups.PROBLEMS`.
    """
    began, seconds = time.monotonic(), dict[str, float]()
    erased = backups.find_erased(world) if world.backups else set()
    with source.open(world) as read:
        facts = backups.check_backup_file(world, read).facts
    seconds["decrypt and check the file"] = time.monotonic() - began
    with _another_database(world, into) as there:
        engine = there.sessions.kw["bind"]
        began = time.monotonic()
        _restore_data(there, source)
        seconds["restore"] = time.monotonic() - began
        problems = [*_compare_rows(engine, facts)]
        began = time.monotonic()
        migrate(there)
        seconds["migrate"] = time.monotonic() - began
        began = time.monotonic()
        settled = settle(there, engine, erased, world.now())
        seconds["erase again and settle"] = time.monotonic() - began
        began = time.monotonic()
        problems += _judge_restored(there)
        seconds["check"] = time.monotonic() - began
    drilled = Drilled(source.name, seconds, sum(facts["rows"].values()), tuple(problems), settled)
    if problems:
        log.error("restore drill failed", name=source.name, problems=problems)
    else:
        log.info("restore drill", name=source.name, seconds=round(sum(seconds.values()), 1))
    return drilled


def fill_database(world: World, source: BackupSource, engine: Engine) -> None:
    """Delete our tables, restore the backup's, and bring the schema up to this code's."""
    _clear(engine)
    _restore_data(world, source)
    migrate(world)


def migrate(world: World) -> None:
    """Run the migrations that the database of this world lacks."""
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = world.settings.database_url
    command.upgrade(config, "head")


def settle(world: World, engine: Engine, erased: set[backups.Person], until: datetime) -> dict[str, int]:
    """Make the restored rows ready for work, in one transaction. No bell is rung: a tick finds what is left to do."""
    with make_sessions(engine, world.vault, world.now).begin() as session:
        return dict(settle_restored(session, sorted(erased), until, world.now()))


def read_taken_at(facts: Mapping[str, Any]) -> datetime:
    """Return when a backup was made."""
    return datetime.fromisoformat(facts["taken_at"])


def _restore_data(world: World, source: BackupSource) -> None:
    url = world.settings.database_url
    with world.sessions() as session:
        server = int(session.scalar(text("SELECT current_setting('server_version_num')::int / 10000")) or 0)
    client = backups.choose_client(world, server)
    with source.open(world) as read:
        opened: Opened = open_backup(backups.read_backup_keys(world), read)
        feed_restore(client, url, opened.data)


def _require_known_schema(facts: Mapping[str, Any]) -> None:
    schema = str(facts.get("schema") or "")
    if not schema or not isinstance(facts.get("rows"), dict):
        raise BackupUnreadable("It holds no database")
    if schema > find_expected_schema():
        raise NotRestored(f"The backup has the schema {schema}, which this version does not know: deploy a newer one")


def _require_quiet(world: World) -> None:
    """Raise `NotRestored` if a process that sends or answers is alive: it would see the restored rows too early."""
    seen = redis_look.look(world)
    alive = read_beats(seen.beats, seen.now, seen.now) if seen.is_readable else []
    if alive:
        names = ", ".join(sorted({each.pulse.kind for each in alive}))
        raise NotRestored(f"These processes still run: {names}. Stop them first, and wait for a minute")


def _require_empty(engine: Engine, *, replaces: bool) -> None:
    """Raise `NotRestored` if there are rows in the database, unless it may be replaced."""
    with engine.connect() as connection:
        tables = [each for each in connection.scalars(backups.TABLES) if each not in STARTED_WITH]
        asked = {each: text(f'SELECT EXISTS (SELECT FROM public."{each}")') for each in tables}  # noqa: S608
        used = [each for each, has_rows in asked.items() if connection.scalar(has_rows)]
    if used and not replaces:
        raise NotRestored(f"The database is not empty ({', '.join(used[:3])} …): --replace deletes what is in it")


@contextmanager
def _another_database(world: World, into: str) -> Iterator[World]:
    """Yield the same world with another database, which is empty. Afterwards nothing is left of what was in it."""
    with _new_database(world) if not into else nullcontext(into) as url:
        there = _moved(world, url)
        engine: Engine = there.sessions.kw["bind"]
        try:
            _require_empty(engine, replaces=False)  # before anything is cleared: it may be the database in use
            try:
                _clear(engine)
                yield there
            finally:
                _clear(engine)
        finally:
            engine.dispose()


@contextmanager
def _new_database(world: World) -> Iterator[str]:
    """Create a database on the same server, yield its address, and drop it afterwards. Raises `NotRestored` if it
    cannot be created.
    """
    name = f"gruppetto_drill_{token_hex(4)}"
    engine = open_engine(world.settings.database_url, NOTICES_WHO_IS_GONE, pool=2)
    admin = engine.execution_options(isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
        try:
            url = make_url(world.settings.database_url).set(database=name)
            yield url.render_as_string(hide_password=False)
        finally:
            with admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    except ProgrammingError as error:
        raise NotRestored(
            "No database could be created for the drill: give this user the right CREATEDB, or set "
            "RESTORE_DRILL_URL to the address of an empty database"
        ) from error
    finally:
        engine.dispose()


def _clear(engine: Engine) -> None:
    """Delete our tables and functions."""
    with engine.begin() as connection:
        for statement in connection.scalars(OURS).all():
            connection.execute(text(statement))


def _moved(world: World, url: str) -> World:
    """Return the same world with another database."""
    settings = world.settings.model_copy(update={"database_url": url})
    engine = open_engine(url, NOTICES_WHO_IS_GONE, pool=3)
    return replace(world, settings=settings, sessions=make_sessions(engine, world.vault, world.now))


def _compare_rows(engine: Engine, facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each table that has another number of rows than when the backup was made."""
    expected: Mapping[str, int] = facts["rows"]
    with engine.connect() as connection:
        found = backups.count_rows(connection)
    for name in sorted(expected.keys() | found.keys()):
        if found.get(name, 0) != expected.get(name, 0):
            yield f"{name} has {found.get(name, 0)} rows instead of {expected.get(name, 0)}"


def _judge_restored(world: World) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with a restored database that should be ready for work."""
    with world.sessions() as session:
        yield from _judge_keys(world, session)
        if waiting := outbox.count_ready(session, world.now(), 1):
            yield f"{waiting} message would be sent at once"
        if backlog := {name: count for name, count in outcomes.count_backlog(session).items() if name != "unknown"}:
            yield f"Messages still wait to be sent: {backlog}"
    try:
        with world.sessions.begin() as session:
            session.execute(text("CREATE TEMPORARY TABLE drill_may_write (id int) ON COMMIT DROP"))
    except SQLAlchemyError as error:
        yield f"It cannot be written to ({type(error).__name__})"


def _judge_keys(world: World, session: Session) -> Iterator[str]:
    lacking = sorted(name for name in keyring.list_names_in_use(session) if not world.vault.knows(name))
    if lacking:
        yield f"DATA_KEYS lacks the keys {', '.join(lacking)}: what they encrypted cannot be read"
    try:
        digest(session, "drill", "")
    except Unreadable:
        yield "Neither DATA_KEYS nor SECRET_KEY opens the key of the keyed hashes"
    session.rollback()


def _named(settled: Mapping[str, int]) -> dict[str, int]:
    """The same, with names as the log has them."""
    return {name.replace(" ", "_").replace("-", "_"): count for name, count in settled.items()}
