"""Two releases at once: the second waits for the first, but waits for a table no longer than any other process."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import OperationalError

from simulator.services import services
from tests import another_day
from tests.conftest import Servers
from tests.imports import ROOT
from tests.patience import AT_MOST, until

ANOTHER_RELEASE = "SELECT pg_advisory_xact_lock(710000)"  # migrations/env.py
# Every process waits 5 s for a table (models/base.py).
WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND clock_timestamp() - query_start > '6 s'"


@pytest.fixture(scope="module")
def database(servers: Servers) -> Iterator[str]:
    """Yield the URL of a Postgres with our schema, whose time-outs work.

    On another day it is a server of its own without faketime. A waiting Postgres is told by a signal that a
    time-out has ended, and then asks for the time. There faketime 0.9.10 gives the machine's day and not the
    pretended one, so it would wait for days.
    """
    if not another_day.is_faked():
        yield servers.database_url
        return
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("FAKETIME")
        with services() as running:
            upgrade(running.database_url)
            yield running.database_url


def upgrade(database: str) -> None:
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = database
    command.upgrade(config, "head")


@contextmanager
def holding(database: str, statement: str) -> Iterator[Any]:
    """Yield a connection that has executed this, in a transaction that stays open until the block
    ends or rolls it back.
    """
    connection = psycopg2.connect(database.replace("+psycopg2", ""))
    try:
        connection.cursor().execute(statement)
        yield connection
    finally:
        connection.close()


def is_waiting(database: str) -> bool:
    with holding(database, "SELECT 1") as looker:
        cursor = looker.cursor()
        cursor.execute(WAITING)
        return cursor.fetchone() is not None


@contextmanager
def second_release(database: str) -> Iterator[Future[None]]:
    """Yield a release that waits for another one, which then ends."""
    with holding(database, ANOTHER_RELEASE) as other, ThreadPoolExecutor(1) as pool:
        running = pool.submit(upgrade, database)
        until(lambda: running.done() or is_waiting(database))
        assert not running.done(), "it does not wait"
        other.rollback()
        yield running


def test_the_second_of_two_releases_waits_for_the_first_however_long_that_takes(database: str) -> None:
    with second_release(database) as running:
        running.result(AT_MOST)


def test_a_release_that_has_waited_gives_up_where_a_table_is_locked(database: str) -> None:
    """Others who use the table would wait behind the release."""
    with (
        holding(database, "LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"),
        second_release(database) as running,
        pytest.raises(OperationalError) as caught,
    ):
        running.result(AT_MOST)
    assert caught.value.orig.pgcode == "55P03"
