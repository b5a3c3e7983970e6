"""The pretend Twilio, driven over HTTP by the real SDK."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from flask import Flask, Response, redirect, request
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import SIGNATURE_SETTINGS_HEADER, RequestValidator, get_signature_algorithm
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList
from werkzeug.serving import make_server

from simulator.twilio.phones import Phone, Phones
from simulator.twilio.server import Decision, PretendMessage, PretendTwilio, Rules
from tests.patience import AT_MOST, RUNS_OUT, until

ACCOUNT, TOKEN, BOT = "AC" + "0" * 32, "a token", "whatsapp:+14155238886"
START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n and the rest"
DIGEST_BODY = "The weekly digest of {{1}} is ready for you."
SHOW_IT = [{"type": "QUICK_REPLY", "title": "Show it", "id": "digest show"}]
PREFIXES = {"api": "", "content": "/content", "messaging": "/messaging"}


class HereClient(TwilioHttpClient):
    """The SDK's own client, with Twilio on this computer."""

    def __init__(self, base: str, timeout: float) -> None:
        super().__init__(timeout=timeout, pool_connections=False)
        self.base = base

    def request(self, method, url, *args, **kwargs):
        asked, base = urlsplit(url), urlsplit(self.base)
        path = base.path + PREFIXES[asked.hostname.split(".")[0]] + asked.path
        return super().request(method, urlunsplit((base.scheme, base.netloc, path, asked.query, "")), *args, **kwargs)


class World:
    """A pretend Twilio on a real port, a bot that records lines, and Ana, who just wrote to it."""

    def __init__(self) -> None:
        self.time = START
        self.twilio = PretendTwilio(lambda: self.time, account_sid=ACCOUNT, auth_token=TOKEN)
        self.phones = Phones(self.twilio)
        self.posted: list[tuple[str, dict[str, str], bool]] = []
        self.secret, self.answer_status = TOKEN, 200
        app = Flask("bot")
        app.register_blueprint(self.twilio.blueprint(), url_prefix="/twilio")
        app.add_url_rule("/bot/<path>", view_func=self._bot, methods=["POST"])
        app.add_url_rule("/pictures/<name>", view_func=self._picture, methods=["GET", "HEAD"])
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.twilio.webhook_url = f"{self.url}/bot/inbound#rc=3&rp=5xx"
        self.ana = self.person("Ana", "+32470000001")
        self.client = self.sdk()

    def sdk(self, token: str = TOKEN, timeout: float = AT_MOST) -> Client:
        return Client(ACCOUNT, token, http_client=HereClient(f"{self.url}/twilio", timeout))

    def person(self, name: str, number: str, *, wrote: bool = True) -> Phone:
        phone = self.phones.add(name, number)
        phone.last_inbound_at = self.time if wrote else None
        return phone

    def send(self, to: Phone | None = None, **said: object) -> PretendMessage:
        said = said or {"body": "hello"}
        sent = self.client.messages.create(to=(to or self.ana).address, from_=BOT, **said)
        self.twilio.settle()
        return self.twilio.messages[sent.sid]

    def content(self, types: dict[str, object], variables: dict[str, str] | None = None) -> str:
        pushed = {"friendly_name": "c", "language": "en", "variables": variables or {}, "types": types}
        return self.client.content.v1.contents.create(ContentList.ContentCreateRequest(pushed)).sid

    def template(self, status: str = "approved", category: str = "UTILITY", body: str = DIGEST_BODY) -> str:
        sid = self.content({"twilio/quick-reply": {"body": body, "actions": SHOW_IT}}, {"1": "Sunday Runners"})
        self.submit(sid, category=category)
        self.twilio.contents[sid].decide(Decision(status))
        return sid

    def submit(self, sid: str, name: str = "digest_ready", category: str = "UTILITY"):
        asked = ApprovalCreateList.ContentApprovalRequest({"name": name, "category": category})
        return self.client.content.v1.contents(sid).approval_create.create(asked)

    def approval(self, sid: str) -> dict[str, object]:
        return self.client.content.v1.contents(sid).approval_fetch().fetch().whatsapp

    def later(self, **span: float) -> None:
        self.time += timedelta(**span)

    def receipts(self, message: PretendMessage) -> list[str]:
        return [form["MessageStatus"] for _, form, _ in self.posted if form["MessageSid"] == message.sid]

    def close(self) -> None:
        self.twilio.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _bot(self, path: str) -> tuple[str, int]:
        algorithm = get_signature_algorithm(request.headers.get(SIGNATURE_SETTINGS_HEADER))
        signature = request.headers.get("X-Twilio-Signature", "")
        url = f"{self.url}{request.full_path.rstrip('?')}"
        valid = RequestValidator(self.secret).validate(url, request.form, signature, algorithm)
        self.posted.append((url, request.form.to_dict(), valid))
        return "", self.answer_status

    def _picture(self, name: str) -> Response:
        if name == "moved":
            return redirect("/pictures/good.png")
        found = {
            "good.png": (PNG, "image/png"),
            "good.jpg": (b"\xff\xd8\xff photo", "image/jpeg; charset=binary"),
            "page": (b"<html>", "text/html"),
            "not-really.png": (b"<svg/>", "image/png"),
            "empty.png": (b"", "image/png"),
            "huge.png": (PNG + b"x" * 5_000_000, "image/png"),
        }.get(name)
        return Response(found[0], content_type=found[1]) if found else Response("", 404)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def refused(call, *args, **kwargs) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as caught:
        call(*args, **kwargs)
    return caught.value


