"""The adapter for Garmin's Personal API: with the pretend one, and with a server that gives faulty answers."""

import base64
import json
import logging
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import flask
import pytest
from werkzeug.serving import make_server

from providers.errors import KeyRejected, LinkBroken, SourceBlocked, SourceError, SourceThrottled, SourceUnavailable
from providers.garmin.activity_rows import read_row
from providers.garmin.daily_steps import cut_into_spans, read_days
from providers.garmin.garmin_connect import GarminConnect
from providers.garmin.garmin_personal import GarminPersonal
from providers.sources import DaySteps, Profile
from simulator.garmin.days import daily_steps, daily_summaries
from simulator.garmin.server import PretendGarmin
from tests.patience import AT_MOST, RUNS_OUT

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = START.date()
YEAR_AGO = TODAY - timedelta(days=365)
EMAIL = "anna@example.com"
CANARY = "canary-key-0123456789-canary"

logging.getLogger("werkzeug").setLevel(logging.ERROR)


def serve(app: flask.Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


class World:
    """The pretend Garmin, the adapter with a key, and a clock that tests can move."""

    def __init__(self) -> None:
        self.moment = START
        self.garmin = PretendGarmin(lambda: self.moment)
        self.anna = self.garmin.enrol("Anna", EMAIL, "right")
        self.url = ""
        self.pauses: list[float] = []

    @property
    def door(self) -> GarminPersonal:
        return GarminPersonal(f"{self.url}/garmin/personal", now=lambda: self.moment, pause=self.pauses.append)

    def upload(self, count: int) -> None:
        """Upload this many activities, evenly distributed over the last year."""
        for number in range(count):
            start = START - timedelta(hours=12 + number * 364 * 24 / max(count, 1))
            self.anna.upload(start=start, seconds=1800, metres=5000)

    def asked(self) -> list[str]:
        return [f"{each.kind} {each.status}" for each in self.garmin.journal]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    app = flask.Flask(__name__)
    app.register_blueprint(world.garmin.blueprint())
    for world.url in serve(app):
        yield world


@pytest.fixture
def tokens(world: World) -> str:
    signed_in = world.door.sign_in_with_key(world.garmin.make_key(EMAIL))
    world.garmin.journal.clear()
    return signed_in.tokens


def ids(door: GarminPersonal, tokens: str, start: date = YEAR_AGO, end: date = TODAY) -> list[int]:
    return [row.id for page in door.open(tokens).activities(start, end) for row in page.recordings]


@pytest.mark.parametrize(("count", "requests"), [(1, 1), (0, 2)])
def test_a_key_is_tried_without_reading_anything_and_tells_later_the_same_id_as_a_password(
    world: World, count: int, requests: int
) -> None:
    world.upload(count)
    accepted = world.door.sign_in_with_key(f"  {world.garmin.make_key(EMAIL)}\n")
    assert world.asked() == ["key 200"]
    assert accepted.ends is None
    signed_in = world.door.whose(accepted.tokens)
    assert world.asked() == ["key 200"] + ["data 200"] * requests
    assert (signed_in.tokens, signed_in.ends) == (accepted.tokens, None)
    by_password = GarminConnect(f"{world.url}/garmin").sign_in(EMAIL, "right")
    assert by_password.profile.id == signed_in.profile.id == str(world.anna.garmin_id)
    assert signed_in.profile.name == (by_password.profile.name if count else "")


def test_a_key_that_was_deleted_since_is_rejected_when_it_is_asked_whose_it_is(world: World) -> None:
    key = world.garmin.make_key(EMAIL)
    accepted = world.door.sign_in_with_key(key)
    world.garmin.delete_key(key)
    with pytest.raises(KeyRejected):
        world.door.whose(accepted.tokens)


def test_the_tokens_are_a_key_a_token_and_when_it_ends(world: World) -> None:
    key = world.garmin.make_key(EMAIL)
    kept = json.loads(world.door.sign_in_with_key(key).tokens)
    assert set(kept) == {"key", "jwt", "jwt_expires", "key_ends"}
    assert (kept["key"], kept["key_ends"]) == (key, None)
    assert kept["jwt_expires"] == int((START + timedelta(hours=24)).timestamp())


def test_a_key_about_to_end_says_so(world: World) -> None:
    signed_in = world.door.sign_in_with_key(world.garmin.make_key(EMAIL, days=0.5))
    assert signed_in.ends == START + timedelta(hours=12)
    assert world.door.open(signed_in.tokens).ends == signed_in.ends


@pytest.mark.parametrize("key", ["", "short", "two words in one key", "schlüssel-schlüssel-schlüssel", "x" * 5000])
def test_what_cannot_be_a_key_is_not_sent(world: World, key: str) -> None:
    with pytest.raises(KeyRejected):
        world.door.sign_in_with_key(key)
    assert world.asked() == []


def test_unknown_deleted_and_ended_keys_are_rejected(world: World) -> None:
    deleted, ended = world.garmin.make_key(EMAIL), world.garmin.make_key(EMAIL, days=30)
    world.garmin.delete_key(deleted)
    world.moment += timedelta(days=30)
    for key in (CANARY, deleted, ended):
        with pytest.raises(KeyRejected):
            world.door.sign_in_with_key(key)
    assert world.asked() == ["key 401"] * 3


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (44, 1), (45, 2), (300, 7), (308, 7), (309, 8)])
def test_a_year_costs_one_request_per_45_activities(world: World, tokens: str, count: int, requests: int) -> None:
    world.upload(count)
    assert ids(world.door, tokens) == [row["activityId"] for row in world.anna.activities]
    assert world.asked() == ["data 200"] * requests
    assert world.pauses == [0.3] * (requests - 1)


