"""How often one may ask: counted in Redis, for each session or token, or for the network of whoever has none.

While Redis is away nobody can count. Then everything but signing in goes on; signing in is refused, because codes are
short and could be guessed.
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

SIGN_IN = "10/minute; 60/hour"  # codes asked for and given, from one network
SIGN_IN_BY_ALL = "600/hour"

logging.getLogger("flask-limiter").setLevel(logging.CRITICAL)  # that Redis is away is told by others, once


def open_limiter(app: Flask, world: World) -> Limiter:
    """Counts requests, and lets them pass while nobody can count."""
    return _limiter(app, world, "api", swallow_errors=True)


def shut_limiter(app: Flask, world: World) -> Limiter:
    """Counts what is done to sign in, and refuses it while nobody can count."""
    made = _limiter(app, world, "api-sign-in", swallow_errors=False)
    app.register_error_handler(StorageError, lambda _: problems.own(Problem("busy")))
    return made


def network(world: World) -> str:
    """The network that a request comes from, as a keyed hash."""
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
    """For whom a request counts. Only what we signed ourselves, or what looks like a personal token, is believed here:
    who makes up tokens is slowed by `web.guesses`.
    """
    token = request.headers.get("Authorization", "").partition(" ")[2].strip()
    if token.startswith(personal_tokens.PREFIX):
        return hashlib.sha256(token.encode()).hexdigest()[:32]
    return tokens.session_of(world, token) or network(world)
