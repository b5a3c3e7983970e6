"""Checks of `flask doctor` for Postgres and Redis: whether they can be reached, and have room for our connections."""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from services.health import database
from services.health.diagnosis import Diagnosis, describe_well, describe_wrong, note
from world import World

OLDEST_POSTGRES, OLDEST_REDIS = 14, (6, 2)
SPARE = 2  # connections that should be left for `release`, `flask …` and the operator
NEARLY_FULL = 0.8
PRIVATE_NAMES = (".local", ".internal", ".svc")
# Parts of the message when a connection to Postgres fails, what they mean, and how to repair it.
FAILURES = (
    ("could not translate host name", "its host has no address", "Correct the host in DATABASE_URL"),
    ("connection refused", "nobody listens there", "Start Postgres, or correct host and port in DATABASE_URL"),
    ("no such file or directory", "nobody listens there", "Start Postgres, or name its host in DATABASE_URL"),
    ("password authentication failed", "it refuses the password", "Correct user and password in DATABASE_URL"),
    ("no password supplied", "it wants a password", "Write the password into DATABASE_URL: postgres://user:password@…"),
    ('role "', "it does not know this user", "Correct the user in DATABASE_URL, or createuser"),
    ('database "', "it has no such database", "createdb, or correct the name at the end of DATABASE_URL"),
    ("no encryption", "it takes encrypted connections only", "Append ?sslmode=require to DATABASE_URL"),
    ("ssl off", "it takes encrypted connections only", "Append ?sslmode=require to DATABASE_URL"),
    ("does not support ssl", "it speaks no TLS", "Take sslmode=require out of DATABASE_URL, or switch TLS on there"),
    ("certificate verify failed", "its certificate is not trusted", "Use ?sslmode=require, or give sslrootcert"),
    (
        "too many",
        "all its connections are taken",
        "Lower WEB_CONCURRENCY, WORKERS or DATABASE_POOL, or take a larger plan",
    ),
    ("remaining connection slots", "all its connections are taken", "Lower WEB_CONCURRENCY, WORKERS or DATABASE_POOL"),
    ("timeout expired", "it does not answer", "Let this machine through Postgres's firewall"),
)
REDIS_FAILURES = (
    ("wrongpass", "it refuses the password", "Correct the password in REDIS_URL"),
    ("invalid username-password", "it refuses the password", "Correct the password in REDIS_URL"),
    ("invalid password", "it refuses the password", "Correct the password in REDIS_URL"),
    ("authentication required", "it wants a password", "Write the password into REDIS_URL: redis://:password@host"),
    ("without any password", "it has no password", "Take the password out of REDIS_URL"),
    ("certificate", "its certificate is not trusted", "Set REDIS_SELF_SIGNED=1 if Redis signed it itself"),
    ("wrong_version_number", "it speaks no TLS", "Write redis:// instead of rediss:// in REDIS_URL"),
    ("record layer failure", "it speaks no TLS", "Write redis:// instead of rediss:// in REDIS_URL"),
    ("connection refused", "nobody listens there", "Start Redis, or correct host and port in REDIS_URL"),
    ("name or service not known", "its host has no address", "Correct the host in REDIS_URL"),
    ("name resolution", "its host has no address", "Correct the host in REDIS_URL"),
    (
        "max number of clients",
        "all its connections are taken",
        "Lower WEB_CONCURRENCY or WORKERS, or take a larger plan",
    ),
    ("closed by server", "it hangs up", "{scheme}"),
    ("eof occurred", "it hangs up", "{scheme}"),
    ("unexpected_eof", "it hangs up", "{scheme}"),
    ("timeout", "it does not answer", "{scheme}, or let this machine through Redis's firewall"),
)
LOOK = text(
    """
    SELECT current_setting('server_version_num')::int / 10000 AS version,
           coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS is_encrypted,
           current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most,
           (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS most_ours,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
           (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user) AS used_ours,
           current_setting('server_encoding') AS encoding
    """
)


def judge_postgres(world: World) -> list[Diagnosis]:
    """Return the results for Postgres that the health checks lack."""
    try:
        with world.sessions() as session:
            return [*_postgres(world, session)]
    except SQLAlchemyError as error:
        return [_not_connected("database", "Postgres", FAILURES, str(getattr(error, "orig", None) or error))]


def judge_redis(world: World) -> list[Diagnosis]:
    """Return the results for Redis that the health checks lack."""
    try:
        told: dict[str, Any] = world.redis.info()
    except RedisError as error:
        has_tls = world.settings.redis_url.startswith("rediss://")
        scheme = (
            "Write redis:// instead of rediss:// if it speaks no TLS" if has_tls else "Write rediss:// if it wants TLS"
        )
        failures = [(sign, says, mend.format(scheme=scheme)) for sign, says, mend in REDIS_FAILURES]
        return [_not_connected("redis", "Redis", failures, _chained(error))]
    return [*_redis(world, told)]


