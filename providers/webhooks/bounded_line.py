"""A connection that is read and written within a limit of time and of bytes, whatever the other side does."""

import io
import socket
import time
from collections.abc import Buffer
from typing import BinaryIO, cast


class AnswerTooLarge(Exception):
    """The other side has sent more bytes than are read."""


class BoundedLine:
    """A socket with a deadline, as `http.client` uses it. `until` is a time of `time.monotonic`.

    Each read gets only the time that is left, so a server that sends one byte a second is left in time too. Raises
    TimeoutError after the deadline, and `AnswerTooLarge` after `most` bytes.
    """

    def __init__(self, line: socket.socket, until: float, most: int) -> None:
        self._line, self._until, self._left = line, until, most

    def sendall(self, data: Buffer) -> None:
        """Send all of it."""
        self._line.settimeout(find_time_left(self._until))
        self._line.sendall(data)

    def receive(self, into: memoryview) -> int:
        """Read some bytes, and return how many."""
        if self._left <= 0:
            raise AnswerTooLarge
        self._line.settimeout(find_time_left(self._until))
        count = self._line.recv_into(into[: self._left])
        self._left -= count
        return count

    def makefile(self, _mode: str) -> BinaryIO:
        """Return a file that reads from this connection."""
        return cast("BinaryIO", io.BufferedReader(_Reading(self)))

    def close(self) -> None:
        """Close the connection."""
        self._line.close()


class _Reading(io.RawIOBase):
    """The bytes that a connection receives, as a file."""

    def __init__(self, line: BoundedLine) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        return self._line.receive(memoryview(buffer))


def find_time_left(until: float) -> float:
    """Return the seconds until this time of `time.monotonic`. Raises TimeoutError if there are none."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
