"""Fetches files that members sent, only from where Twilio stores them, with limits for size and time."""

import re
from time import monotonic
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import structlog
from requests import PreparedRequest, Request, Response
from requests import exceptions as http
from urllib3 import exceptions as urllib3

from providers.errors import MessengerBroken, MessengerError, NotKept, NotSent, TooLarge
from providers.twilio.twilio_http import TwilioHttp

log = structlog.get_logger()

API = "https://api.twilio.com"
# Where Twilio stores media, by complete host names. https://help.twilio.com/articles/223183748 names the first, and the
# third for files that are older than HTTP authentication; the second is older still. Anybody can have files on Amazon's
# host, so there only Twilio's own bucket counts.
STORES = {
    "mms.twiliocdn.com": "/",
    "media.twiliocdn.com": "/",
    "s3-external-1.amazonaws.com": "/media.twiliocdn.com/",
}
MOST_HOPS = 3
CHUNK = 64 * 1024


class TwilioMedia:
    """Media of one account. Our credentials are sent to the API only: the addresses to which it redirects are public.

    An address comes from a webhook. If it does not have exactly Twilio's form it is refused, so that a forged one
    cannot make us send requests to another server.
    """

    def __init__(self, client: TwilioHttp, account_sid: str, auth_token: str) -> None:
        self.client, self.credentials = client, (account_sid, auth_token)
        path = rf"/2010-04-01/Accounts/{re.escape(account_sid)}/Messages/(SM|MM)[0-9a-f]{{32}}/Media/ME[0-9a-f]{{32}}"
        self.kept = re.compile(path, re.IGNORECASE)

    def download(self, url: str, most: int) -> bytes:
        """Fetch one file. See `Messenger.download`."""
        until = monotonic() + self.client.timeout
        try:
            return self._followed(self._address(url), most, until)
        except (http.RequestException, urllib3.HTTPError, OSError) as error:
            raise NotSent(f"the file could not be fetched ({type(error).__name__})") from None

    def _followed(self, address: str, most: int, until: float) -> bytes:
        for hop in range(MOST_HOPS + 1):
            with self._ask(address, until, is_api=hop == 0) as answer:
                if answer.status_code == 200:
                    return _read(answer, most, until)
                if not answer.is_redirect:
                    raise _refusal(answer.status_code, is_api=hop == 0)
                address = self._onward(address, answer.headers["Location"])
        raise NotKept("sent on too often")

    def _ask(self, address: str, until: float, *, is_api: bool) -> Response:
        """Send the request without `Session.send`, which would read the whole body of a redirect."""
        session, credentials = self.client.session, self.credentials if is_api else _nobody
        asked = Request("GET", address, headers={"Accept-Encoding": "identity"}, auth=credentials)
        prepared = session.prepare_request(asked)
        settings = session.merge_environment_settings(prepared.url, {}, True, None, None)
        answer: Response = session.get_adapter(prepared.url).send(prepared, timeout=_left(until), **settings)
        return answer

    def _address(self, url: str) -> str:
        base = self.client.base_url or API
        root = next((each for each in (API, base) if url.startswith(f"{each}/")), None)
        if root is None or not self.kept.fullmatch(url.removeprefix(root)):
            raise NotKept("not the address of a file of ours at Twilio")
        return base + url.removeprefix(root)

    def _onward(self, address: str, location: str) -> str:
        """Return the address of a redirect. Raises NotKept if Twilio stores no files there."""
        try:
            onward = urljoin(address, location)
            parts = urlsplit(onward)
            host = parts.hostname or ""
        except ValueError:
            raise NotKept("sent on to no address") from None
        if self.client.base_url and onward.startswith(f"{self.client.base_url}/"):
            return onward
        if parts.scheme != "https" or parts.netloc.casefold() not in (host, f"{host}:443") or not _is_store(parts):
            log.error("media sent on to a host that is none of Twilio's stores", host=host[:100])
            raise NotKept("sent on to where Twilio keeps no files")
        return onward


def _is_store(parts: SplitResult) -> bool:
    """Return whether this address is inside one of Twilio's stores. A path with ".." or a backslash is not."""
    place = STORES.get(parts.hostname or "")
    climbs = ".." in unquote(parts.path) or "\\" in parts.path
    return place is not None and parts.path.startswith(place) and not climbs


def _read(answer: Response, most: int, until: float) -> bytes:
    """Read the body in chunks, so that a server that sends it slowly is stopped at the time limit too."""
    data = bytearray()
    while chunk := answer.raw.read1(CHUNK, decode_content=True):
        data += chunk
        if len(data) > most:
            raise TooLarge(f"more than {most} bytes")
        _left(until)
    return bytes(data)


def _left(until: float) -> float:
    left = until - monotonic()
    if left <= 0:
        raise NotSent("the file came too slowly")
    return left


def _refusal(status: int, *, is_api: bool) -> MessengerError:
    if status in (401, 403) and is_api:
        return MessengerBroken(f"Twilio refuses our account ({status})")
    if status in (404, 410):
        return NotKept(f"the file is gone ({status})")
    return NotSent(f"Twilio answered {status}", throttled=status == 429)


def _nobody(request: PreparedRequest) -> PreparedRequest:
    """Send no credentials. Without this, requests would look for a password in ~/.netrc."""
    return request
