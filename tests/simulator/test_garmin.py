"""The pretend Garmin, driven by the real garminconnect library over HTTP."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import flask
import pytest
import requests
from curl_cffi.requests.exceptions import RequestException
from garminconnect import (
    Garmin,
    GarminConnectAuthenticationError,
    GarminConnectConnectionError,
    GarminConnectNotFoundError,
    GarminConnectTooManyRequestsError,
)
from garminconnect.client import sso
from werkzeug.serving import make_server

from simulator.garmin.athletes import CYCLIST, RUNNER, Habits, Outing
from simulator.garmin.server import PretendGarmin
from tests.patience import AT_MOST, RUNS_OUT

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
EMAIL, PASSWORD, CODE = "anna@example.com", "correct horse", "314159"
SEARCH = "/activitylist-service/activities/search/activities"


class World:
    """A pretend Garmin on a real port, and a clock that tests can move."""

    def __init__(self) -> None:
        self.moment = START
        self.garmin = PretendGarmin(lambda: self.moment)
        app = flask.Flask(__name__)
        app.register_blueprint(self.garmin.blueprint())
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.base = f"http://127.0.0.1:{self.server.server_port}/garmin"

    def library(self, tokens: str | None = None) -> Garmin:
        library = Garmin(retry_attempts=0)
        client = library.client
        client._sso = client._connect = client._connectapi = self.base
        client._di_token_url = self.base + "/di-oauth2-service/oauth/token"
        if tokens is not None:
            client.loads(tokens)
        return library

    def signed_in(self, email: str = EMAIL) -> Garmin:
        library = self.library()
        assert library.client.login(email, PASSWORD) == (None, None)
        return library


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for flow in ("MOBILE", "WIDGET", "LOGIN"):
        monkeypatch.setattr(sso, f"{flow}_DELAY_MIN_S", 0.0)
        monkeypatch.setattr(sso, f"{flow}_DELAY_MAX_S", 0.0)
    monkeypatch.delenv("GARMINTOKENS", raising=False)
    world = World()
    serving = threading.Thread(target=world.server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    yield world
    world.server.shutdown()
    serving.join()
    world.server.server_close()


def asked(world: World) -> list[tuple[str, str, str, int]]:
    return [(each.kind, each.method, each.path, each.status) for each in world.garmin.journal]


def test_signs_in_with_a_password_in_four_requests(world: World) -> None:
    anna = world.garmin.enrol("Anna", "Anna@Example.com", PASSWORD)
    library = world.signed_in("ANNA@example.com")
    assert asked(world) == [
        ("sign_in", "GET", "/mobile/sso/en_US/sign-in", 200),
        ("sign_in", "POST", "/mobile/api/login", 200),
        ("token", "POST", "/di-oauth2-service/oauth/token", 200),
        ("profile", "GET", "/userprofile-service/socialProfile", 200),
    ]
    assert [each.email for each in world.garmin.journal] == [None, EMAIL, EMAIL, EMAIL]
    assert world.garmin.requests("data") == []
    assert len(world.garmin.requests(email="Anna@example.com")) == 3
    assert world.garmin.requests("profile", EMAIL)[0].user_agent == "GCM-Android-5.23"
    assert world.garmin.journal[0].at == START
    profile = library.connectapi("/userprofile-service/socialProfile")
    assert (profile["displayName"], profile["fullName"]) == (anna.display_name, "Anna")
    assert profile["profileId"] == anna.garmin_id
    assert library.get_user_profile()["userData"]["measurementSystem"] == "metric"


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
def test_wrong_password_and_unknown_email_are_refused_alike(world: World, email: str) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD)
    with pytest.raises(GarminConnectAuthenticationError, match="Invalid Username or Password"):
        world.library().client.login(email, "wrong")
    assert [each.status for each in world.garmin.journal] == [200, 401]
    assert PASSWORD not in repr(world.garmin.journal)


def test_refuses_credentials_of_a_client_that_never_loaded_the_page(world: World) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD)
    login = f"{world.base}/mobile/api/login"
    assert requests.post(login, json={"username": EMAIL, "password": PASSWORD}, timeout=AT_MOST).status_code == 429


def test_a_wrong_code_may_be_corrected_in_another_process(world: World) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD, code=CODE)
    status, state = world.library().client.login(EMAIL, PASSWORD, return_on_mfa=True)
    assert (status, state["method"]) == ("needs_mfa", "email")
    elsewhere = json.loads(json.dumps(state))
    library = world.library()
    with pytest.raises(GarminConnectAuthenticationError, match="MFA_CODE_INVALID"):
        library.client.resume_login(elsewhere, "000000")
    codes = [each for each in world.garmin.journal if each.path.endswith("verifyCode")]
    assert [(each.path, each.email) for each in codes] == [
        ("/mobile/api/mfa/verifyCode", EMAIL),
        ("/portal/api/mfa/verifyCode", EMAIL),
    ]
    another = world.library()
    another.client.resume_login(elsewhere, CODE)
    assert another.connectapi("/userprofile-service/socialProfile")["fullName"] == "Anna"
    with pytest.raises(GarminConnectAuthenticationError, match="SESSION_EXPIRED"):
        world.library().client.resume_login(elsewhere, CODE)


def test_a_code_is_tied_to_its_browser_session_and_grows_old(world: World) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD, code=CODE)
    _, state = world.library().client.login(EMAIL, PASSWORD, return_on_mfa=True)
    with pytest.raises(GarminConnectAuthenticationError, match="SESSION_EXPIRED"):
        world.library().client.resume_login(state | {"cookies": []}, CODE)
    world.moment += timedelta(minutes=11)
    with pytest.raises(GarminConnectAuthenticationError, match="SESSION_EXPIRED"):
        world.library().client.resume_login(state, CODE)
    world.moment -= timedelta(minutes=2)
    world.library().client.resume_login(state, CODE)


def test_a_ticket_and_a_refresh_token_are_used_once(world: World) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD)
    browser = requests.Session()
    browser.get(f"{world.base}/mobile/sso/en_US/sign-in", timeout=AT_MOST)
    sent = {"username": EMAIL, "password": PASSWORD}
    ticket = browser.post(f"{world.base}/mobile/api/login", json=sent, timeout=AT_MOST).json()["serviceTicketId"]
    form = {
        "client_id": "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2",
        "grant_type": "https://connectapi.garmin.com/di-oauth2-service/oauth/grant/service_ticket",
        "service_ticket": ticket,
    }
    endpoint = f"{world.base}/di-oauth2-service/oauth/token"
    first, second = (requests.post(endpoint, data=form, timeout=AT_MOST) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 400)
    old = {**form, "grant_type": "refresh_token", "refresh_token": first.json()["refresh_token"]}
    assert requests.post(endpoint, data=old, timeout=AT_MOST).json()["refresh_token"] != old["refresh_token"]
    again = requests.post(endpoint, data=old, timeout=AT_MOST)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert requests.post(endpoint, data={**form, "client_id": "curl"}, timeout=AT_MOST).status_code == 401
    assert requests.post(endpoint, data={**form, "grant_type": "password"}, timeout=AT_MOST).status_code == 400


def test_tokens_rotate_and_the_copy_left_behind_is_worthless(world: World) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD)
    world.garmin.token_lifetime = 60.0  # shorter than the library's margin of 900 s: it refreshes before each call
    stored = world.signed_in().client.dumps()
    library = world.library(stored)
    assert library.count_activities() == 0
    assert library.client.dumps() != stored
    late = world.library(stored)
    with pytest.raises(GarminConnectAuthenticationError, match="DI token refresh failed: 400"):
        late.client._refresh_di_token()


def test_an_expired_or_revoked_token_is_not_active(world: World) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD)
    library = world.signed_in()
    world.garmin.token_lifetime = -1.0
    library.client._refresh_di_token()
    url, headers = f"{world.base}{SEARCH}", {"Authorization": f"Bearer {library.client.di_token}"}
    expired = requests.get(url, headers=headers, timeout=AT_MOST)
    assert (expired.status_code, expired.json()) == (401, {"message": "Token is not active"})
    world.garmin.token_lifetime = 86_400.0
    assert library.count_activities() == 0
    world.garmin.revoke(EMAIL)
    with pytest.raises(GarminConnectAuthenticationError, match="Token is not active"):
        library.count_activities()
    assert library.client.login(EMAIL, PASSWORD) == (None, None)


def test_a_changed_password_leaves_tokens_alone(world: World) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD)
    library = world.signed_in()
    world.garmin.change_password(EMAIL, "battery staple")
    assert library.count_activities() == 0
    with pytest.raises(GarminConnectAuthenticationError):
        world.library().client.login(EMAIL, PASSWORD)
    world.library().client.login(EMAIL, "battery staple")
    with pytest.raises(LookupError, match="nobody is enrolled"):
        world.garmin.change_password("nobody@example.com", "x")


def test_a_year_of_300_activities_is_two_pages(world: World) -> None:
    anna = world.garmin.enrol("Anna", EMAIL, PASSWORD)
    for day in range(300):
        anna.upload(start=START - timedelta(days=day), seconds=1800, metres=5000)
    library = world.signed_in()
    pages = [library.search_activities(start=start, limit=200) for start in (0, 200)]
    assert [len(page) for page in pages] == [200, 100]
    assert pages[0] + pages[1] == anna.activities
    begun = [row["beginTimestamp"] for row in anna.activities]
    assert begun == sorted(begun, reverse=True)
    assert len({row["activityId"] for row in anna.activities}) == 300
    assert library.count_activities() == 300
    assert len(library.get_activities()) == 20
    assert library.search_activities(limit=300, sortOrder="asc") == anna.activities[::-1]


def test_filters_equal_a_plain_recomputation(world: World) -> None:
    anna = world.garmin.enrol("Anna", EMAIL, PASSWORD, habits=RUNNER, zone="America/New_York", seed=5)
    late = anna.upload(start=datetime(2026, 10, 1, 1, tzinfo=UTC), seconds=900)  # still September in New York
    early = anna.upload(start=datetime(2026, 9, 1, 4, 10, tzinfo=UTC), seconds=900)  # ten past midnight there
    library = world.signed_in()
    rows = library.search_activities(limit=500, startDate="2026-09-01", endDate="2026-09-30")
    assert rows == [row for row in anna.activities if row["startTimeLocal"].startswith("2026-09")]
    assert (rows[0]["activityId"], rows[-1]["activityId"]) == (late, early)
    family = library.search_activities(limit=500, activityType="fitness_equipment")
    assert family == [row for row in anna.activities if row["activityType"]["typeKey"] == "strength_training"]
    assert family
    part = anna.upload(start=START - timedelta(hours=2), seconds=900, parentId=late)
    assert part not in {row["activityId"] for row in library.search_activities(limit=500)}
    assert library.search_activities(limit=1, excludeChildren=False)[0]["activityId"] == part


@pytest.mark.parametrize("query", [{"limit": "many"}, {"startDate": "yesterday"}, {"start": "-1"}])
def test_refuses_a_senseless_query(world: World, query: dict[str, str]) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD)
    with pytest.raises(GarminConnectConnectionError, match="400"):
        world.signed_in().connectapi(SEARCH, params=query)


def test_edits_deletions_and_late_uploads_are_seen(world: World) -> None:
    anna = world.garmin.enrol("Anna", EMAIL, PASSWORD)
    kept = anna.upload(start=START - timedelta(hours=3), seconds=1800, metres=5000.0)
    gone = anna.upload(start=START - timedelta(hours=9), seconds=1800)
    library = world.signed_in()
    before = library.get_activity(str(kept))
    anna.edit(kept, activityName="Lost in the park", distance=5400.0)
    anna.delete(gone)
    old = anna.upload(start=START - timedelta(days=30), seconds=1800)
    rows = library.search_activities()
    assert [row["activityId"] for row in rows] == [kept, old]
    assert (rows[0]["activityName"], rows[0]["distance"]) == ("Lost in the park", 5400.0)
    after = library.get_activity(str(kept))
    assert after["summaryDTO"]["distance"] == 5400.0
    assert after["metadataDTO"]["lastUpdateDate"] > before["metadataDTO"]["lastUpdateDate"]
    assert after["summaryDTO"]["startTimeGMT"] == "2026-11-23T09:00:00.0"
    with pytest.raises(GarminConnectNotFoundError) as missing:
        library.get_activity(str(gone))
    assert missing.value.response.json() == {"message": "HTTP 404 Not Found", "error": "NotFoundException"}
    with pytest.raises(LookupError, match=str(gone)):
        anna.delete(gone)


def test_activities_appear_as_time_passes(world: World) -> None:
    world.garmin.enrol("Ben", EMAIL, PASSWORD, habits=CYCLIST)
    library = world.signed_in()
    before = library.search_activities(limit=500)
    world.moment += timedelta(days=14)
    after = library.search_activities(limit=500)
    fresh = after[: len(after) - len(before)]
    assert 2 <= len(fresh) <= 8
    assert after[len(fresh) :] == before
    assert all("2026-11-23 12" <= row["endTimeGMT"] <= "2026-12-07 12" for row in fresh)


def test_days_come_in_one_request_and_count_the_steps_of_activities(world: World) -> None:
    anna = world.garmin.enrol("Anna", EMAIL, PASSWORD)
    library = world.signed_in()
    before = library.get_daily_steps("2026-11-16", "2026-11-22")
    assert [set(day) for day in before] == [{"calendarDate", "totalSteps", "totalDistance", "stepGoal"}] * 7
    anna.upload(start=datetime(2026, 11, 18, 18, tzinfo=UTC), seconds=3600, metres=10_000, averageHR=150)
    after = library.get_daily_steps("2026-11-16", "2026-11-22")
    steps = anna.activities[0]["steps"]
    assert [b["totalSteps"] - a["totalSteps"] for a, b in zip(before, after, strict=True)] == [0, 0, steps, 0, 0, 0, 0]
    days = library.get_daily_summaries("2026-11-16", "2026-11-22")["data"]
    assert [day["totalSteps"] for day in days] == [day["totalSteps"] for day in after]
    assert [day["vigorousIntensityMinutes"] > 50 for day in days] == [False, False, True, False, False, False, False]
    assert len(library.get_daily_steps("2026-11-22", "2026-11-30")) == 2  # no steps tomorrow
    with pytest.raises(GarminConnectConnectionError, match="400"):
        library.connectapi("/usersummary-service/stats/steps/daily/2026-10-01/2026-11-01")


def test_what_is_not_pretended_does_not_exist(world: World) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD)
    library = world.signed_in()
    with pytest.raises(GarminConnectNotFoundError):
        library.connectapi("/device-service/deviceregistration/devices")
    with pytest.raises(GarminConnectNotFoundError):
        library.client.delete("connectapi", "/activity-service/activity/1")
    assert [(each.method, each.status) for each in world.garmin.journal[-2:]] == [("GET", 404), ("DELETE", 404)]


@pytest.mark.parametrize(
    ("status", "html", "error"),
    [
        (429, False, GarminConnectTooManyRequestsError),
        (427, False, GarminConnectTooManyRequestsError),
        (403, False, GarminConnectConnectionError),
        (500, False, GarminConnectConnectionError),
        (None, True, GarminConnectConnectionError),
        (200, True, GarminConnectConnectionError),
    ],
)
def test_sign_in_faults(world: World, status: int | None, html: bool, error: type[Exception]) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD)
    world.garmin.faults.sign_in_status, world.garmin.faults.sign_in_html = status, html
    with pytest.raises(error):
        world.library().client.login(EMAIL, PASSWORD)
    assert {each.kind for each in world.garmin.journal} == {"sign_in"}
    assert {each.status for each in world.garmin.journal} == {status or 403}
    if status == 429:
        assert len(world.garmin.journal) == 11
    world.garmin.faults.clear()
    world.signed_in()


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ({"data_status": 429, "data_retry_after": 14}, GarminConnectTooManyRequestsError),
        ({"data_status": 401}, GarminConnectAuthenticationError),
        ({"data_status": 404}, GarminConnectNotFoundError),
        ({"data_status": 403}, GarminConnectConnectionError),
        ({"data_status": 500}, GarminConnectConnectionError),
        ({"data_html": True}, GarminConnectConnectionError),
        ({"max_page": 100}, GarminConnectConnectionError),
        ({"data_html": True, "data_status": 200}, GarminConnectConnectionError),
        ({"truncate_lists": True}, GarminConnectConnectionError),
    ],
)
def test_data_faults(world: World, faults: dict[str, object], error: type[Exception]) -> None:
    anna = world.garmin.enrol("Anna", EMAIL, PASSWORD)
    anna.upload(start=START, seconds=60)
    library = world.signed_in()
    for name, value in faults.items():
        setattr(world.garmin.faults, name, value)
    with pytest.raises(error) as raised:
        library.search_activities(limit=200)
    if "data_retry_after" in faults:
        cause = raised.value.__cause__
        assert isinstance(cause, GarminConnectConnectionError)
        assert cause.response.headers["Retry-After"] == "14"
    if "max_page" in faults:
        assert isinstance(raised.value, GarminConnectConnectionError)
        assert raised.value.response.status_code == 500
        assert len(library.search_activities(limit=100)) == 1
    world.garmin.faults.clear()
    assert len(library.search_activities(limit=200)) == 1


@pytest.mark.parametrize("status", [400, 429, 503])
def test_a_refresh_can_fail_while_sign_in_works(world: World, status: int) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD)
    world.garmin.faults.token_status = status
    library = world.signed_in()
    with pytest.raises(GarminConnectAuthenticationError, match=f"DI token refresh failed: {status}"):
        library.client._refresh_di_token()
    world.garmin.faults.token_status = None
    library.client._refresh_di_token()


def test_hanging_outlasts_a_timeout(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.garmin.enrol("Anna", EMAIL, PASSWORD)
    library = world.signed_in()
    world.garmin.faults.hang_seconds = AT_MOST
    with pytest.raises(requests.exceptions.ReadTimeout):
        library.client.connectapi(SEARCH, timeout=RUNS_OUT)
    monkeypatch.setattr(library.client, "_http_post", with_timeout(library.client._http_post, RUNS_OUT))
    with pytest.raises(RequestException):
        library.client._refresh_di_token()


def with_timeout(post: Callable[..., object], seconds: float) -> Callable[..., object]:
    return lambda url, **words: post(url, **{**words, "timeout": seconds})


def test_a_restart_keeps_tokens_and_activities(world: World) -> None:
    anna = world.garmin.enrol("Anna", EMAIL, PASSWORD, habits=RUNNER, code=CODE, seed=3)
    generated = [row["activityId"] for row in anna.activities[:2]]
    anna.edit(generated[0], activityName="Parkrun")
    anna.delete(generated[1])
    anna.upload(start=START - timedelta(days=3), seconds=600, type_key="yoga")
    _, half_open = world.library().client.login(EMAIL, PASSWORD, return_on_mfa=True)
    library = world.library()
    library.client.resume_login(half_open, CODE)
    _, half_open = world.library().client.login(EMAIL, PASSWORD, return_on_mfa=True)
    before = library.search_activities(limit=500)
    text = json.dumps(world.garmin.snapshot())

    world.garmin.revoke(EMAIL)
    world.garmin.restore(PretendGarmin(lambda: START).snapshot() | {"token_lifetime": 1.0})
    assert world.garmin.athletes == {}
    with pytest.raises(GarminConnectAuthenticationError):
        library.count_activities()
    world.garmin.restore(json.loads(text))

    assert library.search_activities(limit=500) == before
    assert world.garmin.token_lifetime == 86_400.0
    world.library().client.resume_login(half_open, CODE)
    world.moment += timedelta(days=21)
    again = library.search_activities(limit=500)
    anna.live_until(world.moment)
    assert again == anna.activities
    assert len(again) > len(before)
    assert again[-len(before) :] == before


def test_eight_threads_share_one_rotating_token_without_losing_it(world: World) -> None:
    anna = world.garmin.enrol("Anna", EMAIL, PASSWORD, habits=Habits("daily", (Outing(0, 1.0, "running", 30, 140),)))
    world.garmin.token_lifetime = 600.0
    library = world.signed_in()
    world.garmin.token_lifetime = 86_400.0
    world.garmin.journal.clear()
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(library.count_activities())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [len(anna.activities)] * 8
    assert [each.kind for each in world.garmin.journal].count("token") == 1
    assert len(world.garmin.requests("data", EMAIL)) == 8


def test_accounts_cannot_be_opened_twice_or_without_an_address(world: World) -> None:
    first = world.garmin.enrol("Anna", EMAIL, PASSWORD)
    second = world.garmin.enrol("Ben", "ben@example.com", PASSWORD)
    assert first.garmin_id != second.garmin_id
    assert list(world.garmin.athletes) == [EMAIL, "ben@example.com"]
    with pytest.raises(ValueError, match="enrolled already"):
        world.garmin.enrol("Anna", EMAIL.upper(), PASSWORD)
    with pytest.raises(ValueError, match="no e-mail"):
        world.garmin.enrol("Anna", "anna", PASSWORD)
