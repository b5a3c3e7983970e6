"""People with phones, and the page that shows them."""

import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from simulator.page.feed import PhoneEvents
from simulator.page.markup import html
from simulator.page.views import page
from simulator.twilio.phones import Phone, Phones
from simulator.twilio.server import PretendContent, PretendMessage, PretendTwilio

BOT = "whatsapp:+14155238886"
START = datetime(2026, 11, 22, 18, 5, tzinfo=UTC)
HERE = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}


class World:
    """Phones, a page, and a bot that records lines and answers as told."""

    bot_name = "Gruppetto"

    def __init__(self) -> None:
        self.time = START
        self.twilio = PretendTwilio(lambda: self.time, account_sid="AC" + "0" * 32, auth_token="a token")
        self.phones = Phones(self.twilio)
        self.ana = self.phones.add("Ana", "+15005550006", "US.13491208655302741918")
        self.forms: list[dict[str, str]] = []
        self.status = 200
        bot = Flask("bot")
        bot.add_url_rule("/", view_func=self._bot, methods=["POST"])
        self._server = make_server("127.0.0.1", 0, bot, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.twilio.webhook_url = f"http://127.0.0.1:{self._server.server_port}/"
        app = Flask("page")
        app.register_blueprint(page(self.twilio, self.phones, self))
        self.browser: FlaskClient = app.test_client()

    def now(self) -> datetime:
        return self.time

    def moves_in(self, phone: Phone, /) -> None:
        self.moved_in = phone.name

    def hint(self, phone: Phone, /) -> str:
        return f"{phone.name}'s secret <i>"

    def travel_to(self, moment: datetime, /) -> None:
        self.time = moment

    def send_digest(self) -> str:
        return "The digest went to 3 members."

    def cheat_sheet(self) -> list[str]:
        return ["stats", "lb distance march"]

    def sends(self, to: Phone, text: str = "", content: dict[str, object] | None = None) -> PretendMessage:
        form = {"To": to.address, "From": BOT, "Body": text}
        if content:
            stored = PretendContent(f"HX{len(self.twilio.contents)}", "c", "en", {}, content, self.time)
            self.twilio.contents[stored.sid] = stored
            form["ContentSid"] = stored.sid
        message = self.twilio.accept(form, [])
        self.twilio.set_off(message)
        self.twilio.settle()
        return message

    def seen(self) -> str:
        return self.browser.get("/").text

    def events(self, after: int = 0) -> list[dict[str, object]]:
        return self.browser.get(f"/events?after={after}").json

    def post(self, path: str, **form: str):
        return self.browser.post(path, data=form, headers=HERE)

    def close(self) -> None:
        self.twilio.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _bot(self) -> tuple[str, int]:
        self.forms.append(request.form.to_dict())
        return "<Response/>", self.status


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def quick_reply(body: str, *titles: str) -> dict[str, object]:
    actions = [{"type": "QUICK_REPLY", "title": title, "id": f"say {title}"} for title in titles]
    return {"twilio/quick-reply": {"body": body, "actions": actions}}


def picker(*items: str) -> dict[str, object]:
    found = [{"item": item, "id": f"cmd:{item}", "description": f"about {item}"} for item in items]
    return {"twilio/list-picker": {"body": "Which?", "button": "Choose", "items": found}}


# --- what a phone posts: the keys of real captures ---------------------------------------------------

COMMON = [
    "SmsMessageSid", "NumMedia", "ProfileName", "MessageType", "SmsSid", "WaId", "SmsStatus", "Body", "To",
    "NumSegments", "ReferralNumMedia", "MessageSid", "AccountSid", "From", "ExternalUserId", "ApiVersion",
    "Forwarded", "FrequentlyForwarded",
]  # fmt: skip


def test_a_text_has_the_keys_of_a_real_one(world):
    sid = world.ana.says("join RUN-7F3K")
    (form,) = world.forms
    assert list(form) == COMMON
    assert (form["MessageSid"], form["SmsSid"], form["SmsMessageSid"]) == (sid, sid, sid)
    assert re.fullmatch(r"SM[0-9a-f]{32}", sid)
    assert (form["From"], form["WaId"], form["ProfileName"]) == ("whatsapp:+15005550006", "15005550006", "Ana")
    assert (form["MessageType"], form["Body"], form["To"]) == ("text", "join RUN-7F3K", BOT)
    assert form["ExternalUserId"] == "whatsapp:US.13491208655302741918"


def test_a_tap_has_the_keys_of_a_real_one(world):
    world.ana.says("hi")
    asked = world.sends(world.ana, content=quick_reply("Ready?", "Show it", "Later"))
    world.ana.taps("Show it")
    form = world.forms[-1]
    extra = ["ButtonText", "ButtonPayload", "OriginalRepliedMessageSid", "OriginalRepliedMessageSender"]
    assert list(form) == COMMON + extra
    assert [form[key] for key in extra] == ["Show it", "say Show it", asked.sid, BOT]
    assert (form["MessageType"], form["Body"]) == ("interactive", "Show it")


def test_a_choice_from_a_list_has_the_keys_of_a_real_one(world):
    world.ana.says("hi")
    world.sends(world.ana, content=picker("Leaderboard", "Stats"))
    world.ana.taps("Leaderboard")
    form = world.forms[-1]
    assert list(form) == [*COMMON, "ListId", "ListTitle"]
    assert (form["ListId"], form["ListTitle"], form["Body"]) == ("cmd:Leaderboard", "Leaderboard", "Leaderboard")


def test_a_picture_and_a_place_have_the_keys_of_real_ones(world):
    sid = world.ana.sends_picture()
    assert list(world.forms[0]) == [*COMMON, "MediaUrl0", "MediaContentType0"]
    assert (world.forms[0]["NumMedia"], world.forms[0]["MessageType"], sid[:2]) == ("1", "image", "MM")
    assert f"/Messages/{sid}/Media/ME" in world.forms[0]["MediaUrl0"]
    world.ana.shares_location()
    assert list(world.forms[1]) == [*COMMON, "Latitude", "Longitude", "Address", "Label"]
    assert (world.forms[1]["MessageType"], world.forms[1]["Body"]) == ("location", "")


def test_a_file_is_a_document_whose_text_is_its_name(world):
    sid = world.ana.sends_file(b"\x0e\x10.FIT", "application/octet-stream", "morning.fit")
    (form,) = world.forms
    assert list(form) == [*COMMON, "MediaUrl0", "MediaContentType0"]
    assert (form["MessageType"], form["Body"], form["NumMedia"]) == ("document", "morning.fit", "1")
    assert (form["MediaContentType0"], form["MessageSid"], sid[:2]) == ("application/octet-stream", sid, "MM")


def test_a_file_is_given_to_whoever_signs_in_by_way_of_a_public_store(world):
    sid = world.ana.sends_file(b"\x0e\x10.FIT", "application/octet-stream")
    other = world.ana.sends_file(b"another", "application/octet-stream")
    app = Flask("twilio")
    app.register_blueprint(world.twilio.blueprint(), url_prefix="/twilio")
    client, account = app.test_client(), ("AC" + "0" * 32, "a token")
    path, elsewhere = (
        world.ana._forms[each]["MediaUrl0"].replace("https://api.twilio.com", "/twilio") for each in (sid, other)
    )
    assert client.get(path).status_code == 401
    assert client.get(path, auth=(account[0], "wrong")).status_code == 401
    answer = client.get(path, auth=account)
    assert (answer.status_code, answer.data) == (307, b"")
    kept = client.get(answer.headers["Location"])
    assert (kept.data, kept.content_type) == (b"\x0e\x10.FIT", "application/octet-stream")
    assert client.get(path.rsplit("/", 1)[0] + "/" + elsewhere.rsplit("/", 1)[1], auth=account).status_code == 404
    listed = client.get(f"/twilio/2010-04-01/Accounts/{account[0]}/Messages/{sid}/Media.json", auth=account).json
    assert [each["sid"] for each in listed["media_list"]] == [path.rsplit("/", 1)[1]]


def test_a_person_without_a_number_is_known_by_business_id(world):
    zoe = world.phones.add("Zoë", "", "BE.1349")
    zoe.says("stats")
    form = world.forms[0]
    assert list(form) == COMMON
    assert (form["From"], form["ExternalUserId"], form["WaId"]) == ("whatsapp:BE.1349", "whatsapp:BE.1349", "")


# --- what a phone does -------------------------------------------------------------------------------


def test_a_webhook_can_be_repeated_but_is_one_message(world):
    sid = world.ana.says("hi")
    assert world.ana.repeats(sid) == 200
    assert world.forms[0] == world.forms[1]
    assert [message.sid for message in world.ana.chat] == [sid]


def test_a_phone_hears_what_was_delivered_oldest_first(world):
    world.ana.says("hi")
    first, second = world.sends(world.ana, "one"), world.sends(world.ana, "two")
    world.ana.blocked = True
    lost = world.sends(world.ana, "three")
    assert world.ana.heard == [first, second]
    assert world.ana.chat[-1] is lost


def test_a_tap_finds_the_newest_button_with_that_label(world):
    world.ana.says("hi")
    world.sends(world.ana, content=quick_reply("Old", "Yes", "No"))
    newer = world.sends(world.ana, content=quick_reply("New", "Yes"))
    world.ana.taps("Yes")
    assert world.forms[-1]["OriginalRepliedMessageSid"] == newer.sid
    with pytest.raises(LookupError, match=r"Ana sees no button 'Maybe'; there are Yes, No"):
        world.ana.taps("Maybe")


def test_a_phone_without_buttons_says_so(world):
    with pytest.raises(LookupError, match="there are none"):
        world.ana.taps("Yes")


def test_nobody_shares_a_number(world):
    with pytest.raises(ValueError, match="somebody already has"):
        world.phones.add("Bob", "+15005550006")
    with pytest.raises(ValueError, match="needs a number"):
        world.phones.add("Bob", "")
    fresh = world.phones.fresh_number()
    world.phones.add("Bob", fresh)
    assert world.phones.fresh_number() != fresh


def test_phones_survive_a_restart(world):
    sid = world.ana.says("hi")
    world.sends(world.ana, content=quick_reply("Ready?", "Yes"))
    world.ana.taps("Yes")
    data = json.loads(json.dumps([world.twilio.snapshot(), world.phones.snapshot()]))
    twilio = PretendTwilio(world.now, account_sid="AC" + "0" * 32, auth_token="a token")
    twilio.restore(data[0])
    phones = Phones(twilio)
    phones.restore(data[1])
    ana = phones.by_number["+15005550006"]
    assert [message.text for message in ana.chat] == ["hi", "Ready?", "Yes"]
    assert ana.chat[1].tapped == "Yes"
    assert ana.repeats(sid) == 200
    twilio.close()


# --- WhatsApp's markup -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*bold* _italic_ ~gone~", "<strong>bold</strong> <em>italic</em> <s>gone</s>"),
        ("*_both_*", "<strong><em>both</em></strong>"),
        ("2*3*4 and a_b_c", "2*3*4 and a_b_c"),
        ("a * not bold * b", "a * not bold * b"),
        ("`*code*` ```x < y```", "<code>*code*</code> <code>x &lt; y</code>"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("*<b>*", "<strong>&lt;b&gt;</strong>"),
        ("{} {0}", "{} {0}"),
    ],
)
def test_inline_markup(text, expected):
    assert html(text) == f'<p dir="auto">{expected}</p>'


