"""Waiting for what is to come, on a machine that may be slow: no test bets on how long something takes."""

import time
from collections.abc import Callable

AT_MOST = 120.0  # seconds; only a test that fails ever waits so long
RUNS_OUT = 0.3  # seconds; for a time-out whose running out is what the test is about


def until(true: Callable[[], object], what: str | Callable[[], str] = "") -> None:
    """Wait until something is true. Raises `AssertionError` when it does not come true within `AT_MOST` seconds."""
    deadline = time.monotonic() + AT_MOST
    while not true():
        assert time.monotonic() < deadline, (what if isinstance(what, str) else what()) or "it did not come"
        time.sleep(0.02)


def stays(true: Callable[[], object], what: str = "") -> None:
    """See that something stays true for half a second. A busy machine sees less of it, and is no reason to fail."""
    over = time.monotonic() + 0.5
    while time.monotonic() < over:
        assert true(), what or "it did not stay so"
        time.sleep(0.02)
