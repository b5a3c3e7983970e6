"""`make demo` as a person starts it, but on free ports and with its own folder."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.patience import AT_MOST

SLOWEST_START = 5 * AT_MOST  # seconds: several processes start at once, perhaps on a machine that is busy with others
ROOT = Path(__file__).parents[2]


class DemoFailed(Exception):
    """The demo did not start, or did not stop. The message contains its output."""


@dataclass(frozen=True)
class Place:
    """Where a demo runs. With the same place, the same demo continues."""

    folder: Path
    port: int
    bot_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


def fresh_place(folder: Path) -> Place:
    """Return the place of a demo that has never run, with two free ports."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return Place(folder, one.getsockname()[1], other.getsockname()[1])


@contextmanager
def running(place: Place) -> Iterator[float]:
    """Run the demo, and end it as Ctrl-C would. Yields after how many seconds it was ready."""
    said = place.folder / "said.txt"
    environment = {
        **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}},
        "PORT": str(place.port),
        "BOT_PORT": str(place.bot_port),
        "DEMO_FOLDER": str(place.folder),
    }
    began = time.monotonic()
    with said.open("w") as output:
        command = [sys.executable, "-m", "simulator.demo"]
        demo = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        _await_ready(demo, said, began)
        yield time.monotonic() - began
        if demo.poll() is not None:
            raise DemoFailed(f"the demo stopped by itself: {said.read_text().strip()}")
    finally:
        _stop(demo)
    if demo.returncode:
        raise DemoFailed(f"the demo ended with {demo.returncode}: {said.read_text().strip()}")


def _await_ready(demo: subprocess.Popen[bytes], said: Path, began: float) -> None:
    while "is ready" not in said.read_text():
        if demo.poll() is not None:
            raise DemoFailed(f"the demo did not start: {said.read_text().strip()}")
        if time.monotonic() - began > SLOWEST_START:
            raise DemoFailed(f"the demo is not ready after {SLOWEST_START:.0f} s: {said.read_text().strip()}")
        time.sleep(0.05)


def _stop(demo: subprocess.Popen[bytes]) -> None:
    demo.terminate()
    try:
        demo.wait(AT_MOST)
    except subprocess.TimeoutExpired:
        demo.kill()
        demo.wait()
        raise DemoFailed(f"the demo did not stop within {AT_MOST:.0f} s of being asked") from None