def test_links_can_be_clicked_and_nothing_slips_into_them():
    link = '<a href="https://b.example/s/a_b_c?x=1&amp;y=2" target="_blank" rel="noopener noreferrer">'
    assert html("See https://b.example/s/a_b_c?x=1&y=2, now").startswith(f'<p dir="auto">See {link}')
    assert "<a href" not in html("javascript:alert(1)")
    assert 'onclick="' not in html('https://b.example/"onclick="x')


def test_blocks():
    text = "Top\n> said\n> so\n- one\n- *two*\n3. three\n4. four\n```\na  b\n```\nend"
    assert html(text) == (
        '<p dir="auto">Top</p><blockquote dir="auto">said\nso</blockquote>'
        '<ul><li dir="auto">one</li><li dir="auto"><strong>two</strong></li></ul>'
        '<ol start="3"><li dir="auto">three</li><li dir="auto">four</li></ol>'
        '<pre>a  b</pre><p dir="auto">end</p>'
    )


# --- the page ----------------------------------------------------------------------------------------


def test_the_page_shows_every_chat_safely(world):
    world.phones.add("<script>alert(1)</script>", "+32470000002").says("*hi* <img src=x>")
    world.sends(world.ana, "late")
    seen = world.seen()
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in seen
    assert "<script>" not in seen
    assert "<strong>hi</strong> &lt;img src=x&gt;" in seen
    assert "Not delivered · 63016 outside the allowed window" in seen
    assert 'aria-label="Conversation with Ana"' in seen
    assert '<div class="day">Today</div>' in seen
    assert '<time datetime="2026-11-22T18:05:00+00:00">18:05</time>' in seen


