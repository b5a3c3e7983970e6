"""Times in rows come from the world's clock; only leases use the database's clock."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Row, create_engine, insert, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from models import Base, Breaker, Member
from models.base import stamp
from services.ground import breakers
from tests import database_clock
from tests.conftest import Servers
from tests.town import START, Town

MIGRATIONS = Path(__file__).parents[2] / "migrations" / "versions"
# The last migration that was deployed with code that lets the database set these times
LAST_STAMPED_BY_THE_DATABASE = 21
A_MEMBER = {"name": "Ann", "address": "whatsapp:+32470000001"}


def stamps(town: Town) -> Row[tuple[datetime, datetime]]:
    """Return when the only member was created and last changed."""
    with town.world.sessions() as session:
        return session.execute(select(Member.created_at, Member.updated_at)).one()


@pytest.mark.parametrize(
    "write",
    [
        lambda session: session.add(Member(**A_MEMBER)),
        lambda session: session.execute(insert(Member).values(A_MEMBER)),
        lambda session: session.execute(insert(Member), [A_MEMBER]),
    ],
    ids=["object", "statement", "many"],
)
def test_a_row_is_stamped_by_the_worlds_clock_however_it_is_written(town: Town, write) -> None:
    town.clock.travel_to(datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC))
    with town.world.sessions.begin() as session:
        write(session)
    assert stamps(town) == (town.clock(), town.clock())


def change_object(session: Session) -> None:
    session.scalars(select(Member)).one().name = "Ben"


def change_statement(session: Session) -> None:
    session.execute(update(Member).values(name="Ben"))


@pytest.mark.parametrize("change", [change_object, change_statement])
def test_a_change_is_stamped_too(town: Town, change) -> None:
    town.clock.travel(hours=1)
    with town.world.sessions.begin() as session:
        session.add(Member(**A_MEMBER))
    town.clock.travel(hours=1)
    with town.world.sessions.begin() as session:
        change(session)
    assert stamps(town) == (START + timedelta(hours=1), START + timedelta(hours=2))


def test_rows_can_be_ordered_though_the_clock_stands_still_and_though_it_is_set_back(town: Town) -> None:
    with town.world.sessions.begin() as session:
        for number in range(5):
            session.execute(insert(Member).values(name=str(number), address=f"whatsapp:+3247000000{number}"))
    with town.world.sessions() as session:
        assert list(session.scalars(select(Member.name).order_by(Member.created_at))) == ["0", "1", "2", "3", "4"]
    town.clock.travel(hours=-1)
    with town.world.sessions.begin() as session:
        session.execute(update(Member).where(Member.name == "4").values(name="Ben"))
        assert session.scalar(select(Member.updated_at).where(Member.name == "Ben")) == town.clock()


def test_a_row_that_is_there_already_keeps_when_it_was_made(town: Town) -> None:
    for _ in range(2):
        town.clock.travel(hours=1)
        with town.world.sessions.begin() as session:
            breakers.shut(session, "garmin", town.clock(), timedelta(minutes=1), "refused")
    with town.world.sessions() as session:
        row = session.get_one(Breaker, "garmin")
        assert (row.created_at, row.updated_at) == (START + timedelta(hours=1), START + timedelta(hours=2))


def test_without_a_clock_nothing_is_written(town: Town) -> None:
    engine = create_engine(town.world.settings.database_url)
    with Session(engine) as session:
        session.add(Member(**A_MEMBER))
        with pytest.raises(StatementError, match="make_sessions"):
            session.flush()
    engine.dispose()


def test_older_code_may_still_leave_the_stamping_to_the_database(servers: Servers) -> None:
    made = [
        table
        for path in sorted(MIGRATIONS.glob("*.py"))[:LAST_STAMPED_BY_THE_DATABASE]
        for table in re.findall(r"create_table\(\s*'(\w+)'", path.read_text())
    ]
    stamped = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if table.name in made and getattr(column.default, "arg", None) is stamp
    }
    assert len(stamped) > 50
    assert stamped <= servers.clocked


@pytest.mark.parametrize(
    ("statement", "asks"),
    [
        ("SELECT now()", True),
        ("UPDATE groups SET next_digest_at = clock_timestamp()", True),
        ("SELECT 1 WHERE x < CURRENT_DATE", True),
        ("SELECT 'now'::timestamptz", True),
        ("SELECT m.id FROM m WHERE m.leased_until < clock_timestamp() AND m.created_at < now()", True),
        ("SELECT m.id FROM m WHERE m.leased_until < clock_timestamp()", False),
        ("SELECT clock_timestamp() + %(clock_timestamp_1)s AS anon_1", False),
        ("SELECT clock_timestamp() AS now", False),
        ("SELECT knows(now), now FROM age", False),
    ],
)
def test_the_guard_knows_who_may_ask(statement: str, asks: bool) -> None:
    assert database_clock.asks(statement) is asks


def test_the_guard_sees_every_statement(town: Town) -> None:
    with town.world.sessions() as session:
        session.execute(text("SELECT now()"))
    assert database_clock.asked == ["SELECT now()"]
    database_clock.asked.clear()


def test_the_guard_refuses_a_row_that_nobody_stamped(town: Town) -> None:
    with town.world.sessions() as session, pytest.raises(IntegrityError, match="created_at"):
        session.execute(
            text(
                "INSERT INTO groups (name, timezone, digest_schedule, settings, is_active)"
                " VALUES ('a', 'UTC', '', '{}', true)"
            )
        )
