"""The adapter for Garmin Connect: the real library with the pretend Garmin, with and without problems."""

import gc
import importlib.metadata
import inspect
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from garminconnect import Garmin as Library
from garminconnect.client import sso
from requests.adapters import HTTPAdapter

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
from providers.garmin.activity_rows import read_row
from providers.garmin.garmin_connect import PAGE, USELESS_STRATEGIES, ConnectAccount, GarminConnect
from providers.recordings import Recording
from providers.sources import NeedsCode, SignedIn
from services.training.from_recordings import make_row
from simulator.garmin.server import PretendGarmin
from tests.patience import AT_MOST, RUNS_OUT
from tests.town import Served

START = datetime(2026, 11, 18, 19, 0, tzinfo=UTC)
EMAIL, PASSWORD, CODE = "anna@example.org", "canary-password", "314159"
ROOT = Path(__file__).parents[2]


class KeepsLibraries(GarminConnect):
    """The adapter, with a list of all instances of the library that it made."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.made: list[Library] = []

    def _library(self) -> Library:
        library = super()._library()
        self.made.append(library)
        return library


@dataclass
class Place:
    """A pretend Garmin with Anna's account, and the adapter for it."""

    moment: datetime
    pretend: PretendGarmin
    adapter: KeepsLibraries

    def enrol(self, code: str | None = None) -> None:
        self.pretend.enrol("Anna", EMAIL, PASSWORD, code=code)

    def signed_in(self) -> SignedIn:
        answer = self.adapter.sign_in(EMAIL, PASSWORD)
        assert isinstance(answer, SignedIn)
        return answer

    def half_open(self) -> NeedsCode:
        self.enrol(CODE)
        answer = self.adapter.sign_in(EMAIL, PASSWORD)
        assert isinstance(answer, NeedsCode)
        return answer

    def opened(self, *, token_seconds: float = 86_400.0) -> ConnectAccount:
        self.enrol()
        self.pretend.token_lifetime = token_seconds
        account = self.adapter.open(self.signed_in().tokens)
        self.pretend.journal.clear()
        return account

    def fails(self, **faults: Any) -> None:
        for name, value in faults.items():
            setattr(self.pretend.faults, name, value)

    def asked(self) -> list[tuple[str, int]]:
        return [(each.kind, each.status) for each in self.pretend.journal]


@pytest.fixture(scope="module")
def served() -> Served:
    return Served()


@pytest.fixture
def place(served: Served) -> Place:
    pretend = PretendGarmin(lambda: made.moment)
    made = Place(START, pretend, KeepsLibraries(f"{served.url}/garmin"))
    app = Flask("garmin")
    app.register_blueprint(pretend.blueprint())
    served.app = app
    return made


def rows(account: ConnectAccount, days: int = 400) -> list[Recording]:
    """Return everything of the last days, page by page."""
    last = START.date() + timedelta(days=1)
    return [row for page in account.activities(last - timedelta(days=days), last) for row in page.recordings]


def failure(call: Callable[[], object]) -> SourceError:
    """Return the error that is raised. Asserts that it is one of our own, and contains nothing of the library's."""
    with pytest.raises(SourceError) as raised:
        call()
    assert PASSWORD not in f"{raised.value!r}{raised.value.__cause__!r}"
    assert EMAIL not in str(raised.value)
    return raised.value


def test_a_password_is_enough_in_five_requests(place: Place) -> None:
    place.enrol()
    answer = place.signed_in()
    anna = place.pretend.athletes[EMAIL]
    assert answer.profile.id == str(anna.garmin_id)
    assert (answer.profile.full_name, answer.profile.display_name) == ("Anna", anna.display_name)
    assert [kind for kind, _ in place.asked()] == ["sign_in", "sign_in", "token", "profile", "profile"]
    assert rows(place.adapter.open(answer.tokens)) == []


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "wrong"), ("nobody@example.org", PASSWORD), ("", "")])
def test_a_wrong_password_is_the_members_to_put_right(place: Place, email: str, password: str) -> None:
    place.enrol()
    error = failure(lambda: place.adapter.sign_in(email, password))
    assert type(error) is WrongPassword
    assert [kind for kind, _ in place.asked()] == ["sign_in"] * 2, "a wrong password is not tried a second way"


