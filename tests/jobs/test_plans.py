"""A tick, a look at the health of the whole and a scrape of /metrics never read through a large table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text

from bench import health
from jobs import metrics_look
from jobs.health import Doctor
from jobs.tick import tick
from services.data import keyring
from services.health.processes import WEB
from tests.town import Town

MEMBERS, MESSAGES = 50, 20_000
LARGE = ("outbound_messages", "message_events")


@pytest.fixture
def busy_town(town: Town) -> Town:
    """A town that has sent so many messages that Postgres has to choose its plans with care."""
    with town.world.sessions.kw["bind"].begin() as line:
        for statement in health.filling(MEMBERS, MESSAGES):
            line.execute(text(statement), {"now": town.clock()} if ":now" in statement else {})
        line.execute(text("ANALYZE"))
    return town


@contextmanager
def sent(town: Town) -> Iterator[list[tuple[str, object]]]:
    """The statements that are sent meanwhile, each with its values."""
    engine, statements = town.world.sessions.kw["bind"], []

    def note(_line: object, _cursor: object, statement: str, values: object, *_more: object) -> None:
        statements.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def read_through(town: Town, statements: list[tuple[str, object]]) -> list[str]:
    """The lines of their plans in which a large table is read from its beginning to its end."""
    found = []
    with town.world.sessions() as session:
        cursor = session.connection().connection.cursor()
        for statement, values in statements:
            cursor.execute(f"EXPLAIN {statement}", values)
            plan = [line for (line,) in cursor.fetchall()]
            found += [line for line in plan if "Seq Scan" in line and any(name in line for name in LARGE)]
        session.rollback()
    return found


def acts(town: Town) -> dict[str, Callable[[], object]]:
    report = Doctor(town.world, WEB).look()
    return {
        "tick": lambda: tick.body(town.world),
        "look": Doctor(town.world, WEB).examine,
        "scrape": lambda: metrics_look.look(town.world, report),
    }


@pytest.mark.parametrize("name", ["tick", "look", "scrape"])
def test_no_large_table_is_read_through(busy_town: Town, name: str) -> None:
    act = acts(busy_town)[name]
    with sent(busy_town) as statements:
        act()
    about = [statement for statement, _ in statements if "outbound_messages" in statement]
    assert len(about) >= (1 if name == "scrape" else 2), "or this test would look at nothing"
    assert read_through(busy_town, statements) == []


def test_a_table_that_is_read_through_would_be_noticed(busy_town: Town) -> None:
    with sent(busy_town) as statements, busy_town.world.sessions() as session:
        keyring.status(session)
    assert any("outbound_messages" in line for line in read_through(busy_town, statements))


def test_the_names_of_keys_are_found_without_counting_what_they_seal(busy_town: Town) -> None:
    with busy_town.world.sessions() as session:
        assert keyring.names_in_use(session) == {health.KEY} == keyring.missing_keys(session)
        counted = keyring.status(session)
    assert counted["outbound_messages.offers"] == {health.KEY: MESSAGES}
    assert counted["outbound_messages.content"] == {health.KEY: MESSAGES // 1000 * 2}