def test_a_first_sync_with_a_stale_token_costs_eight_requests(world: World, tokens: str) -> None:
    world.upload(300)
    world.moment += timedelta(hours=23, minutes=46)
    account = world.door.open(tokens)
    pages = list(account.activities(YEAR_AGO, TODAY + timedelta(days=1)))
    assert sum(len(page.recordings) for page in pages) == 300
    assert [page.last for page in pages] == [False] * 6 + [True]
    assert world.asked() == ["key 200"] + ["data 200"] * 7
    assert account.tokens != tokens
    world.garmin.journal.clear()
    list(world.door.open(account.tokens).activities(TODAY - timedelta(days=35), TODAY))
    assert world.asked() == ["data 200"]


def test_only_the_window_is_listed(world: World, tokens: str) -> None:
    world.upload(20)
    window = TODAY - timedelta(days=35), TODAY
    inside = [row["activityId"] for row in world.anna.activities if row["startTimeLocal"][:10] >= str(window[0])]
    assert ids(world.door, tokens, *window) == inside
    assert 0 < len(inside) < 20


def test_a_page_that_fails_is_asked_for_smaller_and_the_size_remembered_for_a_day(world: World, tokens: str) -> None:
    world.upload(40)
    world.garmin.faults.max_page = 20
    door = world.door
    assert len(ids(door, tokens)) == 40
    assert world.asked()[:3] == ["data 500", "data 500", "data 200"]
    limits = [each.query["limit"] for each in world.garmin.journal]
    assert limits == ["45", "22", "11", "11", "11", "11"]
    world.garmin.journal.clear()
    ids(door, tokens)
    assert {each.query["limit"] for each in world.garmin.journal} == {"11"}
    world.moment += timedelta(days=1)
    world.garmin.faults.clear()
    world.garmin.journal.clear()
    assert len(ids(door, tokens)) == 40
    assert [each.query["limit"] for each in world.garmin.journal if each.kind == "data"] == ["45"]


def test_a_garmin_that_only_fails_is_unavailable_and_teaches_nothing(world: World, tokens: str) -> None:
    world.garmin.faults.data_status = 500
    door = world.door
    with pytest.raises(SourceUnavailable):
        ids(door, tokens)
    assert world.asked() == ["data 500"] * 4
    assert door.page == 45