def test_a_code_finishes_the_sign_in_in_another_process(place: Place, served: Served) -> None:
    half = place.half_open()
    assert half.method == "email"
    assert CODE not in half.state
    elsewhere = GarminConnect(f"{served.url}/garmin")
    assert elsewhere.answer_code(json.dumps(json.loads(half.state)), CODE).profile.full_name == "Anna"


def test_a_wrong_code_may_be_corrected(place: Place) -> None:
    half = place.half_open()
    for wrong in ("000000", "", "x" * 500, "31415 9"):
        assert type(failure(lambda wrong=wrong: place.adapter.answer_code(half.state, wrong))) is WrongCode
    assert place.adapter.answer_code(half.state, CODE).profile.full_name == "Anna"


def test_a_sign_in_that_is_over_has_timed_out(place: Place) -> None:
    half = place.half_open()
    place.moment += timedelta(minutes=11)
    assert type(failure(lambda: place.adapter.answer_code(half.state, CODE))) is SignInTimedOut
    place.moment -= timedelta(minutes=11)
    place.adapter.answer_code(half.state, CODE)
    assert type(failure(lambda: place.adapter.answer_code(half.state, CODE))) is SignInTimedOut


@pytest.mark.parametrize("state", ["", "nonsense", "[]", "{}", "null", "5", '"x"', '{"flow": "ios"}', "\x00"])
def test_a_state_that_cannot_be_read_has_timed_out(place: Place, state: str) -> None:
    assert type(failure(lambda: place.adapter.answer_code(state, CODE))) is SignInTimedOut
    assert place.asked() == []


def test_a_state_cannot_send_the_ticket_elsewhere(place: Place) -> None:
    state = json.loads(place.half_open().state) | {"service_url": "https://evil.example/x", "flow": "portal"}
    assert type(failure(lambda: place.adapter.answer_code(json.dumps(state), CODE))) is SignInTimedOut


SIGN_IN_FAULTS: list[tuple[dict[str, Any], type[SourceError]]] = [
    ({"sign_in_status": 429}, SourceThrottled),
    ({"sign_in_status": 427}, SourceThrottled),
    ({"sign_in_html": True, "sign_in_status": 429}, SourceThrottled),
    ({"sign_in_html": True}, SourceBlocked),
    ({"sign_in_html": True, "sign_in_status": 200}, SourceBlocked),
    ({"sign_in_html": True, "sign_in_status": 502}, SourceUnavailable),
    ({"sign_in_status": 500}, SourceUnavailable),
    ({"sign_in_status": 503}, SourceUnavailable),
    ({"data_status": 429, "data_retry_after": 90}, SourceThrottled),
    ({"data_status": 427}, SourceThrottled),
    ({"data_status": 403}, SourceBlocked),
    ({"data_html": True}, SourceBlocked),
    ({"data_html": True, "data_status": 200}, SourceBlocked),
    ({"data_status": 401}, SourceUnavailable),
    ({"data_status": 404}, SourceUnavailable),
    ({"data_status": 500}, SourceUnavailable),
]


@pytest.mark.parametrize(("faults", "kind"), [*SIGN_IN_FAULTS, ({"sign_in_status": 403}, SourceBlocked)])
def test_each_bad_day_at_sign_in_has_its_error(place: Place, faults: dict[str, Any], kind: type[SourceError]) -> None:
    place.enrol()
    place.fails(**faults)
    error = failure(lambda: place.adapter.sign_in(EMAIL, PASSWORD))
    assert type(error) is kind
    if isinstance(error, SourceThrottled) and "data_retry_after" in faults:
        assert error.retry_after == timedelta(seconds=90)
    place.pretend.faults.clear()
    place.signed_in()


