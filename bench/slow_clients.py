"""Slow clients: what they do to a genuine webhook.

`SlowClients` keeps many connections open to a web process and sends on each too little, too late or nothing at all;
what the server closes is opened again at once. `measure` posts signed webhooks meanwhile, each on a new connection, and
times them from the moment they were due.
"""

import http.client
import shutil
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from threading import Event, Thread
from typing import Self
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from honcho.environ import parse_procfile

from bench.figures import percentile
from providers.clock import system_clock
from simulator.stage import ACCOUNT, ROOT, SENDER, Stage, stage
from simulator.twilio.callbacks import signature

INBOUND = "/webhooks/twilio/inbound"
HEAD = (
    f"POST {INBOUND} HTTP/1.1\r\nHost: bot.example.org\r\nX-Twilio-Signature: bm8gc3VjaCB0aGluZw==\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n"
)
WHOLE = f"{HEAD}Content-Length: 1000\r\n\r\n{'x' * 500}".encode()
# What each kind sends at first, and then once a second.
KINDS: Mapping[str, tuple[bytes, bytes]] = {
    "half headers": (HEAD.encode(), b""),
    "half body": (WHOLE, b""),
    "a byte a second": (b"", WHOLE),
    "idle": (b"", b""),
}
MORE_KINDS: Mapping[str, tuple[bytes, bytes]] = {
    "reads nothing": (b"GET /static/pages.css HTTP/1.1\r\nHost: bot.example.org\r\n\r\n" * 20, b""),
    "never hangs up": (b"GET /livez HTTP/1.0\r\n\r\n", b""),
}
BEAT = 0.1  # seconds between two looks at the connections
PATIENCE = 60.0  # seconds that a genuine webhook waits for its answer

Figures = list[tuple[str, str]]


class _Client:
    """One connection of a kind. `tick` opens it when it is closed, and sends what is due."""

    def __init__(self, address: tuple[str, int], kind: str) -> None:
        self.address = address
        self.at_first, self.later = {**KINDS, **MORE_KINDS}[kind]
        self.reads = kind != "reads nothing"
        self.opened = 0
        self.line: socket.socket | None = None

    def tick(self, now: float) -> None:
        """Raises nothing: a connection that the server closed is opened again at the next tick."""
        try:
            if self.line is None:
                self._open(now)
            elif self.reads and self._is_closed():
                self.close()
            elif self.due:
                self._send(now)
        except OSError:
            self.close()

    def close(self) -> None:
        if self.line is not None:
            self.line.close()
            self.line = None

    def _open(self, now: float) -> None:
        self.line = socket.socket()
        if not self.reads:
            self.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.line.settimeout(1)
        self.line.connect(self.address)
        self.line.setblocking(False)
        self.opened += 1
        self.due, self.next, self.sent = memoryview(self.at_first or self.later), now, 0

    def _is_closed(self) -> bool:
        assert self.line is not None
        try:
            return not self.line.recv(65_536)
        except BlockingIOError:
            return False

    def _send(self, now: float) -> None:
        assert self.line is not None
        if now < self.next:
            return
        piece = self.due if self.at_first else self.due[:1]
        with suppress(BlockingIOError):
            self.due = self.due[self.line.send(piece) :]
        self.next = now + 1


class SlowClients:
    """So many slow clients, of each of these kinds as many, from the block's first line to its last."""

    def __init__(self, url: str, count: int, kinds: tuple[str, ...] = tuple(KINDS)) -> None:
        parts = urlsplit(url)
        address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.clients = [_Client(address, kind) for kind in islice(cycle(kinds), count)]
        self._done = Event()
        self._thread = Thread(target=self._tick, daemon=True)

    @property
    def opened(self) -> int:
        """How many connections were made so far: more than there are clients where the server closed some."""
        return sum(each.opened for each in self.clients)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        for each in self.clients:
            each.close()

    def _tick(self) -> None:
        while not self._done.wait(BEAT):
            now = time.monotonic()
            for each in self.clients:
                each.tick(now)


@dataclass(frozen=True)
class Answers:
    """What became of genuine webhooks: their statuses (0: no answer), and how long each took, in seconds, sorted."""

    statuses: Counter[int]
    took: list[float]


def post_steadily(url: str, token: str, rate: float, seconds: float) -> Answers:
    """Post signed webhooks at an even rate, whether or not the ones before were answered, and wait for all answers."""
    began = time.monotonic() + 0.1
    dues = [began + number / rate for number in range(int(rate * seconds))]
    with ThreadPoolExecutor(max(4, len(dues))) as pool:
        answers = list(pool.map(lambda due: _post_at(url, token, due), dues))
    return Answers(Counter(status for status, _ in answers), sorted(took for _, took in answers))


def _post_at(url: str, token: str, due: float) -> tuple[int, float]:
    time.sleep(max(0.0, due - time.monotonic()))
    return _post(url, token), time.monotonic() - due


def _post(url: str, token: str) -> int:
    """Give the status of the answer, or 0."""
    sid, parts = f"SM{uuid4().hex}", urlsplit(url)
    form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT, "From": "whatsapp:+32470000001", "To": SENDER}
    form |= {"Body": "help", "NumMedia": "0", "MessageType": "text", "ProfileName": "Ada", "WaId": "32470000001"}
    headers = {"Content-Type": "application/x-www-form-urlencoded", **signature(url + INBOUND, form, token, None)}
    line = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=PATIENCE)
    try:
        line.request("POST", INBOUND, urlencode(form), headers)
        return line.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        line.close()


def measure(clients: int, rate: float, seconds: float, kinds: tuple[str, ...] = tuple(KINDS)) -> Figures:
    """How long genuine webhooks take while so many slow clients hang on to the Procfile's web process."""
    with web_alone({"WEB_CONCURRENCY": "2"}) as on:
        token = on.environment["TWILIO_AUTH_TOKEN"]
        post_steadily(on.bot_url, token, rate, 2)
        with SlowClients(on.bot_url, clients, kinds) as slow:
            time.sleep(3)
            found = post_steadily(on.bot_url, token, rate, seconds)
    return [
        ("slow clients", f"{clients:,} of {len(kinds)} kinds"),
        ("connections they made", f"{slow.opened:,}"),
        ("genuine webhooks", f"{found.statuses.total():,} at {rate:g}/s"),
        ("answered with 200", f"{found.statuses[200]:,}"),
        *((f"until answered, p{share} (ms)", f"{percentile(found.took, share) * 1000:.0f}") for share in (50, 95, 99)),
        ("slowest (ms)", f"{found.took[-1] * 1000:.0f}"),
    ]


@contextmanager
def web_alone(settings: Mapping[str, str]) -> Iterator[Stage]:
    """The Procfile's web process on servers of its own; nothing else of the product runs."""
    folder = Path(tempfile.mkdtemp(prefix="gruppetto-bench-"))
    with stage(folder, kept=False, settings={"PRETEND_CLOCK": "0", **settings}) as on:
        on.twilio.now = system_clock
        on.start("web", parse_procfile((ROOT / "Procfile").read_text()).processes["web"])
        on.await_readiness()
        yield on
    shutil.rmtree(folder)
