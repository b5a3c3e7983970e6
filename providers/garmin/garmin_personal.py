"""Garmin's Personal API: a member's key is exchanged once a day for a token that can only read."""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from providers.asking import SourceAnswer, SourceConnection
from providers.clock import Clock
from providers.errors import KeyRejected, LinkBroken, SourceError, SourceUnavailable
from providers.garmin.activity_rows import WITH_LEGS, read_page
from providers.garmin.daily_steps import cut_into_spans, read_days
from providers.sources import DaySteps, KeyAccepted, Page, Profile, SignedIn

HOST = "https://personal.connectapi.garmin.com"
EXCHANGE = "/personalapitoken-service/personal-api/personal-api-key/token"
SEARCH = "/activitylist-service/activities/search/activities"
ACTIVITY = "/activity-service/activity"
DAY = "/usersummary-service/usersummary/daily"
STEPS = "/usersummary-service/stats/steps/daily"

KEY = re.compile(r"[!-~]{16,4096}")
MARGIN = timedelta(minutes=15)
# A token is valid for 24 hours, or until its key ends. So a shorter lifetime shows when the key ends.
SHORT_LIFE = timedelta(hours=20)
# Larger pages than 45 are answered with 500. The limit is not documented; it was found by trying.
PAGE, SMALLEST_PAGE = 45, 5
REMEMBER_PAGE = timedelta(days=1)
MOST_RESTARTS = 3
COURTESY = 0.3  # seconds between two requests; a dozen at once are throttled


class GarminPersonal:
    """Implements `GarminByKey` with the Personal API. `base_url` replaces its address (for the simulator)."""

    def __init__(
        self,
        base_url: str | None = None,
        *,
        now: Clock,
        timeout: float = 15.0,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self.base_url = (base_url or HOST).rstrip("/")
        self.now, self.timeout, self.pause = now, timeout, pause
        self._page, self._page_until = PAGE, datetime.min.replace(tzinfo=UTC)

    def sign_in_with_key(self, key: str) -> KeyAccepted:
        """Exchange the key for a token: one request. See `garmin_source.GarminByKey.sign_in_with_key`."""
        key = key.strip()
        if not KEY.fullmatch(key):
            raise KeyRejected("no key looks like this")
        account = KeyAccount(self, key)
        try:
            account.renew()
        except LinkBroken:
            raise KeyRejected("Garmin refuses the key") from None
        return KeyAccepted(account.tokens, account.ends)

    def whose(self, tokens: str) -> SignedIn:
        """Make one request, or two if there are no activities. See `garmin_source.GarminByKey.whose`."""
        account = self.open(tokens)
        try:
            profile = account.profile()
        except LinkBroken:
            raise KeyRejected("Garmin refuses the key") from None
        return SignedIn(profile, account.tokens, account.ends)

    def open(self, tokens: str) -> "KeyAccount":
        """Open an account without a request. See `garmin_source.GarminByKey.open`."""
        try:
            kept = json.loads(tokens)
            key, jwt = str(kept["key"]), str(kept["jwt"])
            return KeyAccount(self, key, jwt, _instant(kept["jwt_expires"]), _instant(kept.get("key_ends")))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError):
            problem = "tokens unreadable"
        raise LinkBroken(problem)

    @property
    def page(self) -> int:
        """How many rows to request at once. After larger pages failed it is smaller for a day."""
        return self._page if self.now() < self._page_until else PAGE

    def remember_page(self, size: int) -> None:
        """Request this many rows at once for a day, because more have failed."""
        self._page, self._page_until = size, self.now() + REMEMBER_PAGE


