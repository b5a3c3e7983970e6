"""The security headers of every answer."""

from pathlib import Path

from flask import Flask, Response

from web.https import is_unencrypted
from world import World

ROOT = Path(__file__).parent.parent

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "X-Robots-Tag": "noindex, nofollow",
}
TWO_YEARS = 63_072_000  # seconds; hosts below ours are not included, because they may belong to somebody else


def protect_answers(app: Flask, world: World) -> None:
    """Add the headers to every answer. Nothing may be cached unless a page allows it."""

    @app.after_request
    def add(answer: Response) -> Response:
        for name, value in ALWAYS.items():
            answer.headers.setdefault(name, value)
        answer.headers.setdefault("Cache-Control", "no-store")
        if world.settings.is_https and not is_unencrypted(world):
            answer.headers.setdefault("Strict-Transport-Security", f"max-age={TWO_YEARS}")
        return answer
