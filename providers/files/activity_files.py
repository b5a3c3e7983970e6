"""Activities from files that people send: FIT as a watch writes it, TCX and GPX as everybody exports them."""

from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import Any

from providers.errors import Flaw, NotAnActivityFile
from providers.files.fit_files import read_fit
from providers.files.recordings import Recording, rows
from providers.files.track_files import read_tracks

ActivityReader = Callable[[bytes, str, tzinfo], list[dict[str, Any]]]

LARGEST = 10 * 1024 * 1024
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
ENDINGS = (".fit", ".tcx", ".gpx")


def read_activity(data: bytes, filename: str, zone: tzinfo = UTC) -> list[dict[str, Any]]:
    """Give what is in the file as rows of Garmin's activity list. Raises NotAnActivityFile.

    A multisport activity comes as a row marked `parent`, then one per leg with its `parentId`. The same file gives the
    same ids again. `zone` is where its owner lives, for files that know UTC only. Places are not among the keys.
    """
    if len(data) > LARGEST:
        raise NotAnActivityFile(Flaw.TOO_LARGE)
    return rows(_recordings(data, filename), data, zone)


def _recordings(data: bytes, filename: str) -> list[Recording]:
    """Read by what the file is, not by what it is called: phones rename what they pass on."""
    if data[8:12] == b".FIT":
        return read_fit(data)
    if data.startswith(BYTE_ORDER_MARKS) or data.lstrip()[:1] == b"<":
        return read_tracks(data)
    if data.startswith(ARCHIVES):
        raise NotAnActivityFile(Flaw.PACKED)
    raise NotAnActivityFile(Flaw.DAMAGED if filename.casefold().endswith(ENDINGS) else Flaw.UNKNOWN_KIND)
