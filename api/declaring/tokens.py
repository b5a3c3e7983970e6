"""Access tokens. They are signed with SECRET_KEY, and valid for ten minutes, but no longer than their session is open.

HS256 is the only accepted algorithm. `kid` must name one of our own keys, so nothing in a token chooses where a key is
looked up. Times are compared with the world's clock; PyJWT's own comparison is switched off.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from models import ApiSession
from world import World

GOOD_FOR = timedelta(minutes=10)
SKEW = timedelta(seconds=30)  # the largest difference between the clocks of our machines
ALGORITHM, KIND = "HS256", "at+jwt"  # RFC 9068
CLAIMS = ["iss", "aud", "sub", "sid", "iat", "nbf", "exp"]
LONGEST = 2_000  # characters; ours have about 400


class NotGood(Exception):
    """The token is not one of ours, or is meant for something else."""


class Over(NotGood):
    """The token is ours, but has expired."""


@dataclass(frozen=True)
class Claims:
    """The contents of a valid access token."""

    session_id: UUID
    member_id: int
    expires_at: datetime


def make(world: World, session: ApiSession, now: datetime) -> str:
    """Return a new access token for this session."""
    name, key = next(iter(_keys(world).items()))
    claims = {
        "iss": world.settings.base_url,
        "aud": _audience(world),
        "sub": str(session.member_id),
        "sid": str(session.id),
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + GOOD_FOR).timestamp()),
    }
    return jwt.encode(claims, key, ALGORITHM, headers={"kid": name, "typ": KIND})


def read(world: World, token: str, now: datetime) -> Claims:
    """Read an access token. Raises `Over` if it is ours but expired, and `NotGood` for anything else."""
    claims = _signed(world, token)
    try:
        issued, begins, ends = (float(claims[name]) for name in ("iat", "nbf", "exp"))
        found = Claims(UUID(claims["sid"]), int(claims["sub"]), datetime.fromtimestamp(ends, now.tzinfo))
    except (TypeError, ValueError, OverflowError, OSError):
        raise NotGood from None
    if max(issued, begins) > (now + SKEW).timestamp() or ends - issued > GOOD_FOR.total_seconds():
        raise NotGood
    if ends <= (now - SKEW).timestamp():
        raise Over
    return found


def session_of(world: World, token: str) -> str | None:
    """Return the session of a token that is ours, even if it has expired; None for anything else.
    It is used for counting requests.
    """
    try:
        return str(_signed(world, token)["sid"])
    except NotGood:
        return None


def _signed(world: World, token: str) -> dict[str, Any]:
    """Return the claims of a token that we signed, without checking its times. Raises `NotGood`."""
    if len(token) > LONGEST:
        raise NotGood
    try:
        head = jwt.get_unverified_header(token)
        key = _keys(world).get(head.get("kid", ""))
        if key is None or head.get("typ") != KIND:
            raise NotGood
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=_audience(world),
            issuer=world.settings.base_url,
            options={"require": CLAIMS, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise NotGood from None


def _keys(world: World) -> dict[str, str]:
    """Return the accepted keys by name; the first one signs. They are derived from SECRET_KEY."""
    keys = world.vault.tags("key of access tokens", "1")
    names = world.vault.tags("name of access tokens' key", "1")
    return {name[:12]: key for name, key in zip(names, keys, strict=True)}


def _audience(world: World) -> str:
    return f"{world.settings.base_url}/api/v1"
