"""How Postgres is opened: with few connections, and waiting when there are too few."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Timer
from urllib.parse import urlsplit

import psycopg2
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models import base
from models.base import open_engine
from models.outages import AWAY, is_busy
from tests.conftest import Servers
from tests.patience import until

ROLE = "one_client_only"


@pytest.fixture
def small(servers: Servers) -> Iterator[str]:
    """Yield the address of a Postgres that accepts one client with this role, like a host's plan that is full."""
    admin = psycopg2.connect(servers.database_url.replace("+psycopg2", ""))
    admin.autocommit = True
    admin.cursor().execute(f"CREATE ROLE {ROLE} LOGIN CONNECTION LIMIT 1")
    at = urlsplit(servers.database_url)
    yield at._replace(netloc=f"{ROLE}@{at.hostname}:{at.port}").geturl()
    admin.cursor().execute(f"DROP ROLE {ROLE}")
    admin.close()


@pytest.fixture
def engine(servers: Servers) -> Iterator[Engine]:
    made = open_engine(servers.database_url, pool=2)
    yield made
    made.dispose()


def test_no_more_connections_are_opened_than_the_pool_holds(engine: Engine) -> None:
    def ask(_: int) -> int:
        with engine.connect() as line:
            return line.scalar(text("SELECT pg_backend_pid()"))

    with ThreadPoolExecutor(12) as pool:
        backends = set(pool.map(ask, range(120)))
    assert 1 <= len(backends) <= 2


def test_who_finds_none_free_waits_and_is_told_in_the_end(engine: Engine) -> None:
    with engine.connect(), engine.connect():
        began = time.monotonic()
        with pytest.raises(PoolTimeout) as error:
            engine.connect()
        assert time.monotonic() - began >= base.POOL_WAIT - 0.1
    assert is_busy(error.value)
    assert isinstance(error.value, AWAY)


def test_a_full_server_is_asked_again(small: str) -> None:
    url = small.replace("+psycopg2", "")
    held, engine = psycopg2.connect(url), open_engine(small)
    with pytest.raises(OperationalError) as error:
        engine.connect()
    assert is_busy(error.value)
    held.close()
    until(lambda: _connects_once_another_has_gone(url, engine))
    engine.dispose()


def _connects_once_another_has_gone(url: str, engine: Engine) -> bool:
    """Return whether the engine connects after another client has gone, which may be too late on a busy machine."""
    with suppress(OperationalError, psycopg2.OperationalError):
        held, gone = psycopg2.connect(url), Event()
        going = Timer(0.3, lambda: (held.close(), gone.set()))
        going.start()
        try:
            with engine.connect() as line:
                assert gone.is_set()
                return bool(line.scalar(text("SELECT current_user")) == ROLE)
        finally:
            going.join()
    return False


def test_a_server_that_is_gone_is_not_asked_again() -> None:
    engine = open_engine("postgresql://u@127.0.0.1:9/none")
    with pytest.raises(OperationalError) as error:
        engine.connect()
    assert not is_busy(error.value)
