"""Access tokens: signed by SECRET_KEY, good for ten minutes, and only as long as their session is open.

HS256 and nothing else. `kid` names one of our own keys or the token is refused: nothing in a token chooses where a key
is looked for. The times are compared with the world's clock, so PyJWT is told not to look at its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from models import ApiSession
from world import World

GOOD_FOR = timedelta(minutes=10)
SKEW = timedelta(seconds=30)  # by so much the clocks of our own machines may differ
ALGORITHM, KIND = "HS256", "at+jwt"  # RFC 9068
CLAIMS = ["iss", "aud", "sub", "sid", "iat", "nbf", "exp"]
LONGEST = 2_000  # characters; ours have some 400


class NotGood(Exception):
    """No token of ours, or one that is meant for something else."""


class Over(NotGood):
    """A token of ours whose time is over."""


@dataclass(frozen=True)
class Claims:
    """What a good access token says."""

    session_id: UUID
    member_id: int
    expires_at: datetime


def make(world: World, session: ApiSession, now: datetime) -> str:
    """Make an access token of this session."""
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
    """Read an access token. Raises `Over` for one of ours whose time is over, `NotGood` for anything else."""
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
    """The session that a token of ours names, good or over; None for anything else. For counting requests."""
    try:
        return str(_signed(world, token)["sid"])
    except NotGood:
        return None


def _signed(world: World, token: str) -> dict[str, Any]:
    """The claims of a token that we signed, whatever its times. Raises `NotGood`."""
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
    """The keys that are accepted, by their names; the first one signs. They change with SECRET_KEY."""
    keys = world.vault.tags("key of access tokens", "1")
    names = world.vault.tags("name of access tokens' key", "1")
    return {name[:12]: key for name, key in zip(names, keys, strict=True)}


def _audience(world: World) -> str:
    return f"{world.settings.base_url}/api/v1"
