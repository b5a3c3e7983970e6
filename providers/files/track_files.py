"""Reads TCX and GPX files as a stream. Entities are forbidden, so a file cannot expand into something larger.

These are limited: the number of elements, their depth, their attributes, and the length of names and texts.
"""

from xml.etree.ElementTree import ParseError
from xml.parsers.expat import errors as expat

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from providers.errors import Flaw, NotAnActivityFile
from providers.files.file_sessions import MOST, Session
from providers.files.gpx import Gpx
from providers.files.tcx import Tcx

DEEPEST = 64
LONGEST_TEXT = 1000
LONGEST_NAME = 1000  # of an element or attribute, including its namespace: each element has a copy of that
LONGEST_VALUE = 10_000  # of an attribute: a list of schemas may have some hundred characters
MOST_ELEMENTS = 1_000_000  # a file of 10 MB from a watch has about 600,000
MOST_ATTRIBUTES = 100  # of one element
NO_MEMORY = expat.codes[expat.XML_ERROR_NO_MEMORY]
NONSENSE = (ParseError, DefusedXmlException, ArithmeticError, LookupError, ValueError)


def read_tracks(data: bytes) -> list[Session]:
    """Read every track or activity in the file. Raises NotAnActivityFile."""
    outline = Outline()
    parser = DefusedXMLParser(target=outline, forbid_dtd=True)
    try:
        parser.feed(data)
        parser.close()
    except NONSENSE as error:
        is_full = getattr(error, "code", None) == NO_MEMORY
        raise NotAnActivityFile(Flaw.TOO_MUCH if is_full else Flaw.DAMAGED) from None
    reader = outline.reader
    if reader and reader.untimed and not reader.found:
        raise NotAnActivityFile(Flaw.NO_TIMES)
    return reader.found if reader else []


class Outline:
    """The parser's target: it knows the path to the current element, and passes on the end of each
    element with its text.
    """

    def __init__(self) -> None:
        self.reader: Gpx | Tcx | None = None
        self._path: list[str] = []
        self._text = ""
        self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._bound(tag, attributes)
        name = tag.rsplit("}", 1)[-1]
        if self.reader is None:
            self.reader = _reader(name)
        self._path.append(name)
        self._text = ""
        self.reader.opened(name, attributes)

    def _bound(self, tag: str, attributes: dict[str, str]) -> None:
        """Raise NotAnActivityFile if the element exceeds a limit that files of watches and apps stay below."""
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise NotAnActivityFile(Flaw.TOO_MUCH)
        if len(self._path) >= DEEPEST or len(attributes) > MOST_ATTRIBUTES:
            raise NotAnActivityFile(Flaw.DAMAGED)
        if max(map(len, (tag, *attributes))) > LONGEST_NAME:
            raise NotAnActivityFile(Flaw.DAMAGED)
        if any(len(value) > LONGEST_VALUE for value in attributes.values()):
            raise NotAnActivityFile(Flaw.DAMAGED)

    def data(self, text: str) -> None:
        if len(self._text) < LONGEST_TEXT:
            self._text += text[:LONGEST_TEXT]

    def end(self, _tag: str) -> None:
        name, parent = self._path.pop(), self._path[-1] if self._path else ""
        if self.reader:
            self.reader.closed(name, parent, self._text[:LONGEST_TEXT].strip())
            if len(self.reader.found) > MOST:
                raise NotAnActivityFile(Flaw.TOO_MANY)
        self._text = ""

    def close(self) -> None:
        """Do nothing; the parser requires this method."""


def _reader(root: str) -> Gpx | Tcx:
    if root == "gpx":
        return Gpx()
    if root == "TrainingCenterDatabase":
        return Tcx()
    raise NotAnActivityFile(Flaw.UNKNOWN_KIND)
