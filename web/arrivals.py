"""Finds out whether the bytes that have arrived on a connection are a whole request.

This module does not parse a request: gunicorn's parser does, once all of it has arrived. This module only finds its
end. If a request is malformed, so that the two could disagree, it counts as whole, and the parser refuses it.
"""

import re
from enum import Enum, auto

LARGEST_BODY = 128 * 1024  # bytes; the app refuses larger bodies without reading them, by their stated length
LARGEST_HEAD = 32 * 1024  # bytes before the body

FIELDS = re.compile(
    rb"\r\n(content-length|transfer-encoding|expect|x-twilio-signature):[ \t]*([^\r\n]*)", re.IGNORECASE
)
BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
FOR_TWILIO = re.compile(rb"(?:\r\n)?[A-Z]+ /+webhooks/twilio/")
END_OF_HEAD = b"\r\n\r\n"


class Progress(Enum):
    """How much of a request has arrived."""

    PART = auto()
    WHOLE = auto()
    ENOUGH = auto()  # the app can refuse it without its body, so the body is not waited for
    TOO_LARGE = auto()


class Arrival:
    """The bytes of one connection that were not processed yet."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)
        self.expects_continue = False
        self._looked = 0  # the position from which to search for the end of the head, or of the next chunk
        self._body: int | None = None  # the position at which the body begins; None until the head has arrived
        self._end: int | None = None  # the position at which the request ends; None while that is unknown

    def add(self, piece: bytes) -> None:
        self.data += piece

    def look(self) -> Progress:
        """Return how much of the request has arrived. Each byte is examined once, however many pieces it comes in."""
        if self._body is None:
            return self._look_for_head()
        if self._end is None:
            return self._look_for_last_chunk(self._body)
        return Progress.WHOLE if len(self.data) >= self._end else Progress.PART

    def _look_for_head(self) -> Progress:
        at = self.data.find(END_OF_HEAD, max(0, self._looked - len(END_OF_HEAD)))
        if at < 0:
            # The parser refuses lines that end with only a line feed, and need not wait for the rest to do so.
            odd = BARE_LINE_FEED.search(self.data, self._looked)
            self._looked = len(self.data)
            if odd:
                return Progress.ENOUGH
            return Progress.TOO_LARGE if len(self.data) > LARGEST_HEAD else Progress.PART
        self._body = self._looked = at + len(END_OF_HEAD)
        return self._judge_head(bytes(self.data[: self._body]), self._body)

    def _judge_head(self, head: bytes, body: int) -> Progress:
        if body > LARGEST_HEAD:
            return Progress.TOO_LARGE
        fields = {name.lower(): value.strip() for name, value in FIELDS.findall(head)}
        if FOR_TWILIO.match(head) and not fields.get(b"x-twilio-signature"):
            return Progress.ENOUGH
        self.expects_continue = fields.get(b"expect", b"").lower() == b"100-continue"
        if b"transfer-encoding" in fields:
            is_chunked = b"chunked" in fields[b"transfer-encoding"].lower()
            return self._look_for_last_chunk(body) if is_chunked else Progress.ENOUGH
        length = fields.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > 9 or int(length) > LARGEST_BODY:
            return Progress.ENOUGH
        self._end = body + int(length)
        return self.look()

    def _look_for_last_chunk(self, body: int) -> Progress:
        """Search for the last chunk (RFC 9112 §7.1): each chunk has a line with its size before it, and after the last
        one come fields and an empty line.
        """
        while (line := self.data.find(b"\r\n", self._looked)) >= 0:
            try:
                size = int(self.data[self._looked : line].partition(b";")[0], 16)
            except ValueError:
                return Progress.ENOUGH
            if size < 0:
                return Progress.ENOUGH
            if size == 0:
                return Progress.WHOLE if self.data.find(END_OF_HEAD, line) >= 0 else self._part_of_chunks(body)
            after = line + 2 + size + 2
            if after > len(self.data):
                return self._part_of_chunks(body, after)
            self._looked = after
        return self._part_of_chunks(body)

    def _part_of_chunks(self, body: int, until: int = 0) -> Progress:
        return Progress.TOO_LARGE if max(len(self.data), until) - body > LARGEST_BODY else Progress.PART
