"""`python -m bench.hostile_files`: what 500 hostile files cost, each read as a worker reads it.

It prints for each kind the longest time of CPU and of waiting, and for all together the largest memory of a reading
process. While one worker reads a file, an account that is due waits for one file at most (`jobs/garmin.py`), so the
longest time of waiting is also the longest that a file can delay another member's sync.
"""

import argparse
import resource
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.figures import table
from bench.hostile import Hostile, files
from providers.activity_files import LARGEST
from providers.errors import NotAnActivityFile
from providers.reading_process import Bounds, ReadingBroke, read_apart

MOST_CPU = Bounds().cpu_seconds + 1.0  # the system looks once a second
MEGABYTE = 1024 * 1024
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes


@dataclass
class Cost:
    """What the files of one kind cost at most, in seconds, and what became of them."""

    files: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    ends: set[str] = field(default_factory=set)


def measure(hostile: Iterable[Hostile]) -> dict[str, Cost]:
    """Read each file in a process of its own, and give the costs by kind."""
    costs: dict[str, Cost] = {}
    for each in hostile:
        cost = costs.setdefault(each.kind, Cost())
        used, began = _used(), time.monotonic()
        cost.ends.add(_end(each))
        cost.files += 1
        cost.wall = max(cost.wall, time.monotonic() - began)
        cost.cpu = max(cost.cpu, _used() - used)
    return costs


def largest_memory() -> float:
    """The most memory (MB) that a process took which this one has started and waited for."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * RSS_UNIT / MEGABYTE


def _end(each: Hostile) -> str:
    try:
        return f"{len(read_apart(each.data, each.name))} rows"
    except NotAnActivityFile as error:
        return error.why
    except ReadingBroke as error:
        return f"broke: {error}"


def _used() -> float:
    """Seconds of CPU of all processes that this one has started and waited for."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def main() -> int:
    """Print the costs. Gives 1 where a file cost more than it may, or ended its reader."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--files", type=int, default=500)
    asked.add_argument("--seed", type=int, default=14)
    asked.add_argument("--largest", type=int, default=LARGEST, help="bytes")
    chosen = asked.parse_args()
    costs = measure(files(chosen.files, chosen.seed, chosen.largest))
    rows = [("kind", "files", "most CPU s", "most wait s", "ends")]
    rows += [
        (kind, str(cost.files), f"{cost.cpu:.2f}", f"{cost.wall:.2f}", ", ".join(sorted(cost.ends)))
        for kind, cost in sorted(costs.items(), key=lambda item: -item[1].cpu)
    ]
    print(table(rows))
    worst = max(cost.cpu for cost in costs.values())
    wait = max(cost.wall for cost in costs.values())
    print(
        f"\n{chosen.files} files: {worst:.2f} s of CPU, {wait:.2f} s of waiting and {largest_memory():.0f} MB at most"
    )
    broke = any(end.startswith("broke") for cost in costs.values() for end in cost.ends)
    return int(broke or worst > MOST_CPU)


if __name__ == "__main__":
    sys.exit(main())