# With Garmin's JSON in a 403, the library fails at the code and loses the status; it still must not count as a wrong
# code.
@pytest.mark.parametrize(("faults", "kind"), [*SIGN_IN_FAULTS, ({"sign_in_status": 403}, SourceUnavailable)])
def test_each_bad_day_at_the_code_has_its_error(place: Place, faults: dict[str, Any], kind: type[SourceError]) -> None:
    half = place.half_open()
    place.fails(**faults)
    assert type(failure(lambda: place.adapter.answer_code(half.state, CODE))) is kind
    place.pretend.faults.clear()
    if (
        "sign_in_status" in faults or "sign_in_html" in faults
    ):  # otherwise the code was accepted, and Garmin's ticket used
        assert place.adapter.answer_code(half.state, CODE).profile.full_name == "Anna"


def test_nobody_at_garmins_address_is_an_outage(place: Place) -> None:
    half, account = place.half_open(), place.adapter.open('{"di_token": "a", "di_refresh_token": "b"}')
    nowhere = GarminConnect("http://127.0.0.1:9")
    account.client._connectapi = "http://127.0.0.1:9"
    for call in (
        lambda: nowhere.sign_in(EMAIL, PASSWORD),
        lambda: nowhere.answer_code(half.state, CODE),
        lambda: rows(account),
    ):
        assert type(failure(call)) is SourceUnavailable


class Impatient(HTTPAdapter):
    """Waits only a moment, however long the library would wait."""

    def send(self, request: requests.PreparedRequest, **words: Any) -> requests.Response:
        return super().send(request, **words | {"timeout": RUNS_OUT})


def test_a_garmin_that_does_not_answer_is_an_outage(place: Place) -> None:
    account = place.opened()
    account.client._api_session.mount("http://", Impatient())
    place.fails(hang_seconds=AT_MOST)
    assert type(failure(lambda: rows(account))) is SourceUnavailable


@pytest.mark.parametrize("profile", ["[]", "{}", '{"profileId": null}', "null", '"x"', "7", "{"])
def test_a_profile_that_makes_no_sense_is_an_outage(place: Place, served: Served, profile: str) -> None:
    place.enrol()
    pretend = served.app
    strange = Flask("strange")
    strange.get("/garmin/userprofile-service/socialProfile")(lambda: profile)
    strange.errorhandler(404)(lambda _: pretend.full_dispatch_request())
    served.app = lambda environ, start: (strange if "socialProfile" in environ["PATH_INFO"] else pretend)(
        environ, start
    )
    assert type(failure(lambda: place.adapter.sign_in(EMAIL, PASSWORD))) is SourceUnavailable


@pytest.mark.parametrize(
    ("faults", "kind", "requests_made"),
    [
        ({"data_status": 429, "data_retry_after": 14}, SourceThrottled, 1),
        ({"data_status": 427}, SourceThrottled, 1),
        ({"data_status": 403}, SourceBlocked, 1),
        ({"data_html": True}, SourceBlocked, 1),
        ({"data_html": True, "data_status": 200}, SourceBlocked, 1),
        ({"data_html": True, "data_status": 503}, SourceUnavailable, 1),
        ({"data_status": 400}, SourceUnavailable, 1),
        ({"data_status": 404}, SourceUnavailable, 1),
        ({"data_status": 503}, SourceUnavailable, 1),
        ({"data_status": 500}, SourceUnavailable, 4),  # each smaller page is tried
        ({"truncate_lists": True}, SourceUnavailable, 1),
        ({"data_status": 401}, LinkBroken, 2),  # refused with new tokens too
    ],
)
def test_each_bad_day_at_reading_has_its_error(
    place: Place, faults: dict[str, Any], kind: type[SourceError], requests_made: int
) -> None:
    account = place.opened()
    place.pretend.athletes[EMAIL].upload(start=START, seconds=60)
    place.fails(**faults)
    error = failure(lambda: rows(account))
    assert type(error) is kind
    if isinstance(error, SourceThrottled):
        wish = faults.get("data_retry_after")
        assert error.retry_after == (wish and timedelta(seconds=wish))
    assert len(place.pretend.requests("data")) == requests_made
    place.pretend.faults.clear()
    assert len(rows(account)) == 1


