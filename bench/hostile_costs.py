"""Measures the cost of reading a hostile file as a worker does: seconds of CPU, elapsed seconds, and memory.

Each file is made and measured by a process of its own (`python -m bench.hostile_costs`, with its number, the seed and
the largest size), because the system reports what a process's children have used only for all of them together. Two are
measured at a time, so the elapsed seconds are those of a busy machine; the seconds of CPU are hardly higher.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.hostile import Hostile, hostile_file
from providers.errors import NotAnActivityFile, ReadingBroke
from providers.files.reading_process import ROOT, read_apart

READERS = 2
MEGABYTE = 1024 * 1024
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes


@dataclass(frozen=True)
class Reading:
    """The cost of one file, and its result: the number of rows, why it was not read, or how its reader failed.

    `cpu` and `wall` are in seconds; `memory` is the highest use of the reading process in MB. On Linux this is an upper
    bound, because the system includes the memory of the measuring process at the start of the reader.
    """

    number: int
    kind: str
    cpu: float
    wall: float
    memory: float
    end: str


@dataclass
class Cost:
    """The highest costs of the files of one kind, and their results."""

    files: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    memory: float = 0.0
    ends: set[str] = field(default_factory=set)


def read_all(count: int, seed: int, largest: int, readers: int = READERS) -> Iterator[Reading]:
    """Read so many hostile files, `readers` at a time, and yield the result of each, in their order."""
    with ThreadPoolExecutor(readers) as pool:
        yield from pool.map(lambda number: _measured(number, seed, largest), range(count))


def by_kind(readings: Iterable[Reading]) -> dict[str, Cost]:
    """Return the costs of each kind."""
    costs: dict[str, Cost] = {}
    for each in readings:
        cost = costs.setdefault(each.kind, Cost())
        cost.files += 1
        cost.cpu, cost.wall = max(cost.cpu, each.cpu), max(cost.wall, each.wall)
        cost.memory = max(cost.memory, each.memory)
        cost.ends.add(each.end)
    return costs


def _measured(number: int, seed: int, largest: int) -> Reading:
    command = [sys.executable, "-m", "bench.hostile_costs", str(number), str(seed), str(largest)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return Reading(**json.loads(done.stdout))


def _read(number: int, seed: int, largest: int) -> Reading:
    """Make a file, and read it in a process of its own, which must be the first that this process starts."""
    each = hostile_file(number, seed, largest)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # Linux then forgets how much memory it took to make the file
    began = time.monotonic()
    end = _end(each)
    wall = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Reading(number, each.kind, used.ru_utime + used.ru_stime, wall, used.ru_maxrss * RSS_UNIT / MEGABYTE, end)


def _end(each: Hostile) -> str:
    try:
        return f"{len(read_apart(each.data, each.name))} rows"
    except NotAnActivityFile as error:
        return error.why
    except ReadingBroke as error:
        return f"broke: {error}"


if __name__ == "__main__":
    print(json.dumps(asdict(_read(*map(int, sys.argv[1:])))))