def buttons(*titles: str) -> list[dict[str, str]]:
    return [{"type": "QUICK_REPLY", "title": title, "id": f"say {title}"} for title in titles]


def items(count: int) -> list[dict[str, str]]:
    return [{"item": f"item {n}", "id": f"{n}"} for n in range(count)]


# --- the Messages resource ---------------------------------------------------------------------------


def test_a_message_is_queued_first_and_read_in_the_end(world):
    sent = world.client.messages.create(to=world.ana.address, from_=BOT, body="Hello *Ana*")
    assert (sent.status, sent.direction, sent.num_media, sent.error_code) == ("queued", "outbound-api", "0", None)
    assert sent.date_created == START
    assert sent.date_sent is None
    world.twilio.settle()
    fetched = world.client.messages(sent.sid).fetch()
    assert (fetched.status, fetched.body, fetched.to) == ("read", "Hello *Ana*", "whatsapp:+32470000001")
    assert [name for _, name in world.twilio.messages[sent.sid].events] == [
        "queued", "sending", "sent", "delivered", "read",
    ]  # fmt: skip
    assert [message.text for message in world.ana.heard] == ["Hello *Ana*"]


def test_a_message_has_the_fields_twilio_gives(world):
    path = f"/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    form = {"To": world.ana.address, "From": BOT, "Body": "x"}
    answer = requests.post(world.url + path, form, auth=(ACCOUNT, TOKEN), timeout=AT_MOST)
    assert answer.status_code == 201
    assert sorted(answer.json()) == [
        "account_sid", "api_version", "body", "date_created", "date_sent", "date_updated", "direction",
        "error_code", "error_message", "from", "messaging_service_sid", "num_media", "num_segments", "price",
        "price_unit", "sid", "status", "subresource_uris", "to", "uri",
    ]  # fmt: skip
    assert answer.json()["date_created"] == "Sun, 22 Nov 2026 18:00:00 +0000"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"to": "+32470000001"}, 21211),
        ({"to": "whatsapp:0470"}, 21211),
        ({"to": "whatsapp:12-34@g.us"}, 21211),
        ({"from_": "whatsapp:+15550000000"}, 21606),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"media_url": ["http://a/1.png", "http://a/2.png"]}, 21623),
        ({"media_url": ["file:///etc/passwd"]}, 21620),
        ({"validity_period": 0}, 20001),
        ({"content_sid": "HX" + "0" * 32}, 21655),
    ],
)
def test_what_twilio_refuses_at_once(world, wrong, code):
    said = {"to": world.ana.address, "from_": BOT, "body": "hello"} | wrong
    refusal = refused(world.client.messages.create, **said)
    assert (refusal.status, refusal.code) == (400, code)
    assert not world.twilio.messages


def test_a_body_of_1600_passes(world):
    assert world.send(body="x" * 1600).status == "read"