def count_connections(world: World) -> tuple[int, int]:
    """Return how many connections to Postgres and to Redis our processes use at most (docs/connections.md)."""
    chosen = world.settings
    both = chosen.web_concurrency + chosen.workers
    return both * chosen.database_pool + 1, (both + 1) * chosen.redis_pool + chosen.workers


def _postgres(world: World, session: Session) -> Iterator[Diagnosis]:
    seen = session.execute(LOOK).one()
    yield describe_well("database", f"Postgres {seen.version}")
    if seen.version < OLDEST_POSTGRES:
        says = f"Postgres {seen.version} is older than this program is tested with"
        yield describe_wrong("postgres version", says, f"Upgrade Postgres to {OLDEST_POSTGRES} or newer")
    if not seen.is_encrypted and not _is_near(world.settings.database_url):
        yield describe_wrong(
            "postgres tls",
            "What members said and did travels unencrypted to Postgres",
            "Append ?sslmode=require to DATABASE_URL",
        )
    if seen.encoding != "UTF8":
        says = f"The database's encoding is {seen.encoding}: many names cannot be kept"
        yield describe_wrong(
            "encoding", says, "createdb --encoding=UTF8 --template=template0, and point DATABASE_URL at it"
        )
    is_limited = seen.most_ours is not None and 0 <= seen.most_ours < seen.most
    most, used = (seen.most_ours, seen.used_ours) if is_limited else (seen.most, seen.used)
    yield from _room("postgres connections", most, used, count_connections(world)[0])
    yield from _schema(session)


def _redis(world: World, told: dict[str, Any]) -> Iterator[Diagnosis]:
    version = tuple(int(part) for part in str(told.get("redis_version", "0")).split(".")[:2])
    yield describe_well(
        "redis", f"{told.get('server_name', 'redis')} {told.get('valkey_version', told.get('redis_version'))}"
    )
    if version < OLDEST_REDIS:
        yield describe_wrong(
            "redis version", f"Redis {told.get('redis_version')} is too old", "Upgrade Redis to 6.2 or newer"
        )
    if world.settings.redis_url.startswith("redis://") and not _is_near(world.settings.redis_url):
        says = "Kept lines and fingerprints travel unencrypted to Redis"
        yield describe_wrong("redis tls", says, "Use your host's rediss:// address in REDIS_URL")
    yield from _memory(told)
    most, used = int(told.get("maxclients", 0)), int(told.get("connected_clients", 0))
    if most:
        yield from _room("redis connections", most, used, count_connections(world)[1])


def _memory(told: dict[str, Any]) -> Iterator[Diagnosis]:
    most, used, policy = int(told.get("maxmemory", 0)), int(told.get("used_memory", 0)), told.get("maxmemory_policy")
    if most and policy != "noeviction":
        says = f"Redis throws away what it holds when it is full ({policy}): kept lines and jobs among it"
        yield describe_wrong("redis policy", says, "CONFIG SET maxmemory-policy noeviction, or set it at your host")
    if most and used > NEARLY_FULL * most:
        says = f"Redis uses {100 * used // most} % of its memory"
        yield describe_wrong("redis memory", says, "Take a larger plan, or raise maxmemory")


def _room(name: str, most: int, used: int, wanted: int) -> Iterator[Diagnosis]:
    """Yield whether a server allows as many connections as our processes may open, and has some left now."""
    if wanted > most:
        yield describe_wrong(
            name,
            f"Our processes open up to {wanted} connections, and {most} are allowed",
            "Lower WEB_CONCURRENCY, WORKERS or the pools, or take a larger plan (docs/connections.md has the sum)",
        )
    elif most - used < SPARE:
        says = f"{used} of {most} connections are taken"
        yield describe_wrong(name, says, "Stop what else uses this server, or take a larger plan (docs/connections.md)")
    else:
        yield describe_well(name, f"{used} of {most} taken, ours are {wanted} at most")


def _schema(session: Session) -> Iterator[Diagnosis]:
    vitals = database.look(session)
    if vitals.schema > database.find_expected_schema():
        says = f"The schema is {vitals.schema}, which this version does not know yet"
        yield note("newer schema", says, "Deploy the newer version again; going back one version is meant to work")


def _not_connected(name: str, server: str, failures: Iterable[tuple[str, str, str]], words: str) -> Diagnosis:
    """Return why a connection failed, from the driver's message. The message itself may contain a
    user's name, and is not shown.
    """
    low = words.casefold()
    for sign, says, mend in failures:
        if sign in low:
            return describe_wrong(name, f"{server} cannot be used: {says}", mend)
    return describe_wrong(name, f"{server} cannot be used", f"See that {server} runs and that this machine reaches it")


def _chained(error: BaseException) -> str:
    """Return the messages of an exception and of its causes."""
    words, each = "", error
    while each is not None:
        words, each = f"{words} {each}", each.__cause__ or each.__context__  # type: ignore[assignment]
    return words


def _is_near(url: str) -> bool:
    """Return whether a server is on this machine or in a private network, such as docker compose's or Kubernetes'."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(PRIVATE_NAMES)
