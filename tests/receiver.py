"""A member's own program that receives webhooks, over real HTTP on this machine."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from standardwebhooks import Webhook as Signer


@dataclass(frozen=True)
class Received:
    """One request: its path, its headers in small letters, and its body."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def told(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def is_signed_by(self, secret: str) -> bool:
        """Return whether one of the signatures is by this secret."""
        at = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        return Signer(secret).sign(self.id, at, self.body) in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """Keeps every request, and answers with `status` and `headers`. While `may_answer` is not set, it waits."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    may_answer: Event = field(default_factory=Event)

    def of(self, event: str) -> list[dict[str, Any]]:
        """Return the data of all events of this type."""
        return [each.told["data"] for each in self.received if each.told["type"] == event]

    @property
    def types(self) -> list[str]:
        return [each.told["type"] for each in self.received]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver while the block runs."""
    made = Receiver()
    made.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.received.append(Received(self.path, headers, body))
            made.may_answer.wait()
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - http.server's own names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield made
    finally:
        made.may_answer.set()
        server.shutdown()
        server.server_close()