def test_the_page_lives_under_a_strict_policy(world):
    world.ana.says("hi")
    world.sends(world.ana, content=quick_reply("Ready?", "Yes"))
    answer = world.browser.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'")
    assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?! src)|https?://", answer.text)
    for name in re.findall(r'(?:href|src)="(/phones/static/[^"]+)"', answer.text):
        with world.browser.get(name) as found:
            assert found.status_code == 200


def test_every_field_has_a_label_and_every_id_is_unique(world):
    world.phones.add("Bob", "+32470000002")
    seen = world.seen()
    labels = re.findall(r'<label[^>]* for="([^"]+)"', seen)
    fields = re.findall(r'<input id="([^"]+)"', seen)
    assert sorted(labels) == sorted(fields)
    ids = re.findall(r'\sid="([^"]+)"', seen)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "http://localhost"}, 303),
    ],
)
def test_only_the_page_itself_may_act(world, headers, status):
    answer = world.browser.post("/phones/15005550006/says", data={"text": "hi"}, headers=headers)
    assert answer.status_code == status
    assert len(world.forms) == (status == 303)


def test_a_person_writes_and_tries_a_line_and_says_nothing(world):
    world.post("/phones/15005550006/says", text="hello")
    world.post("/phones/15005550006/says", text="ignored", chip="lb distance march")
    world.post("/phones/15005550006/says", text="  ")
    assert [form["Body"] for form in world.forms] == ["hello", "lb distance march"]
    assert world.post("/phones/999/says", text="hello").status_code == 404