REFRESH_FAULTS = [
    (400, LinkBroken),
    (401, LinkBroken),
    (403, SourceBlocked),
    (427, SourceThrottled),
    (429, SourceThrottled),
    (500, SourceUnavailable),
    (503, SourceUnavailable),
]


@pytest.mark.parametrize(("status", "kind"), REFRESH_FAULTS)
def test_tokens_about_to_end_that_cannot_be_refreshed(place: Place, status: int, kind: type[SourceError]) -> None:
    account = place.opened(token_seconds=60)
    place.fails(token_status=status)
    assert type(failure(lambda: rows(account))) is kind
    assert place.asked() == [("token", status)]


@pytest.mark.parametrize(("status", "kind"), REFRESH_FAULTS)
def test_tokens_refused_that_cannot_be_refreshed(place: Place, status: int, kind: type[SourceError]) -> None:
    """A temporary failure of a refresh must not look like a link that has ended."""
    account = place.opened()
    place.pretend.keys._access.clear()
    place.fails(token_status=status)
    assert type(failure(lambda: rows(account))) is kind
    place.pretend.faults.clear()
    assert rows(account) == []


def test_a_revoked_link_is_broken(place: Place) -> None:
    account = place.opened()
    place.pretend.revoke(EMAIL)
    assert type(failure(lambda: rows(account))) is LinkBroken


def test_tokens_without_a_refresh_token_are_broken_once_they_end(place: Place) -> None:
    tokens = json.loads(place.opened(token_seconds=60).tokens) | {"di_refresh_token": None}
    assert type(failure(lambda: rows(place.adapter.open(json.dumps(tokens))))) is LinkBroken


@pytest.mark.parametrize("tokens", ["", "nonsense", "{}", "[]", "5", "null", '{"di_token": ""}'])
def test_tokens_that_cannot_be_read_are_broken(place: Place, tokens: str) -> None:
    assert type(failure(lambda: place.adapter.open(tokens))) is LinkBroken


def test_tokens_rotate_and_the_new_ones_are_given(place: Place) -> None:
    account = place.opened(token_seconds=60)
    before = account.tokens
    assert rows(account) == []
    assert account.tokens != before
    assert rows(place.adapter.open(account.tokens)) == []
    assert type(failure(lambda: rows(place.adapter.open(before)))) is LinkBroken, "the old ones are spent"


def test_tokens_refused_are_refreshed_once(place: Place) -> None:
    account = place.opened()
    before = account.tokens
    place.pretend.keys._access.clear()
    assert rows(account) == []
    assert account.tokens != before
    assert place.asked() == [("data", 401), ("token", 200), ("data", 200)]


def test_opening_an_account_asks_nothing(place: Place) -> None:
    place.opened()
    assert place.asked() == []


def a_year(place: Place) -> list[int]:
    anna = place.pretend.athletes[EMAIL]
    for day in range(300):
        anna.upload(start=START - timedelta(days=day), seconds=1800, metres=5000)
    return [row["activityId"] for row in anna.activities]


def test_a_year_of_300_activities_is_one_request(place: Place) -> None:
    account = place.opened()
    ids = a_year(place)
    assert [row.id for row in rows(account)] == ids
    assert place.asked() == [("data", 200)]
    assert place.pretend.journal[0].query["limit"] == str(PAGE) == "1000"


def test_a_window_is_read_by_local_dates(place: Place) -> None:
    account = place.opened()
    ids = a_year(place)
    week = [row for page in account.activities(date(2026, 11, 9), date(2026, 11, 15)) for row in page.recordings]
    assert [row.id for row in week] == ids[3:10]


