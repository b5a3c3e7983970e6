"""What `flask doctor` says of backups: whether they can be made, stored, and read again."""

import base64
from collections.abc import Iterator, Mapping

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from jobs import backups
from models.backup_file import BackupKeys
from providers.postgres_client import ClientProblem, find_client
from services.health.diagnosis import Diagnosis, describe_well, describe_wrong
from web.doctor_settings import FEWEST_SIGNS
from world import World

VERSION = text("SELECT current_setting('server_version_num')::int / 10000")


def judge(world: World, environment: Mapping[str, str]) -> list[Diagnosis]:
    """All that is wrong with backups. `environment` are the process's variables."""
    found = list(_client(world, environment.get("PATH", "")))
    if world.settings.backup_to:
        found += [*_keys(world), *_place(world)]
    return found


def _client(world: World, path: str) -> Iterator[Diagnosis]:
    """A backup needs a `pg_dump` that is at least as new as the server."""
    try:
        with world.sessions() as session:
            server = int(session.scalar(VERSION) or 0)
    except SQLAlchemyError:
        return  # the look at Postgres says so
    try:
        client = find_client(server, world.settings.postgres_client, path)
    except ClientProblem as problem:
        mend = f"Install postgresql-client-{server}, or set POSTGRES_CLIENT to the folder that has its pg_dump"
        yield describe_wrong("pg_dump", str(problem), mend)
    else:
        yield describe_well("pg_dump", f"version {client.version}")


def _keys(world: World) -> Iterator[Diagnosis]:
    mend = "`flask --app wsgi backup key b2` draws one: put it first, and keep the old ones behind it"
    parts = [part.strip() for part in world.settings.data_keys.get_secret_value().split(",") if part.strip()]
    of_data = {base64.b64decode(part.split(":", 1)[1]) for part in parts}
    for name, key in BackupKeys.from_text(world.settings.backup_key.get_secret_value()).keys:
        if len(set(key)) < FEWEST_SIGNS:
            yield describe_wrong("BACKUP_KEY", f"The key {name} can be guessed: it was not drawn", mend)
        if key in of_data:
            yield describe_wrong("BACKUP_KEY", f"The key {name} is also in DATA_KEYS: who learns one has both", mend)


def _place(world: World) -> Iterator[Diagnosis]:
    try:
        count = len(backups.list_backups(world))
    except backups.PROBLEMS as problem:
        yield describe_wrong(
            "BACKUP_TO", str(problem), "Correct BACKUP_TO, BACKUP_S3_ENDPOINT, BACKUP_S3_KEY_ID or BACKUP_S3_SECRET"
        )
    else:
        yield describe_well("BACKUP_TO", f"{count} backups")
