"""Hostile TCX and GPX files, made at random, up to a given size in bytes."""

from collections.abc import Callable
from random import Random

RUN = b"<trkpt lat='1' lon='2'><ele>3</ele><time>2026-11-01T10:00:00Z</time></trkpt>"
STARTS = (
    b"<gpx>",
    b"<gpx><trk><trkseg>",
    b"<TrainingCenterDatabase>",
    b"<TrainingCenterDatabase><Activities><Activity>",
)
NUMBERS = (b"1e308", b"-1e308", b"NaN", b"inf", b"9" * 900, b"-0", b"", b"0x10", "١٢".encode(), b"1_000")
TIMES = (
    b"0001-01-01T00:00:00Z", b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59Z", b"9999-12-31T23:59:59-12:00",
    b"2026-02-30T00:00:00Z", b"2026-11-01", b"20261101T101010,5", b"1970-01-01T00:00:00Z", b"now", b"9" * 900,
)  # fmt: skip
ENCODINGS = (
    b"utf-7", b"punycode", b"utf-16", b"utf-32", b"cp037", b"zlib", b"idna", b"nothing", b"hex", b"unicode_escape",
)  # fmt: skip
OUTSIDE = (b"file:///etc/passwd", b"http://169.254.169.254/", b"/dev/zero", b"expect://id")


def repeated(*pieces: bytes) -> Callable[[Random, int], bytes]:
    """Return a maker of XML that begins like a track or a training and then repeats one of these pieces."""

    def make(drawn: Random, size: int) -> bytes:
        start, piece = drawn.choice(STARTS), drawn.choice(pieces)
        return start + piece * ((size - len(start)) // len(piece))

    return make


def numbers(drawn: Random, size: int) -> bytes:
    """Return points whose places, heights and times are no numbers, or too large ones."""
    one = b"<trkpt lat='%b' lon='1'><ele>%b</ele><time>%b</time></trkpt>"
    return _points(size, b"".join(one % tuple(drawn.choices(NUMBERS, k=3)) for _ in range(50)))


def times(drawn: Random, size: int) -> bytes:
    """Return points from the first and the last possible year, and from impossible ones."""
    one = b"<trkpt lat='1' lon='1'><time>%b</time></trkpt>"
    return _points(size, b"".join(one % time for time in drawn.sample(TIMES, drawn.randint(1, 3))))


def _points(size: int, points: bytes) -> bytes:
    ends = b"</trkseg></trk></gpx>"
    return STARTS[1] + points * ((size - 100) // len(points)) + ends


def attributes(drawn: Random, size: int) -> bytes:
    space = b"u" * drawn.choice((1, 100, 10_000))
    made = b" ".join(b"p:a%d=''" % number for number in range(max(size - 20_000, 100) // 13))
    return b"<gpx xmlns:p='" + space + b"' " + made + b">"


def long_value(drawn: Random, size: int) -> bytes:
    """Return a file with one very long attribute in the place of a number or a sport."""
    before = drawn.choice((b"<gpx><trkpt lon='1' lat='", b"<TrainingCenterDatabase><Activity Sport='", b"<gpx a='"))
    return before + drawn.choice((b"9", b"a ", b"_")) * (size // 2 - 100) + b"'/></gpx>"


def long_namespace(_: Random, size: int) -> bytes:
    return b"<gpx xmlns='" + b"u" * (size // 2) + b"'>" + b"<a/>" * (size // 9)


def entities(drawn: Random, size: int) -> bytes:
    inside = b"".join(b'<!ENTITY e%d "%b">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, drawn.randint(2, 90)))
    return b"<!DOCTYPE gpx [<!ENTITY e0 'x'>" + inside + b"]><gpx>&e9;</gpx>" + b" " * max(size - 20_000, 0)


def outside(drawn: Random, _: int) -> bytes:
    where = drawn.choice(OUTSIDE)
    return b'<!DOCTYPE gpx [<!ENTITY x SYSTEM "' + where + b'">]><gpx><trk><name>&x;</name></trk></gpx>'


def encoded(drawn: Random, size: int) -> bytes:
    name = drawn.choice(ENCODINGS)
    return b"<?xml version='1.0' encoding='" + name + b"'?><gpx>" + b"<a/>" * (size // 5)


def wide(_: Random, size: int) -> bytes:
    return ("<gpx>" + "<a/>" * (size // 9)).encode("utf-16")


def blank(drawn: Random, size: int) -> bytes:
    return drawn.choice((b" ", b"\n", b"\t", b"\0")) * size