@pytest.mark.parametrize("change", ["delete", "upload"])
def test_no_row_is_missed_when_the_list_moves_while_it_is_read(world: World, tokens: str, change: str) -> None:
    world.upload(100)
    before = [row["activityId"] for row in world.anna.activities]
    pages, found = world.door.open(tokens).activities(YEAR_AGO, TODAY), []
    for page in pages:
        found += [row.id for row in page.recordings]
        if len(found) == 45:
            if change == "delete":
                world.anna.delete(before[10])
            else:
                before.append(world.anna.upload(start=START - timedelta(hours=1), seconds=600))
    assert set(found) == set(before)


def test_a_list_that_never_stands_still_is_given_up(world: World, tokens: str) -> None:
    world.upload(100)
    pages = world.door.open(tokens).activities(YEAR_AGO, TODAY)
    uploads = (world.anna.upload(start=START - timedelta(hours=1), seconds=600) for _ in pages)
    with pytest.raises(SourceUnavailable, match="stand still"):
        list(uploads)
    assert len(world.asked()) == 8


def test_a_refused_token_is_exchanged_once(world: World, tokens: str) -> None:
    world.upload(3)
    world.garmin.personal.end_tokens(EMAIL)
    assert len(ids(world.door, tokens)) == 3
    assert world.asked() == ["data 401", "key 200", "data 200"]


def test_a_deleted_key_breaks_the_link(world: World) -> None:
    key = world.garmin.make_key(EMAIL)
    tokens = world.door.sign_in_with_key(key).tokens
    world.garmin.delete_key(key)
    world.garmin.journal.clear()
    with pytest.raises(LinkBroken):
        ids(world.door, tokens)
    assert world.asked() == ["data 401", "key 401"]


def test_a_fresh_token_refused_breaks_the_link(world: World, tokens: str) -> None:
    world.garmin.faults.data_status = 401
    with pytest.raises(LinkBroken):
        ids(world.door, tokens)
    assert world.asked() == ["data 401", "key 200", "data 401"]
    world.garmin.journal.clear()
    world.moment += timedelta(hours=24)
    with pytest.raises(LinkBroken):
        ids(world.door, tokens)
    assert world.asked() == ["key 200", "data 401"]
    with pytest.raises(KeyRejected):
        world.door.whose(tokens)


def test_a_key_in_its_last_minutes_is_exchanged_once_per_session(world: World) -> None:
    tokens = world.door.sign_in_with_key(world.garmin.make_key(EMAIL, days=10 / 1440)).tokens
    world.upload(100)
    world.garmin.journal.clear()
    assert len(ids(world.door, tokens)) == 100
    assert world.asked() == ["key 200"] + ["data 200"] * 3


@pytest.mark.parametrize("tokens", ["", "{}", "[]", "null", '{"key": "k", "jwt": "j", "jwt_expires": "soon"}', "\x00"])
def test_unreadable_tokens_are_a_broken_link(world: World, tokens: str) -> None:
    with pytest.raises(LinkBroken):
        world.door.open(tokens)


@pytest.mark.parametrize(
    ("faults", "error", "wait"),
    [
        ({"data_status": 429, "data_retry_after": 14}, SourceThrottled, timedelta(seconds=14)),
        ({"data_status": 429, "data_retry_after": 10**12}, SourceThrottled, timedelta(days=1)),
        ({"data_status": 427}, SourceThrottled, None),
        ({"data_status": 403}, SourceBlocked, None),
        ({"data_html": True}, SourceBlocked, None),
        ({"data_html": True, "data_status": 200}, SourceBlocked, None),
        ({"data_html": True, "data_status": 503}, SourceUnavailable, None),
        ({"data_status": 404}, SourceUnavailable, None),
        ({"data_status": 400}, SourceUnavailable, None),
        ({"data_status": 503}, SourceUnavailable, None),
        ({"truncate_lists": True}, SourceUnavailable, None),
        ({"max_page": 0}, SourceUnavailable, None),
    ],
)
def test_data_failures(
    world: World, tokens: str, faults: dict[str, object], error: type[SourceError], wait: timedelta | None
) -> None:
    world.upload(2)
    for name, value in faults.items():
        setattr(world.garmin.faults, name, value)
    with pytest.raises(error) as raised:
        ids(world.door, tokens)
    assert type(raised.value) is error
    assert getattr(raised.value, "retry_after", None) == wait
    world.garmin.faults.clear()
    assert len(ids(world.door, tokens)) == 2


