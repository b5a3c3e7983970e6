"""The pretend Garmin Connect over HTTP: sign-in, tokens and data, similar enough for the real library."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import flask

from simulator.garmin import answers, lists, personal
from simulator.garmin.athletes import Athlete
from simulator.garmin.days import daily_steps, daily_summaries
from simulator.garmin.journal import GarminFaults, JournalEntry, kind_of
from simulator.garmin.personal import PersonalFaults, PersonalKeys
from simulator.garmin.store import Accounts

__all__ = ["GarminFaults", "JournalEntry", "PretendGarmin"]

PREFIX = "/garmin"
CLIENTS = "GARMIN_CONNECT_MOBILE_"
TICKET_GRANT = "https://connectapi.garmin.com/di-oauth2-service/oauth/grant/service_ticket"
LONGEST_STEPS, LONGEST_SUMMARIES = 28, 31  # days in one request
EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE")

Answer = flask.Response
View = Callable[..., Answer]


class PretendGarmin(Accounts):
    """The pretend Garmin: its answers, its faults, and the journal of requests. Several threads may serve it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.journal: list[JournalEntry] = []
        self.faults = PersonalFaults()
        self.personal = PersonalKeys(now)

    def requests(self, kind: str | None = None, email: str | None = None) -> list[JournalEntry]:
        """Return the journal, or the part about one kind of request or one athlete."""
        return [
            request
            for request in list(self.journal)
            if kind in (None, request.kind) and (email is None or request.email == email.strip().lower())
        ]

    def make_key(self, email: str, days: float = 90) -> str:
        """Make a key for the Personal API, which is served under /garmin/personal."""
        return self.personal.make(self._athlete(email).email, days)

    def delete_key(self, key: str) -> None:
        """Delete a key, as its owner can at any time. Raises KeyError when there is none."""
        self.personal.delete(key)

    def snapshot(self) -> dict[str, Any]:
        """Return the data that a restart must not lose. See `Accounts.snapshot`."""
        return {**super().snapshot(), "personal": self.personal.snapshot()}

    def restore(self, data: dict[str, Any]) -> None:
        """Restore the data of a snapshot, also of an old one without keys."""
        super().restore(data)
        self.personal.restore(data.get("personal", {"keys": [], "tokens": []}))

    def blueprint(self) -> flask.Blueprint:
        """Return its routes, under /garmin. Other addresses do not exist."""
        house = flask.Blueprint("garmin", __name__, url_prefix=PREFIX)
        house.before_request(self._obstruct)
        house.after_request(self._note)
        for method, path, view in self._routes():
            house.add_url_rule(path, f"{method} {path}".replace(".", "-"), view, methods=[method])
        house.add_url_rule("/<path:anything>", "nothing", _nothing, methods=EVERY_METHOD)
        return house

    def _routes(self) -> tuple[tuple[str, str, View], ...]:
        signed_in = self._signed_in
        return (
            ("GET", "/mobile/sso/en_US/sign-in", self._sign_in_page),
            ("POST", "/mobile/api/login", self._login),
            ("POST", "/mobile/api/mfa/verifyCode", self._verify_code),
            ("GET", "/portal/sso/en-US/sign-in", self._sign_in_page),
            ("POST", "/portal/api/login", self._login),
            ("POST", "/portal/api/mfa/verifyCode", self._verify_code),
            ("POST", "/di-oauth2-service/oauth/token", self._token),
            ("GET", "/userprofile-service/socialProfile", signed_in(_social_profile)),
            ("GET", "/userprofile-service/userprofile/user-settings", signed_in(_user_settings)),
            ("GET", "/activitylist-service/activities/search/activities", signed_in(self._activities)),
            ("GET", "/activitylist-service/activities/count", signed_in(_count)),
            ("GET", "/activity-service/activity/<int:activity_id>", signed_in(_activity)),
            ("GET", "/usersummary-service/stats/steps/daily/<first>/<last>", signed_in(self._steps)),
            ("GET", "/usersummary-service/v2/dailysummaries", signed_in(self._summaries)),
            *self._personal_routes(),
        )

    def _personal_routes(self) -> Iterator[tuple[str, str, View]]:
        yield "POST", personal.PREFIX + personal.EXCHANGE, lambda: personal.exchanged(self.personal)
        for path, view in (
            ("/activitylist-service/activities/search/activities", personal.small_pages(self._activities)),
            ("/activity-service/activity/<int:activity_id>", _activity),
            ("/usersummary-service/stats/steps/daily/<first>/<last>", self._steps),
            ("/usersummary-service/v2/dailysummaries", self._summaries),
            ("/usersummary-service/usersummary/daily", personal.daily),
            ("/userprofile-service/userprofile/settings", personal.settings),
        ):
            yield "GET", personal.PREFIX + path, self._signed_in(view, self.personal.bearer)

    def _obstruct(self) -> Answer | None:
        faults, kind = self.faults, _kind()
        flask.g.garmin_email = self._caller(kind)
        if faults.hang_seconds:
            time.sleep(faults.hang_seconds)
        if kind == "sign_in":
            return _sabotaged(faults.sign_in_html, faults.sign_in_status, None)
        if kind == "token":
            return None  # only refreshing fails, see _token
        if faults.burst and _path().startswith(personal.PREFIX) and self.personal.is_too_fast():
            return personal.throttled()
        if kind == "key":
            return _sabotaged(faults.key_html, faults.key_status, faults.key_retry_after)
        return _sabotaged(faults.data_html, faults.data_status, faults.data_retry_after)

    def _note(self, answer: Answer) -> Answer:
        asked = flask.request
        self.journal.append(
            JournalEntry(
                at=self.now(),
                method=asked.method,
                path=_path(),
                query=asked.args.to_dict(),
                kind=_kind(),
                user_agent=asked.headers.get("User-Agent", ""),
                email=flask.g.garmin_email,
                status=answer.status_code,
            )
        )
        return answer

    def _caller(self, kind: str) -> str | None:
        """Return whose request this seems to be, valid or not, for the journal."""
        if kind == "sign_in":
            claimed = _email(_sent())
            return claimed if claimed in self.athletes else self.keys.waiting(_session(), self.now())
        if kind == "token":
            form = flask.request.form
            return self.keys.owner(form.get("refresh_token", "")) or self.keys.owner(form.get("service_ticket", ""))
        if kind == "key":
            return self.personal.owner(personal.api_key())
        return self.keys.owner(_bearer()) or self.personal.owner(_bearer())

    def _sign_in_page(self) -> Answer:
        page = flask.make_response(answers.SIGN_IN_PAGE)
        page.set_cookie("SESSION", self.keys.open_page(), path="/", httponly=True)
        page.set_cookie("__cf_bm", uuid.uuid4().hex, path="/", httponly=True)
        return page

    def _login(self) -> Answer:
        if not self.keys.knows_page(_session()):
            # the library's authors observed that credentials without the page's cookies are refused with 429
            return _json(answers.failure(429), 429)
        sent = _sent()
        athlete = self.athletes.get(_email(sent))
        if athlete is None or sent.get("password") != athlete.password:
            return _json(answers.wrong_password(), 401)
        if athlete.code is not None:
            self.keys.wait_for_code(_session(), athlete.email, self.now())
            return _json(answers.code_wanted(athlete.email))
        return self._welcome(athlete)

    def _verify_code(self) -> Answer:
        waiting = self.keys.waiting(_session(), self.now())
        if waiting is None or waiting not in self.athletes:
            return _json(answers.sign_in_expired(), 401)
        athlete = self.athletes[waiting]
        if _sent().get("mfaVerificationCode") != athlete.code:
            return _json(answers.wrong_code(), 401)
        self.keys.finish(_session())
        return self._welcome(athlete)

    def _welcome(self, athlete: Athlete) -> Answer:
        service = flask.request.args.get("service", "")
        return _json(answers.signed_in(self.keys.ticket(athlete.email), service))

    def _token(self) -> Answer:
        form = flask.request.form
        if not form.get("client_id", "").startswith(CLIENTS):
            return _json({"error": "invalid_client"}, 401)
        if form.get("grant_type") == "refresh_token":
            if self.faults.token_status is not None:
                return _json(answers.no_tokens(self.faults.token_status), self.faults.token_status)
            email = self.keys.spend_refresh(form.get("refresh_token", ""))
        elif form.get("grant_type") == TICKET_GRANT:
            email = self.keys.spend_ticket(form.get("service_ticket", ""))
        else:
            return _json({"error": "unsupported_grant_type"}, 400)
        if email is None:
            return _json({"error": "invalid_grant"}, 400)
        return _json(self.keys.issue(email, form["client_id"], self.token_lifetime))

    def _signed_in(self, view: Callable[..., Answer], bearer: Callable[[str], str | None] | None = None) -> View:
        """Return a view that requires a valid token, as judged by `bearer`."""
        admitted = bearer or self.keys.bearer

        def guarded(**words: Any) -> Answer:
            athlete = self.athletes.get(admitted(_bearer()) or "")
            if athlete is None:
                return _json(answers.failure(401), 401)
            athlete.live_until(self.now())
            try:
                return view(athlete, **words)
            except lists.BadQuery:
                return _json(answers.failure(400), 400)
            except LookupError:
                return _json(answers.failure(404), 404)

        return guarded

    def _activities(self, athlete: Athlete) -> Answer:
        query, most = flask.request.args, self.faults.max_page
        if most is not None and lists.page_size(query) > most:
            return _json(answers.failure(500), 500)
        body = json.dumps(lists.chosen(athlete.activities, query))
        if self.faults.truncate_lists:
            body = body[: len(body) // 2]
        return flask.Response(body, mimetype="application/json")

    def _steps(self, athlete: Athlete, first: str, last: str) -> Answer:
        begin, end = self._span(athlete, {"startDate": first, "endDate": last}, LONGEST_STEPS)
        return _json(daily_steps(athlete, begin, end))

    def _summaries(self, athlete: Athlete) -> Answer:
        return _json(daily_summaries(athlete, *self._span(athlete, flask.request.args, LONGEST_SUMMARIES)))

    def _span(self, athlete: Athlete, query: Any, longest: int) -> tuple[date, date]:
        first, last = lists.day(query, "startDate"), lists.day(query, "endDate")
        if first is None or last is None or not timedelta() <= last - first < timedelta(days=longest):
            raise lists.BadQuery(f"{first} … {last}")
        return first, min(last, self.now().astimezone(ZoneInfo(athlete.zone)).date())


def _social_profile(athlete: Athlete) -> Answer:
    return _json(answers.social_profile(athlete))


def _user_settings(athlete: Athlete) -> Answer:
    return _json(answers.user_settings(athlete))


def _count(athlete: Athlete) -> Answer:
    return _json({"totalCount": len(athlete.activities)})


def _activity(athlete: Athlete, activity_id: int) -> Answer:
    return _json(athlete.detail(activity_id))


def _nothing(anything: str) -> Answer:  # noqa: ARG001
    return _json(answers.failure(404), 404)


def _sabotaged(html: bool, status: int | None, retry_after: int | None) -> Answer | None:
    if html:
        answer = flask.make_response(answers.CHALLENGE_PAGE, status or 403)
    elif status is not None:
        answer = _json(answers.failure(status), status)
    else:
        return None
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def _json(body: Any, status: int = 200) -> Answer:
    return flask.Response(json.dumps(body), status, mimetype="application/json")


def _path() -> str:
    return flask.request.path.removeprefix(PREFIX)


def _kind() -> str:
    return "key" if personal.is_exchange(_path()) else kind_of(_path())


def _session() -> str:
    return flask.request.cookies.get("SESSION", "")


def _bearer() -> str:
    return flask.request.headers.get("Authorization", "").removeprefix("Bearer ")


def _sent() -> dict[str, Any]:
    body = flask.request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _email(sent: dict[str, Any]) -> str:
    return str(sent.get("username", "")).strip().lower()
