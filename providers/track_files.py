"""TCX and GPX files, read as they stream by: no entity, depth or size makes them larger than they are."""

from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from providers.errors import Flaw, NotAnActivityFile
from providers.gpx import Gpx
from providers.recordings import Recording
from providers.tcx import Tcx

DEEPEST = 64
LONGEST_TEXT = 1000
NONSENSE = (ParseError, DefusedXmlException, ArithmeticError, LookupError, ValueError)


def read_tracks(data: bytes) -> list[Recording]:
    """Read every track or activity in the file. Raises NotAnActivityFile."""
    outline = Outline()
    parser = DefusedXMLParser(target=outline, forbid_dtd=True)
    try:
        parser.feed(data)
        parser.close()
    except NONSENSE:
        raise NotAnActivityFile(Flaw.DAMAGED) from None
    reader = outline.reader
    if reader and reader.untimed and not reader.found:
        raise NotAnActivityFile(Flaw.NO_TIMES)
    return reader.found if reader else []


class Outline:
    """What the parser speaks to: knows where in the file we are, and passes on each element's end with its text."""

    def __init__(self) -> None:
        self.reader: Gpx | Tcx | None = None
        self._path: list[str] = []
        self._text = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rsplit("}", 1)[-1]
        if self.reader is None:
            self.reader = _reader(name)
        if len(self._path) >= DEEPEST:
            raise NotAnActivityFile(Flaw.DAMAGED)
        self._path.append(name)
        self._text = ""
        self.reader.opened(name, attributes)

    def data(self, text: str) -> None:
        if len(self._text) < LONGEST_TEXT:
            self._text += text

    def end(self, _tag: str) -> None:
        name, parent = self._path.pop(), self._path[-1] if self._path else ""
        if self.reader:
            self.reader.closed(name, parent, self._text[:LONGEST_TEXT].strip())
        self._text = ""

    def close(self) -> None:
        """Nothing is left to do; the parser asks."""


def _reader(root: str) -> Gpx | Tcx:
    if root == "gpx":
        return Gpx()
    if root == "TrainingCenterDatabase":
        return Tcx()
    raise NotAnActivityFile(Flaw.UNKNOWN_KIND)
