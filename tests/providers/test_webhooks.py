"""Sending to members' programs: what may be reached, how it is signed, and how long it may take."""

import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
import trustme
from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import WebhookVerificationError

from providers.webhook_sender import NoAnswer, WebhookAnswer, WebhookPost
from providers.webhooks.standard_sender import MOST_READ, StandardSender
from providers.webhooks.targets import TargetRules, find_fault, is_public
from tests.patience import AT_MOST, RUNS_OUT
from tests.receiver import receiver

HERE = TargetRules([ip_network("127.0.0.0/8")])
PUBLIC_ONLY = TargetRules(own_host="bot.example.org")
SECRET, FORMER = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"
BODY = '{"type":"webhook.test","data":{"name":"Zoë"}}'


def post_to(url: str, *secrets: str) -> WebhookPost:
    return WebhookPost(url, uuid4(), BODY, datetime.now(UTC), secrets or (SECRET,))


def send(url: str, rules: TargetRules = HERE, **more: object) -> WebhookAnswer:
    return StandardSender(rules, **{"seconds": AT_MOST, **more}).post(post_to(url))


@contextmanager
def talking(talk: object, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve connections by calling `talk` with each of them. Yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                    line = context.wrap_socket(line, server_side=True) if context else line
                    Thread(target=talk, args=(line,), daemon=True).start()
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def test_the_libraries_of_others_accept_what_is_signed_and_nothing_that_was_changed() -> None:
    with receiver() as program:
        answer = StandardSender(HERE, AT_MOST).post(post_to(program.url, SECRET, FORMER))
    [got] = program.received
    assert (answer.status, answer.is_good, answer.problem) == (204, True, None)
    assert got.headers["content-type"] == "application/json"
    for secret in (SECRET, FORMER):
        assert Signer(secret).verify(got.body, got.headers)["data"] == {"name": "Zoë"}
    for body, headers in (
        (got.body + " ", got.headers),
        (got.body, got.headers | {"webhook-id": str(uuid4())}),
        (got.body, got.headers | {"webhook-timestamp": str(int(got.headers["webhook-timestamp"]) + 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Signer(SECRET).verify(body, headers)


def test_the_check_in_the_docs_does_what_it_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    there: dict = {}
    exec(code, there)
    with receiver() as program:
        StandardSender(HERE, AT_MOST).post(post_to(program.url, FORMER, SECRET))
    [got] = program.received
    body = got.body.encode()
    assert there["is_genuine"](got.headers, body, SECRET)
    assert not there["is_genuine"](got.headers, body + b" ", SECRET)
    assert not there["is_genuine"](got.headers | {"webhook-id": "other"}, body, SECRET)
    assert not there["is_genuine"](got.headers | {"webhook-timestamp": "1700000000"}, body, SECRET)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250",
        "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254",
        "ff02::1", "2001:db8::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "3fff::1",
    ],
)  # fmt: skip
def test_nothing_but_public_servers_is_reached(address: str) -> None:
    assert not is_public(ip_address(address))
    written = f"[{address}]" if ":" in address else address
    asked: list[str] = []

    def look_up(host: str, _port: int) -> list[str]:
        asked.append(host)
        return [address]

    for url in (f"https://{written}/", f"https://{written}:8443/x", "https://rebound.example.org/"):
        assert send(url, PUBLIC_ONLY, look_up=look_up).problem is NoAnswer.NOT_ALLOWED
    assert find_fault(f"https://{written}/", PUBLIC_ONLY) is not None
    assert len(asked) == 3


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_servers_are(address: str) -> None:
    assert is_public(ip_address(address))


def test_a_host_with_one_private_address_among_public_ones_is_refused() -> None:
    answer = send("https://mixed.example.org/", PUBLIC_ONLY, look_up=lambda *_: ["8.8.8.8", "10.0.0.1"])
    assert answer.problem is NoAnswer.NOT_ALLOWED
    own = send("https://bot.example.org/livez", PUBLIC_ONLY, look_up=lambda *_: ["8.8.8.8"])
    assert own.problem is NoAnswer.NOT_ALLOWED, "nor is our own host"


def test_our_own_host_is_refused_however_it_is_written() -> None:
    for host in ("bot.example.org", "BOT.Example.org", "bot.example.org.", "bot.example.org..", "8.8.8.8.."):
        assert find_fault(f"https://{host}/", PUBLIC_ONLY) is not None, host
    assert find_fault("https://[2606:4700::1%25eth0]/", PUBLIC_ONLY) is not None, "nor is a network card chosen"


@pytest.mark.parametrize(
    "wish", ["9" * 5000, "Mon, 01 Jan 99999999999 00:00:00 GMT", "Mon, 01 Jan 2027 00:00:00 +9999999999"]
)
def test_no_wish_for_a_pause_breaks_the_attempt(wish: str) -> None:
    with receiver() as program:
        program.status, program.headers = 503, {"Retry-After": wish}
        answer = send(program.url)
    assert (answer.status, answer.problem) == (503, None)


def test_a_name_is_looked_up_once_and_the_checked_address_is_used() -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    with receiver() as program:
        port = program.url.split(":")[2]
        sent = send(f"http://rebound.example.org:{port}", look_up=lambda *_: answers.pop(0))
    assert (sent.status, len(answers)) == (204, 1)
    assert program.received[0].headers["host"] == f"rebound.example.org:{port.split('/')[0]}"


def test_what_is_on_this_machine_is_not_even_connected_to() -> None:
    with receiver() as program:
        port = program.url.split(":")[2].split("/")[0]
        for host in ("localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]"):
            for scheme in ("https", "http"):
                assert send(f"{scheme}://{host}:{port}/", PUBLIC_ONLY).problem is NoAnswer.NOT_ALLOWED, host
    assert program.received == []


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "//example.org", "ftp://example.org", "file:///etc/passwd", "gopher://example.org",
        "http://example.org/", "https://", "https:///x", "https://user@example.org", "https://user:pw@example.org/",
        "https://example.org/#part", "https://exa mple.org/", "https://example.org/\n", "https://example.org\\@10.0.0.1/",
        "https://bücher.example/", "https://example.org:99999/", "https://example.org:x/", "https://example.org:0/",
        "https://[::1", "https://-example.org/", "https://BOT.example.org/", "https://bot.example.org./x",
        "https://example.org/" + "x" * 500,
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_webhook_is_said_at_once(url: str) -> None:
    assert find_fault(url, PUBLIC_ONLY)


@pytest.mark.parametrize(
    "url", ["https://example.org", "https://example.org:8443/a?b=c", "https://a-b.example.org./", "https://8.8.8.8/x"]
)
def test_what_is_one_has_no_fault(url: str) -> None:
    assert find_fault(url, PUBLIC_ONLY) is None


def test_the_operators_own_networks_may_be_reached_over_http_and_nothing_beside_them() -> None:
    lan = TargetRules([ip_network("192.168.7.0/24")])
    assert find_fault("http://192.168.7.9:8123/api/webhook/x", lan) is None
    assert find_fault("http://192.168.8.9:8123/", lan)
    assert find_fault("http://8.8.8.8/", lan)
    answer = send("http://example.org/", lan, look_up=lambda *_: ["8.8.8.8"])
    assert answer.problem is NoAnswer.NOT_ALLOWED, "http is for those networks only"


def test_a_redirect_is_not_followed() -> None:
    with receiver() as program:
        program.status, program.headers = 302, {"Location": program.url + "/elsewhere"}
        answer = send(program.url)
    assert (answer.status, answer.is_good) == (302, False)
    assert [each.path for each in program.received] == ["/hook"]


@pytest.mark.parametrize(("told", "wait"), [("120", 120), ("0", None), ("soon", None), ("-5", None)])
def test_how_long_a_server_asks_to_wait_is_read(told: str, wait: int | None) -> None:
    with receiver() as program:
        program.status, program.headers = 429, {"Retry-After": told}
        answer = send(program.url)
    assert answer.status == 429
    assert (answer.retry_after or timedelta()) == timedelta(seconds=wait or 0)


def test_a_server_that_sends_its_answer_byte_by_byte_is_left_in_time() -> None:
    def trickle(line: socket.socket) -> None:
        with line:
            try:
                while True:
                    line.sendall(b"H")
                    time.sleep(RUNS_OUT / 10)
            except OSError:
                pass

    began = time.monotonic()
    with talking(trickle) as port:
        answer = send(f"http://127.0.0.1:{port}/", seconds=RUNS_OUT)
    assert answer.problem is NoAnswer.TOO_SLOW
    assert time.monotonic() - began < AT_MOST


@pytest.mark.parametrize(
    "endless",
    [
        b"HTTP/1.1 200 OK\r\n" + b"a: " + b"b" * MOST_READ * 4,
        b"HTTP/1.1 100 Continue\r\n\r\n" * MOST_READ,
        b"x" * MOST_READ * 4,
    ],
)
def test_no_more_than_the_head_of_an_answer_is_read(endless: bytes) -> None:
    def pour(line: socket.socket) -> None:
        with line:
            try:
                while True:
                    line.sendall(endless)
            except OSError:
                pass

    with talking(pour) as port:
        answer = send(f"http://127.0.0.1:{port}/")
    assert answer.status is None
    assert answer.problem in {NoAnswer.TOO_LARGE, NoAnswer.BROKEN}


def test_why_there_is_no_answer_is_told() -> None:
    def hang_up(line: socket.socket) -> None:
        line.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    assert send(f"http://127.0.0.1:{closed}/").problem is NoAnswer.NOT_CONNECTED
    assert send("https://nowhere.example.org/", look_up=lambda *_: []).problem is NoAnswer.NAME
    with talking(hang_up) as port:
        assert send(f"http://127.0.0.1:{port}/").problem is NoAnswer.BROKEN


def test_a_resolver_that_does_not_answer_is_not_waited_for() -> None:
    def wait_long(*_: object) -> list[str]:
        time.sleep(RUNS_OUT * 10)
        return ["8.8.8.8"]

    assert (
        send("https://slow.example.org/", PUBLIC_ONLY, seconds=RUNS_OUT, look_up=wait_long).problem is NoAnswer.TOO_SLOW
    )


def test_the_certificate_must_be_of_the_name_and_not_of_the_address() -> None:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example.org").configure_cert(server)

    def trust() -> ssl.SSLContext:
        made = ssl.create_default_context()
        authority.configure_trust(made)
        return made

    def answer(line: socket.socket) -> None:
        with line:
            line.recv(65_536)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with talking(answer, server) as port:
        here = {"look_up": lambda *_: ["127.0.0.1"]}
        assert send(f"https://hooks.example.org:{port}/", trust=trust, **here).status == 200
        assert send(f"https://other.example.org:{port}/", trust=trust, **here).problem is NoAnswer.CERTIFICATE
        assert send(f"https://hooks.example.org:{port}/", **here).problem is NoAnswer.CERTIFICATE
