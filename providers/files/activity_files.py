"""Activities from files that people send: FIT as a watch writes it, TCX and GPX as everybody exports them."""

from collections.abc import Callable
from datetime import UTC, tzinfo

from providers.errors import Flaw, NotAnActivityFile
from providers.files.file_sessions import Session, finish
from providers.files.fit_files import read_fit
from providers.files.track_files import read_tracks
from providers.recordings import Recording

ActivityReader = Callable[[bytes, str, tzinfo], list[Recording]]

LARGEST = 10 * 1024 * 1024
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
ENDINGS = (".fit", ".tcx", ".gpx")


def read_activity(data: bytes, filename: str, zone: tzinfo = UTC) -> list[Recording]:
    """Give what is in the file. Raises NotAnActivityFile.

    A multisport session comes first and then its legs, each with `part_of`. The same file gives the same ids again.
    `zone` is where its owner lives, for files that know UTC only. No places are among it.
    """
    if len(data) > LARGEST:
        raise NotAnActivityFile(Flaw.TOO_LARGE)
    return finish(_sessions(data, filename), data, zone)


def _sessions(data: bytes, filename: str) -> list[Session]:
    """Read by what the file is, not by what it is called: phones rename what they pass on."""
    if data[8:12] == b".FIT":
        return read_fit(data)
    if data.startswith(BYTE_ORDER_MARKS) or data.lstrip()[:1] == b"<":
        return read_tracks(data)
    if data.startswith(ARCHIVES):
        raise NotAnActivityFile(Flaw.PACKED)
    raise NotAnActivityFile(Flaw.DAMAGED if filename.casefold().endswith(ENDINGS) else Flaw.UNKNOWN_KIND)
