"""Makes HTTP requests to a source, and turns failures into our own errors. For adapters of sources that take a header
`Authorization` and answer with JSON.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.auth import AuthBase

from providers.errors import SourceBlocked, SourceError, SourceThrottled, SourceUnavailable

LARGEST = 4 * 1024 * 1024  # bytes; a page of 45 of Garmin's activities has about 200 KB
LONGEST_WAIT = timedelta(days=1)
TOO_MANY = {427, 429}  # statuses; 427 is Garmin's


@dataclass(frozen=True)
class SourceAnswer:
    """An answer, complete and not checked yet."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people, such as a bot check or a sign-in page."""
        return self.body.lstrip()[:1] == b"<"

    def text(self, now: datetime) -> str:
        """Return the text of a successful answer. Raises a `SourceError` for any other."""
        if self.status not in {200, 204} or self.is_page:
            raise self.failure(now)
        return self.body.decode("utf-8", "replace").strip()

    def data(self, now: datetime) -> Any:
        """Return the JSON of a successful answer, None if it is empty. Raises a `SourceError` for any other."""
        text = self.text(now)
        try:
            return json.loads(text) if text else None
        except (ValueError, RecursionError):
            problem = "an answer that is not JSON"
        raise SourceUnavailable(problem)  # raised here, because the parser's error contains the whole text

    def failure(self, now: datetime) -> SourceError:
        """Return the error for this answer. It contains nothing of the body, which might repeat secrets."""
        if self.status in TOO_MANY:
            return SourceThrottled(
                f"the source answers {self.status}", read_retry_after(self.headers.get("Retry-After", ""), now)
            )
        if self.status == 403 or "cf-mitigated" in self.headers or (self.status == 200 and self.is_page):
            return SourceBlocked(f"the source answers {self.status}")
        return SourceUnavailable(f"the source answers {self.status}")


class SourceConnection:
    """A connection for one account. It follows no redirect, stores no cookie, and never repeats a request.

    `timeout` is in seconds.
    """

    def __init__(self, base_url: str, timeout: float) -> None:
        self.base_url, self.timeout = base_url, timeout
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers["User-Agent"] = "Gruppetto"

    def ask(
        self, method: str, path: str, credentials: str, query: Mapping[str, str | int] | None = None
    ) -> SourceAnswer:
        """Make one request. `path` follows `base_url`; `credentials` is the whole value of the header `Authorization`.

        Raises `SourceUnavailable` if there was no answer, or if it is larger than `LARGEST`.
        """
        try:
            return self._ask(method, path, credentials, query)
        except requests.RequestException as error:
            problem = type(error).__name__
        # Raised here, because the library's error contains the request with the key.
        raise SourceUnavailable(problem)

    def _ask(self, method: str, path: str, credentials: str, query: Mapping[str, str | int] | None) -> SourceAnswer:
        with self._session.request(
            method,
            self.base_url + path,
            params=query,
            auth=_Credentials(credentials),
            timeout=self.timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            body = bytearray()
            for piece in response.iter_content(65_536):
                body += piece
                if len(body) > LARGEST:
                    raise SourceUnavailable("the answer is too large")
            return SourceAnswer(response.status_code, response.headers, bytes(body))


class _Credentials(AuthBase):
    """The Authorization header. It is passed as `auth`, because requests would prefer a ~/.netrc to a plain header."""

    def __init__(self, credentials: str) -> None:
        self._credentials = credentials

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._credentials
        return request


def read_retry_after(text: str, now: datetime) -> timedelta | None:
    """Return how long `Retry-After` asks us to wait: seconds or a date, at most a day; None if it cannot be read."""
    digits = text.strip()
    if digits.isdecimal():  # as long as the other side likes: Python refuses to read thousands of digits
        return min(timedelta(seconds=int(digits.lstrip("0")[:7] or "0")), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(wait, LONGEST_WAIT) if wait > timedelta() else None