@pytest.mark.parametrize("variables", ["", "null", "[]", '{"1": null}', '{"1": ""}', '{"1": 7}', "{1: 'x'}"])
def test_content_variables_must_be_text(world, variables):
    sid = world.template()
    path = f"{world.url}/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    form = {"To": world.ana.address, "From": BOT, "ContentSid": sid, "ContentVariables": variables}
    answer = requests.post(path, form, auth=(ACCOUNT, TOKEN), timeout=AT_MOST)
    assert (answer.status_code, answer.json()["code"]) == (400, 21656)
    assert answer.json()["more_info"] == "https://www.twilio.com/docs/errors/21656"


def test_a_wrong_token_is_turned_away_everywhere(world):
    intruder = world.sdk(token="guess")
    refusal = refused(intruder.messages("SM" + "0" * 32).fetch)
    assert (refusal.status, refusal.code) == (401, 20003)
    assert refused(intruder.content.v1.contents("HX" + "0" * 32).fetch).status == 401


def test_an_unknown_message_is_not_found(world):
    refusal = refused(world.client.messages("SM" + "0" * 32).fetch)
    assert (refusal.status, refusal.code) == (404, 20404)


def test_redaction_empties_twilios_copy_but_not_the_phone(world):
    message = world.send(body="secret")
    assert world.client.messages(message.sid).update(body="").body == ""
    assert world.client.messages(message.sid).fetch().body == ""
    assert world.ana.heard[0].text == "secret"


def test_a_message_can_be_deleted_but_not_under_way(world):
    world.twilio.auto = False
    sent = world.client.messages.create(to=world.ana.address, from_=BOT, body="hello")
    refusal = refused(world.client.messages(sent.sid).delete)
    assert (refusal.status, refusal.code) == (409, 20009)
    assert refused(world.client.messages(sent.sid).update, body="").code == 20009
    world.twilio.advance()
    world.twilio.settle()
    assert world.client.messages(sent.sid).delete()
    assert refused(world.client.messages(sent.sid).fetch).code == 20404
    assert world.client.messages.list(to=world.ana.address) == []


def test_lists_are_filtered_paged_and_newest_first(world):
    bob = world.person("Bob", "+32470000002")
    for n in range(5):
        world.send(body=f"ana {n}")
        world.send(bob, body=f"bob {n}")
        world.later(minutes=1)
    to_ana = world.client.messages.list(to=world.ana.address, page_size=2)
    assert [message.body for message in to_ana] == ["ana 4", "ana 3", "ana 2", "ana 1", "ana 0"]
    assert len(world.client.messages.list(from_=BOT, page_size=3)) == 10
    recent = world.client.messages.list(to=bob.address, date_sent_after=START + timedelta(minutes=3))
    assert [message.body for message in recent] == ["bob 4", "bob 3"]
    old = world.client.messages.list(date_sent_before=START + timedelta(seconds=30))
    assert {message.body for message in old} == {"ana 0", "bob 0"}
    assert len(world.client.messages.list(date_sent=datetime(2026, 11, 22, tzinfo=UTC))) == 10
    assert world.client.messages.list(date_sent=datetime(2026, 11, 21, tzinfo=UTC)) == []


def test_inbound_messages_are_listed_too(world):
    sid = world.ana.says("stats")
    (found,) = world.client.messages.list(to=BOT)
    assert (found.sid, found.body, found.direction, found.status) == (sid, "stats", "inbound", "received")


def test_a_new_message_shows_in_lists_only_after_the_lag(world):
    world.twilio.faults.list_lag = 5
    world.send()
    assert world.client.messages.list(to=world.ana.address) == []
    world.later(seconds=5)
    assert len(world.client.messages.list(to=world.ana.address)) == 1


def test_the_list_may_be_down(world):
    world.twilio.faults.list_status = 503
    answer = requests.get(
        f"{world.url}/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json", auth=(ACCOUNT, TOKEN), timeout=AT_MOST
    )
    assert answer.status_code == 503


def test_the_typing_indicator_marks_the_message_read(world):
    sid = world.ana.says("sync")
    answer = world.client.messaging.v2.typing_indicator.create(channel="whatsapp", message_id=sid)
    assert answer.success is True
    assert world.twilio.messages[sid].events[-1][1] == "read"
    indicator = world.client.messaging.v2.typing_indicator
    assert refused(indicator.create, channel="whatsapp", message_id="SM1").status == 404


def test_requests_are_noted(world):
    world.send(body="hello")
    noted = world.twilio.journal[-1]
    assert (noted.method, noted.status, noted.params["Body"]) == ("POST", 201, "hello")
    assert "twilio-python" in noted.user_agent
    assert noted.path.endswith("/Messages.json")