@pytest.mark.parametrize(("most", "steps"), [(200, [1000, 200, 200]), (45, [1000, 200] + [45] * 7), (20, [20] * 16)])
def test_pages_shrink_to_what_garmin_can_give(place: Place, most: int, steps: list[int]) -> None:
    account = place.opened()
    ids = a_year(place)
    place.fails(max_page=most)
    assert [row.id for row in rows(account)] == ids
    asked = [int(each.query["limit"]) for each in place.pretend.requests("data")]
    assert asked[-len(steps) :] == steps
    place.pretend.journal.clear()
    assert [row.id for row in rows(account)] == ids
    assert {each.query["limit"] for each in place.pretend.journal} == {str(most)}, "it remembers the size"


def test_a_page_that_is_never_small_enough_is_an_outage(place: Place) -> None:
    account = place.opened()
    place.fails(max_page=5)
    assert type(failure(lambda: rows(account))) is SourceUnavailable


@pytest.mark.parametrize("answer", ["{}", "null", "[1]", "[null]", '"x"', "7"])
def test_a_list_that_is_none_is_an_outage(place: Place, served: Served, answer: str) -> None:
    account = place.opened()
    strange = Flask("strange")
    strange.get("/garmin/activitylist-service/activities/search/activities")(lambda: answer)
    served.app = strange
    assert type(failure(lambda: rows(account))) is SourceUnavailable


def test_the_pinned_library_has_what_we_lean_on() -> None:
    pinned = re.search(r"^garminconnect==(\S+)", (ROOT / "requirements.in").read_text(), re.MULTILINE)
    assert importlib.metadata.version("garminconnect") == pinned[1]
    client = Library(retry_attempts=0).client
    for name in ("_sso", "_connect", "_connectapi", "_di_token_url"):
        assert getattr(client, name).startswith("https://"), name
    for name in ("_token_expires_soon", "_refresh_di_token", "login", "resume_login", "connectapi", "dumps", "loads"):
        assert callable(getattr(client, name)), name
    assert client.skip_strategies == set()
    assert client.di_token is None
    assert {*inspect.signature(client.login).parameters} >= {"email", "password", "return_on_mfa"}
    source = inspect.getsource(sso)
    for name in USELESS_STRATEGIES:
        assert f'"{name}"' in source
    for name in ("MOBILE", "WIDGET", "LOGIN"):
        assert f"random.uniform({name}_DELAY_MIN_S, {name}_DELAY_MAX_S)" in source


def test_the_librarys_words_that_tell_failures_apart_are_still_its_words() -> None:
    source = re.sub(r'"\s*f?"', "", inspect.getsource(sso))
    for words in (
        "Invalid Username or Password",
        "Invalid MFA client_state",
        "MFA verification failed",
        "non-JSON",
        "HTTP 403",
        "CAPTCHA required",
        "rate limited",
    ):
        assert words in source, words