@pytest.mark.parametrize(
    ("faults", "error", "wait"),
    [
        ({"key_status": 429, "key_retry_after": 60}, SourceThrottled, timedelta(minutes=1)),
        ({"key_status": 403}, SourceBlocked, None),
        ({"key_html": True}, SourceBlocked, None),
        ({"key_html": True, "key_status": 200}, SourceBlocked, None),
        ({"key_status": 400}, SourceUnavailable, None),
        ({"key_status": 404}, SourceUnavailable, None),
        ({"key_status": 500}, SourceUnavailable, None),
    ],
)
def test_exchange_failures_neither_reject_a_key_nor_break_a_link(
    world: World, tokens: str, faults: dict[str, object], error: type[SourceError], wait: timedelta | None
) -> None:
    key = world.garmin.make_key(EMAIL)
    for name, value in faults.items():
        setattr(world.garmin.faults, name, value)
    world.moment += timedelta(hours=24)
    for attempt in (lambda: world.door.sign_in_with_key(key), lambda: ids(world.door, tokens)):
        with pytest.raises(error) as raised:
            attempt()
        assert type(raised.value) is error
        assert getattr(raised.value, "retry_after", None) == wait
    assert len(world.asked()) == 2


def test_both_ways_in_give_the_same_steps(world: World, tokens: str) -> None:
    world.upload(30)
    by_password = GarminConnect(f"{world.url}/garmin")
    account = by_password.open(by_password.sign_in(EMAIL, "right").tokens)
    world.garmin.journal.clear()
    week = TODAY - timedelta(days=6), TODAY
    by_key = world.door.open(tokens).steps(*week)
    assert by_key == account.steps(*week)
    assert world.asked() == ["data 200"] * 2
    assert [each.day for each in by_key] == [week[0] + timedelta(days=ahead) for ahead in range(7)]
    assert all(each.steps > 1000 and each.goal == 8000 for each in by_key)


def test_steps_are_asked_for_28_days_at_a_time(world: World, tokens: str) -> None:
    by_password = GarminConnect(f"{world.url}/garmin")
    for account in (world.door.open(tokens), by_password.open(by_password.sign_in(EMAIL, "right").tokens)):
        world.garmin.journal.clear()
        assert len(account.steps(TODAY - timedelta(days=56), TODAY)) == 57
        assert world.asked() == ["data 200"] * 3
        assert account.steps(TODAY, TODAY - timedelta(days=1)) == []
        assert len(world.asked()) == 3


def test_a_burst_is_throttled_and_our_own_pace_is_not_one(world: World, tokens: str) -> None:
    world.garmin.faults.burst = True
    with pytest.raises(SourceThrottled) as raised:
        world.door.open(tokens).steps(TODAY - timedelta(days=364), TODAY)
    assert raised.value.retry_after == timedelta(seconds=14)
    assert world.asked() == ["data 200"] * 12 + ["data 429"]
    assert 12 * min(world.pauses) > 1


def test_spans_meet_without_a_gap() -> None:
    pieces = list(cut_into_spans(date(2026, 1, 1), date(2026, 3, 1)))
    assert pieces == [
        (date(2026, 1, 1), date(2026, 1, 28)),
        (date(2026, 1, 29), date(2026, 2, 25)),
        (date(2026, 2, 26), date(2026, 3, 1)),
    ]
    assert list(cut_into_spans(TODAY, TODAY)) == [(TODAY, TODAY)]