# --- pictures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["good.png", "good.jpg"])
def test_a_picture_is_fetched_kept_and_shown(world, name):
    message = world.send(body="Week 47", media_url=[f"{world.url}/pictures/{name}"])
    assert (message.status, message.sid[:2]) == ("read", "MM")
    shown = requests.get(world.url + message.picture_url, timeout=AT_MOST)
    assert shown.headers["Content-Type"] == ("image/png" if name == "good.png" else "image/jpeg")
    assert shown.content == (PNG if name == "good.png" else b"\xff\xd8\xff photo")
    (media,) = world.client.messages(message.sid).media.list()
    assert media.parent_sid == message.sid
    assert media.delete()
    assert world.client.messages(message.sid).media.list() == []
    assert requests.get(world.url + message.picture_url, timeout=AT_MOST).status_code == 200


@pytest.mark.parametrize(
    ("name", "code"),
    [("missing.png", 63019), ("moved", 63019), ("empty.png", 63019), ("page", 63021), ("not-really.png", 63021),
     ("huge.png", 63034)],
)  # fmt: skip
def test_a_bad_picture_does_not_arrive(world, name, code):
    message = world.send(body="Week 47", media_url=[f"{world.url}/pictures/{name}"])
    assert (message.status, message.error_code) == ("undelivered", code)
    assert world.ana.heard == []


def test_a_picture_nobody_serves_does_not_arrive(world):
    assert world.send(body="x", media_url=["http://127.0.0.1:9/x.png"]).error_code == 63019


def test_a_caption_has_1024_letters(world):
    url = [f"{world.url}/pictures/good.png"]
    assert world.send(body="x" * 1024, media_url=url).status == "read"
    assert world.send(body="x" * 1025, media_url=url).error_code == 63021


# --- contents and their approval -----------------------------------------------------------------------


def test_a_content_fills_its_variables_everywhere(world):
    face = {"body": "Hi {{1}}", "actions": [{"type": "QUICK_REPLY", "title": "{{2}}", "id": "go {{2}} {{1}}"}]}
    sid = world.content({"twilio/quick-reply": face}, {"1": "you", "2": "Stats"})
    message = world.send(content_sid=sid, content_variables=json.dumps({"1": "Ana"}))
    assert (message.text, message.buttons) == ("Hi Ana", [("Stats", "go Stats Ana")])
    assert world.client.messages(message.sid).fetch().body == "Hi Ana"


def test_media_and_lists_and_links_are_filled_in(world):
    media = world.content(
        {"twilio/media": {"body": "Week {{2}}", "media": [world.url + "/pictures/{{1}}.png"]}},
        {"1": "none", "2": "47"},
    )
    message = world.send(content_sid=media, content_variables='{"1": "good"}')
    assert (message.status, message.text, message.picture is not None) == ("read", "Week 47", True)
    items = [{"item": "By {{1}}", "id": "lb {{1}}", "description": "d {{1}}"}]
    picker = world.content({"twilio/list-picker": {"body": "Which?", "button": "Choose", "items": items}})
    listed = world.send(content_sid=picker, content_variables='{"1": "time"}')
    assert (listed.buttons, listed.descriptions) == ([("By time", "lb time")], ["d time"])
    link = {"body": "Connect", "actions": [{"type": "URL", "title": "Open", "url": "https://bot.example/{{1}}"}]}
    opened = world.send(content_sid=world.content({"twilio/call-to-action": link}), content_variables='{"1": "t"}')
    assert (opened.links, opened.buttons) == ([("Open", "https://bot.example/t")], [])


def test_contents_are_stored_listed_and_deleted(world):
    sids = [world.content({"twilio/text": {"body": f"text {n}"}}) for n in range(3)]
    stored = world.client.content.v1.contents(sids[0]).fetch()
    assert (stored.types, stored.date_created) == ({"twilio/text": {"body": "text 0"}}, START)
    assert [one.sid for one in world.client.content.v1.contents.list(page_size=2)] == sids
    assert world.client.content.v1.contents(sids[0]).delete()
    assert refused(world.client.content.v1.contents(sids[0]).fetch).code == 20404
    found = world.client.content.v1.content_and_approvals.list()
    assert [(one.sid, one.approval_requests["status"]) for one in found] == [(s, "unsubmitted") for s in sids[1:]]


