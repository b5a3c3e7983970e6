"""Garmin Connect with python-garminconnect: signing in once, then using its tokens, which are renewed regularly."""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from curl_cffi.requests.exceptions import RequestException as CurlError
from garminconnect import (
    Garmin as Library,
)
from garminconnect import (
    GarminConnectAuthenticationError,
    GarminConnectConnectionError,
    GarminConnectNotFoundError,
    GarminConnectTooManyRequestsError,
)
from garminconnect.client import sso
from requests import RequestException

from providers.errors import (
    LinkBroken,
    SignInTimedOut,
    SourceBlocked,
    SourceError,
    SourceThrottled,
    SourceUnavailable,
    WrongCode,
    WrongPassword,
)
from providers.garmin.activity_rows import WITH_LEGS, read_page
from providers.garmin.daily_steps import cut_into_spans, read_days
from providers.sources import DaySteps, NeedsCode, Page, Profile, SignedIn

# The library tries these in order, each with several requests. The variants with plain requests only add requests that
# fail.
USELESS_STRATEGIES = {"mobile+requests", "portal+requests"}
# Rows per request. The list has no documented maximum; other tools request 1,000 at once.
PAGE = 1000
SMALLER_PAGES = {1000: 200, 200: 45, 45: 20}

# The library describes a failed sign-in only in its message: it has tried several ways, each with its own answers.
TOLD: tuple[tuple[re.Pattern[str], type[SourceError]], ...] = (
    (re.compile("Invalid Username or Password|Widget authentication failed"), WrongPassword),
    (re.compile("SESSION_EXPIRED|Invalid MFA client_state|Missing widget MFA|Widget MFA: missing"), SignInTimedOut),
    (re.compile("CAPTCHA"), SourceBlocked),
    (re.compile(r"Widget MFA failed|verifyCode: [A-Z]+_[A-Z_]+"), WrongCode),
    (re.compile(r"(HTTP|returned) 42[79]\b|429 in JSON|rate limited"), SourceThrottled),
    # A page in place of JSON is a bot check, unless a gateway says that the service is down.
    (re.compile(r"(HTTP|returned) 403\b|HTTP 200 non-JSON|non-JSON\): HTTP 200|a 403 here"), SourceBlocked),
)
LONGEST_WISH = 24 * 3600  # seconds; a longer wait is ignored
LIBRARY = (GarminConnectAuthenticationError, GarminConnectConnectionError, GarminConnectTooManyRequestsError)
SENSELESS = (AttributeError, KeyError, TypeError, ValueError)


class GarminConnect:
    """Implements `Garmin` with Garmin Connect. `base_url` sends the library to another address (the simulator)."""

    def __init__(self, base_url: str | None = None) -> None:
        # If this is set, the library gives every member the tokens that are stored there, so it is removed.
        os.environ.pop("GARMINTOKENS", None)
        self.base_url = base_url.rstrip("/") if base_url else None
        if self.base_url:
            _require_loopback_speed()

    def sign_in(self, email: str, password: str) -> SignedIn | NeedsCode:
        """Try once: about four requests, one or two minutes when Garmin is slow. See `garmin_source.Garmin.sign_in`."""
        client = self._library().client
        with _signing_in():
            status, state = client.login(email, password, return_on_mfa=True)
            if status == "needs_mfa":
                return NeedsCode(method=str(state.get("method") or "email"), state=json.dumps(state))
            return _signed_in(client)

    def answer_code(self, state: str, code: str) -> SignedIn:
        """Finish with the code. See `garmin_source.Garmin.answer_code`."""
        client = self._library().client
        with _signing_in():
            client.resume_login(_pending(state), code)
            return _signed_in(client)

    def open(self, tokens: str) -> "ConnectAccount":
        """Open an account without a request. See `garmin_source.Garmin.open`."""
        library = self._library()
        try:
            library.client.loads(tokens)
        except (GarminConnectConnectionError, GarminConnectAuthenticationError, ValueError):
            raise LinkBroken("tokens unreadable") from None
        return ConnectAccount(library)

    def _library(self) -> Any:
        library = Library(retry_attempts=0)
        client = library.client
        client.skip_strategies = set(USELESS_STRATEGIES)
        if self.base_url:
            # The library has no setting for this. A test checks these names in the pinned version.
            client._sso = client._connect = client._connectapi = self.base_url  # noqa: SLF001
            client._di_token_url = f"{self.base_url}/di-oauth2-service/oauth/token"  # noqa: SLF001
        return library


