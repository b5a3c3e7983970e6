"""Pictures of messages: fetched as Twilio fetches them, and kept so that the page can show them."""

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import urllib3

ACCEPTED = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
FETCH_SECONDS = 10.0


class NotFetchedError(Exception):
    """WhatsApp does not accept the picture. `code` is the error code for the status callback."""

    def __init__(self, code: int) -> None:
        super().__init__(f"picture refused with {code}")
        self.code = code


@dataclass(frozen=True)
class StoredPicture:
    """A picture that has reached a phone."""

    content_type: str
    digest: str


class Pictures:
    """All pictures by media SID. Equal bytes are stored once, because a digest goes to many people."""

    def __init__(self) -> None:
        self._kept: dict[str, StoredPicture] = {}
        self._bytes: dict[str, bytes] = {}
        self._http = urllib3.PoolManager(maxsize=8, retries=False)

    def fetch(self, url: str, limit: int) -> str:
        """Fetch a picture with HEAD and then GET, without following redirects. Returns the SID under
        which it is kept.
        """
        self._ask("HEAD", url, limit)
        answer = self._ask("GET", url, limit)
        content_type = _content_type(answer)
        if not answer.data:
            raise NotFetchedError(63019)
        if not answer.data.startswith(ACCEPTED[content_type]):
            raise NotFetchedError(63021)
        return self.keep(content_type, answer.data)

    def keep(self, content_type: str, data: bytes) -> str:
        """Store the bytes and give their SID."""
        picture = StoredPicture(content_type, hashlib.sha256(data).hexdigest())
        sid = f"ME{uuid4().hex}"
        self._bytes[picture.digest] = data
        self._kept[sid] = picture
        return sid

    def find(self, sid: str) -> tuple[str, bytes] | None:
        """Give content type and bytes."""
        picture = self._kept.get(sid)
        return (picture.content_type, self._bytes[picture.digest]) if picture else None

    def snapshot(self) -> dict[str, Any]:
        kept = {sid: [picture.content_type, picture.digest] for sid, picture in list(self._kept.items())}
        return {"kept": kept, "bytes": {key: b64encode(data).decode() for key, data in list(self._bytes.items())}}

    def restore(self, data: dict[str, Any]) -> None:
        self._kept = {sid: StoredPicture(*fields) for sid, fields in data["kept"].items()}
        self._bytes = {key: b64decode(text) for key, text in data["bytes"].items()}

    def _ask(self, method: str, url: str, limit: int) -> urllib3.BaseHTTPResponse:
        try:
            answer = self._http.request(
                method, url, redirect=False, timeout=FETCH_SECONDS, headers={"User-Agent": "TwilioProxy/1.1"}
            )
        except urllib3.exceptions.HTTPError as failure:
            raise NotFetchedError(63019) from failure
        if answer.status != 200:
            raise NotFetchedError(63019)
        if _content_type(answer) not in ACCEPTED:
            raise NotFetchedError(63021)
        if max(int(answer.headers.get("Content-Length") or 0), len(answer.data)) > limit:
            raise NotFetchedError(63034)
        return answer


def _content_type(answer: urllib3.BaseHTTPResponse) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
