"""Requires https for pages, if a trusted proxy says that a request came over http."""

from urllib.parse import quote

from flask import Flask, abort, redirect, request
from werkzeug.http import parse_list_header
from werkzeug.wrappers import Response

from world import World

# Never redirected: probes and monitors come over the host's own network, and Twilio signs the address that it was
# given.
NEVER_SENT_AWAY = {"/livez", "/readyz", "/health", "/metrics"}
WEBHOOKS = "webhooks/"


def require(app: Flask, world: World) -> None:
    """Redirect a browser that came over http to the same page at PUBLIC_BASE_URL.

    Only GET and HEAD are redirected, with 308. A form that was posted over http is refused with 403, and so is every
    request to the API: its contents or its token have already been sent unencrypted, and a redirect would hide that.
    """

    @app.before_request
    def send_away() -> Response | None:
        is_exempt = request.path in NEVER_SENT_AWAY or request.path.lstrip("/").startswith(WEBHOOKS)
        if is_exempt or not is_unencrypted(world):
            return None
        if request.method not in {"GET", "HEAD"} or request.path.startswith("/api/"):
            abort(403)
        query = request.query_string.decode("latin-1")
        return redirect(f"{world.settings.base_url}{quote(request.path)}{'?' if query else ''}{query}", 308)


def is_unencrypted(world: World) -> bool:
    """Return whether the proxy says that the browser came over http.

    Returns False if no proxy says anything, because redirects would then never end. Also returns False without
    TRUSTED_HOPS, because anybody could have written the header, and if PUBLIC_BASE_URL itself is http.
    """
    hops = world.settings.trusted_hops
    if not (hops and world.settings.is_https):
        return False
    says = parse_list_header(request.headers.get("X-Forwarded-Proto", ""))
    return len(says) >= hops and request.scheme.lower() == "http"
