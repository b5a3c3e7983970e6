"""Files that were made to hurt whoever reads them: FIT, TCX, GPX and packed ones, the same ones for the same seed."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from providers.activity_files import LARGEST
from providers.fit_frames import checksum

RUN = b"<trkpt lat='1' lon='2'><ele>3</ele><time>2026-11-01T10:00:00Z</time></trkpt>"
STARTS = (
    b"<gpx>",
    b"<gpx><trk><trkseg>",
    b"<TrainingCenterDatabase>",
    b"<TrainingCenterDatabase><Activities><Activity>",
)
NUMBERS = (b"1e308", b"-1e308", b"NaN", b"inf", b"9" * 900, b"-0", b"", b"0x10", "١٢".encode(), b"1_000")


@dataclass(frozen=True)
class Hostile:
    """One file: of which kind it is, what it is called, and its bytes."""

    kind: str
    name: str
    data: bytes


def files(count: int, seed: int, largest: int = LARGEST) -> Iterator[Hostile]:
    """So many files of all kinds in turn, none larger than `largest` bytes."""
    drawn = Random(seed)
    for number in range(count):
        kind, (ending, make) = list(KINDS.items())[number % len(KINDS)]
        # Half are as large as may be, so that each kind is met at its worst.
        size = largest if number % 2 else drawn.randint(1_000, largest)
        yield Hostile(kind, f"hostile.{ending}", make(drawn, size)[:largest])


def _sealed(body: bytes) -> bytes:
    whole = struct.pack("<BBHI4s", 12, 0x20, 0, len(body), b".FIT") + body
    return whole + struct.pack("<H", checksum(whole))


def _defined(number: int, fields: bytes, head: int = 0x40) -> bytes:
    return struct.pack("<BBBHB", head, 0, 0, number, len(fields) // 3) + fields


START = _defined(0, bytes((0, 1, 0))) + b"\x00\x04"


def _definitions(drawn: Random, size: int) -> bytes:
    one = _defined(drawn.choice((18, 20, 21, 60_000)), bytes((253, 4, 0x86)) * drawn.choice((0, 1, 255)))
    return _sealed(START + one * ((size - 40) // len(one)))


def _developer_fields(drawn: Random, size: int) -> bytes:
    one = _defined(18, b"", 0x60) + b"\xff" + drawn.randbytes(3) * 255
    return _sealed(START + one * ((size - 40) // len(one)))


def _records(drawn: Random, size: int) -> bytes:
    fields = bytes((253, 4, 0x86)) * drawn.choice((0, 1, 8))
    one = b"\x00" + bytes(len(fields) // 3 * 4)
    return _sealed(START + _defined(20, fields) + one * ((size - 80) // len(one)))


def _sessions(drawn: Random, size: int) -> bytes:
    fields = bytes((2, 4, 0x86, 8, 4, 0x86)) * drawn.choice((1, 40, 127))
    one = _defined(18, fields) + b"\x00" + drawn.randbytes(len(fields) // 3 * 4)
    return _sealed(START + one * ((size - 40) // len(one)))


def _short_heads(drawn: Random, size: int) -> bytes:
    body = bytes(drawn.choices(range(0x80, 0xA0), k=1_000))
    return _sealed(START + _defined(20, b"") + body * ((size - 40) // 1_000))


def _chained(drawn: Random, size: int) -> bytes:
    one = _sealed(START if drawn.random() < 0.5 else b"")
    return one * (size // len(one))


def _noise(drawn: Random, size: int) -> bytes:
    return _sealed(drawn.randbytes(size - 20))


def _wrong_sum(drawn: Random, size: int) -> bytes:
    return _records(drawn, size)[:-1] + b"\x00"


def _cut_off(drawn: Random, size: int) -> bytes:
    whole = _records(drawn, size)
    return whole[: drawn.randrange(len(whole))]


def _repeated(*pieces: bytes) -> Callable[[Random, int], bytes]:
    """XML that begins as a track or a training does, and goes on with one of these pieces as long as there is room."""

    def make(drawn: Random, size: int) -> bytes:
        start, piece = drawn.choice(STARTS), drawn.choice(pieces)
        return start + piece * ((size - len(start)) // len(piece))

    return make


def _numbers(drawn: Random, size: int) -> bytes:
    one = b"<trkpt lat='%b' lon='1'><ele>%b</ele><time>%b</time></trkpt>"
    points = b"".join(one % tuple(drawn.choices(NUMBERS, k=3)) for _ in range(50))
    return (STARTS[1] + points * (size // len(points) + 1))[:size]


def _attributes(drawn: Random, size: int) -> bytes:
    space = b"u" * drawn.choice((1, 100, 10_000))
    made = b" ".join(b"p:a%d=''" % number for number in range(max(size - 20_000, 100) // 13))
    return b"<gpx xmlns:p='" + space + b"' " + made + b">"


def _long_namespace(_: Random, size: int) -> bytes:
    return b"<gpx xmlns='" + b"u" * (size // 2) + b"'>" + b"<a/>" * (size // 9)


def _entities(drawn: Random, size: int) -> bytes:
    inside = b"".join(b'<!ENTITY e%d "%b">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, drawn.randint(2, 90)))
    return b"<!DOCTYPE gpx [<!ENTITY e0 'x'>" + inside + b"]><gpx>&e9;</gpx>" + b" " * max(size - 20_000, 0)


def _outside(drawn: Random, _: int) -> bytes:
    where = drawn.choice((b"file:///etc/passwd", b"http://169.254.169.254/", b"/dev/zero", b"expect://id"))
    return b'<!DOCTYPE gpx [<!ENTITY x SYSTEM "' + where + b'">]><gpx><trk><name>&x;</name></trk></gpx>'


def _encoded(drawn: Random, size: int) -> bytes:
    name = drawn.choice((b"utf-7", b"punycode", b"utf-16", b"utf-32", b"cp037", b"zlib", b"idna", b"nothing", b"hex"))
    return b"<?xml version='1.0' encoding='" + name + b"'?><gpx>" + b"<a/>" * (size // 5)


def _wide(_: Random, size: int) -> bytes:
    return ("<gpx>" + "<a/>" * (size // 9)).encode("utf-16")


def _blank(drawn: Random, size: int) -> bytes:
    return drawn.choice((b" ", b"\n", b"\t", b"\0")) * size


def _zip_bomb(drawn: Random, size: int) -> bytes:
    inside = _zipped({"../../etc/cron.d/x": b"\0" * drawn.randint(1_000_000, 5_000_000)})
    return _zipped({f"{number}.zip": inside for number in range(min(50, size // len(inside)))})


def _many_entries(drawn: Random, size: int) -> bytes:
    return _zipped({f"{'../' * drawn.randrange(5)}{number}.fit": b"" for number in range(min(5_000, size // 250))})


def _zipped(entries: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries.items():
            packed.writestr(name, data)
    return made.getvalue()


def _gzip_bomb(drawn: Random, _: int) -> bytes:
    return gzip.compress(gzip.compress(b"\0" * drawn.randint(1_000_000, 20_000_000), mtime=0), mtime=0)


KINDS: dict[str, tuple[str, Callable[[Random, int], bytes]]] = {
    "FIT, definitions": ("fit", _definitions),
    "FIT, developer fields": ("fit", _developer_fields),
    "FIT, endless records": ("fit", _records),
    "FIT, sessions": ("fit", _sessions),
    "FIT, compressed timestamps": ("fit", _short_heads),
    "FIT, chained": ("fit", _chained),
    "FIT, noise under a right sum": ("fit", _noise),
    "FIT, wrong sum": ("fit", _wrong_sum),
    "FIT, cut off": ("fit", _cut_off),
    "XML, empty elements": ("gpx", _repeated(b"<a/>", b"<trk/>", b"<Lap/>", b"<Activity/>", b"<Trackpoint/>")),
    "XML, deep": ("tcx", _repeated(b"<a>", b"<Lap>", b"<trk>")),
    "XML, comments and the like": ("gpx", _repeated(b"<!---->", b"<?a?>", b"<![CDATA[]]>", b"<a xmlns='b'/>")),
    "XML, texts": ("gpx", _repeated(b"&amp;", b"&#10;", b"\n", b"x", "中".encode())),
    "XML, points": ("gpx", _repeated(RUN, b"<trkpt lat='1' lon='1'/>", b"<hr>1</hr>", b"<trk>" + RUN + b"</trk>")),
    "XML, impossible numbers": ("gpx", _numbers),
    "XML, attributes": ("gpx", _attributes),
    "XML, long namespace": ("gpx", _long_namespace),
    "XML, entities in entities": ("gpx", _entities),
    "XML, entities from outside": ("gpx", _outside),
    "XML, odd encodings": ("gpx", _encoded),
    "XML, UTF-16": ("gpx", _wide),
    "blank": ("gpx", _blank),
    "zip in zip": ("zip", _zip_bomb),
    "zip, many entries": ("zip", _many_entries),
    "gzip in gzip": ("gz", _gzip_bomb),
}
