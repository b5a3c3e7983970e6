"""Measures the present speed of this machine, so that rules about seconds do not fail only because the
machine is slow.
"""

import time
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 2_000_000
USUAL = 0.12  # seconds for the piece of work on the machine on which the figures in docs/drill.md were measured
MOST = 2.0  # on a machine that is even slower, speed cannot be judged
STAT = Path("/proc/stat")  # Linux: https://docs.kernel.org/filesystems/proc.html, "Miscellaneous kernel statistics"
IDLE, IOWAIT, STEAL, COUNTED = 3, 4, 7, 8  # places in its first line; what follows is counted in others already


def measure_slowness(tries: int = 5) -> float:
    """Return how many times longer than usual this machine takes for a fixed piece of work, from 1 to `MOST`.

    The fastest of some tries counts, because other processes may be busy for a moment.
    """
    return min(max(min(_seconds() for _ in range(tries)) / USUAL, 1.0), MOST)


@dataclass(frozen=True)
class ProcessorTime:
    """Time of all processors since the machine started: what programs here wanted, and the part of it that the host
    gave to others. In hundredths of a second; both are 0 where the system does not count this.
    """

    wanted: int
    stolen: int

    def share_stolen_since(self, before: "ProcessorTime") -> float:
        """Return the part of what was wanted since `before` that the host did not give, from 0 to 1."""
        wanted = self.wanted - before.wanted
        return (self.stolen - before.stolen) / wanted if wanted > 0 else 0.0


def read_processor_time(stat: Path = STAT) -> ProcessorTime:
    """Read the processor times of this machine."""
    if not stat.exists():
        return ProcessorTime(0, 0)
    times = [int(each) for each in stat.read_text().splitlines()[0].split()[1 : COUNTED + 1]]
    return ProcessorTime(sum(times) - times[IDLE] - times[IOWAIT], times[STEAL])


def _seconds() -> float:
    began, total = time.perf_counter(), 0
    for each in range(ROUNDS):
        total += each
    return time.perf_counter() - began
