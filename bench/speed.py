"""How fast this machine is at the moment, so that no rule about seconds fails where the machine alone is slow."""

import time

ROUNDS = 2_000_000
USUAL = 0.12  # seconds for that many rounds where the figures of docs/drill.md were taken
MOST = 2.0  # a machine that is slower still shows nothing about speed


def measure_slowness(tries: int = 5) -> float:
    """How many times longer than usual this machine takes for a fixed piece of work: from 1 to `MOST`.

    The quickest of some tries counts: others may be at work beside it for a moment.
    """
    return min(max(min(_seconds() for _ in range(tries)) / USUAL, 1.0), MOST)


def _seconds() -> float:
    began, total = time.perf_counter(), 0
    for each in range(ROUNDS):
        total += each
    return time.perf_counter() - began
