"""Hostile files, made to harm their readers: FIT, TCX, GPX and archives. The same seed gives the same files."""

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bench import hostile_fit as fit
from bench import hostile_xml as xml
from providers.files.activity_files import LARGEST

Make = Callable[[Random, int], bytes]


@dataclass(frozen=True)
class Hostile:
    """One file: its kind, its name, and its bytes."""

    kind: str
    name: str
    data: bytes


def hostile_file(number: int, seed: int, largest: int = LARGEST) -> Hostile:
    """Return the file with this number (from 0), at most `largest` bytes.

    In each round every kind comes once, in an order that depends on the seed. In every second round files have the
    largest size, so that each kind is tried at its worst; in the others they have any size.
    """
    round_, place = divmod(number, len(KINDS))
    kinds = sorted(KINDS)
    Random(f"{seed}: order of round {round_}").shuffle(kinds)
    drawn = Random(f"{seed}: file {number}")
    size = drawn.randint(1_000, largest) if round_ % 2 else largest
    ending, make = KINDS[kinds[place]]
    return Hostile(kinds[place], f"hostile.{ending}", make(drawn, size)[:largest])


def _zip_bomb(drawn: Random, size: int) -> bytes:
    inside = _zipped({"../../etc/cron.d/x": b"\0" * drawn.randint(1_000_000, 5_000_000)})
    return _zipped({f"{number}.zip": inside for number in range(min(50, size // len(inside)))})


def _many_entries(drawn: Random, size: int) -> bytes:
    return _zipped({f"{'../' * drawn.randrange(5)}{number}.fit": b"" for number in range(min(5_000, size // 250))})


def _zipped(entries: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries.items():
            packed.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)  # always the same date
    return made.getvalue()


def _gzip_bomb(drawn: Random, _: int) -> bytes:
    return gzip.compress(gzip.compress(b"\0" * drawn.randint(1_000_000, 20_000_000), mtime=0), mtime=0)


KINDS: dict[str, tuple[str, Make]] = {
    "FIT, definitions": ("fit", fit.definitions),
    "FIT, developer fields": ("fit", fit.developer_fields),
    "FIT, descriptions of fields": ("fit", fit.descriptions),
    "FIT, endless records": ("fit", fit.records),
    "FIT, sessions": ("fit", fit.sessions),
    "FIT, empty messages": ("fit", fit.empty_messages),
    "FIT, impossible numbers": ("fit", fit.wide_numbers),
    "FIT, compressed timestamps": ("fit", fit.short_heads),
    "FIT, chained": ("fit", fit.chained),
    "FIT, wrong length": ("fit", fit.wrong_sizes),
    "FIT, noise under a right sum": ("fit", fit.noise),
    "FIT, wrong sum": ("fit", fit.wrong_sum),
    "FIT, cut off": ("fit", fit.cut_off),
    "XML, empty elements": ("gpx", xml.repeated(b"<a/>", b"<trk/>", b"<Lap/>", b"<Activity/>", b"<Trackpoint/>")),
    "XML, deep": ("tcx", xml.repeated(b"<a>", b"<Lap>", b"<trk>")),
    "XML, comments and the like": ("gpx", xml.repeated(b"<!---->", b"<?a?>", b"<![CDATA[]]>", b"<a xmlns='b'/>")),
    "XML, texts": ("gpx", xml.repeated(b"&amp;", b"&#10;", b"\n", b"x", "中".encode())),
    "XML, points": (
        "gpx",
        xml.repeated(xml.RUN, b"<trkpt lat='1' lon='1'/>", b"<hr>1</hr>", b"<trk>" + xml.RUN + b"</trk>"),
    ),
    "XML, impossible numbers": ("gpx", xml.numbers),
    "XML, impossible times": ("gpx", xml.times),
    "XML, attributes": ("gpx", xml.attributes),
    "XML, long value": ("tcx", xml.long_value),
    "XML, long namespace": ("gpx", xml.long_namespace),
    "XML, entities in entities": ("gpx", xml.entities),
    "XML, entities from outside": ("gpx", xml.outside),
    "XML, odd encodings": ("gpx", xml.encoded),
    "XML, UTF-16": ("gpx", xml.wide),
    "blank": ("gpx", xml.blank),
    "zip in zip": ("zip", _zip_bomb),
    "zip, many entries": ("zip", _many_entries),
    "gzip in gzip": ("gz", _gzip_bomb),
}
