"""`python -m bench.hostile_files`: measures the cost of hostile files, each read as a worker does, and
how long others wait.

It prints for each kind of file the largest number of seconds of CPU, of seconds until the answer, and of memory of the
reading process. Then the files that took the most CPU are sent to the running product, and it prints how long another
member's due account waits until it is read.

500 files take some ten minutes on two cores; `--files 20` is a short form.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence

from bench.beside_files import Delay, delays
from bench.figures import percentile, table
from bench.hostile import KINDS, Hostile, hostile_file
from bench.hostile_costs import Cost, Reading, by_kind, read_all
from providers.files.activity_files import LARGEST
from providers.files.reading_process import Bounds

MOST_CPU = Bounds().cpu_seconds + 1.0  # the system checks the limit once a second
MOST_MEMORY = Bounds().memory / 1024 / 1024
MOST_DELAY = Bounds().wall_seconds  # as long as we wait for one file
WORKERS = (1, 2)


def costs_told(costs: Mapping[str, Cost]) -> str:
    """Return a table with one row for each kind, the one with the most CPU first."""
    rows = [("kind", "files", "CPU s", "wait s", "MB", "ends")]
    rows += [
        (
            kind,
            str(cost.files),
            f"{cost.cpu:.2f}",
            f"{cost.wall:.2f}",
            f"{cost.memory:.0f}",
            ", ".join(sorted(cost.ends)),
        )
        for kind, cost in sorted(costs.items(), key=lambda item: -item[1].cpu)
    ]
    return table(rows)


def delays_told(measured: Mapping[str, Sequence[Delay]]) -> str:
    """Return a table with one row for each measurement."""
    rows = [("another member's account is read", "times", "median s", "most s", "most beside")]
    for what, found in measured.items():
        seconds, worst = sorted(each.seconds for each in found), max(found, key=lambda each: each.seconds)
        rows.append((what, str(len(found)), f"{percentile(seconds, 50):.2f}", f"{worst.seconds:.2f}", worst.kind))
    return table(rows)


def costliest(readings: Iterable[Reading], count: int) -> list[Reading]:
    """Return the file of each kind that took the most CPU, and of these the `count` most expensive ones."""
    found: dict[str, Reading] = {}
    for each in sorted(readings, key=lambda each: each.cpu):
        found[each.kind] = each
    return sorted(found.values(), key=lambda each: -each.cpu)[:count]


def breaches(costs: Mapping[str, Cost], measured: Mapping[str, Sequence[Delay]]) -> list[str]:
    """Return a sentence for each limit that was exceeded."""
    found = [f"{kind}: a reader broke" for kind, cost in costs.items() if any(e.startswith("broke") for e in cost.ends)]
    found += [f"{kind}: more than {MOST_CPU:.0f} s of CPU" for kind, cost in costs.items() if cost.cpu > MOST_CPU]
    found += [f"{kind}: more than {MOST_MEMORY:.0f} MB" for kind, cost in costs.items() if cost.memory > MOST_MEMORY]
    late = [what for what, all_ in measured.items() if any(each.seconds > MOST_DELAY for each in all_)]
    return found + [f"an account waited for more than {MOST_DELAY:.0f} s {what}" for what in late]


def _measured(files: Sequence[Hostile]) -> dict[str, Sequence[Delay]]:
    measured: dict[str, Sequence[Delay]] = {}
    for count in WORKERS:
        workers = f"{count} worker{'s' if count > 1 else ''}"
        measured[f"without files, {workers}"], measured[f"beside files, {workers}"] = delays(files, count)
    return measured


def main(arguments: list[str]) -> int:
    """Measure and print. Returns 1 if a file or a delay exceeded its limit, or a file ended its reader."""
    asked = argparse.ArgumentParser(prog="python -m bench.hostile_files", description="What hostile files cost.")
    asked.add_argument("--files", type=int, default=500, help=f"{len(KINDS)} are one of each kind")
    asked.add_argument("--seed", type=int, default=14, help="another seed makes other files of the same kinds")
    asked.add_argument("--largest", type=int, default=LARGEST, help="bytes of a file at most")
    asked.add_argument("--beside", type=int, default=10, help="so many of them are sent beside an account that is due")
    chosen = asked.parse_args(arguments)
    readings = list(read_all(chosen.files, chosen.seed, chosen.largest))
    costs = by_kind(readings)
    print(f"{costs_told(costs)}\n\n{_most(readings)}\n")
    worst = costliest(readings, chosen.beside)
    measured = _measured([hostile_file(each.number, chosen.seed, chosen.largest) for each in worst]) if worst else {}
    if measured:
        print(delays_told(measured))
    broken = breaches(costs, measured)
    print("\n".join(f"✗ {sentence}" for sentence in broken) or "✓ every bound holds")
    return int(bool(broken))


def _most(readings: Sequence[Reading]) -> str:
    cpu, wall, memory = (max(getattr(each, name) for each in readings) for name in ("cpu", "wall", "memory"))
    return f"{len(readings)} files: at most {cpu:.2f} s of CPU, {wall:.2f} s until the answer, {memory:.0f} MB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
