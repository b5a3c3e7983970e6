"""Makes sure that only one demo uses a folder. A second one learns where the first one runs."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.services import SetUpProblem

NAME = "running"


class AlreadyRunning(SetUpProblem):
    """Another demo uses the folder; its page is at `url`."""

    def __init__(self, url: str) -> None:
        super().__init__(f"The demo is running already, at {url or 'an address that it will tell in a moment'}.")


@contextmanager
def alone(folder: Path, url: str) -> Iterator[bool]:
    """Claim the folder for this demo, whose page is at `url`. Raises `AlreadyRunning`.

    Yields whether the demo before was killed: then the processes that it had started may need a moment to end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / NAME).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(file.read().strip()) from None
        file.seek(0)
        was_killed = bool(file.read())
        _write(file.fileno(), url)
        try:
            yield was_killed
        finally:
            _write(file.fileno(), "")


def _write(number: int, text: str) -> None:
    os.ftruncate(number, 0)
    os.pwrite(number, text.encode(), 0)