def test_a_tapped_button_can_not_be_tapped_again(world):
    world.ana.says("hi")
    asked = world.sends(world.ana, content=quick_reply("Ready?", "Yes", "No"))
    assert " disabled" not in world.seen()
    assert world.post("/phones/15005550006/taps", sid=asked.sid, label="Yes").status_code == 200
    assert world.forms[-1]["ButtonPayload"] == "say Yes"
    assert world.seen().count(" disabled") == 2
    assert world.post("/phones/15005550006/taps", sid=asked.sid, label="Maybe").status_code == 404


def test_a_list_shows_its_items_and_what_they_mean(world):
    world.ana.says("hi")
    world.sends(world.ana, content=picker("Stats"))
    seen = world.seen()
    assert "☰ Choose</summary>" in seen
    assert '>Stats<small dir="auto">about Stats</small></button>' in seen


def test_a_link_button_opens_its_page(world):
    world.ana.says("hi")
    action = {"type": "URL", "title": "Open", "url": "https://bot.example/link/t"}
    world.sends(world.ana, content={"twilio/call-to-action": {"body": "Connect", "actions": [action]}})
    assert '<a href="https://bot.example/link/t" target="_blank"' in world.seen()


def test_ticks_tell_what_became_of_a_message(world):
    sid = world.ana.says("hi")
    assert 'aria-label="Delivered"' in world.seen()
    world.twilio.typing(sid)
    assert 'aria-label="Read"' in world.seen()
    world.status = 500
    world.ana.says("again")
    assert "Not delivered · 11200 the webhook did not answer" in world.seen()


