"""The port to a person's Garmin data: what we need of it, in our own words."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol


@dataclass(frozen=True)
class Profile:
    """Who signed in: Garmin's stable id and display name (used in its URLs), and the name to greet."""

    garmin_id: str
    display_name: str
    full_name: str


@dataclass(frozen=True)
class SignedIn:
    """A finished sign-in. `tokens` is an opaque text: keep it encrypted, hand it back unchanged."""

    profile: Profile
    tokens: str = field(repr=False)


@dataclass(frozen=True)
class NeedsCode:
    """A sign-in half-way: Garmin sent a code by `method` (email, sms, totp …). `state` is as secret as a password."""

    method: str
    state: str = field(repr=False)


@dataclass(frozen=True)
class Page:
    """Some rows of an activity list as Garmin sent them, newest first. `last` tells that no more follow."""

    rows: list[dict[str, Any]]
    last: bool


class Session(Protocol):
    """One account, opened from its stored tokens. Not safe to share between threads or processes."""

    @property
    def tokens(self) -> str:
        """The tokens as they are now: they rotate, so store them again after use."""
        ...

    def activities(self, start: date, end: date) -> Iterator[Page]:
        """Every activity whose local start date lies in [start, end], page by page."""
        ...


class Garmin(Protocol):
    """Sign in to an account, and open it again later."""

    def sign_in(self, email: str, password: str) -> SignedIn | NeedsCode:
        """Try once. Raises a `providers.errors.GarminError`; never retried by itself."""
        ...

    def answer_code(self, state: str, code: str) -> SignedIn:
        """Finish a sign-in that asked for a code. After `WrongCode` the same state may be tried again."""
        ...

    def open(self, tokens: str) -> Session:
        """Open an account without a request."""
        ...
