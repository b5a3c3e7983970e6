"""The object that gunicorn's threads get instead of a socket."""

from collections.abc import Iterator

from gunicorn.http.errors import NoMoreData


class AnswerBuffer:
    """Accepts an answer like a socket, and keeps it until the event loop sends it. Nothing can be read from it."""

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


def end_without_data(data: bytes) -> Iterator[bytes]:
    """Yield the data once, as a source for gunicorn's parser. Raises NoMoreData if the parser wants more."""
    yield data
    raise NoMoreData
