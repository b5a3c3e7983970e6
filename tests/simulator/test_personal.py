"""The pretend Personal API, as another client than ours would see it."""

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import flask
import pytest
import requests
from werkzeug.serving import make_server

from simulator.garmin.athletes import RUNNER
from simulator.garmin.server import PretendGarmin
from tests.patience import AT_MOST

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
EMAIL = "anna@example.com"
EXCHANGE = "/personalapitoken-service/personal-api/personal-api-key/token"
SEARCH = "/activitylist-service/activities/search/activities"
STEPS = "/usersummary-service/stats/steps/daily"
DAY = "/usersummary-service/usersummary/daily"


class Door:
    """The pretend Garmin on a real port, used without our client."""

    def __init__(self) -> None:
        self.moment = START
        self.garmin = PretendGarmin(lambda: self.moment)
        app = flask.Flask(__name__)
        app.register_blueprint(self.garmin.blueprint())
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.base = f"http://127.0.0.1:{self.server.server_port}/garmin/personal"
        self.http = requests.Session()

    def exchange(self, key: str) -> requests.Response:
        return self.http.post(self.base + EXCHANGE, headers={"Authorization": f"ApiKey {key}"}, timeout=AT_MOST)

    def get(self, token: str, path: str, **query: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.get(self.base + path, params=query, headers=headers, timeout=AT_MOST)


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    serving = threading.Thread(target=door.server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    yield door
    door.http.close()
    door.server.shutdown()
    serving.join()
    door.server.server_close()


@pytest.fixture
def token(door: Door) -> str:
    door.garmin.enrol("Anna", EMAIL, "right", habits=RUNNER)
    return door.exchange(door.garmin.make_key(EMAIL)).text


def claims(token: str) -> dict[str, int]:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


@pytest.mark.parametrize(("days", "life"), [(90, timedelta(hours=24)), (0.25, timedelta(hours=6))])
def test_a_key_gives_a_token_for_a_day_or_for_what_is_left_of_the_key(door: Door, days: float, life: timedelta) -> None:
    door.garmin.enrol("Anna", EMAIL, "right")
    answer = door.exchange(door.garmin.make_key("Anna@Example.com ", days))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert claims(answer.text)["exp"] == int((START + life).timestamp())
    assert door.get(answer.text, SEARCH, limit=45).json() == []
    door.moment += life
    assert door.get(answer.text, SEARCH, limit=45).status_code == 401


def test_keys_end_and_can_be_deleted(door: Door) -> None:
    door.garmin.enrol("Anna", EMAIL, "right")
    key, other = door.garmin.make_key(EMAIL, 30), door.garmin.make_key(EMAIL, 365)
    mine, others = door.exchange(key).text, door.exchange(other).text
    door.garmin.delete_key(key)
    assert door.exchange(key).status_code == door.get(mine, SEARCH, limit=1).status_code == 401
    assert door.get(others, SEARCH, limit=1).status_code == 200
    door.moment += timedelta(days=365)
    assert door.exchange(other).status_code == 401
    with pytest.raises(KeyError):
        door.garmin.delete_key(key)
    with pytest.raises(ValueError, match="cannot last"):
        door.garmin.make_key(EMAIL, 0)
    with pytest.raises(LookupError, match="nobody"):
        door.garmin.make_key("nobody@example.com")


def test_the_two_doors_do_not_take_each_others_tokens(door: Door, token: str) -> None:
    house = door.base.removesuffix("/personal")
    tokens = door.garmin.keys.issue(EMAIL, "GARMIN_CONNECT_MOBILE_ANDROID_DI", 3600)
    for base, given, status in [
        (house, tokens["access_token"], 200),
        (house, token, 401),
        (door.base, tokens["access_token"], 401),
        (door.base, token, 200),
    ]:
        answer = requests.get(
            base + SEARCH, {"limit": 1}, headers={"Authorization": f"Bearer {given}"}, timeout=AT_MOST
        )
        assert answer.status_code == status


@pytest.mark.parametrize(("query", "status"), [({"limit": 45}, 200), ({"limit": 46}, 500), ({}, 500)])
def test_pages_of_more_than_45_fail(door: Door, token: str, query: dict[str, int], status: int) -> None:
    answer = door.get(token, SEARCH, **query)
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == door.garmin.athletes[EMAIL].activities[:45]


def test_a_smaller_limit_can_be_set(door: Door, token: str) -> None:
    door.garmin.faults.max_page = 20
    assert [door.get(token, SEARCH, limit=limit).status_code for limit in (21, 20)] == [500, 200]


def test_days_tell_whose_account_it_is(door: Door, token: str) -> None:
    anna = door.garmin.athletes[EMAIL]
    assert door.get(token, DAY, calendarDate="2026-11-23").json()["userProfileId"] == anna.garmin_id
    assert door.get(token, DAY).status_code == 400
    assert door.get(token, "/userprofile-service/userprofile/settings").json()["id"] == anna.garmin_id
    assert len(door.get(token, f"{STEPS}/2026-10-27/2026-11-23").json()) == 28
    assert door.get(token, f"{STEPS}/2026-10-26/2026-11-23").status_code == 400
    week = door.get(token, "/usersummary-service/v2/dailysummaries", startDate="2026-11-16", endDate="2026-11-22")
    assert len(week.json()["data"]) == 7
    newest = anna.activities[0]["activityId"]
    assert door.get(token, f"/activity-service/activity/{newest}").json()["activityId"] == newest


@pytest.mark.parametrize("path", ["/userprofile-service/socialProfile", "/activitylist-service/activities/count"])
def test_what_the_personal_api_lacks_is_not_there(door: Door, token: str, path: str) -> None:
    assert door.get(token, path).status_code == 404


def test_the_journal_tells_keys_from_data_and_holds_neither(door: Door, token: str) -> None:
    door.get(token, SEARCH, limit=5)
    door.exchange("not a key")
    assert [(each.kind, each.email, each.status) for each in door.garmin.journal] == [
        ("key", EMAIL, 200),
        ("data", EMAIL, 200),
        ("key", None, 401),
    ]
    assert door.garmin.requests("data", EMAIL)[0].path == "/personal" + SEARCH
    assert token not in repr(door.garmin.journal)


def test_a_burst_is_throttled_when_told_so(door: Door, token: str) -> None:
    calm = [door.get(token, SEARCH, limit=1).status_code for _ in range(13)]
    door.garmin.faults.burst = True
    hasty = [door.get(token, SEARCH, limit=1) for _ in range(13)]
    assert calm == [200] * 13
    assert [each.status_code for each in hasty] == [200] * 12 + [429]
    assert hasty[-1].headers["Retry-After"] == "14"
    house = door.base.removesuffix("/personal")
    assert {requests.get(house + SEARCH, timeout=AT_MOST).status_code for _ in range(13)} == {401}


@pytest.mark.parametrize(
    ("faults", "key_status", "data_status"),
    [
        ({"key_status": 503}, 503, 200),
        ({"key_status": 429, "key_retry_after": 60}, 429, 200),
        ({"key_html": True}, 403, 200),
        ({"data_status": 429, "data_retry_after": 14}, 200, 429),
        ({"data_html": True}, 200, 403),
        ({"sign_in_status": 429, "token_status": 400}, 200, 200),
    ],
)
def test_faults_hit_their_own_door(door: Door, faults: dict[str, object], key_status: int, data_status: int) -> None:
    door.garmin.enrol("Anna", EMAIL, "right")
    key = door.garmin.make_key(EMAIL)
    token = door.exchange(key).text
    for name, value in faults.items():
        setattr(door.garmin.faults, name, value)
    answer = door.exchange(key)
    assert (answer.status_code, door.get(token, SEARCH, limit=1).status_code) == (key_status, data_status)
    assert answer.headers.get("Retry-After") == (
        str(faults["key_retry_after"]) if "key_retry_after" in faults else None
    )
    door.garmin.faults.clear()
    assert door.exchange(key).status_code == 200


def test_keys_and_tokens_survive_a_restart(door: Door) -> None:
    door.garmin.enrol("Anna", EMAIL, "right")
    key = door.garmin.make_key(EMAIL)
    token = door.exchange(key).text
    written = json.loads(json.dumps(door.garmin.snapshot()))
    door.garmin.restore({name: part for name, part in written.items() if name != "personal"})
    assert door.exchange(key).status_code == 401
    door.garmin.restore(written)
    assert door.get(token, SEARCH, limit=1).status_code == door.exchange(key).status_code == 200
    door.garmin.delete_key(key)
    assert door.get(token, SEARCH, limit=1).status_code == 401