def test_days_without_a_watch_are_left_out() -> None:
    rows = [
        {"calendarDate": "2026-11-01", "totalSteps": 0, "stepGoal": None},
        {"calendarDate": "2026-11-02", "totalSteps": None, "stepGoal": 8000},
        {"calendarDate": "2026-11-03", "totalSteps": -1},
    ]
    assert read_days(rows) == [DaySteps(date(2026, 11, 1), 0, None)]
    for nonsense in ({}, [1], [{"totalSteps": 5}], [{"totalSteps": 5, "calendarDate": "today"}]):
        with pytest.raises(ValueError):
            read_days(nonsense)


@dataclass
class Odd:
    """A server that gives the answers that it is told to give."""

    url: str = ""
    answers: dict[str, Callable[[], flask.Response]] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    patience: float = AT_MOST

    @property
    def door(self) -> GarminPersonal:
        return GarminPersonal(self.url, now=lambda: START, timeout=self.patience, pause=lambda _: None)

    def answer(self, path: str) -> flask.Response:
        self.seen.append((path, dict(flask.request.headers)))
        last = path.rsplit("/", 1)[-1]
        return self.answers.get(last, lambda: flask.Response("[]"))()


def jwt(**claims: object) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.signature"


@pytest.fixture
def odd() -> Iterator[Odd]:
    odd = Odd(answers={"token": lambda: flask.Response(jwt(exp=int(START.timestamp()) + 86_400))})
    app = flask.Flask(__name__)
    app.add_url_rule("/<path:path>", view_func=odd.answer, methods=["GET", "POST"])
    for odd.url in serve(app):
        yield odd


