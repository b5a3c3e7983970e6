"""`make demo` as newcomers use it: requests while it starts, starting it twice, killing it,
stopping it twice, wrong settings.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import psycopg2
import pytest
import requests
from flask import Flask

from simulator.gate import Gate
from simulator.services import services
from tests.browser.running_demo import Place, fresh_place
from tests.patience import AT_MOST, until

ROOT = Path(__file__).parents[2]
# Variables of a shell that must not reach the demo, and must not make it contact the real vendors.
SHELL = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "GROUP_TRANSPORT": "meta",
    "LINES_A_DAY": "1",
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
}
ASKED = ("/", "/events?after=7", "/phones/static/phones.css", "/twilio/2010-04-01/x", "/garmin/x", "/favicon.ico")


@dataclass
class Demo:
    """A demo in a process of its own, as `make` starts it."""

    place: Place
    process: subprocess.Popen[bytes]
    said: Path

    def says(self) -> str:
        """Return what it has printed so far."""
        return self.said.read_text()

    def is_ready(self) -> bool:
        """Return whether it says that it is ready. Fails if it has ended instead."""
        assert self.process.poll() is None, self.says()
        return "is ready" in self.says()

    def page(self) -> str:
        """Return the page of phones."""
        answer = requests.get(self.place.url, timeout=AT_MOST)
        assert answer.status_code == 200
        return answer.text

    def writes(self, line: str) -> None:
        """Send a line to the bot from the first friend's phone."""
        number = re.search(r'data-phone="(\d+)"', self.page())[1]
        origin = {"Origin": self.place.url.rstrip("/")}
        requests.post(f"{self.place.url}phones/{number}/says", data={"text": line}, headers=origin, timeout=AT_MOST)

    def children(self) -> set[int]:
        """Return all processes that it has started, and those that these have started."""
        listing = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        pairs = [tuple(map(int, line.split())) for line in listing.splitlines()]
        found = [self.process.pid]
        for pid in found:  # it grows during the loop
            found += [child for child, parent in pairs if parent == pid]
        return set(found[1:])


@dataclass
class Hail:
    """Several browsers that send requests without a pause, whether or not they are answered."""

    url: str
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    pages: dict[int, str] = field(default_factory=dict)
    over: Event = field(default_factory=Event)

    def fall(self) -> None:
        while not self.over.is_set():
            for path in ASKED:
                with suppress(requests.RequestException):
                    answer = requests.get(self.url.rstrip("/") + path, timeout=AT_MOST)
                    self.answers[path, answer.status_code] += 1
                    if path == "/":
                        self.pages[answer.status_code] = answer.text
            self.over.wait(0.02)


