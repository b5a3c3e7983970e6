"""The demo's page while the demo starts: it says so, and reloads itself until the real page is there."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

VENDORS = ("/twilio/", "/garmin/")
STARTING = b"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta http-equiv="refresh" content="1"><meta name="color-scheme" content="light dark">
<title>Starting</title></head>
<body style="font: 1.1em system-ui, sans-serif; margin: 20vh auto; max-width: 30em; text-align: center">
<h1>The demo is starting</h1><p>This page shows the phones as soon as it is ready.</p></body>
</html>
"""

Environ = dict[str, Any]
Start = Callable[..., Any]


class Gate:
    """The WSGI app that listens from the beginning, and passes requests on to the real app when that is complete.

    As soon as there is an `app`, the pretend vendors answer, because the product needs them to start. The pages are
    shown only after `open`.
    """

    def __init__(self) -> None:
        self.app: Flask | None = None
        self._is_open = False

    def open(self) -> None:
        """Show the pages from now on."""
        self._is_open = True

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer one request."""
        if self.app is not None and (self._is_open or environ["PATH_INFO"].startswith(VENDORS)):
            return self.app(environ, start)
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(STARTING)))]
        start("503 Service Unavailable", [*headers, ("Retry-After", "1"), ("Cache-Control", "no-store")])
        return [STARTING]
