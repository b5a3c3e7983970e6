"""A restored backup: every row is there, the erased stay erased, and nothing is sent or answered a second time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from click.testing import Result
from sqlalchemy import select, text

import world as worlds
from jobs import asking_again, backups, delivery, reconciling, restoring
from models import Base, Challenge, DigestRun, Erased, Group, Member, MessageKind, MessageState
from models.backup_file import BackupUnreadable
from models.vault import Vault, new_key
from providers.postgres_client import ClientProblem
from services.health.database import find_expected_schema
from services.health.processes import WORKER
from tests.beating import beat
from tests.conftest import Servers
from tests.conversations.test_digest import SUNDAY, runners
from tests.jobs.test_receiving import unheard
from tests.letters import READY, Letters
from tests.recovery import another_database, moved_to, on_database, take_over, with_backups
from tests.scenes import has_moved, november, runs, start_group
from tests.services.test_coming_back import erases_everything
from tests.town import Person, Town
from web.app import create_app
from world import World

ARRIVED = (MessageState.DELIVERED, MessageState.READ)
ALWAYS_WRITTEN = {"outbound_messages", "message_events", "signs", "audit_events"}  # a restore writes into these


@pytest.fixture
def world(town: Town, tmp_path: Path) -> World:
    return with_backups(town.world, tmp_path / "backups")


@pytest.fixture
def new(world: World) -> Iterator[World]:
    """The same world on an empty database."""
    with another_database(world) as url, on_database(world, url) as there:
        yield there


def flask(world: World, *words: str) -> Result:
    return create_app(world).test_cli_runner().invoke(args=list(words))


def restored(town: Town, new: World, servers: Servers, *words: str) -> Town:
    """Restore the newest backup by the command, and let the town go on there."""
    town.world.redis.flushdb()
    said = flask(new, "restore", "latest", *words)
    assert said.exit_code == 0, said.output
    return take_over(town, new, servers.app)


def content(world: World) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with world.sessions() as session:
        names = [table.name for table in Base.metadata.sorted_tables]
        return {name: sorted(session.scalars(text(f"SELECT t::text FROM {name} t"))) for name in names}


def heard(town: Town) -> dict[str, list[str]]:
    """What each phone has got so far."""
    return {phone.name: [message.text for message in phone.heard] for phone in town.phones.by_number.values()}


def sent(town: Town) -> Counter[tuple[str, str]]:
    """How often Twilio was given each text for each person."""
    return Counter((each.to, each.text) for each in town.twilio.messages.values() if not each.inbound)


def pass_hours(town: Town, hours: int) -> None:
    """Let hours pass, with a tick each, and in the first minutes everything that ticks do."""
    for _ in range(4):
        town.travel(minutes=1)
        town.world.redis.delete(asking_again.BACKFILL)
    for _ in range(hours):
        town.travel(hours=1)


def test_every_row_comes_back(town: Town, world: World, new: World, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16, 18))
    zoe.says("goal 120 km run month")
    backups.make_backup(world)
    before = content(world)
    assert sum(map(len, before.values())) > 50
    town.world.redis.flushdb()
    said = flask(new, "restore", "latest")
    assert "\nrestored\tgruppetto-20261118T19" in said.output
    assert "The database is as it was at 2026-11-18 19:00 UTC." in said.output
    after = content(new)
    assert {name for name in before if before[name] != after[name]} <= ALWAYS_WRITTEN
    with new.sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM pg_trigger WHERE tgname = 'audit_events_keep'")) == 1
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == find_expected_schema()


def test_nothing_is_sent_twice(town: Town, world: World, new: World, servers: Servers) -> None:
    """One message in each state in which it may or may not have been sent. After the backup all of them are sent."""
    letters = Letters(town)
    people = [letters.with_phone(number) for number in range(1, 8)]
    town.twilio.auto = False
    kinds = {
        "accepted": letters.write(people[0], "accepted", MessageKind.NOTICE),
        "sent": letters.write(people[1], "sent", MessageKind.NOTICE),
    }
    delivery.drain()
    letters.change(letters.row(kinds["sent"]), state=MessageState.SENT)
    kinds["unknown"] = letters.write(people[2], "unknown", MessageKind.NOTICE)
    town.twilio.faults.next.append("500_after_accept")
    delivery.drain()
    kinds["sending"] = letters.write(people[3], "sending", MessageKind.NOTICE)
    [claimed] = letters.claim()
    kinds["queued"] = letters.write(people[4], "queued", MessageKind.DIGEST)
    kinds["reply"] = letters.write(people[5], "reply")
    kinds["put off"] = letters.write(
        people[6], "put off", MessageKind.NOTICE, next_attempt_at=town.clock() + timedelta(hours=9)
    )
    assert Counter(row.state for row in letters.rows()) == {
        "accepted": 1, "sent": 1, "unknown": 1, "sending": 1, "queued": 3,
    }  # fmt: skip
    backups.make_backup(world)

    town.twilio.auto = True
    town.twilio.advance()
    town.twilio.settle()
    letters.end_lease(claimed.id)
    for _ in range(4):
        town.clock.travel(minutes=2)
        reconciling.reconcile()
        town.rest()
    town.travel(hours=10)
    before = heard(town)
    assert sorted(each for texts in before.values() for each in texts) == sorted(kinds), "all of them were sent"

    after = restored(town, new, servers)
    pass_hours(after, 40)
    assert heard(after) == before
    assert set(sent(after).values()) == {1}
    states = {row.dedupe_key: row.state for row in Letters(after).rows()}
    assert not [state for state in states.values() if state in ("queued", "sending", "unknown")]
    there = Letters(after)
    assert there.row(kinds["unknown"]).state in ARRIVED, "Twilio's list has it"
    assert there.row(kinds["sending"]).state in ARRIVED
    assert there.row(kinds["queued"]).state is MessageState.SUPPRESSED
    assert there.events(kinds["queued"])[-1].detail["why"].startswith("a backup was restored")
    assert there.row(kinds["accepted"]).state in ARRIVED, "Twilio was asked what became of it"


def test_what_was_refused_after_the_backup_is_not_sent_in_another_form(
    town: Town, world: World, new: World, servers: Servers
) -> None:
    """At the backup Twilio had accepted it; then WhatsApp refused it, and it was sent as a template."""
    letters = Letters(town)
    friend = letters.with_phone()
    town.twilio.auto = False
    town.twilio.faults.undelivered_next.append(63016)
    letters.write(friend, "free text", MessageKind.NOTICE, approved=READY)
    delivery.drain()
    backups.make_backup(world)
    town.twilio.auto = True
    town.twilio.advance()
    town.twilio.settle()
    town.rest()
    before = sent(town)
    assert before.total() == 2, "as text, and as a template"
    after = restored(town, new, servers)
    pass_hours(after, 30)
    assert sent(after) == before
    assert [row.state for row in Letters(after).rows()] == [MessageState.FAILED]


def test_a_message_that_never_left_is_ended_and_one_that_did_is_found(
    town: Town, world: World, new: World, servers: Servers
) -> None:
    letters = Letters(town)
    friend = letters.with_phone()
    never = letters.write(friend, "never left", MessageKind.NOTICE)
    letters.claim()
    backups.make_backup(world)
    after = restored(town, new, servers)
    pass_hours(after, 2)
    assert Letters(after).row(never).state is MessageState.EXPIRED
    assert sent(after).total() == 0
    letters = Letters(after)
    letters.write(friend, "written later", MessageKind.NOTICE)
    after.rest()
    assert heard(after)["Friend 1"] == ["written later"], "what is new is sent"


@pytest.mark.parametrize("is_opened", [False, True], ids=["not due yet", "due and not made"])
def test_a_digest_comes_once(
    town: Town, world: World, new: World, servers: Servers, zoe: Person, jose: Person, is_opened: bool
) -> None:
    runners(zoe, jose)
    town.travel_to(SUNDAY.replace(hour=15))
    zoe.says("help")
    jose.says("help")
    town.clock.travel_to(SUNDAY)
    if is_opened:
        from jobs.tick import open_digests

        assert open_digests(town.world) == 1
    else:
        town.clock.travel(minutes=-1)
    backups.make_backup(world)
    town.travel_to(SUNDAY + timedelta(minutes=1))
    before = heard(town)
    assert before["Zoë"][-1].startswith("🏁 *Sunday Legends* · 16–22 Nov")
    town.clock.travel(hours=2)
    after = restored(town, new, servers)
    pass_hours(after, 30)
    assert heard(after) == before, "nor is anybody told that it was left out"
    come_to_next = SUNDAY + timedelta(days=7)
    after.travel_to(come_to_next - timedelta(hours=2))
    for person in (zoe, jose):
        moved_to(after, person).says("help")
    after.travel_to(come_to_next)
    assert len(heard(after)["Zoë"]) > len(before["Zoë"]) + 1
    assert heard(after)["Zoë"][-1] != before["Zoë"][-1], "the next one comes"
    with new.sessions() as session:
        assert sorted(session.scalars(select(DigestRun.status))) == ["sent", "skipped"]


def test_what_was_due_after_the_old_deployment_stopped_is_done(
    town: Town, world: World, new: World, servers: Servers, zoe: Person, jose: Person
) -> None:
    runners(zoe, jose)
    town.travel_to(SUNDAY.replace(hour=15))
    for person in (zoe, jose):
        person.says("help")
    backups.make_backup(world)
    stopped = town.clock() + timedelta(minutes=30)
    town.clock.travel_to(SUNDAY - timedelta(hours=1))
    with unheard(town):
        zoe.phone.says("groups")
    town.clock.travel_to(SUNDAY + timedelta(hours=2))
    before = heard(town)
    after = restored(town, new, servers, "--stopped-at", stopped.isoformat())
    pass_hours(after, 1)
    new_ones = heard(after)["Zoë"][len(before["Zoë"]) :]
    assert len(new_ones) == 2
    assert any(each.startswith("🏁 *Sunday Legends*") for each in new_ones), "the digest"
    assert any("Sunday Legends" in each for each in new_ones), "the answer to the line that nobody had heard"


def test_lines_that_were_answered_after_the_backup_are_not_answered_again(
    town: Town, world: World, new: World, servers: Servers, zoe: Person
) -> None:
    zoe.says("hi")
    backups.make_backup(world)
    town.clock.travel(minutes=10)
    zoe.says("new group Monday Legends")
    town.clock.travel(minutes=10)
    before = heard(town)
    after = restored(town, new, servers)
    pass_hours(after, 8)
    assert heard(after) == before
    assert moved_to(after, zoe).says("groups").startswith("You're in no group yet."), "what came later is lost"


def test_the_result_of_a_challenge_is_told_once(
    town: Town, world: World, new: World, servers: Servers, zoe: Person, jose: Person
) -> None:
    start_group(zoe, jose)
    zoe.says("schedule off")
    has_moved(zoe, runs(23))
    zoe.says("challenge new distance run 23 to 29 nov ok")
    jose.says("challenge join 1")
    town.travel_to(november(30, 8))
    for person in (zoe, jose):
        person.says("help")
    backups.make_backup(world)
    town.travel_to(november(30, 11))
    before = heard(town)
    assert "is over" in before["Zoë"][-1]
    after = restored(town, new, servers)
    pass_hours(after, 20)
    assert heard(after) == before
    with new.sessions() as session:
        assert session.scalars(select(Challenge)).one().result is not None, "it was judged all the same"


def test_the_erased_stay_erased(
    town: Town, world: World, new: World, servers: Servers, zoe: Person, jose: Person, sara: Person
) -> None:
    """Zoë owns a group, and erases herself after the backup. José, who owns it then, is not told a second time."""
    start_group(zoe, jose, sara)
    has_moved(zoe, runs(16))
    backups.make_backup(world)
    town.clock.travel(hours=1)
    worlds.use(replace(town.world, settings=world.settings))
    erases_everything(zoe)
    town.rest()
    before = heard(town)
    after = restored(town, new, servers)
    with new.sessions() as session:
        assert session.scalars(select(Erased.member_id)).all() == [1]
    pass_hours(after, 3)
    assert heard(after) == before
    everything = str(content(new))
    assert not [each for each in ("Zoë", "32470000001") if each in everything]
    assert "José" in everything
    with new.sessions() as session:
        roles = session.execute(text("SELECT m.name, s.role FROM memberships s JOIN members m ON m.id = s.member_id"))
        assert ("José", "owner") in {tuple(each) for each in roles}


def test_a_changed_or_incomplete_file_changes_nothing(town: Town, world: World, new: World, zoe: Person) -> None:
    zoe.says("hi")
    name = backups.make_backup(world).name
    path = Path(world.settings.backup_to) / name
    whole = path.read_bytes()
    for broken in (whole[:-1], whole[: len(whole) // 2], whole[:-9] + b"x" + whole[-8:], b"", whole + b"x"):
        path.write_bytes(broken)
        said = flask(new, "restore", "latest", "--replace", "--while-running")
        assert said.exit_code == 1, said.output
        assert "\nThat did not work: It " in said.output
    with new.sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) == 0
    path.write_bytes(whole)
    other = replace(new, settings=with_backups(new, world.settings.backup_to, backup_key=new_key("b1")).settings)
    assert "is not the one that encrypted it" in flask(other, "restore", "latest", "--while-running").output
    with world.sessions() as session:
        assert session.scalar(select(Member.name)) == "Zoë", "the database that is in use was left alone"


def test_a_dump_that_breaks_off_on_its_way_restores_nothing(world: World, new: World, zoe: Person) -> None:
    """The file was whole when it was checked, and is cut off while it is restored."""
    zoe.says("hi")
    name = backups.make_backup(world).name
    path = Path(world.settings.backup_to) / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises((BackupUnreadable, ClientProblem)):
        restoring._restore_data(new, restoring.find_source(world, name))
    with new.sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) == 0


def test_a_database_in_use_is_refused_unless_told(town: Town, world: World, zoe: Person) -> None:
    zoe.says("hi")
    backups.make_backup(world)
    zoe.says("new group Monday Legends")
    town.world.redis.flushdb()
    refused = flask(world, "restore", "latest")
    assert refused.exit_code == 1
    assert refused.output.startswith("Not restored: The database is not empty (")
    with world.sessions() as session:
        assert session.scalar(select(Group.name)) == "Monday Legends"
    assert flask(world, "restore", "latest", "--replace").exit_code == 0
    with world.sessions() as session:
        assert session.scalar(select(Group.name)) is None
        assert session.scalar(select(Member.name)) == "Zoë"


def test_processes_that_run_are_named(world: World, new: World) -> None:
    backups.make_backup(world)
    beat(world, WORKER)
    refused = flask(new, "restore", "latest")
    assert refused.output.startswith("Not restored: These processes still run: worker.")
    assert flask(new, "restore", "latest", "--while-running").exit_code == 0


def test_a_deployment_that_has_started_with_an_empty_database_is_filled(
    town: Town, world: World, new: World, servers: Servers, zoe: Person
) -> None:
    """The release has made the tables, and the worker has left signs and contents."""
    zoe.says("hi")
    backups.make_backup(world)
    restoring.migrate(new)
    with new.sessions.begin() as session:
        session.execute(text("INSERT INTO signs VALUES ('tick', :now, :now, 1, '')"), {"now": new.now()})
    restored(town, new, servers)
    with new.sessions() as session:
        assert session.scalar(select(Member.name)) == "Zoë"


def test_an_older_schema_is_migrated_and_a_newer_one_refused(world: World, new: World, tmp_path: Path) -> None:
    config = Config("alembic.ini")
    with another_database(world) as url, on_database(world, url) as old:
        config.attributes["url"] = url
        command.upgrade(config, "0032_keys_that_end")
        with old.sessions.begin() as session:
            member = """
                INSERT INTO members (name, address, locale, units, timezone, quiet_from, quiet_until, preferences,
                    created_at, updated_at)
                VALUES ('Old', 'whatsapp:+1', 'en', 'metric', 'UTC', '21:30', '07:30', '{}', :at, :at)
            """
            session.execute(text(member), {"at": world.now()})
        backups.make_backup(old)
        world.redis.flushdb()
        assert flask(new, "restore", "latest").exit_code == 0
        with new.sessions() as session:
            assert session.scalar(text("SELECT version_num FROM alembic_version")) == find_expected_schema()
            assert session.scalar(select(Member.name)) == "Old"
        with old.sessions.begin() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '9999_from_the_future'"))
        later = world.now() + timedelta(days=1)
        backups.make_backup(replace(old, now=lambda: later))
        refused = flask(new, "restore", "latest", "--replace")
    assert refused.output.startswith("Not restored: The backup has the schema 9999_from_the_future")


def test_the_drill_says_how_long_it_takes_and_leaves_nothing(
    world: World, servers: Servers, zoe: Person, jose: Person
) -> None:
    start_group(zoe, jose)
    with world.sessions() as session:
        before = set(session.scalars(text("SELECT datname FROM pg_database")))
    told = heard(zoe.town)
    said = flask(world, "restore-drill", "--fresh")
    assert said.exit_code == 0, said.output
    for step in ("dump", "decrypt and check the file", "restore", "migrate", "erase again and settle", "check", "all"):
        assert f"{step}\t0." in said.output, step
    assert said.output.endswith("The backup can be restored.\n")
    zoe.town.travel(minutes=2)
    assert heard(zoe.town) == told
    with world.sessions() as session:
        assert set(session.scalars(text("SELECT datname FROM pg_database"))) == before
        assert session.scalar(text("SELECT count(*) FROM groups")) == 1, "the database in use was left alone"


def test_the_drill_in_a_database_that_is_given(world: World, new: World, zoe: Person) -> None:
    zoe.says("hi")
    backups.make_backup(world)
    given = with_backups(world, world.settings.backup_to, restore_drill_url=new.settings.database_url)
    assert flask(given, "restore-drill").exit_code == 0
    with new.sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) == 0
    same = with_backups(world, world.settings.backup_to, restore_drill_url=world.settings.database_url)
    refused = flask(same, "restore-drill")
    assert refused.output.startswith("Not restored: The database is not empty")
    with world.sessions() as session:
        assert session.scalar(select(Member.name)) == "Zoë", "the database in use was left alone"


def test_the_drill_finds_what_is_missing(world: World, zoe: Person) -> None:
    """Rows that are not there, and keys of DATA_KEYS that were lost."""
    zoe.says("feedback Canary words")
    source = restoring.find_source(world, backups.make_backup(world).name)
    without_keys = replace(world, vault=Vault.from_text(new_key("t9"), "another secret key of this deployment"))
    problems = restoring.run_drill(without_keys, source).problems
    assert [each[:28] for each in problems] == ["DATA_KEYS lacks the keys t1:", "Neither DATA_KEYS nor SECRET"]
    with on_database(world, world.settings.database_url) as there:
        facts = dict(backups.describe_backup(there, source.name))
        facts["rows"] = facts["rows"] | {"members": 2}
        found = list(restoring._compare_rows(there.sessions.kw["bind"], facts))
    assert "members has 1 rows instead of 2" in found


def test_a_file_on_this_machine_is_restored(world: World, new: World, zoe: Person, tmp_path: Path) -> None:
    zoe.says("hi")
    name = backups.make_backup(world).name
    moved = tmp_path / "from-the-safe.backup"
    (Path(world.settings.backup_to) / name).rename(moved)
    world.redis.flushdb()
    assert flask(new, "backup", "check", str(moved)).exit_code == 0
    assert flask(new, "restore", str(moved)).exit_code == 0
    with new.sessions() as session:
        assert session.scalar(select(Member.name)) == "Zoë"
    missing = flask(new, "restore", "gruppetto-20200101T000000Z.backup").output
    assert "That did not work: There is no" in missing


@pytest.mark.parametrize("given", ["yesterday", "2030-01-01T00:00Z"])
def test_a_time_that_cannot_be_meant_is_refused(world: World, given: str) -> None:
    assert "--stopped-at" in flask(world, "restore", "latest", "--stopped-at", given).output
