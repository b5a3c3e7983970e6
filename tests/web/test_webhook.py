"""Twilio's webhooks: forged, unreadable, too large, repeated, and in the wrong order."""

import io
import json
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import permutations
from random import Random
from threading import Barrier
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import pytest
import requests
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from models import Identity, InboundMessage, Member, MessageEvent, MessageState, OutboundMessage
from providers.twilio.twilio import Twilio
from simulator.twilio.callbacks import receipt
from simulator.twilio.phones import Phone
from simulator.twilio.server import PretendMessage
from tests.patience import AT_MOST
from tests.town import ACCOUNT, SENDER, TOKEN, Person, Town
from tests.web.test_link import written
from web.app import create_app

__all__ = ["written"]

INBOUND, STATUS = "/webhooks/twilio/inbound", "/webhooks/twilio/status"
NUMBER = "whatsapp:+32470000001"


def said(body: str = "hi", **changes: str) -> dict[str, str]:
    """Return an inbound text, as Twilio posts it."""
    sid = f"SM{uuid4().hex}"
    form = {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": ACCOUNT,
        "From": NUMBER,
        "To": SENDER,
        "Body": body,
        "NumMedia": "0",
        "MessageType": "text",
        "ProfileName": "Zoë",
        "WaId": NUMBER[-11:],
    }
    return form | changes


def knock(town: Town, path: str, form: dict[str, str], *, token: str = TOKEN) -> requests.Response:
    """Post a form, signed for this address."""
    url = path if path.startswith("http") else town.world.settings.base_url + path
    signature = RequestValidator(token).compute_signature(url, form)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    return requests.post(url, data=urlencode(form), headers=headers, timeout=AT_MOST)


def callback_of(town: Town, reference: str) -> str:
    """Return the address at which Twilio tells what became of a message."""
    messenger = town.world.messenger
    assert isinstance(messenger, Twilio)
    return messenger._callback(reference)


def rows(town: Town, table: type) -> int:
    with town.world.sessions() as session:
        return session.scalar(select(func.count()).select_from(table))


