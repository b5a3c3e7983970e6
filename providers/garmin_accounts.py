"""The port to a person's Garmin data: what we need of it, in our own words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol, Self

LONGEST_STEPS = 28  # days of steps that Garmin gives to one request


@dataclass(frozen=True)
class Profile:
    """Who signed in: Garmin's stable id and display name (used in its URLs), and the name to greet."""

    garmin_id: str
    display_name: str
    full_name: str

    @property
    def name(self) -> str:
        """The name by which its owner knows the account: the one that Garmin Connect shows on their profile."""
        return self.full_name or self.display_name


@dataclass(frozen=True)
class SignedIn:
    """A finished sign-in. `tokens` is an opaque text: keep it encrypted, hand it back unchanged.

    `ends` is when they stop for good, where Garmin lets us see it: a key shows its end only on its last day.
    """

    profile: Profile
    tokens: str = field(repr=False)
    ends: datetime | None = None


@dataclass(frozen=True)
class KeyAccepted:
    """A Personal API key that Garmin accepted. Nothing was read with it, so whose it is is not known yet.

    `tokens` and `ends` are as in `SignedIn`.
    """

    tokens: str = field(repr=False)
    ends: datetime | None = None


@dataclass(frozen=True)
class NeedsCode:
    """A sign-in half-way: Garmin sent a code by `method` (email, sms, totp …). `state` is as secret as a password."""

    method: str
    state: str = field(repr=False)


# Garmin's list hides the legs of a triathlon unless it is asked for them; each names its session in `parentId`.
WITH_LEGS = {"excludeChildren": "false"}


@dataclass(frozen=True)
class Page:
    """Some rows of an activity list as Garmin sent them, newest first. `last` tells that no more follow."""

    rows: list[dict[str, Any]]
    last: bool


@dataclass(frozen=True)
class DaySteps:
    """A day on the watch: the steps counted, and how many were hoped for."""

    day: date
    steps: int
    goal: int | None

    @classmethod
    def listed(cls, answer: Any) -> list[Self]:
        """Read Garmin's list of days, leaving out those that nobody wore the watch. Raises ValueError if it is none."""
        if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
            raise ValueError("the days are not a list")
        return [
            cls(date.fromisoformat(str(row.get("calendarDate"))), steps, _count(row.get("stepGoal")))
            for row in answer
            if (steps := _count(row.get("totalSteps"))) is not None
        ]


class Session(Protocol):
    """One account, opened from its stored tokens. Not safe to share between threads or processes.

    `before` is called before each request: whoever keeps a pace for all workers sleeps there.
    """

    before: Callable[[], object]

    @property
    def tokens(self) -> str:
        """The tokens as they are now: they rotate, so store them again after use."""
        ...

    def renew(self) -> None:
        """Renew tokens that are about to end, so that they can be kept before anything is asked with them."""
        ...

    def activities(self, start: date, end: date) -> Iterator[Page]:
        """Every activity whose local start date lies in [start, end], page by page."""
        ...

    def is_gone(self, activity_id: int) -> bool:
        """Whether Garmin says that there is no such activity: one request, for lists that are hard to believe."""
        ...

    def steps(self, start: date, end: date) -> list[DaySteps]:
        """The days in [start, end] that Garmin has steps of, oldest first."""
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


class GarminByKey(Protocol):
    """The same account by another door: a Personal API key that its owner made, which only reads."""

    def sign_in_with_key(self, key: str) -> KeyAccepted:
        """Try a key, and read nothing. Raises a `providers.errors.GarminError`: `KeyRejected` when it opens nothing."""
        ...

    def whose(self, tokens: str) -> SignedIn:
        """Ask whose account the key opens: the first thing that is read with it. Raises a `GarminError`."""
        ...

    def open(self, tokens: str) -> Session:
        """Open an account without a request."""
        ...


def spans(start: date, end: date, longest: int = LONGEST_STEPS) -> Iterator[tuple[date, date]]:
    """Cut [start, end] into pieces of at most so many days, oldest first."""
    while start <= end:
        last = min(start + timedelta(days=longest - 1), end)
        yield start, last
        start = last + timedelta(days=1)


def _count(value: Any) -> int | None:
    """A number of steps. Garmin sends null for a day it knows nothing of."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
