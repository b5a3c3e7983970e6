"""Fixtures for every test: servers that are started once per process, and a town (`tests/town.py`) for each test."""

import gc
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import structlog
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from simulator.services import services
from tests import another_day, database_clock
from tests import town as towns
from tests.town import Person, Served, Town

# A developer's `.env` has the settings of their own bot: no test, and no process that a test starts, reads it.
os.environ |= {"ENV_FILE": "", "FLASK_SKIP_DOTENV": "1"}

# Hypothesis fails an example that takes more than 200 ms by default; on a busy machine any example may take longer.
settings.register_profile(
    "patient", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")


@dataclass(frozen=True)
class Servers:
    """Where Postgres, Redis and the two web servers are, for one test process."""

    database_url: str
    redis_url: str
    app: Served
    simulator: Served
    clocked: frozenset[tuple[str, str]]  # columns whose default was the database's clock; tests run without it


def pytest_configure(config: pytest.Config) -> None:
    another_day.start_again(config)


def pytest_collection_finish() -> None:
    """Exempt all loaded objects from garbage collection, which took a sixth of the time in a sample."""
    gc.freeze()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Real Postgres and Valkey, with the schema made by the migrations."""
    with services() as running:
        yield _prepared(running.database_url, running.redis_url)


def _prepared(database_url: str, redis_url: str) -> Servers:
    """Create a test database on that server, so that the database named by DATABASE_URL is left alone."""
    name = f"gruppetto_test_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{os.getpid()}"
    admin = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    own = database_url.rsplit("/", 1)[0] + f"/{name}"
    config = Config("alembic.ini")
    config.attributes["url"] = own
    command.upgrade(config, "head")
    engine = create_engine(own)
    clocked = database_clock.take_away(engine)
    engine.dispose()
    return Servers(own, redis_url.rsplit("/", 1)[0] + "/9", Served(), Served(), clocked)


@pytest.fixture(autouse=True)
def only_leases_ask_the_database_for_its_time() -> Iterator[None]:
    """Fail the test that sends a statement which asks the database what time it is (`tests/database_clock.py`)."""
    database_clock.asked.clear()
    yield
    assert database_clock.asked == [], "the world's clock tells the time: see tests/database_clock.py"


@pytest.fixture(autouse=True)
def log_where_each_test_is_heard() -> Iterator[None]:
    """Reset structlog after each test, so that no later log line goes to a stream that the test captured and closed."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def town(servers: Servers) -> Iterator[Town]:
    """An empty town on a Wednesday evening."""
    made = towns.build(servers.database_url, servers.redis_url, servers.app, servers.simulator)
    yield made
    towns.empty(made.world)
    made.twilio.close()
    made.world.sessions.kw["bind"].dispose()
    made.world.redis.close()


@pytest.fixture
def zoe(town: Town) -> Person:
    return town.person("Zoë", "+32470000001")


@pytest.fixture
def jose(town: Town) -> Person:
    return town.person("José", "+34600000002")


@pytest.fixture
def sara(town: Town) -> Person:
    return town.person("سارة", "+971500000003")
