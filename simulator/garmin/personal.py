"""The pretend Personal API of Garmin: keys that members make, tokens for a day, and the same data as the other API."""

import base64
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import flask

from simulator.garmin import answers, lists
from simulator.garmin.athletes import Athlete
from simulator.garmin.days import daily_summaries
from simulator.garmin.journal import GarminFaults

PREFIX = "/personal"
EXCHANGE = "/personalapitoken-service/personal-api/personal-api-key/token"
TOKEN_LIFE = timedelta(hours=24)
LARGEST_PAGE = 45  # developers report that even the API's own default of 99 is too large for it
BURST, RETRY_AFTER = 12, 14  # requests in one second; seconds in the Retry-After of the answer to the thirteenth

Answer = flask.Response


@dataclass
class PersonalFaults(GarminFaults):
    """The faults of both APIs. `key_*` are the answers to an exchange; `burst` switches the rate limit on."""

    key_status: int | None = None
    key_html: bool = False
    key_retry_after: int | None = None
    burst: bool = False


@dataclass(frozen=True)
class Pass:
    """The account that a key or a token is for, and its end."""

    email: str
    until: datetime
    key: str = ""  # the key that a token came from


class PersonalKeys:
    """Keys, and the tokens they were exchanged for. Both end by the simulated clock. Several threads may use it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._lock = threading.Lock()
        self._keys: dict[str, Pass] = {}
        self._tokens: dict[str, Pass] = {}
        self._recent: deque[float] = deque(maxlen=BURST + 1)

    def make(self, email: str, days: float) -> str:
        """Make a key, as its owner does in Garmin Connect."""
        if days <= 0:
            raise ValueError(f"a key cannot last {days} days")
        key = secrets.token_urlsafe(48)
        with self._lock:
            self._keys[key] = Pass(email, self.now() + timedelta(days=days))
        return key

    def delete(self, key: str) -> None:
        """Delete a key and its tokens."""
        with self._lock:
            del self._keys[key]
            self._tokens = {token: held for token, held in self._tokens.items() if held.key != key}

    def end_tokens(self, email: str) -> None:
        """Revoke this athlete's tokens; the keys stay valid."""
        with self._lock:
            self._tokens = {token: held for token, held in self._tokens.items() if held.email != email}

    def exchange(self, key: str) -> str | None:
        """Return a token for a key, valid for a day or as long as the key; None for an invalid key."""
        now = self.now()
        with self._lock:
            held = self._keys.get(key)
            if held is None or held.until <= now:
                return None
            until = min(now + TOKEN_LIFE, held.until)
            token = _jwt(now, until)
            self._tokens[token] = Pass(held.email, until, key)
        return token

    def bearer(self, token: str) -> str | None:
        """Return who may read with this token now, or None."""
        held = self._tokens.get(token)
        return held.email if held and held.until > self.now() else None

    def owner(self, secret: str) -> str | None:
        """Return the owner of a key or token, valid or not, for the journal."""
        held = self._keys.get(secret) or self._tokens.get(secret)
        return held.email if held else None

    def is_too_fast(self) -> bool:
        """Count a request. Returns whether there were too many within a second of the real clock."""
        with self._lock:
            self._recent.append(time.monotonic())
            return len(self._recent) > BURST and self._recent[-1] - self._recent[0] < 1

    def snapshot(self) -> dict[str, Any]:
        """Return the data that a restart must not lose."""
        with self._lock:
            return {
                name: [[secret, held.email, held.until.isoformat(), held.key] for secret, held in passes.items()]
                for name, passes in (("keys", self._keys), ("tokens", self._tokens))
            }

    def restore(self, data: dict[str, Any]) -> None:
        """Restore the data of a snapshot."""
        with self._lock:
            self._keys, self._tokens = (
                {secret: Pass(email, datetime.fromisoformat(until), key) for secret, email, until, key in data[name]}
                for name in ("keys", "tokens")
            )


def is_exchange(path: str) -> bool:
    return path == PREFIX + EXCHANGE


def api_key() -> str:
    """Return the key of this request, or ''."""
    return flask.request.headers.get("Authorization", "").removeprefix("ApiKey ")


def exchanged(keys: PersonalKeys) -> Answer:
    """Answer an exchange with a token as plain text."""
    token = keys.exchange(api_key())
    if token is None:
        return flask.Response(json.dumps(answers.failure(401)), 401, mimetype="application/json")
    return flask.Response(token, mimetype="text/plain")


def throttled() -> Answer:
    body = json.dumps(answers.failure(429))
    return flask.Response(body, 429, {"Retry-After": str(RETRY_AFTER)}, mimetype="application/json")


def small_pages(view: Callable[[Athlete], Answer]) -> Callable[[Athlete], Answer]:
    """Return a view of the activity list that fails for pages that are too large for the Personal API."""

    def guarded(athlete: Athlete) -> Answer:
        query = flask.request.args
        if "limit" not in query or lists.page_size(query) > LARGEST_PAGE:
            return flask.Response(json.dumps(answers.failure(500)), 500, mimetype="application/json")
        return view(athlete)

    return guarded


def daily(athlete: Athlete) -> Answer:
    """Return one day's summary, the only answer that contains the account's owner."""
    day = lists.day(flask.request.args, "calendarDate")
    if day is None:
        raise lists.BadQuery("no calendarDate")
    return flask.Response(json.dumps(daily_summaries(athlete, day, day)["data"][0]), mimetype="application/json")


def settings(athlete: Athlete) -> Answer:
    """Return the account's units and body data."""
    return flask.Response(json.dumps(answers.user_settings(athlete)), mimetype="application/json")


def _jwt(issued: datetime, until: datetime) -> str:
    claims = {"iat": int(issued.timestamp()), "exp": int(until.timestamp()), "jti": secrets.token_hex(8)}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    written = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join((*written, secrets.token_urlsafe(24)))
