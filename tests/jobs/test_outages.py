"""A Postgres that answers but cannot do its work: lines and receipts are kept, and processed later, each once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from bot import receiving
from models import OutboundMessage
from models.base import make_sessions, open_engine
from services.health import database
from simulator.twilio import callbacks
from tests.jobs.test_receiving import answers, kept, served_by, texts, without_postgres, without_redis
from tests.patience import AT_MOST
from tests.town import ACCOUNT, TOKEN, Person, Town


@contextmanager
def changed(town: Town, do: str, undo: str) -> Iterator[None]:
    """Change the database while the block runs."""
    for_all = town.world.sessions.kw["bind"]

    def run(statement: str) -> None:
        with for_all.begin() as line:
            line.exec_driver_sql(statement)

    run(do)
    try:
        yield
    finally:
        run(undo)


@contextmanager
def behind(town: Town, table: str, column: str) -> Iterator[None]:
    """Make the schema older than the code: a column is missing."""
    newest = database.find_expected_schema()
    there, gone = f"ALTER TABLE {table} RENAME none_yet TO {column}", f"ALTER TABLE {table} RENAME {column} TO none_yet"
    version = "UPDATE alembic_version SET version_num = '{}'"
    with changed(town, gone, there), changed(town, version.format("0021_records_of_before"), version.format(newest)):
        yield


@pytest.mark.parametrize(
    ("line", "table", "column"),
    [
        ("help", "inbound_messages", "kind"),  # before anything is known of the line
        ("help", "members", "timezone"),
        ("groups", "memberships", "joined_at"),  # in the middle of a command
        ("goal 120 km run month", "goals", "metric"),
    ],
)
def test_a_line_that_meets_a_schema_behind_is_kept_and_answered_once_later(
    town: Town, zoe: Person, line: str, table: str, column: str
) -> None:
    zoe.says("new group First")
    heard = zoe.count()
    with behind(town, table, column):
        zoe.phone.says(line)
        assert kept(town) == [1, 0, 0]
        receiving.ingest()
        assert sum(kept(town)[:2]) == 1, "it still cannot be answered"
    assert answers(town).keys() <= {200, 204}
    assert zoe.count() == heard
    town.tick()
    assert kept(town) == [0, 0, 0]
    assert zoe.count() == heard + 1
    assert "broke on my side" not in zoe.heard


def test_a_mistake_of_our_own_is_apologised_for_and_not_kept_for_ever(town: Town, zoe: Person) -> None:
    """The same error, but with a current schema."""
    zoe.says("new group First")
    with changed(town, "ALTER TABLE goals RENAME metric TO lost", "ALTER TABLE goals RENAME lost TO metric"):
        assert "broke on my side" in zoe.says("goal 120 km run month")
    assert kept(town) == [0, 0, 0]


@pytest.mark.parametrize(
    "code",
    [
        "53100",  # the disk is full
        "53200",  # out of memory
        "53300",  # too many connections
        "57P01",  # the server is shut down by its administrator
        "57P03",  # it is starting
        "25006",  # it is read-only
        "58030",  # it cannot read or write its files
    ],
)
def test_a_line_and_a_receipt_are_kept_whatever_ails_postgres(town: Town, zoe: Person, code: str) -> None:
    zoe.phone.reads = False
    zoe.says("hi")
    raising = f"""
        CREATE FUNCTION ail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'it ails' USING ERRCODE = '{code}'; END $$;
        CREATE TRIGGER ailing BEFORE INSERT ON inbound_messages EXECUTE FUNCTION ail();
        CREATE TRIGGER ailing BEFORE UPDATE ON outbound_messages EXECUTE FUNCTION ail();
    """
    with changed(town, raising, "DROP FUNCTION ail() CASCADE"):
        zoe.phone.says("help")
        assert receipt(town, zoe, "read") == 204
    assert kept(town) == [2, 0, 0]
    assert states(town) == ["delivered"]
    town.tick()
    assert kept(town) == [0, 0, 0]
    assert states(town)[0] == "read"
    assert zoe.count() == 2


def test_a_line_is_kept_when_the_host_takes_the_right_to_write_away(town: Town, zoe: Person) -> None:
    reading = """
        CREATE ROLE only_reads; GRANT SELECT ON ALL TABLES IN SCHEMA public TO only_reads
    """
    with changed(town, reading, "DROP OWNED BY only_reads; DROP ROLE only_reads"):
        engine = open_engine(town.world.settings.database_url, "-c role=only_reads")
        world = replace(town.world, sessions=make_sessions(engine, town.world.vault, town.world.now))
        with served_by(town, world):
            zoe.phone.says("help")
        engine.dispose()
    assert answers(town) == {200: 1}
    assert kept(town) == [1, 0, 0]
    town.tick()
    assert len(texts(zoe)) == 1


def test_receipts_are_kept_while_postgres_is_away(town: Town, zoe: Person) -> None:
    zoe.phone.reads = False
    zoe.says("hi")
    with served_by(town, without_postgres(town)):
        base = town.twilio.webhook_url.removesuffix("/webhooks/twilio/inbound")
        assert [receipt(town, zoe, status, base) for status in ("read", "sent", "read")] == [204, 204, 204]
    assert kept(town) == [3, 0, 0]
    assert states(town) == ["delivered"]
    town.tick()
    assert (kept(town), states(town)) == ([0, 0, 0], ["read"])
    with served_by(town, without_redis(without_postgres(town))):
        base = town.twilio.webhook_url.removesuffix("/webhooks/twilio/inbound")
        assert receipt(town, zoe, "read", base) == 503, "the vendor may ask again, and the reconciler does"


def states(town: Town) -> list[str]:
    with town.world.sessions() as session:
        query = select(OutboundMessage.state).order_by(OutboundMessage.created_at)
        return [str(state) for state in session.scalars(query)]


def receipt(town: Town, zoe: Person, status: str, base: str | None = None) -> int:
    """Post a receipt for the first message to Zoë; returns the HTTP status of the answer."""
    message = zoe.phone.heard[0]
    path = urlsplit(message.callback)
    url = f"{base or town.world.settings.base_url}{path.path}?{path.query}"
    form = callbacks.receipt(message, status, ACCOUNT)
    headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(url, form)}
    return requests.post(url, data=form, headers=headers, timeout=AT_MOST).status_code
