"""Files that people sent, fetched from where Twilio keeps them and from nowhere else: so many bytes, and so long."""

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
# Where Twilio keeps media, by whole names. https://help.twilio.com/articles/223183748 names the first, and the third
# for files that are older than HTTP authentication; the second is older still. Amazon's host is everybody's, so only
# what lies in Twilio's own bucket counts there.
STORES = {
    "mms.twiliocdn.com": "/",
    "media.twiliocdn.com": "/",
    "s3-external-1.amazonaws.com": "/media.twiliocdn.com/",
}
MOST_HOPS = 3
CHUNK = 64 * 1024


class TwilioMedia:
    """Media of one account. Our credentials go to the API and no further: what it sends us on to is public.

    An address comes from outside. One that is not exactly as Twilio writes it is refused, so that nobody can have us
    knock at a server of their choice.
    """

    def __init__(self, client: TwilioHttp, account_sid: str, auth_token: str) -> None:
        self.client, self.credentials = client, (account_sid, auth_token)
        path = rf"/2010-04-01/Accounts/{re.escape(account_sid)}/Messages/(SM|MM)[0-9a-f]{{32}}/Media/ME[0-9a-f]{{32}}"
        self.kept = re.compile(path, re.IGNORECASE)

    def download(self, url: str, most: int) -> bytes:
        """GET one file. See `Messenger.download`."""
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
        """Ask without `Session.send`: that reads the whole body of whatever answer sends us on."""
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
        """Where we are sent on to, if Twilio keeps files there."""
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
    """Whether this is below a place of Twilio's; a path that climbs up again is not."""
    place = STORES.get(parts.hostname or "")
    climbs = ".." in unquote(parts.path) or "\\" in parts.path
    return place is not None and parts.path.startswith(place) and not climbs


def _read(answer: Response, most: int, until: float) -> bytes:
    """Read what is there at a time: a server that drips must not keep us longer than one that hangs."""
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
    """Sign in as nobody. Without this, requests would look for a password in ~/.netrc."""
    return request
