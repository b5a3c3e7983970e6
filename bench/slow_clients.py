"""Slow clients, and their effect on genuine webhooks.

`SlowClients` keeps many connections open to a web process and sends too little, too late or nothing at all on each. A
connection that the server closes is opened again at once. At the same time `measure` (make bench ARGS=slow-clients)
posts signed webhooks, each on a new connection, and measures them from the time at which they were due.
"""

import http.client
import shutil
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
from providers.clock import read_system_clock
from simulator.stage import ACCOUNT, ROOT, SENDER, Stage, stage
from simulator.twilio.callbacks import signature

INBOUND = "/webhooks/twilio/inbound"
HEAD = (
    f"POST {INBOUND} HTTP/1.1\r\nHost: bot.example.org\r\nX-Twilio-Signature: bm8gc3VjaCB0aGluZw==\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n"
)
WHOLE = f"{HEAD}Content-Length: 1000\r\n\r\n{'x' * 500}".encode()
# The bytes that each kind sends first, and then once a second.
KINDS: Mapping[str, tuple[bytes, bytes]] = {
    "half headers": (HEAD.encode(), b""),
    "half body": (WHOLE, b""),
    "a byte a second": (b"", WHOLE),
    "idle": (b"", b""),
}
# These kinds ignore the server's answers and its closing, and start again after a while.
DEAF_KINDS: Mapping[str, tuple[bytes, bytes]] = {
    "reads nothing": (b"GET /static/gruppetto.css HTTP/1.1\r\nHost: bot.example.org\r\n\r\n" * 20, b""),
    "never hangs up": (b"GET /livez HTTP/1.0\r\n\r\n", b""),
}
DEAF_FOR = 10.0  # seconds
BEAT = 0.1  # seconds between two checks of the connections
PATIENCE = 60.0  # seconds that a genuine webhook waits for its answer

SHARES = (50, 95, 99)
NAMES = (
    "slow clients",
    "of how many kinds",
    "connections they made",
    "genuine webhooks",
    "answered with 200",
    *(f"until answered, p{share} (ms)" for share in SHARES),
    "slowest (ms)",
)

Figures = Sequence[tuple[str, ...]]


class _Client:
    """One connection of a kind. `tick` opens it when it is closed, and sends what is due."""

    def __init__(self, address: tuple[str, int], kind: str) -> None:
        self.address = address
        self.at_first, self.later = {**KINDS, **DEAF_KINDS}[kind]
        self.is_deaf = kind in DEAF_KINDS
        self.opened = 0
        self.line: socket.socket | None = None

    def tick(self, now: float) -> None:
        """Open the connection if it is closed, and send the bytes that are due. Raises nothing."""
        try:
            if self.line is None:
                self._open(now)
            elif now > self.began + DEAF_FOR if self.is_deaf else self._is_closed():
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
        if self.is_deaf:
            self.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.line.settimeout(1)
        self.line.connect(self.address)
        self.line.setblocking(False)
        self.opened += 1
        self.due, self.began, self.next = memoryview(self.at_first or self.later), now, now

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
    """So many slow clients, equally many of each of these kinds, during the block."""

    def __init__(self, url: str, count: int, kinds: tuple[str, ...] = tuple(KINDS)) -> None:
        parts = urlsplit(url)
        address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.clients = [_Client(address, kind) for kind in islice(cycle(kinds), count)]
        self._done = Event()
        self._thread = Thread(target=self._tick, daemon=True)

    @property
    def opened(self) -> int:
        """The number of connections so far, which is larger than the number of clients if the server closed some."""
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
    """The results of genuine webhooks: their statuses (0: no answer), and their sorted times in seconds."""

    statuses: Counter[int]
    took: list[float]


def post_steadily(url: str, token: str, rate: float, seconds: float) -> Answers:
    """Post signed webhooks at an even rate, even if earlier ones were not answered, and wait for all answers."""
    began = time.monotonic() + 0.1
    dues = [began + number / rate for number in range(int(rate * seconds))]
    with ThreadPoolExecutor(max(4, len(dues))) as pool:
        answers = list(pool.map(lambda due: _post_at(url, token, due), dues))
    return Answers(Counter(status for status, _ in answers), sorted(took for _, took in answers))


def _post_at(url: str, token: str, due: float) -> tuple[int, float]:
    time.sleep(max(0.0, due - time.monotonic()))
    return _post(url, token), time.monotonic() - due


def _post(url: str, token: str) -> int:
    """Post one webhook, and return the status of the answer, or 0."""
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


def measure(rate: float = 5, seconds: float = 60) -> Figures:
    """Measure how long genuine webhooks take while slow clients are connected to the Procfile's web process."""
    crowds: tuple[tuple[int, tuple[str, ...]], ...] = (
        (0, ()),
        (100, tuple(KINDS)),
        (400, tuple(KINDS)),
        (400, (*KINDS, *DEAF_KINDS)),
    )
    with web_alone({"WEB_CONCURRENCY": "2"}) as on:
        post_steadily(on.bot_url, on.environment["TWILIO_AUTH_TOKEN"], rate, 2)
        columns = [_under(on, count, kinds, rate, seconds) for count, kinds in crowds]
    return list(zip(NAMES, *columns, strict=True))


def _under(on: Stage, count: int, kinds: tuple[str, ...], rate: float, seconds: float) -> list[str]:
    with SlowClients(on.bot_url, count, kinds or tuple(KINDS)) as slow:
        while slow.opened < count:
            time.sleep(BEAT)
        found = post_steadily(on.bot_url, on.environment["TWILIO_AUTH_TOKEN"], rate, seconds)
    ms = [*(percentile(found.took, share) * 1000 for share in SHARES), found.took[-1] * 1000]
    counts = [count, len(kinds), slow.opened, found.statuses.total(), found.statuses[200]]
    return [f"{each:,}" for each in counts] + [f"{each:.0f}" for each in ms]


@contextmanager
def web_alone(settings: Mapping[str, str]) -> Iterator[Stage]:
    """Run only the Procfile's web process, on servers of its own."""
    folder = Path(tempfile.mkdtemp(prefix="gruppetto-bench-"))
    with stage(folder, kept=False, settings={"PRETEND_CLOCK": "0", **settings}) as on:
        on.twilio.now = read_system_clock
        on.start("web", parse_procfile((ROOT / "Procfile").read_text()).processes["web"])
        on.await_readiness()
        yield on
    shutil.rmtree(folder)
