"""Reading a file in a process of its own, which may be killed: what it costs is bounded whatever is in the file.

`read_apart` starts `python -m providers.files.reading_process`, hands it the file over its standard input, and gets
JSON back. That process has none of our settings in its environment and none of our connections, opens none itself and
writes no file. The system ends it when its seconds of CPU are over, and refuses it more than its memory (macOS does not
keep the second bound). We end it when it takes too long, and should we have been killed by then, an alarm of its own
does.

It is no wall against code in a file that takes the process over: it runs as the same user, on the same network. No
reader here runs anything that a file holds; only expat, which reads XML, is not written in Python.
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
# What Python needs to start. Everything else stays here: our settings hold secrets.
NEEDED = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE", "PYTHONTZPATH", "TZ", "VIRTUAL_ENV",
)  # fmt: skip


@dataclass(frozen=True)
class Bounds:
    """What reading one file may cost: seconds of CPU, seconds until we wait no longer, bytes of address space.

    The seconds of waiting are three times those of CPU, for machines that have much else to do.
    """

    cpu_seconds: int = 10
    wall_seconds: float = 30.0
    memory: int = 512 * 1024 * 1024


USUAL = Bounds()
READER = (sys.executable, "-m", __name__)


def read_apart(
    data: bytes, filename: str, zone: tzinfo = UTC, bounds: Bounds = USUAL, reader: Sequence[str] = READER
) -> list[Recording]:
    """Give what `read_activity` gives, from a process of its own: the command `reader`. It has ended when this returns.

    Raises NotAnActivityFile, also where reading takes more CPU or memory than allowed; ReadingBroke where the process
    was killed by somebody else or gave no answer, or the time to wait for it was over.
    """
    if len(data) > LARGEST:
        raise NotAnActivityFile(Flaw.TOO_LARGE)
    asked = json.dumps({"filename": filename, "zone": str(zone), "bounds": asdict(bounds)}).encode()
    try:
        done = subprocess.run(  # noqa: S603 - a command of ours
            reader,
            input=asked + b"\n" + data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it could quote the file
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
    """What a reading process gets of our environment."""
    return {name: ours[name] for name in NEEDED if name in ours}


def _answer(told: dict[str, Any]) -> list[Recording]:
    if "flaw" in told:
        raise NotAnActivityFile(Flaw(told["flaw"]))
    if "broke" in told:
        raise ReadingBroke(told["broke"])
    return [read_recording(each) for each in told["recordings"]]


def main() -> None:
    """Read one file from standard input, and write what is in it, or why it cannot be read, to standard output."""
    for each in (signal.SIGTERM, signal.SIGINT):  # a host or a terminal signals every process
        signal.signal(each, signal.SIG_IGN)  # whoever started this one decides when it ends
    asked = json.loads(sys.stdin.buffer.readline())
    bounds = Bounds(**asked["bounds"])
    end_after(bounds.wall_seconds)
    zone = UTC if asked["zone"] == "UTC" else ZoneInfo(asked["zone"])
    data = sys.stdin.buffer.read()
    hold_to(bounds)
    json.dump(_told(data, asked["filename"], zone), sys.stdout)


def end_after(seconds: float) -> None:
    """Let the system end this process then, also where nobody is left to end it: a killed worker leaves no reader."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def hold_to(bounds: Bounds) -> None:
    """Let the system hold this process to its time and memory, and let it write no file and start no other process.

    At the end of its CPU seconds it gets SIGXCPU, which ends it.
    """
    for what, most in (
        (resource.RLIMIT_CPU, bounds.cpu_seconds),
        (resource.RLIMIT_AS, bounds.memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        _, hard = resource.getrlimit(what)
        with contextlib.suppress(ValueError, OSError):  # macOS refuses a bound of memory
            resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _told(data: bytes, filename: str, zone: tzinfo) -> dict[str, Any]:
    """The answer, as JSON takes it. Of an error that is none of the file's only the kind is told."""
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
