"""Sends webhooks by the Standard Webhooks specification: https://www.standardwebhooks.com

The request is made by `http.client` on a connection that is already open. A client that connects by itself would look
the host's name up again, and might reach another address than the one that was checked.
"""

import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import cast

from standardwebhooks import Webhook as Signer

from providers.asking import read_retry_after
from providers.webhook_sender import NoAnswer, WebhookAnswer, WebhookPost
from providers.webhooks.bounded_line import AnswerTooLarge, BoundedLine, find_time_left
from providers.webhooks.targets import (
    LookUp,
    Target,
    TargetRefused,
    TargetRules,
    find_addresses,
    find_fault,
    read_target,
    resolve,
)

SECONDS = 10.0  # for looking the name up, connecting, sending, and the head of the answer together
MOST_READ = 16 * 1024  # bytes of the answer's head; its body is not read
MOST_ADDRESSES = 3  # of one host, of which the first that answers is used
AGENT = "Gruppetto-Webhooks/1"


class StandardSender:
    """Implements `WebhookSender`. `seconds` is the limit for one attempt, `trust` makes the settings of TLS, and
    `look_up` finds the addresses of a host.
    """

    def __init__(
        self,
        rules: TargetRules,
        seconds: float = SECONDS,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        look_up: LookUp = resolve,
    ) -> None:
        self._rules, self._seconds, self._trust, self._look_up = rules, seconds, trust, look_up

    def find_fault(self, url: str) -> str | None:
        """Return why there can be no webhook. See `WebhookSender.find_fault`."""
        return find_fault(url, self._rules)

    def post(self, post: WebhookPost) -> WebhookAnswer:
        """Make one request. See `WebhookSender.post`."""
        began = time.monotonic()
        status, problem, wish = None, None, ""
        try:
            status, wish = self._sent(post, began + self._seconds)
        except TargetRefused as refused:
            problem = refused.why
        except AnswerTooLarge:
            problem = NoAnswer.TOO_LARGE
        except ssl.SSLCertVerificationError:
            problem = NoAnswer.CERTIFICATE
        except TimeoutError:
            problem = NoAnswer.TOO_SLOW
        except (OSError, HTTPException, ValueError):
            problem = NoAnswer.BROKEN
        spent = round((time.monotonic() - began) * 1000)
        return WebhookAnswer(spent, status, problem, read_retry_after(wish, post.at) if wish else None)

    def _sent(self, post: WebhookPost, until: float) -> tuple[int, str]:
        """Return the answer's status and its header `Retry-After`."""
        target = read_target(post.url)
        addresses = find_addresses(target, self._rules, find_time_left(until), self._look_up)
        line = self._connect(target, addresses[:MOST_ADDRESSES], until)
        try:
            answer = _ask(BoundedLine(line, until, MOST_READ), target, post)
            return answer.status, answer.headers.get("Retry-After", "")
        finally:
            line.close()

    def _connect(self, target: Target, addresses: list[str], until: float) -> socket.socket:
        """Connect to one of these addresses, with TLS for the host's name. Raises `TargetRefused` if none answers."""
        for address in addresses:
            try:
                line = socket.create_connection((address, target.port), find_time_left(until))
            except TimeoutError:
                raise
            except OSError:
                continue
            try:
                line.settimeout(find_time_left(until))
                return line if target.scheme == "http" else self._wrapped(line, target)
            except BaseException:
                line.close()
                raise
        raise TargetRefused(NoAnswer.NOT_CONNECTED)

    def _wrapped(self, line: socket.socket, target: Target) -> socket.socket:
        return self._trust().wrap_socket(line, server_hostname=target.host)


def sign(post: WebhookPost) -> dict[str, str]:
    """Return the three headers with which a program checks who sent the message, and when."""
    at = datetime.fromtimestamp(int(post.at.timestamp()), UTC)
    return {
        "webhook-id": str(post.id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Signer(each).sign(str(post.id), at, post.body) for each in post.secrets),
    }


def _ask(line: BoundedLine, target: Target, post: WebhookPost) -> HTTPResponse:
    """Send the request on this connection, and return the answer when its head was read."""
    asked = HTTPConnection(target.host, target.port)
    asked.auto_open = 0  # it must not connect by itself
    asked.sock = cast("socket.socket", line)
    headers = {"Host": target.authority, "User-Agent": AGENT, "Content-Type": "application/json", "Connection": "close"}
    asked.request("POST", target.path, post.body.encode(), headers | sign(post))
    return asked.getresponse()
