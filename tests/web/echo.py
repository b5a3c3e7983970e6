"""A small app to serve with the real gunicorn and its real settings."""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

LARGE = 6_000_000  # bytes: more than the network buffers for a client that does not read


class Heart:
    """A heart that writes no heartbeat."""

    def start(self) -> "Heart":
        return self

    def stop(self) -> None:
        """Do nothing."""


class Echo:
    """Answers with the request that it got. `config` and `extensions` are those of the product's Flask app."""

    extensions: ClassVar = {"watch": Heart()}

    config: ClassVar = {"REQUEST_SECONDS": os.environ.get("REQUEST_SECONDS", "15")}

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path.startswith("/webhooks/twilio/") and "HTTP_X_TWILIO_SIGNATURE" not in environ:
            start("403 Forbidden", [("Content-Length", "0")])
            return []
        if path == "/large":
            answer = b"x" * LARGE
        elif path == "/wait":
            answer = _wait_for(Path(environ["QUERY_STRING"]))
        elif path == "/file":
            answer = Path(__file__).read_bytes()
        else:
            answer = f"{method} {path} {environ['wsgi.input'].read().decode()}".encode()
        start("200 OK", [("Content-Length", str(len(answer))), ("Content-Type", "text/plain")])
        if path == "/file":
            return environ["wsgi.file_wrapper"](Path(__file__).open("rb"))
        return [answer]


def _wait_for(file: Path) -> bytes:
    """Create a file to show that the request has begun, and wait until the test deletes it."""
    file.touch()
    while file.exists():
        time.sleep(0.02)
    return b"waited"


app = Echo()