def test_days_are_named(world):
    world.ana.says("first")
    world.time += timedelta(days=1)
    world.ana.says("second")
    assert re.findall(r'<div class="day">([^<]+)', world.seen()) == ["Yesterday", "Today"]
    world.time += timedelta(days=3)
    assert re.findall(r'<div class="day">([^<]+)', world.seen()) == ["Sun 22 Nov 2026", "Mon 23 Nov 2026"]


def test_the_clock_travels(world):
    assert world.post("/clock", hours="1").json == {"said": "", "reload": True}
    assert world.time == START + timedelta(hours=1)
    world.post("/clock", at="2026-12-01T07:30")
    assert world.time == datetime(2026, 12, 1, 7, 30, tzinfo=UTC)
    assert 'value="2026-12-01T07:30"' in world.seen()
    assert world.post("/clock", at="tomorrow").status_code == 400
    assert world.browser.get("/events").headers["X-Clock"] == "07:30"


def test_a_phone_is_added(world):
    assert world.post("/phones", name="  سارة \n").json["reload"] is True
    assert [phone.name for phone in world.phones.by_number.values()] == ["Ana", "سارة"]
    assert "<bdi>سارة</bdi>" in world.seen()
    assert world.post("/phones", name="  ").status_code == 400


def test_the_levers_work(world):
    assert world.post("/digest").json["said"] == "The digest went to 3 members."
    world.post("/failure", how="500")
    assert list(world.twilio.faults.next) == ["500"]
    world.post("/failure", how="lost")
    assert list(world.twilio.faults.undelivered_next) == [63010]
    assert world.post("/failure", how="earthquake").status_code == 400
    world.post("/phones/15005550006/does", what="block")
    assert world.ana.blocked is True
    world.post("/phones/15005550006/does", what="picture")
    world.post("/phones/15005550006/does", what="location")
    assert [form["MessageType"] for form in world.forms] == ["image", "location"]
    assert "📷 Photo" in world.seen()
    assert world.post("/phones/15005550006/does", what="dance").status_code == 400


def test_without_javascript_the_page_comes_back_and_says_what_happened(world):
    answer = world.browser.post("/digest", headers={"Sec-Fetch-Site": "same-origin"})
    assert (answer.status_code, answer.location) == (303, "/")
    assert "The digest went to 3 members." in world.seen()
    assert "The digest went to 3 members." not in world.seen()


def test_events_tell_what_is_new(world):
    sid = world.ana.says("*hi*")
    events = world.events()
    assert [event.get("sid", event.get("status")) for event in events] == [sid, "typing"]
    assert "<strong>hi</strong>" in events[0]["html"]
    assert {event["phone"] for event in events} == {"15005550006"}
    seen = max(event["seq"] for event in events)
    assert world.events(seen) == []
    reply = world.sends(world.ana, "hello")
    assert [event.get("sid", event.get("status")) for event in world.events(seen)] == [reply.sid, "online"]


def test_a_page_of_an_earlier_run_can_tell(world):
    run = re.search(r'data-run="(\w+)"', world.seen())[1]
    assert world.browser.get("/events").headers["X-Run"] == run
    again = Flask("another run")
    again.register_blueprint(page(world.twilio, world.phones, world))
    assert again.test_client().get("/events").headers["X-Run"] != run


def test_a_page_that_missed_too_much_reads_itself_anew(world):
    world.ana.says("hi")
    assert [event["status"] for event in world.events(9999)] == ["reload"]


def test_a_feed_keeps_messages_in_place_and_states_at_the_end():
    feed = PhoneEvents(limit=4)
    feed.message("a", "SM1")
    feed.state("a", "typing")
    feed.message("a", "SM2")
    feed.message("a", "SM1")
    assert feed.after(0) == [(4, "a", "SM1"), (2, "a", "typing"), (3, "a", "SM2")]
    feed.state("a", "online")
    assert feed.after(0) is None
    assert feed.after(1) == [(3, "a", "SM2"), (4, "a", "SM1"), (5, "a", "online")]
    assert feed.after(5) == []
    assert feed.after(6) is None