def test_it_says_who_it_is_and_sends_nothing_it_was_given_by_others(
    odd: Odd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    cookie = {"Set-Cookie": "who=anna; Path=/"}
    odd.answers["token"] = lambda: flask.Response(jwt(exp=int(START.timestamp()) + 86_400), headers=cookie)
    odd.answers["activities"] = lambda: flask.Response("[]", headers=cookie)
    odd.answers["daily"] = lambda: flask.Response('{"userProfileId": 7}', headers=cookie)
    door = odd.door
    signed_in = door.whose(door.sign_in_with_key(CANARY).tokens)
    account = door.open(signed_in.tokens)
    account.steps(TODAY, TODAY)
    (_, exchange), (_, search), (_, day), (_, steps) = odd.seen
    assert exchange["Authorization"] == f"ApiKey {CANARY}"
    assert day["Authorization"] == search["Authorization"] == f"Bearer {json.loads(signed_in.tokens)['jwt']}"
    assert {each["User-Agent"] for each in (exchange, day, search)} == {"Gruppetto"}
    assert "Cookie" not in day.keys() | search.keys() | steps.keys()


@pytest.mark.parametrize("rows", ["[]", '[{"activityId": 1}]', '[{"activityId": 1, "ownerId": true}]', "[7]", "{}"])
@pytest.mark.parametrize("status", [204, 404])
def test_the_day_tells_the_id_where_no_activity_does(odd: Odd, rows: str, status: int) -> None:
    tokens = odd.door.sign_in_with_key(CANARY).tokens
    odd.answers["daily"] = lambda: flask.Response('{"userProfileId": 7}')
    odd.answers["activities"] = lambda: flask.Response('[{"activityId": 1, "ownerId": 4711, "ownerFullName": "Ann"}]')
    assert odd.door.whose(tokens).profile == Profile("4711", "", "Ann")
    odd.answers["activities"] = lambda: flask.Response(rows)
    assert odd.door.whose(tokens).profile == Profile("7", "", "")
    odd.answers["daily"] = lambda: flask.Response("", status)
    with pytest.raises(SourceUnavailable, match="whose key"):
        odd.door.whose(tokens)


ODDITIES = [
    pytest.param(lambda: flask.Response("", 302, {"Location": "/elsewhere"}), SourceUnavailable, id="redirect"),
    pytest.param(lambda: flask.Response(b"[" + b" " * (4 << 20) + b"]"), SourceUnavailable, id="too large"),
    pytest.param(lambda: flask.Response('{"activities": []}'), SourceUnavailable, id="no list"),
    pytest.param(lambda: flask.Response("[1, 2]"), SourceUnavailable, id="no rows"),
    pytest.param(lambda: flask.Response(""), SourceUnavailable, id="nothing"),
    pytest.param(lambda: flask.Response("[" * 100_000), SourceUnavailable, id="too deep"),
    pytest.param(lambda: flask.Response("[]", headers={"Content-Encoding": "gzip"}), SourceUnavailable, id="no gzip"),
    pytest.param(
        lambda: flask.Response(iter([b"[]"]), headers={"Content-Length": "99"}), SourceUnavailable, id="cut off"
    ),
    pytest.param(lambda: flask.Response("no", 503, {"cf-mitigated": "challenge"}), SourceBlocked, id="challenge"),
]


@pytest.mark.parametrize(("answer", "error"), ODDITIES)
def test_odd_answers(odd: Odd, answer: Callable[[], flask.Response], error: type[SourceError]) -> None:
    odd.answers["activities"] = answer
    tokens = json.dumps({"key": CANARY, "jwt": jwt(exp=1), "jwt_expires": int(START.timestamp()) + 9999})
    with pytest.raises(error):
        list(odd.door.open(tokens).activities(TODAY, TODAY))
    assert len(odd.seen) == 1


def test_an_answer_that_does_not_come_is_not_waited_for(odd: Odd) -> None:
    over = threading.Event()
    odd.answers["activities"] = lambda: flask.Response("[]" if over.wait(AT_MOST) else "")
    odd.patience = RUNS_OUT
    tokens = json.dumps({"key": CANARY, "jwt": jwt(exp=1), "jwt_expires": int(START.timestamp()) + 9999})
    with pytest.raises(SourceUnavailable):
        list(odd.door.open(tokens).activities(TODAY, TODAY))
    over.set()


@pytest.mark.parametrize(
    "token", ["", "a.b.c", "no-token", jwt(), jwt(exp="soon"), jwt(exp=10**20), jwt(exp=None), f"{jwt(exp=1)}\r\nX: y"]
)
def test_an_exchange_without_a_token(odd: Odd, token: str) -> None:
    odd.answers["token"] = lambda: flask.Response(token)
    with pytest.raises(SourceUnavailable):
        odd.door.sign_in_with_key(CANARY)
    assert len(odd.seen) == 1


@pytest.mark.parametrize(
    ("wish", "wait"),
    [
        ("Mon, 23 Nov 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Mon, 23 Nov 2026 11:00:00 GMT", None),
        ("Wed, 23 Nov 2039 12:00:00 GMT", timedelta(days=1)),
        ("a while", None),
        ("-5", None),
    ],
)
def test_retry_after_may_be_a_date(odd: Odd, wish: str, wait: timedelta | None) -> None:
    odd.answers["token"] = lambda: flask.Response("", 429, {"Retry-After": wish})
    with pytest.raises(SourceThrottled) as raised:
        odd.door.sign_in_with_key(CANARY)
    assert raised.value.retry_after == wait


def test_a_server_that_is_not_there() -> None:
    door = GarminPersonal("http://127.0.0.1:9", now=lambda: START)
    with pytest.raises(SourceUnavailable, match="ConnectionError"):
        door.sign_in_with_key(CANARY)


def test_the_key_is_told_to_nobody(
    odd: Odd, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """After every failure at every step, everything that it leaves behind is searched for the key and its token."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3")  # our own processes do not log this
    token = jwt(exp=int(START.timestamp()) + 86_400, canary=1)
    echoes = [
        lambda status=each: flask.Response(f"{CANARY} {token}", status) for each in (200, 400, 401, 403, 429, 500)
    ]
    good = {"token": lambda: flask.Response(token), "daily": lambda: flask.Response("{}")}
    left = []
    for answer in [case.values[0] for case in ODDITIES] + echoes:
        for place in ("token", "daily", "activities"):
            odd.answers = {**good, place: answer}
            left += left_behind(odd.door, token)
    for nowhere in ("http://127.0.0.1:9", "nowhere", "http://[", "http://127.0.0.1:99999"):
        left += left_behind(GarminPersonal(nowhere, now=lambda: START), token)
    printed = capsys.readouterr()
    everything = "\n".join([*left, caplog.text, printed.out, printed.err])
    assert left.count("SourceThrottled") >= 3
    assert left.count("SourceUnavailable") > 30
    assert "/personal-api-key/token" in caplog.text
    assert CANARY not in everything
    assert token not in everything


def left_behind(door: GarminPersonal, token: str) -> list[str]:
    """Return what a log or a crash reporter could see of a sign-in and of a sync."""
    account = door.open(json.dumps({"key": CANARY, "jwt": token, "jwt_expires": int(START.timestamp()) + 86_400}))
    left = [repr(account), repr(door), repr(vars(account)["_wire"])]
    for attempt in (
        lambda: door.sign_in_with_key(CANARY),
        lambda: door.whose(json.dumps({"key": CANARY, "jwt": token, "jwt_expires": int(START.timestamp()) + 86_400})),
        lambda: len(list(account.activities(TODAY, TODAY))),
        lambda: account.steps(TODAY, TODAY),
    ):
        try:
            left.append(repr(attempt()))
        except SourceError as error:
            left += told_by(error)
    return left


def told_by(error: BaseException | None) -> list[str]:
    """Return all texts of an error and of its causes."""
    if error is None:
        return []
    pickle.dumps(error)  # fails if the error refers to a request or a socket
    parts = [repr(vars(each)) for each in vars(error).values() if hasattr(each, "__dict__")]
    told = [type(error).__name__, repr(error), repr(vars(error)), *parts]
    return told + told_by(error.__cause__) + told_by(error.__context__)


def recorded(name: str, pretended: object) -> bytes:
    """Return what Garmin really answered, if there is a folder of recordings; otherwise
    what the pretend one answers.
    """
    path = Path(os.environ.get("GRUPPETTO_SAMPLES", "")) / "garmin" / f"{name}.json"
    return path.read_bytes() if path.is_file() else json.dumps(pretended).encode()


def test_recorded_answers_are_understood(odd: Odd) -> None:
    anna = World().anna
    anna.upload(start=START - timedelta(days=2), seconds=1800, metres=5000)
    answers = {
        "daily": recorded("data__test_daily_summary_list.1", daily_summaries(anna, TODAY, TODAY)["data"][0]),
        "activities": recorded("data__test_activity_list.0", anna.activities),
        "2023-07-07": recorded("stats__test_daily_steps.0", daily_steps(anna, date(2023, 7, 1), date(2023, 7, 7))),
    }
    odd.answers |= {path: lambda body=body: flask.Response(body) for path, body in answers.items()}
    signed_in = odd.door.whose(odd.door.sign_in_with_key(CANARY).tokens)
    account = odd.door.open(signed_in.tokens)
    listed, told = json.loads(answers["activities"]), json.loads(answers["2023-07-07"])
    pages = list(account.activities(date(2026, 1, 1), TODAY))
    assert [page.recordings for page in pages] == [[read_row(row) for row in listed]]
    assert [row.id for row in pages[0].recordings] == [row["activityId"] for row in listed]
    assert signed_in.profile.id == str(listed[0]["ownerId"])
    days = account.steps(date(2023, 7, 1), date(2023, 7, 7))
    assert len(days) >= 7
    assert [(str(each.day), each.steps, each.goal) for each in days] == [
        (each["calendarDate"], each["totalSteps"], each["stepGoal"]) for each in told
    ]