def test_a_content_has_one_type_we_know(world):
    assert refused(world.content, {"twilio/catalog": {"id": "1"}}).status == 400


def test_approval_takes_its_time(world):
    sid = world.content({"twilio/text": {"body": DIGEST_BODY}}, {"1": "Sunday Runners"})
    assert world.approval(sid)["status"] == "unsubmitted"
    assert world.submit(sid).status == "received"
    assert [world.approval(sid)["status"] for _ in range(3)] == ["pending", "approved", "approved"]
    assert world.approval(sid)["category"] == "UTILITY"


def test_reviewers_may_decide_otherwise(world):
    world.twilio.rules = Rules(approve_after_polls=0)
    world.twilio.decisions["digest_ready"] = Decision("rejected", "promotional")
    world.twilio.decisions["other"] = Decision("approved", category="MARKETING")
    first = world.content({"twilio/text": {"body": "Plain words for you"}})
    other = world.content({"twilio/text": {"body": "Plain words for you"}})
    world.submit(first)
    world.submit(other, name="other")
    assert world.approval(first)["rejection_reason"] == "promotional"
    assert (world.approval(other)["status"], world.approval(other)["category"]) == ("approved", "MARKETING")


@pytest.mark.parametrize(
    ("body", "samples", "reason"),
    [
        ("{{1}} is ready for you today", {"1": "x"}, "begin or end"),
        ("Here is the week of {{1}}", {"1": "x"}, "begin or end"),
        ("Here is {{1}} {{2}} for all of you my friends", {"1": "x", "2": "y"}, "side by side"),
        ("Here is {{2}} for all of you", {"2": "x"}, "numbered"),
        ("Here is {{1}} for all of you", {}, "sample"),
        ("See {{1}} now", {"1": "x"}, "few words"),
    ],
)
def test_bad_templates_are_rejected_by_themselves(world, body, samples, reason):
    world.twilio.rules = Rules(approve_after_polls=0)
    sid = world.content({"twilio/text": {"body": body}}, samples)
    world.submit(sid)
    approval = world.approval(sid)
    assert approval["status"] == "rejected"
    assert reason in approval["rejection_reason"]


def test_what_can_not_be_submitted(world):
    sid = world.content({"twilio/text": {"body": "Plain"}})
    assert refused(world.submit, sid, name="Digest Ready").status == 400
    assert refused(world.submit, sid, category="FUN").status == 400
    picker = {"twilio/list-picker": {"body": "?", "button": "b", "items": [{"item": "i", "id": "i"}]}}
    assert refused(world.submit, world.content(picker)).status == 400
    world.submit(sid)
    assert refused(world.submit, sid).status == 400


# --- WhatsApp's rules ------------------------------------------------------------------------------------


def test_the_window_closes_24_hours_after_the_last_word(world):
    world.later(hours=23, minutes=59, seconds=59)
    assert world.send().status == "read"
    world.later(seconds=1)
    late = world.send()
    assert (late.status, late.error_code) == ("undelivered", 63016)
    assert world.client.messages(late.sid).fetch().error_code == 63016
    world.ana.says("hi")
    assert world.send().status == "read"


@pytest.mark.parametrize(
    ("status", "code"),
    [("approved", None), ("received", 63016), ("pending", 63016), ("paused", 63041), ("rejected", 63040),
     ("disabled", 63042)],
)  # fmt: skip
def test_outside_the_window_only_an_approved_template_arrives(world, status, code):
    sid = world.template(status)
    world.later(days=2)
    message = world.send(content_sid=sid, content_variables='{"1": "Runners"}')
    assert (message.status, message.error_code) == ("undelivered" if code else "read", code)


def test_marketing_does_not_reach_american_numbers(world):
    tom = world.person("Tom", "+15005550006", wrote=False)
    assert world.send(tom, content_sid=world.template(category="MARKETING")).error_code == 63049
    assert world.send(tom, content_sid=world.template()).status == "read"


def test_template_variables_stay_on_one_line(world):
    sid = world.template()
    world.later(days=2)
    assert world.send(content_sid=sid, content_variables=json.dumps({"1": "a\nb"})).error_code == 63021


def test_a_variable_without_value_or_sample_does_not_arrive(world):
    sid = world.content({"twilio/text": {"body": "Hi {{1}} there"}})
    assert world.send(content_sid=sid).error_code == 63028