def kept(town: Town) -> tuple[int, ...]:
    return tuple(rows(town, table) for table in (InboundMessage, OutboundMessage, Member, Identity, MessageEvent))


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all of these at the same moment."""
    gate = Barrier(len(acts))

    def go(act: Callable[[], Any]) -> Any:
        gate.wait(AT_MOST)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(go, acts))


def test_a_genuine_knock_is_answered_with_nothing_to_say(town: Town) -> None:
    answer = knock(town, INBOUND, said())
    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert answer.headers["Content-Type"].startswith("text/xml")
    assert kept(town)[:3] == (1, 1, 1)


def test_a_forged_knock_is_refused_and_leaves_nothing(town: Town) -> None:
    base = town.world.settings.base_url
    signed = RequestValidator(TOKEN)
    form, other = said(), said(AccountSid="AC" + "1" * 32)
    cases: list[tuple[dict[str, str], str | None]] = [
        (form, None),
        (form, ""),
        (form, "nonsense"),
        (form, RequestValidator("another token").compute_signature(base + INBOUND, form)),
        (form, signed.compute_signature(base + STATUS, form)),
        (form, signed.compute_signature(base + INBOUND + "?a=1", form)),
        (form, signed.compute_signature(base.replace("http", "https") + INBOUND, form)),
        (form | {"Body": "new group Mine"}, signed.compute_signature(base + INBOUND, form)),
        (form | {"Extra": "1"}, signed.compute_signature(base + INBOUND, form)),
        (other, signed.compute_signature(base + INBOUND, other)),
        ({}, signed.compute_signature(base + INBOUND, {})),
    ]
    for path in (INBOUND, STATUS):
        for sent, signature in cases if path == INBOUND else cases[:4]:
            headers = {} if signature is None else {"X-Twilio-Signature": signature}
            answer = requests.post(base + path, data=sent, headers=headers, timeout=AT_MOST)
            assert answer.status_code == 403, (path, signature)
            assert "signature" not in answer.text.casefold()
    assert kept(town) == (0,) * 5


def errors(written: io.StringIO) -> list[tuple[str, str]]:
    """Return what was logged as an error since the last call, with the reason."""
    lines = [json.loads(line) for line in written.getvalue().splitlines() if line.startswith("{")]
    written.truncate(written.seek(0))
    return [(line["event"], line["why"]) for line in lines if line["level"] == "error"]


def test_a_knock_that_nobody_can_use_is_taken_told_as_an_error_and_leaves_nothing(
    town: Town, written: io.StringIO
) -> None:
    """Twilio would not repeat it after any answer; only the operator can do something."""
    nobody, no_id = "nobody whom we could answer on WhatsApp", "no id of a message"
    unusable = [
        ({"To": "whatsapp:+15550000000"}, "To is another number than ours"),
        ({"From": "sms:+32470000001"}, nobody),
        ({"From": "+32470000001"}, nobody),
        ({"From": ""}, nobody),
        ({"From": "whatsapp:somebody"}, nobody),
        ({"MessageSid": "SM1", "SmsSid": ""}, no_id),
        ({"MessageSid": "'; DROP TABLE members; --", "SmsSid": "SM1"}, no_id),
    ]
    for changes, why in unusable:
        answer = knock(town, INBOUND, said(**changes))
        assert (answer.status_code, answer.text) == (200, "<Response/>"), changes
        assert errors(written) == [("inbound not readable", why)]
    assert knock(town, STATUS, said(MessageStatus="sent", MessageSid="x", SmsSid="")).status_code == 204
    assert errors(written) == [("receipt not readable", no_id)]
    assert kept(town) == (0,) * 5


def test_a_reference_of_ours_that_is_none_is_taken_and_told_as_an_error(town: Town, written: io.StringIO) -> None:
    address = callback_of(town, "not a message of ours")
    assert knock(town, address, said(MessageStatus="sent")).status_code == 204
    assert [event for event, _ in errors(written)] == ["receipt not readable"]


def test_a_knock_of_a_hundred_kilobytes_is_taken_and_a_larger_one_refused_before_it_is_read(town: Town) -> None:
    for path in (INBOUND, STATUS):
        assert knock(town, path, said("x" * 128 * 1024)).status_code == 413
        assert knock(town, path, said("x" * 100_000, MessageStatus="sent")).status_code in (200, 204)
    assert rows(town, InboundMessage) == 1
    for path in ("/webhooks/twilio/elsewhere", "/link/x"):
        answer = requests.post(town.world.settings.base_url + path, data="x" * 65 * 1024, timeout=AT_MOST)
        assert answer.status_code == 413, "64 KiB are enough everywhere else"


SPELLINGS = [
    ("https://bot.example.org/webhooks/twilio/inbound", "bot.example.org"),
    ("https://bot.example.org/webhooks/twilio/inbound/", "bot.example.org"),
    ("https://bot.example.org//webhooks/twilio/inbound", "bot.example.org"),
    ("https://bot.example.org:443/webhooks/twilio/inbound", "bot.example.org:443"),
    ("https://bot.example.org:443/webhooks/twilio/inbound/", "bot.example.org"),
    ("https://Bot.Example.ORG/webhooks/twilio/inbound", "Bot.Example.ORG"),
    ("https://bot.example.org/webhooks/twilio/inbound?from=twilio&b=%2B", "bot.example.org"),
    ("https://bot.example.org/webhooks/twilio/inbound/?from=twilio", "bot.example.org"),
]


def test_the_address_at_twilios_may_be_written_in_other_ways(town: Town) -> None:
    """Twilio signs the address as it is set there, even if a proxy changes it on the way to us."""
    settings = town.world.settings.model_copy(update={"public_base_url": "https://bot.example.org/"})
    settings.__dict__.pop("base_url", None)
    app = create_app(replace(town.world, settings=settings))

    def status(address: str, host: str, called: str, number: int = 0) -> int:
        form, (path, _, query) = said(From=f"whatsapp:+3247000{number:04}"), called.partition("?")
        signature = RequestValidator(TOKEN).compute_signature(address, form)
        environ = {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": host}
        headers = {"X-Twilio-Signature": signature}
        return app.test_client().post("/", data=form, headers=headers, environ_overrides=environ).status_code

    for number, (address, host) in enumerate(SPELLINGS):
        called = address.partition("://")[2].partition("/")
        assert status(address, host, called[1] + called[2], number) == 200, address
    assert rows(town, InboundMessage) == len(SPELLINGS)
    for address, host in (
        ("https://bad.example.org", "bad.example.org"),
        ("https://BOT.example.org", "BAD.example.org"),
    ):
        assert status(address + INBOUND, host, INBOUND) == 403, address


def test_settings_for_a_retry_behind_the_address_stay_at_twilio(town: Town, zoe: Person) -> None:
    town.twilio.webhook_url += "/#rc=3&rp=5xx,ct,rt"
    assert "I'm *Gruppetto*" in zoe.says("hi")


def test_only_posting_is_knocking(town: Town) -> None:
    for path in (INBOUND, STATUS):
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            answer = requests.request(method, town.world.settings.base_url + path, timeout=AT_MOST)
            assert answer.status_code == 405
            assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_bytes_that_are_no_text_are_no_fault_of_ours(town: Town) -> None:
    """An unsigned query in Latin-1: anybody may send one, and it must not cause a 500."""
    where = urlsplit(town.world.settings.base_url)
    body = b"Body=%FF&AccountSid=" + ACCOUNT.encode()
    head = f"POST {STATUS}?m=\xff&k=\xfe HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n".encode("latin-1")
    head += b"Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: \xff\r\n"
    with socket.create_connection((where.hostname, where.port), 5) as line:
        line.sendall(head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = b"".join(iter(lambda: line.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 403")


def test_the_query_is_signed_as_it_is_written(town: Town) -> None:
    odd = f"{INBOUND}?b=%2B1%20x&a=%C3%BC&b=&empty"
    assert knock(town, odd, said()).status_code == 200
    signature = RequestValidator(TOKEN).compute_signature(town.world.settings.base_url + odd, form := said())
    for other in (f"{INBOUND}?a=%C3%BC&b=%2B1%20x&b=&empty", f"{INBOUND}?b=%2B1+x&a=%C3%BC&b=&empty", INBOUND):
        address = town.world.settings.base_url + other
        answer = requests.post(address, data=form, headers={"X-Twilio-Signature": signature}, timeout=AT_MOST)
        assert answer.status_code == 403, other


def test_a_knock_repeated_fifty_times_at_once_is_answered_once(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    before = kept(town)
    form = said("help")
    answers = at_once([lambda: knock(town, INBOUND, form).status_code] * 50)
    assert answers == [200] * 50
    after = kept(town)
    assert (after[0] - before[0], after[1] - before[1], after[2] - before[2]) == (1, 1, 0)
    town.rest()
    assert zoe.count() == 2


def test_first_words_at_once_make_one_member(town: Town) -> None:
    for number in range(5):
        address = f"whatsapp:+3247100000{number}"
        town.phones.add(f"Newcomer {number}", address.removeprefix("whatsapp:"))
        ids = {"ExternalUserId": f"whatsapp:BE.{number}"} if number % 2 else {}
        forms = [said("hello", From=address, **ids) for _ in range(3)]
        assert at_once([lambda form=form: knock(town, INBOUND, form).status_code for form in forms]) == [200] * 3
    with town.world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Member)) == 5
        assert session.scalar(select(func.count()).select_from(Identity)) == 7
        assert session.scalar(select(func.count()).select_from(InboundMessage)) == 15
        assert session.scalar(select(func.count()).select_from(OutboundMessage)) == 15


@pytest.fixture
def message(town: Town, zoe: Person) -> PretendMessage:
    """An answer that Twilio has accepted, and for which no receipt has come yet."""
    town.twilio.faults.callbacks = "off"
    zoe.phone.says("hi")
    town.work()
    town.twilio.settle()
    (found,) = [each for each in town.twilio.messages.values() if not each.inbound]
    return found


class Row:
    """Our row of that message, with its state just after Twilio accepted it."""

    def __init__(self, town: Town) -> None:
        self.town = town
        with town.world.sessions() as session:
            found = session.scalars(select(OutboundMessage)).one()
            self.columns = {column.name: getattr(found, column.name) for column in OutboundMessage.__table__.columns}
        assert self.columns["state"] is MessageState.ACCEPTED

    def begin_again(self) -> None:
        with self.town.world.sessions.begin() as session:
            row = session.scalars(select(OutboundMessage)).one()
            for name, value in self.columns.items():
                setattr(row, name, value)

    @property
    def now(self) -> OutboundMessage:
        with self.town.world.sessions() as session:
            return session.scalars(select(OutboundMessage)).one()


def told(message: PretendMessage, status: str, code: int | None = None) -> dict[str, str]:
    """Return a status callback for this message."""
    form = receipt(message, status, ACCOUNT)
    form.pop("ErrorCode", None)
    return form | ({"ErrorCode": str(code)} if code else {})


def orders(statuses: tuple[str, ...]) -> set[tuple[str, ...]]:
    """Return all orders of these statuses, also with one of them twice."""
    doubled = {order for each in statuses for order in permutations((*statuses, each))}
    return set(permutations(statuses)) | doubled


def ends(town: Town, message: PretendMessage, sequences: Sequence[tuple[str, ...]]) -> set[Any]:
    """Return the final states of the row after each of these sequences of callbacks."""
    row, seen = Row(town), set()
    app = town.world.settings.base_url
    query = message.callback.removeprefix(app)
    with requests.Session() as line:
        for sequence in sequences:
            row.begin_again()
            for status in sequence:
                form = told(message, status, 63021 if status == "undelivered" else None)
                signature = RequestValidator(TOKEN).compute_signature(app + query, form)
                answer = line.post(app + query, data=form, headers={"X-Twilio-Signature": signature}, timeout=AT_MOST)
                assert answer.status_code == 204
            now = row.now
            seen.add((now.state, now.error_code, now.content is None, now.sid == message.sid, now.leased_until))
    return seen


def test_receipts_in_any_order_end_alike(town: Town, message: PretendMessage) -> None:
    every = sorted(orders(("sent", "delivered", "read")))
    some = Random(7).sample(sorted(orders(("sending", "sent", "delivered", "read"))), 25)
    assert {len(each) for each in every} == {3, 4}
    assert {len(each) for each in some} == {4, 5}
    assert ends(town, message, [*every, *some]) == {(MessageState.READ, None, True, True, None)}


def test_a_failure_in_any_order_stays_a_failure(town: Town, message: PretendMessage) -> None:
    found = ends(town, message, sorted(orders(("sending", "sent", "undelivered"))))
    assert found == {(MessageState.FAILED, 63021, True, True, None)}


def test_a_failure_told_after_the_delivery_is_not_believed(town: Town, message: PretendMessage) -> None:
    assert ends(town, message, [("delivered", "undelivered"), ("sent", "delivered", "undelivered")]) == {
        (MessageState.DELIVERED, None, True, True, None)
    }


NEVER_MOVES = ["received", "receiving", "deleted", "eaten", "Something New!", "", "x" * 5_000]


def test_a_status_that_says_nothing_about_delivery_is_taken_and_moves_nothing(
    town: Town, message: PretendMessage
) -> None:
    for status in NEVER_MOVES:
        assert town.twilio.announce(message, status) == 204, status
        assert Row(town).now.state is MessageState.ACCEPTED
    assert town.twilio.announce(message, "partially_delivered") == 204
    with town.world.sessions() as session:
        assert session.scalars(select(OutboundMessage.state)).one() is MessageState.SENT
    assert town.twilio.announce(message, "DELIVERED") == 204
    for status in (*NEVER_MOVES, "partially_delivered", "sent", "canceled"):
        assert town.twilio.announce(message, status) == 204, status
        with town.world.sessions() as session:
            assert session.scalars(select(OutboundMessage.state)).one() is MessageState.DELIVERED, status


def test_what_twilio_has_cancelled_has_failed(town: Town, message: PretendMessage) -> None:
    assert town.twilio.announce(message, "canceled") == 204
    with town.world.sessions() as session:
        assert session.scalars(select(OutboundMessage.state)).one() is MessageState.FAILED


def test_a_receipt_under_a_forged_reference_counts_for_its_own_message_only(
    town: Town, message: PretendMessage
) -> None:
    """Twilio signs any address that it was given, so the reference has its own signature."""
    address, _, query = message.callback.partition("?")
    genuine = dict(parse_qsl(query))
    stranger = said(MessageStatus="read")["MessageSid"]
    for forged in ({**genuine, "k": "0" * 16}, {"m": genuine["m"]}, {**genuine, "m": str(uuid4())}):
        answer = knock(town, f"{address}?{urlencode(forged)}", told(message, "read") | {"MessageSid": stranger})
        assert answer.status_code == 204
        assert Row(town).now.state is MessageState.ACCEPTED
    answer = knock(town, message.callback, told(message, "read") | {"MessageSid": stranger})
    assert answer.status_code == 204, "a true reference with another message's id"
    assert Row(town).now.sid == message.sid


def test_a_receipt_nobody_signed_moves_nothing(town: Town, message: PretendMessage) -> None:
    assert requests.post(message.callback, data=told(message, "read"), timeout=AT_MOST).status_code == 403
    assert knock(town, message.callback, told(message, "read"), token="another").status_code == 403
    assert Row(town).now.state is MessageState.ACCEPTED


def test_a_receipt_for_a_message_unknown_to_us_is_taken_and_ignored(town: Town, message: PretendMessage) -> None:
    events = rows(town, MessageEvent)
    unknown = told(message, "delivered") | {"MessageSid": f"SM{uuid4().hex}"}
    mine = callback_of(town, str(uuid4()))
    for address in (STATUS, mine):
        assert knock(town, address, unknown).status_code == 204
    assert rows(town, MessageEvent) == events


def test_a_receipt_without_a_reference_is_known_by_its_id(town: Town, message: PretendMessage) -> None:
    assert knock(town, STATUS, told(message, "delivered")).status_code == 204
    with town.world.sessions() as session:
        assert session.scalars(select(OutboundMessage.state)).one() is MessageState.DELIVERED


def test_receipts_at_once_move_the_message_once(town: Town, message: PretendMessage) -> None:
    forms = [told(message, status) for status in ("sent", "delivered", "read") * 6]
    answers = at_once([lambda form=form: knock(town, message.callback, form).status_code for form in forms])
    assert answers == [204] * 18
    with town.world.sessions() as session:
        assert session.scalars(select(OutboundMessage.state)).one() is MessageState.READ
        moves = session.scalars(select(MessageEvent.state).where(MessageEvent.source == "receipt")).all()
    assert len(moves) == len(set(moves)) <= 3


def test_somebody_without_a_number_is_answered_under_their_id(town: Town) -> None:
    phone: Phone = town.phones.add("Ana", "", "US.13491208655302741918")
    phone.says("hi")
    town.rest()
    assert "I'm *Gruppetto*" in phone.heard[-1].text
