"""Run the tests on another day, with Debian's `faketime`.

faketime 0.9.10 moves the monotonic clock too, by years, but does not know the call by which Python waits for a lock
until a time of that clock (`sem_clockwait`). So a wait of half a second, of a pool for a connection or of a test for a
thread, lasts for years. With the monotonic clock left alone such waits are right, but then the call by which Python
sleeps (`clock_nanosleep`) fails. The first fault is corrected by an environment variable that is read when a process
starts, the second by `faketime/sitecustomize.py` on the PYTHONPATH. So pytest starts itself again with both.

faketime also reads its own environment variables anew every ten seconds. While one thread sets a variable, as pytest
does before each test, another thread that asks for the time may then crash the process. So they are read once only.

One thing cannot be corrected: a signal handler that interrupts a waiting server (`epoll_wait`) sees the machine's day.
Postgres learns in such a handler that a time-out has ended, so its `lock_timeout` and `statement_timeout` never end on
another day. A test of one has a Postgres without faketime, as `tests/models/test_releases.py` does.
"""

import os
import sys
from pathlib import Path

import pytest

LEAVE_ALONE = "FAKETIME_DONT_FAKE_MONOTONIC"
READ_AGAIN_AFTER = "FAKETIME_CACHE_DURATION"
TEN_YEARS = "315360000"  # seconds
SLEEP = str(Path(__file__).parent / "faketime")


def is_faked() -> bool:
    """Return whether this process sees another day than the machine."""
    return "libfaketime" in os.environ.get("LD_PRELOAD", "")


def start_again(config: pytest.Config) -> None:
    """Under faketime, start pytest again so that waits and sleeps last as long as they should. Else do nothing."""
    if not is_faked() or os.environ.get(LEAVE_ALONE):
        return
    os.environ[LEAVE_ALONE] = "1"
    os.environ[READ_AGAIN_AFTER] = TEN_YEARS
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [SLEEP, os.environ.get("PYTHONPATH")]))
    config.pluginmanager.getplugin("capturemanager").stop_global_capturing()
    os.execv(sys.executable, sys.orig_argv)
