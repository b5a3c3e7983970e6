"""`python -m bench.load health`: measures a request to /readyz and a tick with a million messages in the table.

Postgres itself writes the rows, spread over thirteen months: most in a final state, and some in each state that the
tick looks for. Times are elapsed milliseconds, so other work on the machine makes them longer.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

import logs
from bench.figures import percentile
from config import Settings
from jobs import troubles
from jobs.health import Doctor
from jobs.heartbeats import Heart
from jobs.tick import tick
from models.vault import new_key
from providers.clock import read_system_clock
from services.health.processes import CLOCK, WEB, WORKER
from simulator.services import services
from web.app import create_app
from world import World, use

MEMBERS, MESSAGES, EVENTS_EACH = 2_000, 1_000_000, 2
PROBES, TICKS = 300, 100
KEY = "bench"  # the key name in encrypted values


def filling(members: int, messages: int) -> list[str]:
    """Return statements that write so many members, messages and events. They need the parameter `now`."""
    at, soon = "CAST(:now AS timestamptz)", "CAST(:now AS timestamptz) + interval '3 hours'"
    columns = "id, member_id, kind, dedupe_key, offers, content, state, priority, attempt, looks, sid"
    instants = "next_attempt_at, expires_at, first_attempt_at, accepted_at, created_at, updated_at"
    return [
        f"""
        INSERT INTO members (name, address, locale, units, timezone, quiet_from, quiet_until, preferences,
            created_at, updated_at)
        SELECT 'Member ' || n, 'whatsapp:+3247' || lpad(n::text, 7, '0'), 'en', 'metric', 'UTC', '21:30', '07:30',
            '{{}}', {at}, {at}
        FROM generate_series(1, {members}) n
        """,
        f"""
        CREATE TEMPORARY TABLE written AS SELECT n, md5(n::text)::uuid AS id, n % 1000 AS kind,
            {at} - ({messages} - n) * (interval '395 days' / {messages}) AS at,
            '\\x01'::bytea || set_byte('\\x00'::bytea, 0, length('{KEY}')) || '{KEY}'::bytea || sha256(n::text::bytea)
            AS sealed
        FROM generate_series(1, {messages}) n
        """,
        f"""
        INSERT INTO outbound_messages ({columns}, {instants})
        SELECT id, (SELECT min(id) FROM members) + n % {members}, 'digest', 'bench:' || n, sealed,
            CASE WHEN kind < 2 THEN sealed END,
            CASE kind WHEN 0 THEN 'queued' WHEN 1 THEN 'accepted' WHEN 2 THEN 'failed' ELSE 'read' END, 5, 1, 0,
            'SM' || md5(n::text), {soon}, {soon}, at, at, at, at
        FROM written
        """,
        f"""
        INSERT INTO message_events (message_id, at, source, state, detail)
        SELECT id, at, 'receipt', 'read', '{{}}' FROM written, generate_series(1, {EVENTS_EACH})
        """,
        "DROP TABLE written",
    ]


def health() -> list[tuple[str, str]]:
    """Fill a database, measure, and return the rows of the table."""
    with fill_database(filling(MEMBERS, MESSAGES)) as world:
        logs.configure("console")
        client, doctor = create_app(world).test_client(), Doctor(world, WEB)
        for kind in (WORKER, CLOCK):
            heart = Heart(world, kind)
            heart.instance = kind
            heart.beat()
        tick.body(world)
        first = _measured(lambda: client.get("/readyz"), 1)
        heart = client.application.extensions["watch"].start()
        probes = _measured(lambda: client.get("/readyz"), PROBES, pause=0.05)
        heart.stop()
        looks = _measured(doctor.examine, PROBES)
        ticks = _measured(lambda: tick.body(world), TICKS)
        watching = _measured(lambda: (world.redis.delete(troubles.LOOKED), tick.body(world)), TICKS)
    return [
        ("messages", f"{MESSAGES:,}"),
        ("events of messages", f"{MESSAGES * EVENTS_EACH:,}"),
        ("first probe of a process (ms)", f"{first[0]:.1f}"),
        *_told("/readyz", probes),
        *_told("a look at everything, as in the background", looks),
        *_told("tick", ticks),
        *_told("tick that looks at everything too", watching),
    ]


@contextmanager
def fill_database(statements: Sequence[str]) -> Iterator[World]:
    """Yield a world with a new database in which these statements were run. They may use the parameter `now`."""
    with services() as running:
        config = Config("alembic.ini")
        config.attributes["url"] = running.database_url
        command.upgrade(config, "head")
        engine = create_engine(running.database_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as line:
            line.execute(text("SET session_replication_role = replica"))  # do not check foreign keys, which is faster
            for statement in statements:
                line.execute(text(statement), {"now": read_system_clock()} if ":now" in statement else {})
            line.execute(text("VACUUM ANALYZE"))
        engine.dispose()
        world = World.from_settings(_settings(running.database_url, running.redis_url))
        use(world)
        yield world
        world.sessions.kw["bind"].dispose()
        world.redis.close()


def _settings(database_url: str, redis_url: str) -> Settings:
    return Settings.model_validate(
        {
            "database_url": database_url,
            "redis_url": redis_url,
            "public_base_url": "http://127.0.0.1:9",
            "secret_key": "a secret key for the bench only, of 32 characters and more",
            "data_keys": new_key(KEY),
            "twilio_account_sid": "AC" + "0" * 32,
            "twilio_auth_token": "a token for the bench",
            "twilio_whatsapp_from": "whatsapp:+14155238886",
        }
    )


def _measured(act: Callable[[], object], times: int, pause: float = 0) -> list[float]:
    """Call `act` so many times, `pause` seconds apart. Returns the milliseconds of each call, fastest first."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        took.append(1000 * (time.perf_counter() - begun))
        time.sleep(pause)
    return sorted(took)


def _told(what: str, took: list[float]) -> list[tuple[str, str]]:
    return [(f"{what}: p{share} (ms)", f"{percentile(took, share):.1f}") for share in (50, 95, 99)]