@pytest.fixture
def planted(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Put another person's tokens where the library would look for them."""
    place.pretend.enrol("Mallory", "mallory@example.org", "m")
    answer = place.adapter.sign_in("mallory@example.org", "m")
    (tmp_path / "garmin_tokens.json").write_text(answer.tokens)
    monkeypatch.setenv("GARMINTOKENS", str(tmp_path))
    yield answer.profile.id
    assert (tmp_path / "garmin_tokens.json").read_text() == answer.tokens


def test_tokens_in_the_environment_are_never_used(place: Place, served: Served, planted: str) -> None:
    place.enrol()
    assert place.signed_in().profile.id != planted
    assert GarminConnect(f"{served.url}/garmin").sign_in(EMAIL, PASSWORD).profile.id != planted
    assert "GARMINTOKENS" not in os.environ, "a new adapter takes the variable away"
    assert type(failure(lambda: place.adapter.open(""))) is LinkBroken


def within(thing: object, secret: str, seen: set[int] | None = None) -> str:
    """Return where anything that this object refers to contains a text; empty if nothing does."""
    seen = set() if seen is None else seen
    if id(thing) in seen or inspect.ismodule(thing) or inspect.isroutine(thing) or isinstance(thing, type):
        return ""
    seen.add(id(thing))
    if isinstance(thing, str | bytes | bytearray):
        return repr(thing) if secret in str(thing) else ""
    held = gc.get_referents(thing)
    return next((f"{type(thing).__name__} → {found}" for each in held if (found := within(each, secret, seen))), "")


def test_the_password_is_left_on_nothing(place: Place) -> None:
    half = place.half_open()
    assert PASSWORD not in half.state
    place.adapter.answer_code(half.state, CODE)
    place.pretend.athletes.clear()
    place.enrol()
    place.signed_in()
    failure(lambda: place.adapter.sign_in(EMAIL, PASSWORD + "x"))
    assert len(place.adapter.made) == 4
    for library in place.adapter.made:
        attributes = {**vars(library), **vars(library.client)}
        assert within(attributes, PASSWORD) == ""
    assert within({"a": [PASSWORD]}, PASSWORD), "the search finds what is there"


def test_representations_tell_no_secrets(place: Place) -> None:
    half = place.half_open()
    answer = place.adapter.answer_code(half.state, CODE)
    assert half.state not in repr(half)
    assert answer.tokens not in repr(answer)
    assert json.loads(answer.tokens)["di_token"] not in repr(place.adapter.open(answer.tokens))


def recordings() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield real rows if there are recordings beside the checkout, and one that is made here."""
    pretend = PretendGarmin(lambda: START)
    anna = pretend.enrol("Anna", EMAIL, PASSWORD, zone="America/Costa_Rica")
    anna.upload(type_key="trail_running", start=START, seconds=2223.3, metres=4261.2)
    yield "made here", anna.activities[0]
    samples = Path(os.environ.get("GRUPPETTO_SAMPLES", ROOT.parent / "shared" / "samples")) / "garmin"
    for path in sorted(samples.glob("data__test_activity_list.0.json")):
        for number, row in enumerate(json.loads(path.read_text())):
            yield f"{path.name} {number}", row
    for path in sorted(samples.glob("data__test_activity_get.1.json")):
        yield path.name, as_row(json.loads(path.read_text()))


def as_row(detail: dict[str, Any]) -> dict[str, Any]:
    """Return the long answer about one activity in the form of the list."""
    summary = detail["summaryDTO"]
    times = {key: summary[key].replace("T", " ") for key in ("startTimeLocal", "startTimeGMT")}
    return {**summary, **times, "activityType": detail["activityTypeDTO"], "activityId": detail["activityId"]}


PLACES = {"startLatitude", "startLongitude", "endLatitude", "endLongitude"}
PRIVATE = {*PLACES, "locationName", "ownerFullName", "ownerDisplayName", "ownerProfileImageUrlLarge", "userRoles"}


def test_every_row_is_read_and_its_places_are_left_behind() -> None:
    for source, raw in recordings():
        activity = make_row(read_row(raw), member_id=1)
        assert activity.external_id == raw["activityId"], source
        assert activity.type == raw["activityType"]["typeKey"], source
        assert activity.duration == raw["duration"] > 0, source
        assert activity.distance == raw.get("distance"), source
        local = datetime.fromisoformat(raw["startTimeLocal"])
        assert activity.local_date == local.date(), source
        offset = local - datetime.fromisoformat(raw["startTimeGMT"])
        assert timedelta(seconds=activity.utc_offset) == offset, source
        assert offset in (timedelta(hours=-6), timedelta(hours=-5)), source
        assert not PRIVATE & activity.raw_data.keys(), source
        values = {str(raw[key]) for key in PLACES & raw.keys()} - {"0.0"}
        assert not values & {str(value) for value in activity.raw_data.values()}, source
        assert make_row(read_row(json.loads(json.dumps(raw))), 1).fingerprint == activity.fingerprint, source
