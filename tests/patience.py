"""Wait for an expected result on a machine that may be slow: no test relies on how long something takes."""

import time
from collections.abc import Callable

AT_MOST = 120.0  # seconds; only a failing test waits so long
RUNS_OUT = 0.3  # seconds; for tests of what happens when a time-out runs out


def until(true: Callable[[], object], what: str | Callable[[], str] = "") -> None:
    """Wait until something is true. Raises `AssertionError` when it does not come true within `AT_MOST` seconds."""
    deadline = time.monotonic() + AT_MOST
    while not true():
        assert time.monotonic() < deadline, (what if isinstance(what, str) else what()) or "it did not come"
        time.sleep(0.02)


def stays(true: Callable[[], object], what: str = "") -> None:
    """Assert that a condition stays true for half a second.
    A busy machine checks it less often in that time, but does not fail because of that.
    """
    over = time.monotonic() + 0.5
    while time.monotonic() < over:
        assert true(), what or "it did not stay so"
        time.sleep(0.02)