class KeyAccount:
    """One account, opened with its key. See `providers.sources.OpenAccount`."""

    def __init__(
        self,
        door: GarminPersonal,
        key: str,
        jwt: str = "",
        expires: datetime | None = None,
        ends: datetime | None = None,
    ) -> None:
        self.ends = ends
        self.before: Callable[[], object] = _at_once
        self._door, self._key, self._jwt, self._expires = door, key, jwt, expires
        self._wire = SourceConnection(door.base_url, door.timeout)
        self._exchanged = self._asked = False

    @property
    def tokens(self) -> str:
        """The key and its current token."""
        kept = {"key": self._key, "jwt": self._jwt, "jwt_expires": _seconds(self._expires)}
        return json.dumps(kept | {"key_ends": _seconds(self.ends)})

    def renew(self) -> None:
        """Exchange the key if its token expires soon. See `OpenAccount.renew`."""
        self._renew_if_due()

    def profile(self) -> Profile:
        """Return the account's profile. Its id is the same number as the profile's id in Garmin Connect.

        The newest activity names its owner. Without activities, today's summary gives the id, but no name.
        """
        rows = self._read(SEARCH, start=0, limit=1)
        row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
        garmin_id = _id(row.get("ownerId")) or self._id_of_today()
        if not garmin_id:
            raise SourceUnavailable("Garmin does not tell whose key it is")
        return Profile(garmin_id, _text(row.get("ownerDisplayName")), _text(row.get("ownerFullName")))

    def _id_of_today(self) -> str:
        answer = self._ask(DAY, calendarDate=self._door.now().date().isoformat())
        day = None if answer.status == 404 else answer.data(self._door.now())
        return _id(day.get("userProfileId")) if isinstance(day, dict) else ""

    def activities(self, start: date, end: date) -> Iterator[Page]:
        """Yield the pages of the list. Each page is requested so that it begins with the last row of the page before.

        If it does not, an activity was added or deleted meanwhile, and one may be missing: the list is read again.
        """
        first, above = 0, None
        for _ in range(1 + MOST_RESTARTS):
            while True:
                rows, last = self._page(first, start, end)
                if above is not None and [row.get("activityId") for row in rows[:1]] != [above]:
                    first, above = 0, None
                    break
                yield read_page(rows[1:] if first else rows, last=last)
                if last:
                    return
                first, above = first + len(rows) - 1, rows[-1].get("activityId")
        raise SourceUnavailable("the activity list does not stand still")

    def is_gone(self, activity_id: int) -> bool:
        """Request one activity. See `OpenAccount.is_gone`."""
        answer = self._ask(f"{ACTIVITY}/{activity_id}")
        if answer.status != 404:
            answer.data(self._door.now())  # raises an error for any other status
        return answer.status == 404

    def steps(self, start: date, end: date) -> list[DaySteps]:
        """Read the days, 28 in each request. See `OpenAccount.steps`."""
        found: list[DaySteps] = []
        for first, last in cut_into_spans(start, end):
            answer = self._read(f"{STEPS}/{first.isoformat()}/{last.isoformat()}")
            try:
                found += read_days(answer or [])
            except ValueError:
                raise SourceUnavailable("the days make no sense") from None
        return found

    def _page(self, first: int, start: date, end: date) -> tuple[list[dict[str, Any]], bool]:
        """Return one page, and whether it is the last. If the server fails on a page, a smaller one is requested."""
        limit = wanted = self._door.page
        window = {"startDate": start.isoformat(), "endDate": end.isoformat()} | WITH_LEGS
        while (answer := self._ask(SEARCH, start=first, limit=limit, **window)).status == 500 and limit > SMALLEST_PAGE:
            limit = max(limit // 2, SMALLEST_PAGE)
        rows = answer.data(self._door.now())
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise SourceUnavailable("the activity list is not a list")
        if limit != wanted:
            self._door.remember_page(limit)
        return rows, len(rows) < limit

    def _read(self, path: str, **query: str | int) -> Any:
        return self._ask(path, **query).data(self._door.now())

    def _ask(self, path: str, **query: str | int) -> SourceAnswer:
        """Make a request with a token that does not expire soon. If Garmin refuses it, try once more with a new one."""
        is_new = self._renew_if_due()
        answer = self._send("GET", path, f"Bearer {self._jwt}", query)
        if answer.status == 401 and not is_new:
            self._renew()
            answer = self._send("GET", path, f"Bearer {self._jwt}", query)
        if answer.status == 401:
            raise LinkBroken("Garmin refuses a new token", certain=False)
        return answer

    def _renew_if_due(self) -> bool:
        left = self._expires - self._door.now() if self._expires else timedelta()
        # A key that ends soon only gives tokens with a short lifetime: one exchange is enough then.
        if left > MARGIN or (left > timedelta() and self._exchanged):
            return False
        self._renew()
        return True

    def _renew(self) -> None:
        answer = self._send("POST", EXCHANGE, f"ApiKey {self._key}", None)
        if answer.status == 401:
            raise LinkBroken("Garmin refuses the key")
        now = self._door.now()
        jwt = answer.text(now)
        issued, expires = _life(jwt, now)
        self._jwt, self._expires, self._exchanged = jwt, expires, True
        self.ends = expires if expires - issued < SHORT_LIFE else None

    def _send(self, method: str, path: str, credentials: str, query: dict[str, str | int] | None) -> SourceAnswer:
        if self._asked:
            self._door.pause(COURTESY)
        self._asked = True
        self.before()
        return self._wire.ask(method, path, credentials, query)


def _at_once() -> None:
    """Do not wait."""


def _id(value: Any) -> str:
    """Return an id that Garmin sent as a number or a text; empty if it sent none."""
    return str(value or "") if isinstance(value, int | str) and not isinstance(value, bool) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _life(jwt: str, now: datetime) -> tuple[datetime, datetime]:
    """Return when a token was issued and when it expires. Garmin checks whether it is genuine."""
    failure: SourceError = SourceUnavailable("the exchange gave no token")
    try:
        claims = json.loads(base64.urlsafe_b64decode(jwt.split(".")[1] + "=="))
        expires = _instant(claims["exp"])
        issued = _instant(claims.get("iat")) or now
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, OSError):
        expires = None
    if expires is None or not KEY.fullmatch(jwt):
        raise failure
    return issued, expires


def _instant(seconds: Any) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)


def _seconds(instant: datetime | None) -> int | None:
    return None if instant is None else int(instant.timestamp())