@contextmanager
def hail(place: Place) -> Iterator[Hail]:
    falling = Hail(place.url)
    threads = [Thread(target=falling.fall) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield falling
    finally:
        falling.over.set()
        for thread in threads:
            thread.join()


def environment(place: Place) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return given | SHELL | {"PORT": str(place.port), "BOT_PORT": str(place.bot_port), "DEMO_FOLDER": str(place.folder)}


@contextmanager
def started(place: Place, said: Path) -> Iterator[Demo]:
    """Yield a demo that was just started; kill it at the end if it has not ended by itself."""
    with said.open("w") as output:
        command = [sys.executable, "-m", "simulator.demo"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment(place), stdout=output, stderr=output)
    try:
        yield Demo(place, process, said)
    finally:
        process.kill()
        process.wait()


def once(place: Place, *arguments: str, **changes: str) -> tuple[int, str]:
    """Run a demo that should end by itself. Returns its exit code and its last sentence."""
    command = [sys.executable, "-m", "simulator.demo", *arguments]
    given = environment(place) | changes
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=AT_MOST, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, (done.stderr or done.stdout).strip()


def alive(pids: set[int]) -> set[int]:
    """Return those that are still running; ended processes that were not collected by their parent do not count."""
    listing = subprocess.run(["ps", "-axo", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    states = dict(line.split() for line in listing.splitlines())
    return {pid for pid in pids if not states.get(str(pid), "Z").startswith("Z")}


def test_the_demo_survives_a_newcomers_first_minutes(tmp_path: Path) -> None:
    place, said = fresh_place(tmp_path / "demo"), tmp_path / "said"
    with started(place, said) as demo:
        with hail(place) as falling:
            until(demo.is_ready)
            until(lambda: falling.answers["/", 200])
        assert 'http-equiv="refresh"' in falling.pages[503]
        assert not [each for each in falling.answers if each[1] == 500]
        at = f"The demo is running already, at http://127.0.0.1:{place.port}."
        assert once(place, PORT="0") == (1, at), "it is known by its folder"
        assert once(place, "--reset") == (1, at)
        elsewhere = Place(tmp_path / "elsewhere", place.port, place.bot_port)
        for name, taken, other in (("PORT", place.port, "BOT_PORT"), ("BOT_PORT", place.bot_port, "PORT")):
            told = f"The demo cannot start: port {taken} is taken: stop what listens there, or set {name} to another."
            assert once(elsewhere, **{other: "0"}) == (1, told)
        demo.writes("hi")
        until(lambda: "Show me around" in demo.page())
        until(lambda: "Show me around" in (place.folder / "pretend.json").read_text())
        children = demo.children()
        assert len(children) > 6
        demo.process.kill()
        demo.process.wait()
        until(lambda: not alive(children))

    with started(place, said) as demo:
        with hail(place):
            until(demo.is_ready)
        assert "Show me around" in demo.page(), "what was said before the kill is kept"
        demo.writes("help leaderboard")
        until(lambda: "See who moved most in your group" in demo.page())
        children = demo.children()
        for each in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
            demo.process.send_signal(each)
        assert demo.process.wait(AT_MOST) == 0
        assert demo.says().endswith("Stopped. `make demo` goes on where you left.\n")
        assert "Traceback" not in demo.says()
        assert not alive(children)
    assert "See who moved most" in (place.folder / "pretend.json").read_text()

    kept = (place.folder / "pretend.json").read_text()
    (place.folder / "pretend.json").write_text(json.dumps({"twilio": {}}))
    told = f"{place.folder}/pretend.json is damaged or of another version: `make demo-reset` forgets it."
    assert once(place) == (1, f"The demo cannot start: {told}")
    (place.folder / "pretend.json").write_text(kept)
    with services(place.folder / "data", environ={}) as running:
        line = psycopg2.connect(running.database_url.replace("+psycopg2", ""))
        with line, line.cursor() as cursor:
            cursor.execute("UPDATE alembic_version SET version_num = '9999_not_yet'")
        line.close()
    told = f"a newer version kept the data in {place.folder}: use that one, or forget them by `make demo-reset`."
    assert once(place) == (1, f"The demo cannot start: {told}")
    assert once(place, "--reset") == (0, "The demo has forgotten everything.")
    assert not [each for each in place.folder.rglob("*") if each.is_file()]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"PORT": "x"}, "PORT is to be a number below 65536, and is “x”."),
        ({"BOT_PORT": "-1"}, "BOT_PORT is to be a number below 65536, and is “-1”."),
        ({"PORT": "70000"}, "PORT is to be a number below 65536, and is “70000”."),
        ({"PORT": "8200", "BOT_PORT": "8200"}, "PORT and BOT_PORT are both 8200: choose another for one of them."),
    ],
)
def test_ports_that_cannot_be_are_told_in_a_sentence(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    assert once(fresh_place(tmp_path / "demo"), **changes) == (1, f"The demo cannot start: {told}")


def test_a_folder_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "demo"
    for arguments in ((), ("--reset",)):
        code, told = once(fresh_place(folder), *arguments)
        assert (code, told.count("\n")) == ((1, 0) if not arguments else (0, 0))
        assert told.startswith(f"The demo cannot work in {folder}: " if not arguments else "The demo has forgotten")


def test_damaged_keys_are_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"SECRET_KEY": ')
    told = f"{tmp_path}/keys.json is damaged: `make demo-reset` forgets it and the data that it opens."
    assert once(fresh_place(tmp_path)) == (1, f"The demo cannot start: {told}")


def test_a_gate_lets_nobody_in_too_early() -> None:
    gate = Gate()

    def asked(path: str) -> int:
        status: list[str] = []
        environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "SERVER_NAME": "x", "SERVER_PORT": "1"}
        list(gate(environ | {"wsgi.url_scheme": "http", "wsgi.input": None}, lambda line, *_: status.append(line)))
        return int(status[0].split()[0])

    assert [asked(path) for path in ("/", "/twilio/x", "/garmin/x")] == [503] * 3
    gate.app = Flask("simulator")
    gate.app.add_url_rule("/twilio/x", view_func=lambda: "x")
    gate.app.add_url_rule("/", "page", view_func=lambda: "x")
    assert [asked(path) for path in ("/", "/twilio/x", "/garmin/x", "/twiliox")] == [503, 200, 404, 503]
    gate.open()
    assert [asked(path) for path in ("/", "/twilio/x")] == [200, 200]
