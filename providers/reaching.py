"""Requests one page from an address, to find out whether it can be reached and, if not, why."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit

import requests
from requests import exceptions as http

from providers.errors import ProviderError

PATIENCE = 8.0  # seconds for the whole page
MOST_READ = 4096  # bytes of a page


class InTheWay(StrEnum):
    """Why an address could not be reached."""

    NAME = "its name leads nowhere"
    REFUSED = "nobody listens there"
    CERTIFICATE = "its certificate is not trusted"
    SILENT = "it does not answer in time"
    BROKEN = "the connection broke"


class NotReached(ProviderError):
    """An address could not be reached. `why` is the reason."""

    def __init__(self, why: InTheWay) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class Reached:
    """The answer: the HTTP status, the headers, and the first 4,096 bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(url: str, headers: Mapping[str, str] | None = None, within: float = PATIENCE) -> Reached:
    """Request one page, without following redirects. Raises `NotReached`. `within` is in seconds."""
    try:
        with requests.get(url, headers=headers, timeout=within, allow_redirects=False, stream=True) as answer:
            return Reached(answer.status_code, answer.headers, answer.raw.read(MOST_READ, decode_content=True) or b"")
    except http.RequestException as error:
        raise NotReached(_why(error)) from None


def find_certificate_end(url: str, within: float = PATIENCE) -> datetime | None:
    """Return when the certificate of an https address expires; None for http. Raises `NotReached`.
    `within` is in seconds.
    """
    parts = urlsplit(url)
    if parts.scheme != "https":
        return None
    try:
        with (
            socket.create_connection((parts.hostname or "", parts.port or 443), within) as line,
            ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname) as safe,
        ):
            told = safe.getpeercert() or {}
    except ssl.SSLError:
        raise NotReached(InTheWay.CERTIFICATE) from None
    except OSError as error:
        raise NotReached(InTheWay.SILENT if isinstance(error, TimeoutError) else InTheWay.REFUSED) from None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)


def _why(error: Exception) -> InTheWay:
    if isinstance(error, http.SSLError):
        return InTheWay.CERTIFICATE
    if isinstance(error, http.Timeout):
        return InTheWay.SILENT
    words = str(error)
    if "NameResolutionError" in words or "Name or service not known" in words or "getaddrinfo" in words:
        return InTheWay.NAME
    return InTheWay.REFUSED if "Connection refused" in words else InTheWay.BROKEN
