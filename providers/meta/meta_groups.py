"""WhatsApp groups with Meta's Groups API, which is for Official Business Accounts: at most eight people, no buttons.

https://developers.facebook.com/documentation/business-messaging/whatsapp/groups
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import requests

from providers.errors import MessengerBroken, MessengerError, NotSent, Refused, Unclear
from providers.messenger import RefusalMeaning

# https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
NOT_ELIGIBLE = 131215  # this number may not use groups
WINDOW_CLOSED = 131047  # nobody in the group has written within 24 hours
OUR_ACCOUNT = {NOT_ELIGIBLE, 0, 3, 10, 190, 200, 368, 131005, 131031, 131042}
TOO_FAST = {4, 80007, 130429, 131048, 131056}
MEANINGS = {WINDOW_CLOSED: RefusalMeaning.WINDOW_CLOSED, 131026: RefusalMeaning.UNREACHABLE}
LONGEST_CAPTION, LONGEST_TEXT, LONGEST_SUBJECT = 1024, 4096, 128


class MetaGroups:
    """Makes requests to graph.facebook.com, and does not repeat them. It follows no redirect, because the texts
    and our token are only for that host.
    """

    can_post: bool = True

    def __init__(self, base_url: str, phone_number_id: str, token: str, timeout: float = 10.0) -> None:
        self._base, self._phone, self._timeout = base_url.rstrip("/"), phone_number_id, timeout
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {token}"

    def post(self, place: str, text: str, picture_url: str | None) -> str:
        """Post a digest into the group: a picture with the text as its caption, or the text alone."""
        message: dict[str, Any] = {"messaging_product": "whatsapp", "recipient_type": "group", "to": place}
        if picture_url and len(text) <= LONGEST_CAPTION:
            message |= {"type": "image", "image": {"link": picture_url, "caption": text}}
        else:
            message |= {"type": "text", "text": {"body": text[:LONGEST_TEXT], "preview_url": False}}
        return _text(self._call("POST", f"{self._phone}/messages", message), "messages", 0, "id")

    def create(self, subject: str) -> str:
        """Request a new group. People join it by its link, without approval."""
        wish = {
            "messaging_product": "whatsapp",
            "subject": subject[:LONGEST_SUBJECT],
            "join_approval_mode": "auto_approve",
        }
        return _text(self._call("POST", f"{self._phone}/groups", wish), "request_id")

    def groups(self) -> list[tuple[str, str]]:
        """Return the groups that this number has made."""
        found = self._call("GET", f"{self._phone}/groups").get("data", {})
        listed = found.get("groups", []) if isinstance(found, Mapping) else found
        return [(_text(each, "id"), str(each.get("subject", ""))) for each in listed]

    def invite_link(self, place: str) -> str:
        """Return the group's link."""
        return _text(self._call("GET", f"{place}/invite_link"), "invite_link")

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            address = f"{self._base}/{path}"
            answer = self._http.request(method, address, json=body, timeout=self._timeout, allow_redirects=False)
        except requests.ConnectTimeout as error:
            raise NotSent("Meta is unreachable") from error
        except requests.ConnectionError as error:
            # If the connection was refused, nothing was sent; if it broke, the request may have arrived.
            refused = "refused" in str(error).lower() or "resolve" in str(error).lower()
            raise (NotSent if refused else Unclear)("the connection to Meta failed") from error
        except requests.RequestException as error:
            raise Unclear(f"no answer from Meta: {type(error).__name__}") from error
        if 300 <= answer.status_code < 400:
            raise NotSent(f"Meta's address answers {answer.status_code}, which leads elsewhere")
        made = _json(answer)
        if answer.ok and "error" not in made:
            return made
        raise _failure(answer, made)


def _failure(answer: requests.Response, made: Mapping[str, Any]) -> MessengerError:
    error = made.get("error")
    code = error.get("code") if isinstance(error, Mapping) else None
    if answer.status_code == 429 or code in TOO_FAST:
        wish = answer.headers.get("Retry-After", "")
        return NotSent(
            "Meta asks to slow down", timedelta(seconds=int(wish) if wish.isdecimal() else 60), throttled=True
        )
    if isinstance(code, int) and code in OUR_ACCOUNT:
        return MessengerBroken(f"Meta refuses our account with {code}")
    if answer.status_code >= 500:
        return Unclear(f"Meta answered {answer.status_code}")
    return Refused(code if isinstance(code, int) else answer.status_code, MEANINGS.get(code or 0, RefusalMeaning.OURS))


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        made = answer.json()
    except ValueError:
        made = None
    if isinstance(made, dict):
        return made
    if answer.ok:
        raise Unclear("Meta answered something else than JSON")
    return {}


def _text(made: Any, *path: str | int) -> str:
    """Return the text at this path of an answer. Raises Unclear if there is none, because the
    request may have succeeded.
    """
    for step in path:
        try:
            made = made[step]
        except (KeyError, IndexError, TypeError) as error:
            raise Unclear(f"Meta's answer lacks {step}") from error
    if not isinstance(made, str):
        raise Unclear("Meta's answer is of another shape")
    return made
