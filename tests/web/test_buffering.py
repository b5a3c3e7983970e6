"""Slow, odd and broken clients with the real gunicorn and its real settings, and one thread for all of them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bench.deployment import OF_THE_HOST
from bench.logbook import judge
from bench.slow_clients import DEAF_KINDS, KINDS, SlowClients
from tests.patience import AT_MOST, until
from tests.web import echo
from tests.web.echo import LARGE
from tests.web.gunicorns import CONFIG, NOBODY, ROOT, Gunicorn, gunicorn, read_answer
from web import app, arrivals

APP = "tests.web.echo:app"
ONE_THREAD = {"WEB_CONCURRENCY": "1", "WEB_THREADS": "1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gunicorn]:
    with gunicorn(APP, tmp_path_factory.mktemp("gunicorn"), ONE_THREAD) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gunicorn]:
    """A gunicorn that gives a request one second and an idle connection two, and accepts twenty connections."""
    folder = tmp_path_factory.mktemp("hasty")
    with gunicorn(
        APP, folder, ONE_THREAD | {"REQUEST_SECONDS": "1"}, "--worker-connections", "20", "--keep-alive", "2"
    ) as running:
        yield running


def ask(at: Gunicorn, request: bytes, method: str = "GET") -> tuple[int, bytes, bytes]:
    """Send a request on a new connection, and read one answer."""
    with at.connect() as line:
        line.sendall(request)
        return read_answer(line, bytearray(), method)


def get(path: str = "/hi", *fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: bot.example.org", *fields, "", ""]).encode()


def post(body: bytes, *fields: str, path: str = "/hi") -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: bot.example.org", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(head).encode() + body


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = b"POST /hi HTTP/1.1\r\nHost: bot.example.org\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks) + end


def is_closed(line: socket.socket) -> bool:
    """Return whether the other side has closed the connection."""
    line.setblocking(False)
    try:
        return line.recv(1000) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@pytest.mark.parametrize("kind", [*KINDS, *DEAF_KINDS])
def test_twenty_slow_clients_of_a_kind_stop_nobody(server: Gunicorn, kind: str) -> None:
    with SlowClients(server.url, 20, (kind,)) as slow:
        until(lambda: slow.opened >= 20)
        for _ in range(10):
            assert ask(server, post(b"a=1"))[2] == b"POST /hi a=1"


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (get(), b"GET /hi "),
        (post(b"a=1"), b"POST /hi a=1"),
        (chunked(b"first ", b"second"), b"POST /hi first second"),
        (chunked(b"one", end=b"0\r\nX-After: 1\r\nX-More: 2\r\n\r\n"), b"POST /hi one"),
        (chunked(b"A" * 20).replace(b"14\r\n", b'14;name="value"\r\n'), b"POST /hi " + b"A" * 20),
        (b"GET /old HTTP/1.0\r\n\r\n", b"GET /old "),
        (b"\r\n" + get(), b"GET /hi "),
    ],
)
def test_a_request_may_come_in_any_pieces(server: Gunicorn, request_: bytes, answer: bytes) -> None:
    for size in (1, 7, len(request_)):
        with server.connect() as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for start in range(0, len(request_), size):
                line.sendall(request_[start : start + size])
            assert read_answer(line, bytearray())[2] == answer


def test_a_connection_serves_many_requests_even_if_all_are_sent_at_once(server: Gunicorn) -> None:
    asked = [get("/a"), post(b"x" * 70_000), chunked(b"y"), get("/b"), get("/c", "Connection: close")]
    with server.connect() as line:
        line.sendall(b"".join(asked))
        kept = bytearray()
        told = [read_answer(line, kept)[2] for _ in asked]
        assert told == [b"GET /a ", b"POST /hi " + b"x" * 70_000, b"POST /hi y", b"GET /b ", b"GET /c "]
        with pytest.raises(EOFError):
            read_answer(line, kept)
    with server.connect() as line:
        for number in range(5):
            line.sendall(get(f"/{number}"))
            assert read_answer(line, bytearray())[2] == f"GET /{number} ".encode()


def test_a_head_is_answered_without_a_body(server: Gunicorn) -> None:
    with server.connect() as line:
        kept = bytearray()
        line.sendall(get().replace(b"GET", b"HEAD") + get("/after"))
        assert read_answer(line, kept, "HEAD")[0] == 200
        assert read_answer(line, kept)[2] == b"GET /after "


def test_who_waits_for_a_word_before_the_body_gets_it_once(server: Gunicorn) -> None:
    with server.connect() as line:
        kept = bytearray()
        head, _, body = post(b"a=1", "Expect: 100-continue").partition(b"\r\n\r\n")
        line.sendall(head + b"\r\n\r\n")
        assert read_answer(line, kept)[0] == 100
        line.sendall(body)
        assert read_answer(line, kept)[::2] == (200, b"POST /hi a=1")
    assert ask(server, post(b"a=1", "Expect: 100-continue"))[0] == 200, "the body came unasked"


def test_who_hangs_up_half_after_asking_is_answered(server: Gunicorn) -> None:
    with server.connect() as line:
        line.sendall(get())
        line.shutdown(socket.SHUT_WR)
        assert read_answer(line, bytearray())[2] == b"GET /hi "


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /hi HTTP/1.1\nHost: a\n\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (get("/hi", "X-Long: " + "x" * 9_000), 431),
        (get("/hi", *[f"X-{number}: {'x' * 7_000}" for number in range(5)]), 413),
        (b"GET /hi HTTP/1.1\r\nX-Endless: " + b"x" * 40_000, 413),
        (get("/hi", "Content-Length: 1", "Content-Length: 2") + b"ab", 400),
        (get("/hi", "Content-Length: -1"), 400),
        (get("/hi", "Content-Length: 1_0"), 400),
        (get("/hi", "Content-Length: 3", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
        (get("/hi", "Transfer-Encoding: gzip"), 400),
        (chunked(b"a", end=b"-5\r\n"), 400),
        (chunked(b"a", end=b"what\r\n"), 400),
        (chunked(*[b"x" * 10_000] * 14), 413),
        (chunked(end=b"fffffff\r\n"), 413),
    ],
)
def test_what_is_no_request_is_refused_at_once(server: Gunicorn, request_: bytes, status: int) -> None:
    assert ask(server, request_)[0] == status
    assert ask(server, get())[0] == 200


def test_without_a_signature_the_body_of_a_webhook_is_not_waited_for(server: Gunicorn) -> None:
    head = post(b"x" * 1_000, path="/webhooks/twilio/inbound").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    with server.connect() as line:
        kept = bytearray()
        line.sendall(head)
        status, said, _ = read_answer(line, kept)
        assert status == 403
        assert b"Connection: close" in said, "what comes next on this connection would be the body"
        with pytest.raises(EOFError):
            read_answer(line, kept)


def test_the_app_takes_no_larger_body_than_is_waited_for() -> None:
    assert app.LARGEST_REQUEST <= arrivals.LARGEST_BODY


def test_who_does_not_read_a_large_answer_holds_no_thread_and_still_gets_all_of_it(server: Gunicorn) -> None:
    with server.connect() as line, server.connect() as gone:
        for each in (line, gone):
            each.sendall(get("/large"))
        gone.close()
        for _ in range(5):
            assert ask(server, get())[0] == 200
        assert read_answer(line, bytearray())[2] == b"x" * LARGE


def test_a_file_is_sent_whole(server: Gunicorn) -> None:
    """Flask passes its style sheet on as a file and not as bytes."""
    with server.connect() as line:
        line.sendall(get("/file"))
        assert read_answer(line, bytearray())[2] == Path(echo.__file__).read_bytes()


def test_half_a_request_is_let_go_when_its_time_is_over_and_told_why(hasty: Gunicorn) -> None:
    for half in (get()[:-2], post(b"a=1")[:-1], chunked(b"a", end=b"")):
        until(lambda half=half: told(hasty, half) == [408])
    assert told(hasty, b"") == [], "who says nothing is told nothing"
    until(lambda: told(hasty, get()) == [200])


def told(at: Gunicorn, request: bytes) -> list[int]:
    """Return the statuses that come on a new connection until the server closes it.

    There are none if, on a busy machine, the one second for a request was over before the request was sent.
    """
    statuses, kept = [], bytearray()
    with at.connect() as line, suppress(EOFError, ConnectionError):
        line.sendall(request)
        while True:
            statuses.append(read_answer(line, kept)[0])
    return statuses


def test_what_the_worker_cannot_do_it_refuses_to_begin(tmp_path: Path) -> None:
    for arguments in (("--certfile", __file__, "--keyfile", __file__), ("--proxy-protocol", "auto")):
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            APP,
            "--config",
            CONFIG,
            "--bind",
            f"unix:{tmp_path}/it",
            *arguments,
        ]
        environment = {**os.environ, **NOBODY, "PUBLIC_BASE_URL": "http://127.0.0.1:1"}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=AT_MOST
        )
        assert done.returncode != 0
        assert "put a proxy in front" in done.stdout + done.stderr


def test_time_runs_for_the_whole_request_and_not_from_byte_to_byte(hasty: Gunicorn) -> None:
    """Bytes keep coming; if each of them prolonged the time, the connection would never be closed."""
    with hasty.connect() as line:

        def is_closed_after_one_more() -> bool:
            with suppress(OSError):
                line.sendall(b"x")
            return is_closed(line)

        until(is_closed_after_one_more)


def test_where_there_is_no_room_the_oldest_are_let_go(hasty: Gunicorn) -> None:
    with SlowClients(hasty.url, 60, ("idle", "half body")) as slow:
        until(lambda: slow.opened > 100)
        for _ in range(5):  # on a busy machine a new connection may be the oldest and be closed, so it is tried again
            until(lambda: told(hasty, get("/hi", "Connection: close")) == [200])


def test_told_to_stop_it_answers_what_it_has_begun_and_waits_for_no_slow_client(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    with gunicorn(APP, tmp_path, ONE_THREAD) as server, server.connect() as line:
        with SlowClients(server.url, 24, (*KINDS, *DEAF_KINDS)) as slow, server.connect() as unread:
            unread.sendall(get("/large"))
            until(lambda: slow.opened >= 24)
            line.sendall(get(f"/wait?{begun}"))
            until(begun.exists)
            server.process.send_signal(signal.SIGTERM)
            until(lambda: "Handling signal: term" in server.log.read_text())
            begun.unlink()
            assert read_answer(line, bytearray())[2] == b"waited"
            assert server.process.wait(AT_MOST) == 0
        assert "SIGKILL" not in server.log.read_text()


def test_gunicorn_believes_no_proxy_by_itself(tmp_path: Path) -> None:
    """Heroku sets FORWARDED_ALLOW_IPS, with which gunicorn would trust every client, even a
    SCRIPT_NAME that changes the path.
    """
    with gunicorn(APP, tmp_path, ONE_THREAD | OF_THE_HOST) as running:
        for lie in ("PATH_INFO: /livez", "SCRIPT_NAME: /hi", "PATH-INFO: /livez"):
            assert ask(running, get("/hi", lie, "X-Forwarded-Proto: https"))[2] == b"GET /hi ", lie
        contradicting = ("X-Forwarded-Proto: https", "X-Forwarded-Ssl: off")
        assert ask(running, get("/hi", *contradicting))[0] == 200


@pytest.mark.parametrize("where", ["-", "access.log"])
def test_gunicorn_logs_no_request_whatever_the_host_switches_on(tmp_path: Path, where: str) -> None:
    """Heroku does so with GUNICORN_CMD_ARGS, which overrides the settings file. Addresses contain one-time tokens."""
    file = where if where == "-" else str(tmp_path / where)
    arguments = f"--access-logfile {file} --log-level debug"
    with gunicorn(APP, tmp_path, ONE_THREAD | OF_THE_HOST | {"GUNICORN_CMD_ARGS": arguments}) as running:
        assert ask(running, get("/link/tok_abcdefghijklmnop?k=tok_0123456789"))[0] == 200
    logged = judge(running.log, {"tok_abcdefghijklmnop", "tok_0123456789"})
    assert logged.lines > 3, "gunicorn's own start and stop are told"
    assert (logged.not_json, logged.telling) == (0, 0), running.log.read_text()
    assert not (tmp_path / "access.log").exists() or (tmp_path / "access.log").read_text() == ""