@pytest.mark.parametrize(
    "types",
    [
        {"twilio/quick-reply": {"body": "x" * 1025, "actions": buttons("a")}},
        {"twilio/quick-reply": {"body": "x", "actions": buttons("a", "b", "c", "d")}},
        {"twilio/quick-reply": {"body": "x", "actions": buttons("t" * 21)}},
        {"twilio/quick-reply": {"body": "x", "actions": buttons("a", "a")}},
        {"twilio/quick-reply": {"body": "x", "actions": [{"type": "QUICK_REPLY", "title": "a", "id": "i" * 201}]}},
        {"twilio/list-picker": {"body": "x", "button": "b", "items": items(11)}},
        {"twilio/list-picker": {"body": "x", "button": "b", "items": [{"item": "t" * 25, "id": "1"}]}},
    ],
)  # fmt: skip
def test_what_does_not_fit_does_not_arrive(world, types):
    message = world.send(content_sid=world.content(types))
    assert (message.status, message.error_code) == ("undelivered", 63021)


@pytest.mark.parametrize(
    "types",
    [
        {"twilio/quick-reply": {"body": "x" * 1024, "actions": buttons("a", "b", "t" * 20)}},
        {"twilio/list-picker": {"body": "x", "button": "b", "items": items(10)}},
    ],
)  # fmt: skip
def test_what_just_fits_arrives(world, types):
    assert world.send(content_sid=world.content(types)).status == "read"


def test_who_can_not_be_reached(world):
    world.ana.blocked = True
    assert world.send().error_code == 63014
    stranger = Phone(world.twilio, "Nobody", "+32470009999")
    assert world.send(stranger).error_code == 63003


def test_a_person_can_be_reached_by_business_id(world):
    zoe = world.phones.add("Zoë", "", "US.13491208655302741918")
    zoe.says("hi")
    assert world.send(zoe, body="hello").status == "read"
    assert zoe.heard[0].to == "whatsapp:US.13491208655302741918"


def test_nothing_is_delivered_after_its_validity(world):
    world.twilio.auto = False
    sent = world.client.messages.create(to=world.ana.address, from_=BOT, body="x", validity_period=60)
    world.later(seconds=61)
    world.twilio.advance()
    world.twilio.settle()
    message = world.twilio.messages[sent.sid]
    assert (message.status, message.error_code) == ("failed", 30036)


def test_one_person_gets_45_messages_at_once_and_then_one_in_6_seconds(world):
    codes = [world.send().error_code for _ in range(46)]
    assert codes == [None] * 45 + [63018]
    world.later(seconds=6)
    assert [world.send().error_code for _ in range(2)] == [None, 63018]
    assert world.send(world.person("Bob", "+32470000002")).status == "read"


def test_the_tier_counts_people_outside_the_window(world):
    world.twilio.rules = Rules(tier=2)
    sid = world.template()
    people = [world.person(f"P{n}", f"+3247000010{n}", wrote=False) for n in range(3)]
    assert [world.send(one, content_sid=sid).error_code for one in people] == [None, None, 63018]
    assert world.send(people[0], content_sid=sid).status == "read"
    assert world.send(body="in session, not counted").status == "read"
    world.later(hours=24)
    assert world.send(people[2], content_sid=sid).status == "read"


# --- callbacks -------------------------------------------------------------------------------------------

EXPECTED_KEYS = {
    "sent": {
        "SmsSid", "SmsStatus", "MessageStatus", "ChannelToAddress", "To", "ChannelPrefix", "MessageSid",
        "AccountSid", "StructuredMessage", "From", "ApiVersion", "ChannelInstallSid",
    },
    "delivered": {
        "EventType", "SmsSid", "SmsStatus", "MessageStatus", "ChannelToAddress", "To", "ChannelPrefix",
        "MessageSid", "AccountSid", "From", "ApiVersion", "ChannelInstallSid",
    },
    "undelivered": {
        "EventType", "SmsSid", "SmsStatus", "MessageStatus", "ErrorCode", "ChannelStatusMessage",
        "ChannelToAddress", "To", "ChannelPrefix", "MessageSid", "AccountSid", "From", "ApiVersion",
        "ChannelInstallSid",
    },
}  # fmt: skip
EXPECTED_KEYS["sending"], EXPECTED_KEYS["read"] = EXPECTED_KEYS["sent"], EXPECTED_KEYS["delivered"]


