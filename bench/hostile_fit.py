"""Hostile FIT files, made at random, up to a given size in bytes."""

import struct
from random import Random

from providers.files.fit_frames import compute_checksum

FILE_ID, SESSION, RECORD, ACTIVITY, DESCRIPTION, UNKNOWN = 0, 18, 20, 34, 206, 60_000
U8, STAMP, F64, TEXT = 0x02, 0x86, 0x89, 0x07
SPARE = 300  # bytes reserved for the header, the checksum and the first messages
FLOATS = (float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 5e-324, -0.0)


def sealed(body: bytes) -> bytes:
    """Return a FIT file with these frames and the right checksum."""
    whole = struct.pack("<BBHI4s", 12, 0x20, 0, len(body), b".FIT") + body
    return whole + struct.pack("<H", compute_checksum(whole))


def defined(number: int, fields: bytes, head: int = 0x40) -> bytes:
    """Return a definition of this message. Each field has three bytes: number, size and type."""
    return struct.pack("<BBBHB", head, 0, 0, number, len(fields) // 3) + fields


START = defined(FILE_ID, bytes((0, 1, 0))) + b"\x00\x04"  # an activity


def _filled(one: bytes, size: int, before: bytes = START) -> bytes:
    return sealed(before + one * ((size - SPARE) // len(one)))


def definitions(drawn: Random, size: int) -> bytes:
    number = drawn.choice((SESSION, RECORD, 21, UNKNOWN))
    return _filled(defined(number, bytes((253, 4, STAMP)) * drawn.choice((0, 1, 255))), size)


def developer_fields(drawn: Random, size: int) -> bytes:
    return _filled(defined(SESSION, b"", 0x60) + b"\xff" + drawn.randbytes(3) * 255, size)


def descriptions(drawn: Random, size: int) -> bytes:
    """Return a file that describes developers' fields again and again, with long names."""
    length = drawn.choice((1, 60, 255))
    fields = bytes((0, 1, U8, 1, 1, U8, 2, 1, U8, 3, length, TEXT))
    return _filled(defined(DESCRIPTION, fields) + b"\x00" + drawn.randbytes(3) + b"n" * length, size)


def records(drawn: Random, size: int) -> bytes:
    fields = bytes((253, 4, STAMP)) * drawn.choice((0, 1, 8))
    return _filled(b"\x00" + bytes(len(fields) // 3 * 4), size, START + defined(RECORD, fields))


def sessions(drawn: Random, size: int) -> bytes:
    fields = bytes((2, 4, STAMP, 8, 4, STAMP)) * drawn.choice((1, 40, 127))
    return _filled(defined(SESSION, fields) + b"\x00" + drawn.randbytes(len(fields) // 3 * 4), size)


def empty_messages(drawn: Random, size: int) -> bytes:
    """Return a file of relevant messages with one byte each."""
    return _filled(b"\x00", size, START + defined(drawn.choice((FILE_ID, SESSION, ACTIVITY)), b""))


def wide_numbers(drawn: Random, size: int) -> bytes:
    """Return a file of sessions whose times and sums are no numbers, infinite or extremely long."""
    fields = bytes((2, 4, STAMP)) + b"".join(bytes((number, 8, F64)) for number in (7, 8, 9, 26))
    values = struct.pack("<I4d", drawn.randrange(2**32), *drawn.choices(FLOATS, k=4))
    legs = min(drawn.choice((1, 2, 99)), size // 60)
    return sealed(START + defined(SESSION, fields) + (b"\x00" + values) * legs)


def short_heads(drawn: Random, size: int) -> bytes:
    """Return a file of records with one byte, which contains their time."""
    return _filled(bytes(drawn.choices(range(0x80, 0xA0), k=200)), size, START + defined(RECORD, b""))


def chained(drawn: Random, size: int) -> bytes:
    one = sealed(START if drawn.random() < 0.5 else b"")
    return one * (size // len(one))


def wrong_sizes(drawn: Random, size: int) -> bytes:
    """Return a file whose header contains a wrong length."""
    whole = records(drawn, size)
    return whole[:4] + struct.pack("<I", drawn.choice((0, len(whole) * 2, 2**32 - 1))) + whole[8:]


def noise(drawn: Random, size: int) -> bytes:
    return sealed(drawn.randbytes(size - SPARE))


def wrong_sum(drawn: Random, size: int) -> bytes:
    return records(drawn, size)[:-1] + b"\x00"


def cut_off(drawn: Random, size: int) -> bytes:
    whole = records(drawn, size)
    return whole[: drawn.randrange(len(whole))]
