"""What gunicorn's threads hold instead of a socket."""

from collections.abc import Iterator

from gunicorn.http.errors import NoMoreData


class Outbox:
    """Takes an answer as a socket would, and keeps it for the event loop to send. There is nothing to read."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.closed = False

    def sendall(self, data: bytes) -> None:
        self.data += data

    def recv(self, _size: int) -> bytes:
        return b""

    def setblocking(self, _flag: bool) -> None:
        """Never blocks."""

    def settimeout(self, _seconds: float | None) -> None:
        """Never blocks."""

    def gettimeout(self) -> float | None:
        return None

    def shutdown(self, _how: int) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True


def bytes_then_nothing(data: bytes) -> Iterator[bytes]:
    """A source for gunicorn's parser. Raises NoMoreData where more is wanted than has come."""
    yield data
    raise NoMoreData
