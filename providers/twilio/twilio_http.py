"""The HTTP client below Twilio's SDK: it has a timeout, never repeats a request, and can use another address."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

SENT_AT_ONCE = 48
LONGEST_WISH = 3600  # seconds; a longer wait is not accepted


class Throttled(Exception):
    """Twilio answered 429: the message was certainly not accepted."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("429")
        self.retry_after = retry_after


class TwilioHttp(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's own client, with a timeout (which it lacks). If `base_url` is given, hosts are replaced: api.twilio.com
    by `base_url`, content.twilio.com by `base_url`/content, and so on.
    """

    def __init__(self, base_url: str | None, timeout: float) -> None:
        super().__init__(timeout=timeout, max_retries=0)
        self.base_url = base_url.rstrip("/") if base_url else None
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_maxsize=SENT_AT_ONCE, max_retries=0))

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Send one request. Raises `Throttled` on 429, because the SDK's own error drops Retry-After."""
        if "timeout" in kwargs and kwargs["timeout"] is None:
            del kwargs["timeout"]
        answer = super().request(method, self._elsewhere(url), *args, **kwargs)
        if answer.status_code == 429:
            wish = str((answer.headers or {}).get("Retry-After", ""))
            raise Throttled(timedelta(seconds=min(int(wish), LONGEST_WISH) if wish.isdecimal() else 1))
        return answer

    def _elsewhere(self, url: str) -> str:
        if self.base_url is None:
            return url
        parts = urlsplit(url)
        product = (parts.hostname or "").split(".")[0]
        base = urlsplit(self.base_url if product == "api" else f"{self.base_url}/{product}")
        return urlunsplit((base.scheme, base.netloc, base.path + parts.path, parts.query, ""))
