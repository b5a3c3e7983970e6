"""Reads a file in a process of its own, so that reading any file costs a limited amount of time and memory.

`read_apart` starts `python -m providers.files.reading_process`, gives it the file on its standard input, and
gets JSON back. That process has none of our settings in its environment and none of our connections; it opens
none itself and writes no file. The system ends it when its CPU seconds are used up, and limits its memory
(macOS does not support the second limit). We end it when it takes too long; if our process was killed by
then, an alarm in the reading process ends it.

It does not protect against a file that takes over the process with its own code: it runs as the same user, on the same
network. But no reader here executes anything from a file, and only expat, which reads XML, is not written in Python.
"""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from providers.errors import Flaw, NotAnActivityFile, ReadingBroke
from providers.files.activity_files import LARGEST, read_activity
from providers.recordings import Recording, read_recording, write_recording

ROOT = Path(__file__).parents[2]
# The variables that Python needs to start. All others are left out, because our settings contain secrets.
NEEDED = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE", "PYTHONTZPATH", "TZ", "VIRTUAL_ENV",
)  # fmt: skip


@dataclass(frozen=True)
class Bounds:
    """Limits for reading one file: seconds of CPU, seconds until we stop waiting, bytes of address space.

    The waiting time is three times the CPU time, for busy machines.
    """

    cpu_seconds: int = 10
    wall_seconds: float = 30.0
    memory: int = 512 * 1024 * 1024


USUAL = Bounds()
READER = (sys.executable, "-m", __name__)


def read_apart(
    data: bytes, filename: str, zone: tzinfo = UTC, bounds: Bounds = USUAL, reader: Sequence[str] = READER
) -> list[Recording]:
    """Return what `read_activity` returns, from a process of its own, the command `reader`, which has ended by then.

    Raises NotAnActivityFile, also if reading takes more CPU or memory than allowed; ReadingBroke if another process
    killed it, if it gave no answer, or if the time to wait for it was over.
    """
    if len(data) > LARGEST:
        raise NotAnActivityFile(Flaw.TOO_LARGE)
    asked = json.dumps({"filename": filename, "zone": str(zone), "bounds": asdict(bounds)}).encode()
    try:
        done = subprocess.run(  # noqa: S603 - a command of ours
            reader,
            input=asked + b"\n" + data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it could contain parts of the file
            cwd=ROOT,
            env=choose_environment(os.environ),
            timeout=bounds.wall_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ReadingBroke("it took too long") from None
    if done.returncode == -signal.SIGXCPU:
        raise NotAnActivityFile(Flaw.TOO_MUCH)
    if done.returncode != 0:
        raise ReadingBroke(f"it ended with {done.returncode}")
    try:
        return _answer(json.loads(done.stdout))
    except ValueError:
        raise ReadingBroke("it gave no answer") from None


def choose_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Return the part of our environment that a reading process gets."""
    return {name: ours[name] for name in NEEDED if name in ours}


def _answer(told: dict[str, Any]) -> list[Recording]:
    if "flaw" in told:
        raise NotAnActivityFile(Flaw(told["flaw"]))
    if "broke" in told:
        raise ReadingBroke(told["broke"])
    return [read_recording(each) for each in told["recordings"]]


def main() -> None:
    """Read one file from standard input, and write its recordings, or why it cannot be read, to standard output."""
    for each in (signal.SIGTERM, signal.SIGINT):  # a host or a terminal sends signals to every process
        signal.signal(each, signal.SIG_IGN)  # the process that started this one decides when it ends
    asked = json.loads(sys.stdin.buffer.readline())
    bounds = Bounds(**asked["bounds"])
    end_after(bounds.wall_seconds)
    zone = UTC if asked["zone"] == "UTC" else ZoneInfo(asked["zone"])
    data = sys.stdin.buffer.read()
    hold_to(bounds)
    json.dump(_told(data, asked["filename"], zone), sys.stdout)


def end_after(seconds: float) -> None:
    """Make the system end this process after this time, even if the worker that started it was killed."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def hold_to(bounds: Bounds) -> None:
    """Make the system limit this process's CPU time and memory, and forbid it to write files or start processes.

    When its CPU seconds are used up it gets SIGXCPU, which ends it.
    """
    for what, most in (
        (resource.RLIMIT_CPU, bounds.cpu_seconds),
        (resource.RLIMIT_AS, bounds.memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        _, hard = resource.getrlimit(what)
        with contextlib.suppress(ValueError, OSError):  # macOS refuses a limit of memory
            resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _told(data: bytes, filename: str, zone: tzinfo) -> dict[str, Any]:
    """Return the answer as JSON data. For an error that is not the file's fault, only its type is included."""
    try:
        return {"recordings": [write_recording(each) for each in read_activity(data, filename, zone)]}
    except NotAnActivityFile as error:
        return {"flaw": error.why}
    except MemoryError:
        return {"flaw": Flaw.TOO_MUCH}
    except Exception as error:  # noqa: BLE001 - what a stranger's file can break is not known beforehand
        return {"broke": type(error).__name__}


if __name__ == "__main__":
    main()
