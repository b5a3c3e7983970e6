"""One HTTP request to a source, and what its failures mean in our own words. For the adapters of sources that are asked
with a header `Authorization` and answer with JSON.
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
    """What came back, whole and not yet judged."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_page(self) -> bool:
        """Whether a person was meant to see it: a bot check, a sign-in page."""
        return self.body.lstrip()[:1] == b"<"

    def text(self, now: datetime) -> str:
        """The text of a good answer. Raises what a bad one means."""
        if self.status not in {200, 204} or self.is_page:
            raise self.failure(now)
        return self.body.decode("utf-8", "replace").strip()

    def data(self, now: datetime) -> Any:
        """The JSON of a good answer, None for an empty one. Raises what a bad one means."""
        text = self.text(now)
        try:
            return json.loads(text) if text else None
        except (ValueError, RecursionError):
            problem = "an answer that is not JSON"
        raise SourceUnavailable(problem)  # out here, as the parser's error holds the whole text

    def failure(self, now: datetime) -> SourceError:
        """What went wrong, by whose hand. Nothing of the body goes on: nobody knows what it repeats."""
        if self.status in TOO_MANY:
            return SourceThrottled(f"the source answers {self.status}", _wish(self.headers.get("Retry-After", ""), now))
        if self.status == 403 or "cf-mitigated" in self.headers or (self.status == 200 and self.is_page):
            return SourceBlocked(f"the source answers {self.status}")
        return SourceUnavailable(f"the source answers {self.status}")


class SourceConnection:
    """A connection for one account. It follows no redirect, keeps no cookie, and never repeats a request.

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
        """Ask once. `path` follows `base_url`; `credentials` is the whole value of the header `Authorization`.

        Raises `SourceUnavailable` if nothing, or more than `LARGEST`, came back.
        """
        try:
            return self._ask(method, path, credentials, query)
        except requests.RequestException as error:
            problem = type(error).__name__
        # Raised out here: the library's error holds the request, and that the key.
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
    """The Authorization header. As `auth`, because requests would prefer a ~/.netrc to a plain header."""

    def __init__(self, credentials: str) -> None:
        self._credentials = credentials

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._credentials
        return request


def _wish(text: str, now: datetime) -> timedelta | None:
    """How long `Retry-After` asks us to wait: seconds or a date, at most a day."""
    if text.strip().isdecimal():
        return min(timedelta(seconds=min(int(text), 10**6)), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(wait, LONGEST_WAIT) if wait > timedelta() else None