class ConnectAccount:
    """One account, opened from its tokens. See `providers.sources.OpenAccount`."""

    def __init__(self, library: Any) -> None:
        self.library = library
        self.client = library.client
        self.page = PAGE
        self.before: Callable[[], object] = _at_once

    @property
    def tokens(self) -> str:
        """The current tokens."""
        return str(self.client.dumps())

    def renew(self) -> None:
        """Refresh the tokens if they expire soon. See `OpenAccount.renew`."""
        with _reading():
            if self.client._token_expires_soon():  # noqa: SLF001
                self._refresh()

    def activities(self, start: date, end: date) -> Iterator[Page]:
        """Yield the pages of the list. If the server fails on a page, a smaller one is requested."""
        first, wanted = 0, self.page
        while True:
            rows = self._rows(first, wanted, start, end)
            if rows is None:
                if wanted not in SMALLER_PAGES:
                    raise SourceUnavailable("no page is small enough")
                self.page = wanted = SMALLER_PAGES[wanted]
                continue
            last = len(rows) < wanted
            yield read_page(rows, last=last)
            if last:
                return
            first += len(rows)

    def is_gone(self, activity_id: int) -> bool:
        """Request one activity. See `OpenAccount.is_gone`."""

        def missing() -> bool:
            try:
                self.library.get_activity(str(activity_id))
            except GarminConnectNotFoundError:
                return True
            return False

        return bool(self._asked(missing))

    def steps(self, start: date, end: date) -> list[DaySteps]:
        """Read the days, 28 in each request. See `OpenAccount.steps`."""
        found: list[DaySteps] = []
        for first, last in cut_into_spans(start, end):
            found += self._days(first.isoformat(), last.isoformat())
        return found

    def _days(self, first: str, last: str) -> list[DaySteps]:
        answer = self._asked(lambda: self.library.get_daily_steps(first, last))
        try:
            return read_days(answer or [])
        except ValueError:
            raise SourceUnavailable("the days make no sense") from None

    def _rows(self, first: int, limit: int, start: date, end: date) -> list[dict[str, Any]] | None:
        """Return one page, or None if the server failed and a smaller page can be requested."""
        window = {"startDate": start.isoformat(), "endDate": end.isoformat()} | WITH_LEGS
        try:
            found = self._asked(lambda: self.library.search_activities(first, limit, **window))
        except SourceUnavailable as error:
            if getattr(error, "status", None) == 500 and limit in SMALLER_PAGES:
                return None
            raise
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise SourceUnavailable("the activity list is not a list")
        return found

    def _asked(self, question: Callable[[], Any]) -> Any:
        """Call `question` once, after refreshing tokens that expire soon. Raises our own errors."""
        with _reading():
            if self.client._token_expires_soon():  # noqa: SLF001 - the library hides a failed refresh; we must see it
                self._refresh()
            token = self.client.di_token
            self.before()
            try:
                return question()
            except GarminConnectAuthenticationError:
                if self.client.di_token != token:  # refused with new tokens too
                    raise
            self._refresh()
            self.before()
            return question()

    def _refresh(self) -> None:
        self.before()
        try:
            self.client._refresh_di_token()  # noqa: SLF001
        except GarminConnectAuthenticationError as error:
            raise _refresh_failed(str(error)) from None


def _at_once() -> None:
    """Do not wait."""