def callback(world: World) -> str:
    return f"{world.url}/bot/status?m=42&k=a%2Bb%3D"


def test_every_step_is_announced_in_order_and_signed(world):
    message = world.send(body="hello", status_callback=callback(world))
    assert world.receipts(message) == ["sending", "sent", "delivered", "read"]
    assert all(valid for _, _, valid in world.posted)
    assert {url for url, _, _ in world.posted} == {callback(world)}
    for _, form, _ in world.posted:
        assert set(form) == EXPECTED_KEYS[form["MessageStatus"]]
        assert form["ChannelToAddress"] == "+3247000XXXX"


def test_a_failure_is_announced_with_its_code(world):
    world.later(days=2)
    message = world.send(body="hello", status_callback=callback(world))
    assert world.receipts(message) == ["sending", "undelivered"]
    form = world.posted[-1][1]
    assert set(form) == EXPECTED_KEYS["undelivered"]
    assert (form["ErrorCode"], form["ChannelStatusMessage"]) == ("63016", "outside the allowed window")
    assert form["EventType"] == "UNDELIVERED"


def test_without_read_receipts_it_ends_with_delivered(world):
    world.ana.reads = False
    message = world.send(body="hello", status_callback=callback(world))
    assert (message.status, world.receipts(message)) == ("delivered", ["sending", "sent", "delivered"])


def test_fewer_steps_may_be_announced(world):
    world.twilio.rules = Rules(announced=frozenset({"delivered"}))
    assert world.receipts(world.send(body="x", status_callback=callback(world))) == ["delivered"]


def test_a_shared_key_signs_with_sha_256(world):
    world.twilio.rules = Rules(shared_key="another secret")
    world.send(body="hello", status_callback=callback(world))
    assert not any(valid for _, _, valid in world.posted)
    world.posted.clear()
    world.secret = "another secret"
    world.send(body="hello", status_callback=callback(world))
    assert len(world.posted) == 4
    assert all(valid for _, _, valid in world.posted)


def test_callbacks_are_best_effort(world):
    message = world.send(body="hello", status_callback="http://127.0.0.1:9/status")
    assert message.status == "read"
    assert world.twilio.courier.answers[0] == 4


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("off", []),
        ("doubled", ["sending", "sending", "sent", "sent", "delivered", "delivered", "read", "read"]),
        ("reordered", ["read", "delivered", "sent", "sending"]),
    ],
)
def test_callbacks_may_go_wrong(world, mode, expected):
    world.twilio.faults.callbacks = mode
    message = world.send(body="hello", status_callback=callback(world))
    assert (message.status, world.receipts(message)) == ("read", expected)


def test_callbacks_may_come_before_the_answer(world):
    world.twilio.faults.callbacks = "before_answer"
    sent = world.client.messages.create(to=world.ana.address, from_=BOT, body="hello", status_callback=callback(world))
    assert sent.status == "queued"
    assert len(world.posted) == 4  # without any waiting


def test_messages_to_one_phone_arrive_in_the_order_they_were_sent(world):
    for n in range(20):
        world.client.messages.create(to=world.ana.address, from_=BOT, body=f"{n}")
    world.twilio.settle()
    assert [message.text for message in world.ana.heard] == [f"{n}" for n in range(20)]


# --- inbound -----------------------------------------------------------------------------------------------


def test_an_inbound_webhook_is_signed_and_opens_the_window(world):
    bob = world.person("Bob", "+32470000002", wrote=False)
    bob.says("stats 📊")
    ((url, form, valid),) = world.posted
    assert (url, form["Body"], valid) == (f"{world.url}/bot/inbound", "stats 📊", True)
    assert bob.last_inbound_at == START


def test_an_inbound_webhook_may_come_unsigned(world):
    form = {"MessageSid": "SM1", "From": world.ana.address, "To": BOT, "Body": "hi"}
    assert world.twilio.deliver_inbound(form, sign=False) == 200
    assert world.posted[0][2] is False


def test_an_inbound_webhook_that_fails_says_so(world):
    world.answer_status = 503
    form = {"MessageSid": "SM1", "From": world.ana.address, "To": BOT, "Body": "hi"}
    assert world.twilio.deliver_inbound(form) == 503
    assert world.twilio.messages["SM1"].error_code == 11200
    world.twilio.webhook_url = "http://127.0.0.1:9/"
    assert world.twilio.deliver_inbound(form) == 0
    world.twilio.webhook_url = ""
    with pytest.raises(ValueError, match="webhook_url"):
        world.twilio.deliver_inbound(form)


