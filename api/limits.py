"""Limits the number of requests. They are counted in Redis for each session or token, or for the
network of a request without one.

While Redis cannot be reached, requests are not limited, except for signing in: that is refused, because codes
are short and could be guessed.
"""

import hashlib
import logging
from typing import Any

from flask import Flask, request
from flask_limiter import Limiter
from limits.errors import StorageError

from api.declaring import problems, tokens
from api.declaring.networks import read_network
from api.declaring.problems import Problem
from services.people import personal_tokens
from world import World

SIGN_IN = "10/minute; 60/hour"  # codes that are requested or tried from one network
SIGN_IN_BY_ALL = "600/hour"

logging.getLogger("flask-limiter").setLevel(logging.CRITICAL)  # other code logs, once, that Redis cannot be reached


def open_limiter(app: Flask, world: World) -> Limiter:
    """Return a limiter that lets requests pass if they cannot be counted."""
    return _limiter(app, world, "api", swallow_errors=True)


def shut_limiter(app: Flask, world: World) -> Limiter:
    """Return a limiter for signing in, which refuses requests if they cannot be counted."""
    made = _limiter(app, world, "api-sign-in", swallow_errors=False)
    app.register_error_handler(StorageError, lambda _: problems.own(Problem("busy")))
    return made


def network(world: World) -> str:
    """Return a keyed hash of the network that the request comes from."""
    return world.vault.tags("address", read_network(request.remote_addr))[0][:32]


def _limiter(app: Flask, world: World, prefix: str, *, swallow_errors: bool) -> Limiter:
    options: dict[str, Any] = {"connection_pool": world.redis.connection_pool, "wrap_exceptions": True}
    return Limiter(
        lambda: _counted(world),
        app=app,
        storage_uri="redis://",
        storage_options=options,
        key_prefix=prefix,
        strategy="fixed-window",
        headers_enabled=True,
        swallow_errors=swallow_errors,
    )


def _counted(world: World) -> str:
    """Return the key under which a request is counted: its session or personal token, otherwise its network.

    Only tokens that we signed, and anything with the form of a personal token, are used here. `web.guesses` limits
    clients that try invented tokens.
    """
    token = request.headers.get("Authorization", "").partition(" ")[2].strip()
    if token.startswith(personal_tokens.PREFIX):
        return hashlib.sha256(token.encode()).hexdigest()[:32]
    return tokens.session_of(world, token) or network(world)
