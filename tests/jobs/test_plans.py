"""A tick, a run of the health checks and a scrape of /metrics never read a large table completely."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text

from bench import health
from jobs import metrics_look
from jobs.health import Doctor
from jobs.tick import tick
from services.data import keyring
from services.delivery import outcomes
from services.health.processes import WEB
from services.training import accounts
from tests.town import Town

MEMBERS, MESSAGES = 50, 20_000
LARGE = ("outbound_messages", "message_events")


@pytest.fixture
def busy_town(town: Town) -> Town:
    """A town with so many messages that Postgres must choose good plans."""
    with town.world.sessions.kw["bind"].begin() as line:
        for statement in health.filling(MEMBERS, MESSAGES):
            line.execute(text(statement), {"now": town.clock()} if ":now" in statement else {})
        line.execute(text("ANALYZE"))
    return town


@contextmanager
def sent(town: Town) -> Iterator[list[tuple[str, object]]]:
    """Yield the list of statements that are sent in the block, each with its values."""
    engine, statements = town.world.sessions.kw["bind"], []

    def note(_line: object, _cursor: object, statement: str, values: object, *_more: object) -> None:
        statements.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def read_through(town: Town, statements: list[tuple[str, object]]) -> list[str]:
    """Return the lines of the statements' plans that scan a large table completely."""
    found = []
    with town.world.sessions() as session:
        cursor = session.connection().connection.cursor()
        for statement, values in statements:
            if statement.startswith("SET "):
                continue  # it reads nothing, and has no plan
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
        keyring.count_by_key(session)
    assert any("outbound_messages" in line for line in read_through(busy_town, statements))


def test_the_names_of_keys_are_found_without_counting_what_they_seal(busy_town: Town) -> None:
    with busy_town.world.sessions() as session:
        assert keyring.list_names_in_use(session) == {health.KEY}
        counted = keyring.count_by_key(session)
    assert counted["outbound_messages.offers"] == {health.KEY: MESSAGES}
    assert counted["outbound_messages.content"] == {health.KEY: MESSAGES // 1000 * 2}


def test_a_backlog_that_has_left_is_not_looked_for_in_the_whole_table(busy_town: Town) -> None:
    """Postgres's statistics say that a third of all messages wait; but all were sent since they were made."""
    engine = busy_town.world.sessions.kw["bind"]
    with engine.begin() as line:
        third = "state = 'read' AND get_byte(sha256(sid::bytea), 0) < 85"
        queued = line.execute(text(f"UPDATE outbound_messages SET state = 'queued' WHERE {third}"))
        assert queued.rowcount > MESSAGES // 5
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as line:
        line.execute(text("VACUUM ANALYZE outbound_messages"))
    with engine.begin() as line:
        line.execute(text("UPDATE outbound_messages SET state = 'read' WHERE state = 'queued'"))
    with sent(busy_town) as statements, busy_town.world.sessions() as session:
        assert outcomes.count_backlog(session) == {}
    assert read_through(busy_town, statements) == []


def test_keys_that_end_are_found_out_of_an_index(town: Town) -> None:
    with town.world.sessions.kw["bind"].begin() as line:
        for statement in health.filling(3_000, 0)[:1]:
            line.execute(text(statement), {"now": town.clock()})
        rows = """
            INSERT INTO garmin_accounts (member_id, method, garmin_id, display_name, tokens, status, linked_at,
                next_sync_at, failures, created_at, updated_at, key_ends_at)
            SELECT id, 'personal_key', id::text, 'd', sealed, 'linked', :now, :now, 0, :now, :now,
                CASE WHEN id % 4 = 0 THEN :now + (id % 365) * interval '1 day' END
            FROM members, (SELECT '\\x01'::bytea || '\\x01'::bytea || 'k'::bytea AS sealed) AS one
        """
        line.execute(text(rows), {"now": town.clock()})
        line.execute(text("ANALYZE garmin_accounts"))
    with sent(town) as statements, town.world.sessions() as session:
        assert accounts.take_due_reminders(session, town.clock())
    with town.world.sessions() as session:
        cursor = session.connection().connection.cursor()
        [(statement, values)] = [each for each in statements if "key_ends_at" in each[0]]
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "garmin_accounts_key_ends_idx" in plan