# --- faults ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "code", "arrived"),
    [("429", 429, 20429, 0), ("500", 500, 20500, 0), ("401", 401, 20003, 0), ("400:63038", 400, 63038, 0),
     ("500_after_accept", 500, 20500, 1)],
)  # fmt: skip
def test_a_scripted_fault_happens_once(world, fault, status, code, arrived):
    world.twilio.faults.next.append(fault)
    refusal = refused(world.client.messages.create, to=world.ana.address, from_=BOT, body="hello")
    world.twilio.settle()
    assert (refusal.status, refusal.code, len(world.ana.heard)) == (status, code, arrived)
    assert world.send().status == "read"


@pytest.mark.parametrize(("fault", "arrived"), [("hang", 0), ("hang_after_accept", 1)])
def test_twilio_may_hang(world, fault, arrived):
    world.twilio.faults.next.append(fault)
    with pytest.raises(requests.exceptions.ReadTimeout):
        world.sdk(timeout=RUNS_OUT).messages.create(to=world.ana.address, from_=BOT, body="hello")
    until(lambda: len(world.twilio.messages) == arrived)
    world.twilio.settle()
    assert len(world.ana.heard) == arrived


@pytest.mark.parametrize(("fault", "arrived"), [("reset", 0), ("hang", 0), ("hang_after_accept", 1)])
def test_the_line_may_drop(world, fault, arrived):
    world.twilio.faults.hang_seconds = 0.05
    world.twilio.faults.next.append(fault)
    with pytest.raises(requests.exceptions.ConnectionError):
        world.client.messages.create(to=world.ana.address, from_=BOT, body="hello")
    world.twilio.settle()
    assert len(world.ana.heard) == arrived


def test_an_unknown_fault_is_an_error(world):
    world.twilio.faults.next.append("earthquake")
    with pytest.raises(ValueError, match="unknown fault 'earthquake'; there are 429, 500"):
        world.twilio.faults.draw()


def test_faults_come_at_a_rate_and_the_same_with_the_same_seed(world):
    faults = world.twilio.faults
    faults.fault_rate = {"429": 0.2, "500": 0.1}
    drawn = [faults.draw() for _ in range(1000)]
    assert 150 < drawn.count("429") < 250
    assert 60 < drawn.count("500") < 140
    faults.random = Random(0)
    assert [faults.draw() for _ in range(1000)] == drawn


def test_the_next_messages_may_be_lost(world):
    world.twilio.faults.undelivered_next.extend([63024, 63010])
    assert [world.send().error_code for _ in range(3)] == [63024, 63010, None]


# --- remembering -------------------------------------------------------------------------------------------


def test_a_snapshot_brings_everything_back(world):
    sid = world.template()
    message = world.send(content_sid=sid)
    picture = world.send(body="x", media_url=[f"{world.url}/pictures/good.png"])
    world.twilio.auto = False
    waiting = world.client.messages.create(to=world.ana.address, from_=BOT, body="later")
    data = json.loads(json.dumps(world.twilio.snapshot()))

    again = PretendTwilio(lambda: world.time, account_sid=ACCOUNT, auth_token=TOKEN)
    again.restore(data)
    phones = Phones(again)
    phones.restore(json.loads(json.dumps(world.phones.snapshot())))
    assert again.messages == world.twilio.messages
    assert again.contents == world.twilio.contents
    assert again.pictures.find(picture.picture) == ("image/png", PNG)
    ana = phones.by_number["+32470000001"]
    assert ana.last_inbound_at == START
    assert ana.heard[0] is again.messages[message.sid]
    again.advance()
    again.settle()
    again.close()
    assert again.messages[waiting.sid].status == "read"


def test_what_goes_wrong_in_the_background_is_told_to_who_waits(world):
    def broken(message: PretendMessage) -> None:
        raise RuntimeError("a hook broke")

    world.twilio.on_message.append(broken)
    world.client.messages.create(to=world.ana.address, from_=BOT, body="hello")
    with pytest.raises(RuntimeError, match="a hook broke"):
        world.twilio.settle()
    world.twilio.on_message.remove(broken)
    assert world.send().status == "read"
