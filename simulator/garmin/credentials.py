"""The credentials of the pretend Garmin: unfinished sign-ins, one-time tickets, access tokens and
rotating refresh tokens.
"""

import base64
import json
import secrets
import threading
import time
from datetime import datetime, timedelta
from typing import Any

CODE_LIFETIME = timedelta(minutes=10)
REFRESH_LIFETIME = 30 * 86_400


class Keys:
    """All credentials, each for one e-mail address. Several threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: set[str] = set()
        self._waiting: dict[str, tuple[str, datetime]] = {}
        self._tickets: dict[str, str] = {}
        self._access: dict[str, tuple[str, float]] = {}
        self._refresh: dict[str, str] = {}

    def open_page(self) -> str:
        """Begin a browser session, as the sign-in page's cookies do."""
        session = secrets.token_hex(16)
        with self._lock:
            self._pages.add(session)
        return session

    def knows_page(self, session: str) -> bool:
        return session in self._pages

    def wait_for_code(self, session: str, email: str, now: datetime) -> None:
        with self._lock:
            self._waiting[session] = (email, now)

    def waiting(self, session: str, now: datetime) -> str | None:
        """Return for whose code this session waits; None if it waits for none or is too old."""
        email, since = self._waiting.get(session, (None, now))
        return email if now - since <= CODE_LIFETIME else None

    def finish(self, session: str) -> None:
        with self._lock:
            self._waiting.pop(session, None)

    def ticket(self, email: str) -> str:
        """Return a ticket that can be exchanged once."""
        ticket = f"ST-{secrets.randbelow(10**7):07d}-{secrets.token_hex(10)}-sso"
        with self._lock:
            self._tickets[ticket] = email
        return ticket

    def spend_ticket(self, ticket: str) -> str | None:
        """Use up a ticket and return its owner; None if it was used before."""
        with self._lock:
            return self._tickets.pop(ticket, None)

    def spend_refresh(self, refresh: str) -> str | None:
        """Use up a refresh token and return its owner; None if it was used before."""
        with self._lock:
            return self._refresh.pop(refresh, None)

    def issue(self, email: str, client_id: str, lifetime: float) -> dict[str, Any]:
        """Return a new pair of tokens in the form of the token endpoint."""
        # the real clock: the library compares `exp` with its own time.time()
        expires = time.time() + lifetime
        access, refresh = _jwt(email, client_id, expires), secrets.token_urlsafe(32)
        with self._lock:
            self._access[access] = (email, expires)
            self._refresh[refresh] = email
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": int(lifetime),
            "refresh_token_expires_in": REFRESH_LIFETIME,
            "scope": "CONNECT_READ CONNECT_WRITE",
        }

    def owner(self, key: str) -> str | None:
        """Return the owner of a credential of any kind, valid or not, for the journal."""
        holder = self._access.get(key, (None, 0.0))[0]
        return holder or self._refresh.get(key) or self._tickets.get(key)

    def bearer(self, access: str) -> str | None:
        """Return who may read with this token now, or None."""
        email, expires = self._access.get(access, (None, 0.0))
        return email if expires > time.time() else None

    def revoke(self, email: str) -> None:
        """Revoke every token of this athlete."""
        with self._lock:
            self._access = {key: held for key, held in self._access.items() if held[0] != email}
            self._refresh = {key: holder for key, holder in self._refresh.items() if holder != email}

    def snapshot(self) -> dict[str, Any]:
        with self._lock:
            return {
                "pages": sorted(self._pages),
                "waiting": {key: [email, at.isoformat()] for key, (email, at) in self._waiting.items()},
                "tickets": dict(self._tickets),
                "access": {key: list(held) for key, held in self._access.items()},
                "refresh": dict(self._refresh),
            }

    def restore(self, data: dict[str, Any]) -> None:
        with self._lock:
            self._pages = set(data["pages"])
            self._waiting = {key: (email, datetime.fromisoformat(at)) for key, (email, at) in data["waiting"].items()}
            self._tickets = dict(data["tickets"])
            self._access = {key: (email, expires) for key, (email, expires) in data["access"].items()}
            self._refresh = dict(data["refresh"])


def _jwt(email: str, client_id: str, expires: float) -> str:
    header = {"alg": "RS256", "typ": "JWT"}
    claims = {
        "exp": int(expires),
        "iat": int(time.time()),
        "jti": secrets.token_hex(8),
        "client_id": client_id,
        "user_name": email,
    }
    return ".".join((_part(header), _part(claims), secrets.token_urlsafe(24)))


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
