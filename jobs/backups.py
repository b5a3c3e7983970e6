"""Makes backups: a dump by `pg_dump`, encrypted on the way, to a folder or a bucket; and deletes old ones.

Beside the backups lies the list of everybody who was erased, so that a restore can erase them again.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, text

from jobs.work import transaction
from models.backup_file import BackupKeys, BackupUnreadable, Opened, Read, open_backup, read_facts, seal_backup
from models.base import NOTICES_WHO_IS_GONE, open_engine
from providers.backup_store import BackupStore, StoredFile, StoreFailed
from providers.postgres_client import ClientProblem, PostgresClient, find_client, open_dump
from services.data import erasure
from services.ground import signs
from version import release
from world import World

log = structlog.get_logger()

NAME, ENDING = "gruppetto-", ".backup"
ERASED, ERASED_ENDING = "erased-", ".list"
STAMP = "%Y%m%dT%H%M%SZ"
LATEST = "latest"
TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
PROBLEMS = (BackupUnreadable, ClientProblem, StoreFailed)
Person = tuple[int, datetime]  # who was erased: the member's id, and since when they were a member


class NoBackups(StoreFailed):
    """BACKUP_TO is not set, or no backup is there."""


@dataclass(frozen=True)
class MadeBackup:
    """A backup that was made: its name, its size in bytes, how long it took, and the number of rows in it."""

    name: str
    size: int
    seconds: float
    rows: int


def make_backup(world: World) -> MadeBackup:
    """Make a backup of the database as it is at this moment, while all processes go on working.

    Raises one of `PROBLEMS`, and SQLAlchemy's errors if Postgres cannot be reached.
    """
    store, keys, began, now = find_store(world), read_backup_keys(world), time.monotonic(), world.now()
    keep_erased(world)
    name = f"{NAME}{now.strftime(STAMP)}{ENDING}"
    with _snapshot(world.settings.database_url) as (connection, snapshot):
        facts = {"taken_at": now.isoformat(), "release": release(), **_describe(connection)}
        client = choose_client(world, facts["postgres"])
        with open_dump(client, world.settings.database_url, snapshot) as dump:
            size = store.write(name, seal_backup(keys, facts, dump))
    with transaction(world) as session:
        signs.leave(session, signs.BACKUP, now, name)
    made = MadeBackup(name, size, time.monotonic() - began, sum(facts["rows"].values()))
    log.info("backup made", name=name, bytes=size, seconds=round(made.seconds, 1), rows=made.rows)
    return made


def list_backups(world: World) -> list[StoredFile]:
    """Return the backups in the store, the oldest first. Raises `StoreFailed`."""
    return [each for each in find_store(world).files() if _is_backup(each.name)]


def prune_backups(world: World) -> list[str]:
    """Delete the backups that are older than BACKUP_KEEP_DAYS, and the oldest if there are more than BACKUP_KEEP_COUNT.
    The newest is always kept. Returns the names of the deleted ones. Raises `StoreFailed`.
    """
    store, found = find_store(world), list_backups(world)
    too_old = world.now() - timedelta(days=world.settings.backup_keep_days)
    most = world.settings.backup_keep_count
    over = [
        each.name
        for place, each in enumerate(reversed(found))
        if place > 0 and (place >= most or read_time(each.name) < too_old)
    ]
    for name in over:
        store.delete(name)
    if over:
        log.info("old backups deleted", count=len(over))
    return over


def keep_erased(world: World) -> int:
    """Write the list of everybody who was erased beside the backups, and return how many there are.

    The new list contains what the lists there contain, because after the restore of an older backup the database knows
    fewer. Only then are those deleted. Raises `StoreFailed` or `BackupUnreadable`.
    """
    store, keys, now = find_store(world), read_backup_keys(world), world.now()
    with world.sessions() as session:
        people = set(erasure.list_erased(session))
    before = [each.name for each in store.files() if _is_list(each.name)]
    kept = {name: read_erased(store, keys, name) for name in before}
    people = people.union(*kept.values())
    name = f"{ERASED}{now.strftime(STAMP)}-{os.urandom(4).hex()}{ERASED_ENDING}"
    if len(before) == 1 and people == kept[before[0]]:
        return len(people)
    lines = "".join(f"{member_id}\t{since.isoformat()}\n" for member_id, since in sorted(people))
    store.write(name, seal_backup(keys, {"taken_at": now.isoformat()}, [lines.encode()]))
    for each in before:
        store.delete(each)
    log.info("list of erased members kept", count=len(people))
    return len(people)


def find_erased(world: World) -> set[Person]:
    """Return everybody whom the lists beside the backups name. Raises `StoreFailed` or `BackupUnreadable`."""
    store, keys = find_store(world), read_backup_keys(world)
    lists = [read_erased(store, keys, each.name) for each in store.files() if _is_list(each.name)]
    return set[Person]().union(*lists)


def read_erased(store: BackupStore, keys: BackupKeys, name: str) -> set[Person]:
    """Return the people in one list. Raises `StoreFailed` or `BackupUnreadable`."""
    with store.open(name) as read:
        lines = b"".join(open_backup(keys, read).data).decode().splitlines()
    return set(parse_erased(lines))


def parse_erased(lines: Iterable[str]) -> Iterator[Person]:
    """Read the lines of such a list: an id, a tab, and a time. Raises `BackupUnreadable` if one is something else."""
    for line in filter(str.strip, lines):
        try:
            member_id, since = line.split("\t")
            yield int(member_id), datetime.fromisoformat(since)
        except ValueError as error:
            raise BackupUnreadable("The list of erased members has a line that is not ours") from error


def find_store(world: World) -> BackupStore:
    """Return where backups are kept. Raises `NoBackups` if BACKUP_TO is not set."""
    store = world.backups
    if store is None:
        raise NoBackups("BACKUP_TO is not set: docs/backup.md says how to")
    return store


def find_backup(world: World, name: str) -> str:
    """Return the name of a backup in the store; `latest` is the newest. Raises `NoBackups` if it is not there."""
    names = [each.name for each in list_backups(world)]
    if name == LATEST and names:
        return names[-1]
    if name not in names:
        raise NoBackups(f"{find_store(world).place} has no backup {name}" if names else "There is no backup yet")
    return name


def read_backup_keys(world: World) -> BackupKeys:
    """Return the keys of BACKUP_KEY. Raises `BackupUnreadable` if there is none."""
    keys = BackupKeys.from_text(world.settings.backup_key.get_secret_value())
    if not keys.keys:
        raise BackupUnreadable("BACKUP_KEY is not set")
    return keys


def describe_backup(world: World, name: str) -> Mapping[str, Any]:
    """Return the facts in the header of a backup, without checking them. Raises `StoreFailed` or `BackupUnreadable`."""
    with find_store(world).open(name) as read:
        return read_facts(read)


def check_backup(world: World, name: str) -> Opened:
    """Decrypt a whole backup without keeping it, and return its facts. Raises `StoreFailed` or `BackupUnreadable`."""
    with find_store(world).open(name) as read:
        return check_backup_file(world, read)


def check_backup_file(world: World, read: Read) -> Opened:
    """The same as `check_backup`, for a file that is open."""
    opened = open_backup(read_backup_keys(world), read)
    for _ in opened.data:
        pass
    return opened


def choose_client(world: World, server: int) -> PostgresClient:
    """Return the programs to use with a server of this version. Raises `ClientProblem` if there are none."""
    return find_client(server, world.settings.postgres_client, os.environ.get("PATH", ""))


def read_time(name: str) -> datetime:
    """Return when a backup was begun, from its name."""
    stamp = name.removeprefix(NAME).removesuffix(ENDING)
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)


@contextmanager
def _snapshot(url: str) -> Iterator[tuple[Connection, str]]:
    """Open a transaction whose view of the database does not change, and yield it with the name under which `pg_dump`
    can share that view. The transaction stays open as long as the dump takes.
    """
    engine = open_engine(url, NOTICES_WHO_IS_GONE, pool=2)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            yield connection, str(connection.scalar(text("SELECT pg_export_snapshot()")))
    finally:
        engine.dispose()


def _describe(connection: Connection) -> dict[str, Any]:
    """Return what a restore needs to know: Postgres's version, the schema, and how many rows each table has."""
    version = connection.scalar(text("SELECT current_setting('server_version_num')::int / 10000"))
    schema = connection.scalar(text("SELECT max(version_num) FROM alembic_version"))
    return {"postgres": version, "schema": schema, "rows": count_rows(connection)}


def count_rows(connection: Connection) -> dict[str, int]:
    """Return the number of rows of each table in the schema `public`."""
    names = connection.scalars(TABLES).all()
    return {each: connection.scalar(text(f'SELECT count(*) FROM public."{each}"')) or 0 for each in names}  # noqa: S608


def _is_backup(name: str) -> bool:
    if not (name.startswith(NAME) and name.endswith(ENDING)):
        return False
    try:
        read_time(name)
    except ValueError:
        return False
    return True


def _is_list(name: str) -> bool:
    return name.startswith(ERASED) and name.endswith(ERASED_ENDING)
