"""Filters the frames of a FIT file, so that the library decodes only the few messages that describe an activity.

`fitdecode` decodes each value of each message, which takes 2.8 seconds of CPU for 20,000 records; a ride of a day and a
night has 86,400. The totals that we need are in three kinds of messages. So this code walks through the frames by their
sizes alone, verifies the file's checksum, and writes a smaller FIT file with the wanted messages, which the library
then reads. It also limits the number of frames, definitions and wanted messages.

The format: https://developer.garmin.com/fit/protocol/ (file header, record header, definition and data messages, CRC).
"""

import struct
import sys
from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from providers.errors import Flaw, NotAnActivityFile

MOST_FRAMES = 1_000_000  # in all files of a stream: eleven days with a record each second
MOST_DEFINITIONS = 100_000  # most devices write fewer than 50
MOST_WANTED_BYTES = 256 * 1024  # of wanted messages and their definitions: a session takes about 300
MOST_WANTED = 1_000  # wanted messages; an activity has a file_id, an activity, and a session for each of its legs
MOST_FILES = 100  # concatenated in one stream
HEADER, SUM = 12, 2
IS_COMPRESSED, IS_DEFINITION, HAS_DEVELOPER_FIELDS = 0x80, 0x40, 0x20


def _one(low: int) -> int:
    for _ in range(8):
        low = low >> 1 ^ 0xA001 if low & 1 else low >> 1
    return low


SUMS = tuple(_one(each) for each in range(256))  # CRC-16 with the polynomial 0x8005, reflected, as in FIT's SDK
# The same for a byte that is followed by one more
SUMS_BEFORE_ONE = tuple(each >> 8 ^ SUMS[each & 0xFF] for each in SUMS)


@dataclass
class _Definition:
    """One definition message: its bytes, the number of the message that it defines, and
    that message's size in bytes.
    """

    frame: bytes
    number: int
    size: int
    is_passed_on: bool = False


@dataclass
class Frames:
    """The frames that were read so far, in all files of the stream."""

    frames: int = 0
    definitions: int = 0
    messages: int = 0
    wanted: bytearray = field(default_factory=bytearray)

    def count(self, *, is_definition: bool) -> None:
        """Count one frame. Raises NotAnActivityFile if there are more than any device writes."""
        self.frames += 1
        self.definitions += is_definition
        if self.frames > MOST_FRAMES or self.definitions > MOST_DEFINITIONS:
            raise NotAnActivityFile(Flaw.TOO_MUCH)

    def keep(self, defined: _Definition, message: memoryview) -> None:
        """Copy a message for the library, after its definition. Raises NotAnActivityFile if there are too many."""
        if not defined.is_passed_on:
            self.wanted += defined.frame
            defined.is_passed_on = True
        self.wanted += message
        self.messages += 1
        if self.messages > MOST_WANTED or len(self.wanted) > MOST_WANTED_BYTES:
            raise NotAnActivityFile(Flaw.TOO_MUCH)


def keep_only(data: bytes, numbers: Collection[int]) -> bytes:
    """Return the stream's files with only the messages of these global numbers, and their definitions.

    Raises NotAnActivityFile if the stream is damaged, cut off, or exceeds a limit.
    """
    met, smaller = Frames(), bytearray()
    for count, body in enumerate(_bodies(data)):
        if count >= MOST_FILES:
            raise NotAnActivityFile(Flaw.TOO_MANY)
        before = len(met.wanted)
        _pass_over(body, numbers, met)
        smaller += _file(bytes(met.wanted[before:]))
    return bytes(smaller)


def compute_checksum(data: bytes | memoryview) -> int:
    """Return FIT's 16-bit checksum of these bytes. It is 0 for a file that includes its own checksum at the end."""
    even = len(data) & ~1
    pairs, value = array("H", bytes(data[:even])), 0
    if sys.byteorder == "big":
        pairs.byteswap()
    for pair in pairs:  # two bytes at a time take little more than half the time
        value ^= pair
        value = SUMS[value >> 8] ^ SUMS_BEFORE_ONE[value & 0xFF]
    for byte in data[even:]:
        value = value >> 8 ^ SUMS[(value ^ byte) & 0xFF]
    return value


def _bodies(data: bytes) -> Iterator[memoryview]:
    """Yield the bodies of the stream's files, without header and checksum. Raises NotAnActivityFile."""
    at = 0
    while at < len(data):
        head = data[at : at + HEADER]
        if len(head) < HEADER or head[0] < HEADER or head[8:12] != b".FIT":
            raise NotAnActivityFile(Flaw.DAMAGED)
        begin = at + head[0]
        end = begin + int.from_bytes(head[4:8], "little")
        whole = memoryview(data)[at : end + SUM]
        if end + SUM > len(data) or compute_checksum(whole):
            raise NotAnActivityFile(Flaw.DAMAGED)
        yield memoryview(data)[begin:end]
        at = end + SUM


def _pass_over(body: memoryview, numbers: Collection[int], met: Frames) -> None:
    """Walk through the frames of one file, and keep the wanted ones."""
    known: dict[int, _Definition] = {}
    at = 0
    while at < len(body):
        head = body[at]
        is_definition = head & IS_COMPRESSED == 0 and head & IS_DEFINITION != 0
        met.count(is_definition=is_definition)
        if is_definition:
            made = _definition(body, at)
            known[head & 0x0F] = made
            at += len(made.frame)
            continue
        local = head >> 5 & 0x03 if head & IS_COMPRESSED else head & 0x0F
        defined = known.get(local)
        if defined is None or at + 1 + defined.size > len(body):
            raise NotAnActivityFile(Flaw.DAMAGED)
        end = at + 1 + defined.size
        if defined.number in numbers:
            met.keep(defined, body[at:end])
        at = end


def _definition(body: memoryview, at: int) -> _Definition:
    """Read a definition: five bytes, three for each field, and as much again for the fields of an app."""
    try:
        fields = body[at + 5]
        end = at + 6 + 3 * fields
        size = sum(body[at + 7 : end : 3])
        if body[at] & HAS_DEVELOPER_FIELDS:
            begin = end + 1
            end = begin + 3 * body[end]
            size += sum(body[begin + 1 : end : 3])
    except IndexError:
        raise NotAnActivityFile(Flaw.DAMAGED) from None
    if end > len(body):
        raise NotAnActivityFile(Flaw.DAMAGED)
    number = int.from_bytes(body[at + 3 : at + 5], "big" if body[at + 2] else "little")
    return _Definition(bytes(body[at:end]), number, size)


def _file(body: bytes) -> bytes:
    """Return a FIT file with these frames."""
    whole = struct.pack("<BBHI4s", HEADER, 0x20, 0, len(body), b".FIT") + body
    return whole + struct.pack("<H", compute_checksum(whole))
