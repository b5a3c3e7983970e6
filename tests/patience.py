"""Waiting for what is to come, on a machine that may be slow: no test bets on how long something takes."""

import time
from collections.abc import Callable

AT_MOST = 120.0  # seconds; only a test that fails ever waits so long


def until(true: Callable[[], object], what: str = "") -> None:
    """Wait until something is true. Raises `AssertionError` when it does not come true within `AT_MOST` seconds."""
    deadline = time.monotonic() + AT_MOST
    while not true():
        assert time.monotonic() < deadline, what or "what was waited for did not come"
        time.sleep(0.02)
