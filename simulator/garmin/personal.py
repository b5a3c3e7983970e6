"""Garmin's Personal API, pretended: keys that members make, tokens for a day, and the same data behind them."""

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
from simulator.garmin.journal import Faults

PREFIX = "/personal"
EXCHANGE = "/personalapitoken-service/personal-api/personal-api-key/token"
TOKEN_LIFE = timedelta(hours=24)
LARGEST_PAGE = 45  # its own default of 99 is too large for it as well: developers report so
BURST, RETRY_AFTER = 12, 14  # requests in one second; the answer to the thirteenth

Answer = flask.Response


@dataclass
class PersonalFaults(Faults):
    """What goes wrong at either door. `key_*` is what an exchange is answered; `burst` lets the limit be felt."""

    key_status: int | None = None
    key_html: bool = False
    key_retry_after: int | None = None
    burst: bool = False


@dataclass(frozen=True)
class Pass:
    """What a key or a token opens, and until when."""

    email: str
    until: datetime
    key: str = ""  # the key that a token came from


class PersonalKeys:
    """Keys, and the tokens they were exchanged for; both end by the simulated clock. Safe to use from threads."""

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
        """Delete a key; its tokens die with it."""
        with self._lock:
            del self._keys[key]
            self._tokens = {token: held for token, held in self._tokens.items() if held.key != key}

    def end_tokens(self, email: str) -> None:
        """Make this athlete's tokens worthless; the keys go on working."""
        with self._lock:
            self._tokens = {token: held for token, held in self._tokens.items() if held.email != email}

    def exchange(self, key: str) -> str | None:
        """Give a token for a key: for a day, or for what is left of the key."""
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
        """Who may read with this token now."""
        held = self._tokens.get(token)
        return held.email if held and held.until > self.now() else None

    def owner(self, secret: str) -> str | None:
        """Whose key or token this is, usable or not: for the journal."""
        held = self._keys.get(secret) or self._tokens.get(secret)
        return held.email if held else None

    def is_too_fast(self) -> bool:
        """Count a request, and tell whether there were too many within a second of the real clock."""
        with self._lock:
            self._recent.append(time.monotonic())
            return len(self._recent) > BURST and self._recent[-1] - self._recent[0] < 1

    def snapshot(self) -> dict[str, Any]:
        """Write down what a restart must not lose."""
        with self._lock:
            return {
                name: [[secret, held.email, held.until.isoformat(), held.key] for secret, held in passes.items()]
                for name, passes in (("keys", self._keys), ("tokens", self._tokens))
            }

    def restore(self, data: dict[str, Any]) -> None:
        """Know what was written down, and nothing else."""
        with self._lock:
            self._keys, self._tokens = (
                {secret: Pass(email, datetime.fromisoformat(until), key) for secret, email, until, key in data[name]}
                for name in ("keys", "tokens")
            )


def is_exchange(path: str) -> bool:
    return path == PREFIX + EXCHANGE


def api_key() -> str:
    """The key of this request, or ''."""
    return flask.request.headers.get("Authorization", "").removeprefix("ApiKey ")


def exchanged(keys: PersonalKeys) -> Answer:
    """Answer an exchange: a bare token, as text."""
    token = keys.exchange(api_key())
    if token is None:
        return flask.Response(json.dumps(answers.failure(401)), 401, mimetype="application/json")
    return flask.Response(token, mimetype="text/plain")


def throttled() -> Answer:
    body = json.dumps(answers.failure(429))
    return flask.Response(body, 429, {"Retry-After": str(RETRY_AFTER)}, mimetype="application/json")


def small_pages(view: Callable[[Athlete], Answer]) -> Callable[[Athlete], Answer]:
    """A view of the activity list that fails on pages which the Personal API finds too large."""

    def guarded(athlete: Athlete) -> Answer:
        query = flask.request.args
        if "limit" not in query or lists.page_size(query) > LARGEST_PAGE:
            return flask.Response(json.dumps(answers.failure(500)), 500, mimetype="application/json")
        return view(athlete)

    return guarded


def daily(athlete: Athlete) -> Answer:
    """One day's summary: the only place that tells whose account it is."""
    day = lists.day(flask.request.args, "calendarDate")
    if day is None:
        raise lists.BadQuery("no calendarDate")
    return flask.Response(json.dumps(daily_summaries(athlete, day, day)["data"][0]), mimetype="application/json")


def settings(athlete: Athlete) -> Answer:
    """The account's units and body."""
    return flask.Response(json.dumps(answers.user_settings(athlete)), mimetype="application/json")


def _jwt(issued: datetime, until: datetime) -> str:
    claims = {"iat": int(issued.timestamp()), "exp": int(until.timestamp()), "jti": secrets.token_hex(8)}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    written = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join((*written, secrets.token_urlsafe(24)))
