"""Measures the present speed of this machine, so that rules about seconds do not fail only because the
machine is slow.
"""

import time

ROUNDS = 2_000_000
USUAL = 0.12  # seconds for the piece of work on the machine on which the figures in docs/drill.md were measured
MOST = 2.0  # on a machine that is even slower, speed cannot be judged


def measure_slowness(tries: int = 5) -> float:
    """Return how many times longer than usual this machine takes for a fixed piece of work, from 1 to `MOST`.

    The fastest of some tries counts, because other processes may be busy for a moment.
    """
    return min(max(min(_seconds() for _ in range(tries)) / USUAL, 1.0), MOST)


def _seconds() -> float:
    began, total = time.perf_counter(), 0
    for each in range(ROUNDS):
        total += each
    return time.perf_counter() - began