def _refresh_failed(message: str) -> SourceError:
    status = message.rsplit(" ", 1)[-1]
    if status in {"400", "401"} or "No DI refresh token" in message:
        return LinkBroken("tokens cannot be refreshed")
    return _failure(int(status) if status.isdecimal() else None, "refresh")


def _pending(state: str) -> dict[str, Any]:
    """Read the half-open sign-in. Raises SignInTimedOut if it cannot be read."""
    try:
        pending = json.loads(state)
    except ValueError:
        raise SignInTimedOut from None
    if not isinstance(pending, dict) or not pending:
        raise SignInTimedOut
    return pending


def _signed_in(client: Any) -> SignedIn:
    if client.di_token is None:
        raise SourceUnavailable("signed in by a way whose tokens cannot be kept")
    profile = client.connectapi("/userprofile-service/socialProfile")
    garmin_id = str(profile.get("profileId") or profile.get("id") or "")
    if not garmin_id:
        raise SourceUnavailable("a profile without an id")
    return SignedIn(
        Profile(
            id=garmin_id,
            display_name=str(profile.get("displayName") or ""),
            full_name=str(profile.get("fullName") or profile.get("userName") or ""),
        ),
        str(client.dumps()),
    )


@contextmanager
def _signing_in() -> Iterator[None]:
    """Turn errors of a sign-in into our own. The library's texts are dropped, because they may name the account."""
    try:
        yield
    except SourceError:
        raise
    except LIBRARY as error:
        told = next((kind for words, kind in TOLD if words.search(str(error))), None)
        raise told() if told and _status(error) is None else _outage(error) from None
    except (RequestException, CurlError) as error:
        raise _outage(error) from None
    except SENSELESS:
        raise SourceUnavailable("an answer that makes no sense") from None


@contextmanager
def _reading() -> Iterator[None]:
    """Turn errors of a data request into our own."""
    try:
        yield
    except SourceError:
        raise
    except GarminConnectAuthenticationError:
        raise LinkBroken("Garmin answers 401", certain=False) from None
    except (*LIBRARY, RequestException, CurlError) as error:
        raise _outage(error) from None
    except SENSELESS:
        raise SourceUnavailable("an answer that makes no sense") from None


def _outage(error: BaseException) -> SourceError:
    if any(str(getattr(each, "doc", "")).lstrip().startswith("<") for each in _chain(error)):
        return SourceBlocked("a page instead of data")
    if isinstance(error, GarminConnectTooManyRequestsError):
        return SourceThrottled("Garmin asks to slow down", _retry_after(error))
    failure = _failure(_status(error), type(error).__name__, _retry_after(error))
    failure.status = _status(error)  # type: ignore[attr-defined]
    return failure


def _failure(status: int | None, what: str, retry_after: timedelta | None = None) -> SourceError:
    if status in {429, 427}:
        return SourceThrottled(f"Garmin answers {status}", retry_after)
    if status == 403:
        return SourceBlocked(f"Garmin answers {status}")
    return SourceUnavailable(what if status is None else f"Garmin answers {status}")


def _chain(error: BaseException) -> list[BaseException]:
    return [each for each in (error, error.__cause__, error.__context__) if each is not None]


def _status(error: BaseException) -> int | None:
    for each in _chain(error):
        response = getattr(each, "response", None)
        if response is not None:
            return int(response.status_code)
    return None


def _retry_after(error: BaseException) -> timedelta | None:
    for each in _chain(error):
        wish = str(getattr(getattr(each, "response", None), "headers", {}).get("Retry-After", ""))
        if wish.isdecimal():
            return timedelta(seconds=min(int(wish), LONGEST_WISH))
    return None


def _require_loopback_speed() -> None:
    """Remove the pauses that the library makes between the steps of a sign-in; a simulator does not need them."""
    for name in ("MOBILE", "WIDGET", "LOGIN"):
        for end in ("MIN", "MAX"):
            setattr(sso, f"{name}_DELAY_{end}_S", 0.0)
