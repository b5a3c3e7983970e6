"""Reads activities from files that members send: FIT as a watch writes it, and TCX and GPX as most
services export them.
"""

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
    """Return the recordings in the file. Raises NotAnActivityFile.

    A multisport session comes first, followed by its legs, each with `part_of`. The same file always gives the same
    ids. `zone` is where its owner lives, for files that only have UTC times. Places are left out.
    """
    if len(data) > LARGEST:
        raise NotAnActivityFile(Flaw.TOO_LARGE)
    return finish(_sessions(data, filename), data, zone)


def _sessions(data: bytes, filename: str) -> list[Session]:
    """Choose the reader by the file's content and not by its name, because phones rename files."""
    if data[8:12] == b".FIT":
        return read_fit(data)
    if data.startswith(BYTE_ORDER_MARKS) or data.lstrip()[:1] == b"<":
        return read_tracks(data)
    if data.startswith(ARCHIVES):
        raise NotAnActivityFile(Flaw.PACKED)
    raise NotAnActivityFile(Flaw.DAMAGED if filename.casefold().endswith(ENDINGS) else Flaw.UNKNOWN_KIND)
