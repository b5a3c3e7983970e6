"""Files are read in a process of their own with the same results, and that process is ended if it costs too much."""

import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config import Settings
from providers.errors import Flaw, NotAnActivityFile, ReadingBroke
from providers.files.activity_files import LARGEST, read_activity
from providers.files.reading_process import NEEDED, READER, ROOT, USUAL, Bounds, choose_environment, read_apart
from providers.recordings import Recording
from tests.patience import AT_MOST
from tests.recordings import gpx

BEGAN = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)
RUN = gpx((BEGAN, 0), (BEGAN + timedelta(minutes=40), 8_000))
LARGE = RUN + b"\n" * 1_000_000  # more than a pipe buffers


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu")])
def test_the_recordings_are_the_same(zone: ZoneInfo) -> None:
    assert read_apart(RUN, "run.gpx", zone) == read_activity(RUN, "run.gpx", zone)


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"PK\x03\x04", b"<gpx>", b"", b"\n" * 10])
def test_the_flaws_are_the_same(data: bytes) -> None:
    with pytest.raises(NotAnActivityFile) as here:
        read_activity(data, "a.fit")
    with pytest.raises(NotAnActivityFile) as apart:
        read_apart(data, "a.fit")
    assert apart.value.why is here.value.why


def test_a_file_that_is_too_large_starts_no_process() -> None:
    with pytest.raises(NotAnActivityFile) as apart:
        read_apart(b"\0" * (LARGEST + 1), "a.fit", UTC, Bounds(wall_seconds=0.0))
    assert apart.value.why is Flaw.TOO_LARGE


def test_what_takes_too_much_cpu_is_ended_by_the_system() -> None:
    assert flaw_of("hold_to(Bounds(cpu_seconds=1))\nwhile True: pass") is Flaw.TOO_MUCH


def test_what_needs_too_much_memory_is_refused_it() -> None:
    """Python alone takes more than these 16 MB. A value of 9 MB is copied several times: that is too much."""
    empty = b'\n<gpx a="' + b" " * 9_000_000 + b'"></gpx>'
    expected = Flaw.DAMAGED if sys.platform == "darwin" else Flaw.TOO_MUCH  # macOS has no limit of memory
    with pytest.raises(NotAnActivityFile) as apart:
        read_apart(empty, "a.gpx", UTC, Bounds(memory=16 * 1024 * 1024))
    assert apart.value.why is expected
    with pytest.raises(NotAnActivityFile) as apart:
        read_apart(empty, "a.gpx")
    assert apart.value.why is Flaw.DAMAGED


def test_what_hangs_is_ended_and_leaves_no_process(tmp_path: Path) -> None:
    number = tmp_path / "pid"
    for seconds in (1, 4, 16, 64):  # a busy machine may need long to start Python
        with pytest.raises(ReadingBroke, match="too long"):
            ends(
                f"open({str(number)!r}, 'w').write(str(os.getpid()))\nwhile True: time.sleep(1)",
                Bounds(wall_seconds=seconds),
            )
        if number.exists():
            break
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)


def test_a_worker_that_is_broken_off_leaves_no_reader(tmp_path: Path) -> None:
    """The reader itself sends the alarm that interrupts a job, so that it comes while the
    worker waits for the reader.
    """

    class BrokenOff(BaseException):
        pass

    def break_off(*_: object) -> None:
        raise BrokenOff

    number, before = tmp_path / "pid", signal.signal(signal.SIGALRM, break_off)
    program = f"""
open({str(number)!r}, 'w').write(str(os.getpid()))
os.kill(os.getppid(), signal.SIGALRM)
while True: time.sleep(1)
"""
    try:
        with pytest.raises(BrokenOff):
            ends(program, Bounds(wall_seconds=60))
    finally:
        signal.signal(signal.SIGALRM, before)
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "it ended with -9"),
        ("os._exit(3)", "it ended with 3"),
        ("print('x' * 10_000_000)", "it gave no answer"),
        ("pass", "it gave no answer"),
    ],
)
def test_a_process_that_ends_without_an_answer_may_be_tried_again(program: str, why: str) -> None:
    """None of these programs reads the file."""
    with pytest.raises(ReadingBroke, match=why):
        ends(program)


@pytest.mark.parametrize("sent", ["SIGTERM", "SIGINT"])
def test_a_host_that_signals_every_process_ends_no_reader(sent: str) -> None:
    program = f"""
class Signalled:
    def __init__(self, inner): self.inner = inner
    def read(self): return self.inner.read()
    def readline(self):
        os.kill(os.getpid(), signal.{sent})
        return self.inner.readline()
sys.stdin = types.SimpleNamespace(buffer=Signalled(sys.stdin.buffer))
main()
"""
    assert ends(program) == read_activity(LARGE, "run.gpx")


def test_a_reader_whose_starter_was_killed_ends_by_itself() -> None:
    """Its standard input is not closed, and no file comes: its own alarm ends it."""
    with subprocess.Popen(READER, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdin
        reader.stdin.write(b'{"filename": "a.gpx", "zone": "UTC", "bounds": {"wall_seconds": 0.2}}\n<gpx')
        reader.stdin.flush()
        assert reader.wait(AT_MOST) == -signal.SIGALRM


def test_the_process_has_none_of_our_secrets_and_none_of_our_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests")
    ours = socket.socketpair()
    for each in ours:
        each.set_inheritable(True)  # a careless library may open such a file
    told = "{'names': [*os.environ], 'files': os.listdir('/dev/fd')}"
    plain = f"{{'source': 'file', 'type_key': 'run', 'start': '2026-11-01', 'seconds': 1, 'told': {told}}}"
    (seen,) = ends(f"print(json.dumps({{'recordings': [{plain}]}}))")
    assert "PATH" in seen.told["names"]
    assert "SECRET_KEY" not in seen.told["names"]
    assert {"0", "1", "2"} <= {*seen.told["files"]} <= {"0", "1", "2", "3"}, "the fourth lists them"
    for each in ours:
        each.close()


def test_what_the_process_needs_is_none_of_our_settings() -> None:
    assert {name.upper() for name in Settings.model_fields}.isdisjoint(NEEDED)
    assert choose_environment({"PATH": "/bin", "SECRET_KEY": "x", "DATABASE_URL": "y"}) == {"PATH": "/bin"}


def test_the_process_loads_nothing_that_speaks_with_anybody() -> None:
    asked = "import sys, providers.files.reading_process; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"sqlalchemy", "psycopg2", "redis", "requests", "twilio", "config", "world"}.isdisjoint(
        loaded.stdout.split()
    )


def ends(program: str, bounds: Bounds = USUAL) -> list[Recording]:
    """Run a program of the test in place of the reader, with a file."""
    given = "import json, os, signal, sys, time, types\nfrom providers.files.reading_process import *\n"
    return read_apart(LARGE, "run.gpx", UTC, bounds, (sys.executable, "-c", given + program))


def flaw_of(program: str) -> Flaw:
    with pytest.raises(NotAnActivityFile) as ended:
        ends(program)
    return ended.value.why
