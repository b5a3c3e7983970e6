"""How a work-horse (the process that RQ forks for a job) stops: at the next safe point, in time.

A host kills a process 30 seconds after the request to stop. So long jobs check for that request between two pieces of
work, and a call that waits for another server is interrupted by `Stopped`. Unfinished work stays in Postgres. Tests end
a process with `die_at` to check that nothing is lost.
"""

import mmap
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from threading import Thread

LEAVE_AFTER = 12.0  # seconds after the request to stop; open requests to a vendor are then no longer waited for
BREAK_OFF_AFTER = 15  # seconds after which `Stopped` is raised in a job that has not stopped by itself
KILL_AFTER = 20  # seconds after which the worker kills a work-horse that signals do not reach, as during a long query

# One byte that a worker shares with the work-horses it forks, so that a request during a fork is not lost.
_asked = mmap.mmap(-1, 1)
_since: list[float] = []


class Stopped(BaseException):
    """The process must end now. It is no `Exception`, so that code does not treat it as a failure of its own work."""


def begin() -> None:
    """Forget earlier requests to stop. Each worker of a pool calls this, so that they share no byte with each other."""
    global _asked  # noqa: PLW0603 - a mapping cannot be made private again
    _asked = mmap.mmap(-1, 1)
    _since.clear()


def ask() -> None:
    """Ask this process, and the processes that it has forked, to stop at the next safe point."""
    _asked[0] = 1


def is_stop_asked() -> bool:
    """Return whether this process was asked to stop."""
    return _asked[0] != 0


def check() -> None:
    """Mark a safe point: raises `Stopped` if this process was asked to stop."""
    if is_stop_asked():
        raise Stopped


def is_late() -> bool:
    """Return whether open requests to a vendor must no longer be waited for. The time counts from when this process
    first noticed the request to stop.
    """
    if is_stop_asked() and not _since:
        _since.append(time.monotonic())
    return is_stop_asked() and time.monotonic() - _since[0] >= LEAVE_AFTER


def wait_for[Result](work: Callable[[], Result]) -> Result:
    """Call `work`, which may hang in a library for minutes, and return its result. It runs in a thread of its own,
    because no signal reaches a thread that waits inside C code.

    Raises what `work` raises, or `Stopped` if there is no time left to wait; then the thread ends with the process.
    """
    answer: Future[Result] = Future()
    context = copy_context()

    def act() -> None:
        try:
            answer.set_result(context.run(work))
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
            answer.set_exception(error)

    Thread(target=act, daemon=True).start()
    while not wait([answer], timeout=0.2).done:
        if is_late():
            raise Stopped
    return answer.result()


def obey_signals() -> None:
    """Let SIGTERM ask this work-horse to stop, and interrupt its main thread if it has not stopped in time.

    SIGINT is ignored: a terminal sends it to every process, and the worker passes it on. The alarm signal is the one
    with which RQ limits the time of a job; ours comes earlier than that limit, or does just as well.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _on_request)


def _on_request(_signal: int, _frame: object) -> None:
    ask()
    if signal.getsignal(signal.SIGALRM) is not _on_alarm:  # a host asks, and the worker asks too: the first counts
        signal.signal(signal.SIGALRM, _on_alarm)
        signal.alarm(BREAK_OFF_AFTER)


def _on_alarm(_signal: int, _frame: object) -> None:
    raise Stopped


def leave_in_time() -> None:
    """Let this process end `LEAVE_AFTER` seconds after SIGTERM or SIGINT even if its main thread waits inside C code,
    for example for Postgres: Python's handlers would run only when that returns. Call it once, in the main thread.

    The number of each signal is written into a pipe at once (`signal.set_wakeup_fd`), and a thread reads it.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told)

    def watch() -> None:
        while os.read(heard, 1)[0] not in (signal.SIGTERM, signal.SIGINT):
            pass
        time.sleep(LEAVE_AFTER)
        os._exit(0)

    Thread(target=watch, name="leaves in time", daemon=True).start()


class Shift:
    """The time in which a job may begin another piece of work: until its seconds are over, or the process must stop."""

    def __init__(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds

    @property
    def goes_on(self) -> bool:
        """Whether the job may begin another piece of work."""
        return not is_stop_asked() and time.monotonic() < self.until


def die_at(name: str) -> None:
    """End this process as if it were killed, if a test has named this line in CRASH_AT. Else do nothing."""
    if os.environ.get("CRASH_AT") == name:
        os._exit(9)
