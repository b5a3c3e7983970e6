"""The Procfile's processes are asked to stop at any time: they have ended within 25 s, and the next
ones finish their work.

The machine may be busy, so the measured times are upper bounds.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
from honcho.environ import parse_procfile
from sqlalchemy import create_engine, func, select, text

from bench.crowd import Resident, move_in
from bench.truth import Expected, Truth
from config import Settings
from jobs import delivery, garmin
from jobs.queue import Work, ring
from jobs.tick import tick
from jobs.work import transaction
from messages.message import Approved, Message
from models import (
    AttemptStep,
    GarminAccount,
    GarminMethod,
    InboundMessage,
    LinkAttempt,
    LinkPurpose,
    Member,
    MessageKind,
    OutboundMessage,
)
from providers.clock import read_system_clock
from providers.sources import Typed
from services.delivery import mailbox
from services.training import accounts, one_time_links, sign_ins
from simulator.proxy import Proxy
from simulator.services import Services
from simulator.stage import ROOT, Stage, get_templates_approved, stage
from tests.patience import AT_MOST, stays
from world import World

GONE_WITHIN = 25.0  # seconds: this is promised to hosts, so it must be true on a busy machine too
PATIENCE = 300.0
LINES = parse_procfile((ROOT / "Procfile").read_text()).processes
PEOPLE, EACH = 80, 4
SLOW = 2.0  # seconds that the pretend Twilio takes for each message
HANGS = 60.0
FIGURES: list[str] = []
GARMIN_TAKES = 12.0  # for each request: less than the library's own time-out, and a sign-in needs several


@dataclass
class Scene:
    """The product's processes on servers of their own, with many members and messages."""

    on: Stage
    world: World
    people: list[Resident]
    truth: Truth
    redis: Proxy
    expected: list[Expected] = field(default_factory=list)

    def write(self, what: str) -> None:
        """Add some waiting messages for every member."""
        with transaction(self.world) as session:
            for resident in self.people:
                for number in range(EACH):
                    words = f"{what} no. {number} for {resident.phone.name}"
                    message = Message(words, approved=Approved("garmin_notice", {"1": "Ann", "2": words}))
                    key, now = f"{what}:{resident.member_id}:{number}", self.world.now()
                    mailbox.post(session, resident.member_id, message, now, kind=MessageKind.REPLY, key=key)
                    self.expected.append(Expected("all", key, words))

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a process of the Procfile."""
        self.on.start(name, LINES[name])
        return self.on.processes[name]

    def ring(self, *works: Work) -> None:
        """Let workers do these jobs now, even if their bells were rung a moment ago."""
        for work in works:
            self.world.redis.delete(f"rung:{work.name}")
            ring(self.world, work)

    def states(self) -> Counter[str]:
        """Return how many messages are in each state."""
        with self.world.sessions() as session:
            query = select(OutboundMessage.state, func.count()).group_by(OutboundMessage.state)
            return Counter({str(state): count for state, count in session.execute(query)})

    def until(self, what: str, is_so: Callable[[], Any], patience: float = PATIENCE) -> None:
        """Wait until it is so."""
        end = time.monotonic() + patience
        while not is_so():
            assert time.monotonic() < end, f"{what}: not after {patience:.0f} s; {self.states()}"
            time.sleep(0.1)

    def until_ticked(self, what: str, is_so: Callable[[], Any]) -> None:
        """Wait until it is so, and ring for a tick now and then, as the clock does."""
        rung = 0.0

        def is_so_or_ring() -> Any:
            nonlocal rung
            if time.monotonic() > rung + 8:
                self.ring(tick)
                rung = time.monotonic()
            return is_so()

        self.until(what, is_so_or_ring)

    def get_well(self) -> None:
        """Remove all faults."""
        self.on.twilio.faults.latency, self.on.twilio.faults.fault_rate = 0, {}
        self.on.garmin.faults.hang_seconds = 0

    def require_everything_said_once(self) -> None:
        """Let a second pool finish the work, and assert that each message was sent once."""
        self.get_well()
        self.start("worker")
        self.until_ticked("the rest", lambda: not self.truth.waiting(self.expected))
        verdict = self.truth.verdicts(self.expected, list(self.on.twilio.messages.values()))["all"]
        assert verdict.is_clean, f"{verdict}: {[self.truth.story(key) for key in self.truth.misfits[:3]]}"
        assert verdict.messages == len(self.expected) >= PEOPLE * EACH

    def links(self, athlete: str) -> int:
        """Connect a Garmin account that is due to be read. Returns its id."""
        self.on.garmin.enrol(athlete, f"{athlete}@example.org", "right")
        signed_in = self.world.garmin.sign_in(f"{athlete}@example.org", "right")
        with self.world.sessions.begin() as session:
            member, now = self._somebody(session, "Read"), self.world.now()
            facts = {"garmin_email": f"{athlete}@example.org", "display_name": athlete, "linked_at": now}
            facts |= {"garmin_id": signed_in.profile.id, "method": GarminMethod.PASSWORD, "next_sync_at": now}
            account = GarminAccount(member_id=member.id, **facts)
            accounts.keep_tokens(session, account, signed_in.tokens)
            session.add(account)
            session.flush()
            return account.id

    def asks_to_sign_in(self, athlete: str) -> str:
        """Type an e-mail address and a password into the page. Returns the id of the attempt."""
        self.on.garmin.enrol(athlete, f"{athlete}@example.org", "right")
        with self.world.sessions.begin() as session:
            member, now = self._somebody(session, "Signs in"), self.world.now()
            token = one_time_links.make_link(session, member, LinkPurpose.GARMIN, now)
            browser = one_time_links.open_link(session, token, None, now)
            link = one_time_links.find_link(session, browser, now)
            typed = Typed("right", f"{athlete}@example.org")
            return str(sign_ins.ask(session, link, "garmin", GarminMethod.PASSWORD, typed, now).id)

    @staticmethod
    def _somebody(session: Any, name: str) -> Member:
        member = Member(name=name, address=f"whatsapp:+3299{time.monotonic_ns() % 10**8:08}")
        session.add(member)
        session.flush()
        return member


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    settings = {"WORKERS": "3", "PRETEND_CLOCK": "0", "LOOK_SECONDS": "1", "LEASE_SECONDS": "30", "LOG_FORMAT": "json"}
    settings |= {"SEND_RATE": "80"}
    doors: list[Proxy] = []

    def network(servers: Services) -> Services:
        at = urlsplit(servers.redis_url)
        doors.append(Proxy(at.hostname or "", at.port or 0))
        return Services(servers.database_url, f"redis://127.0.0.1:{doors[0].port}/0")

    with stage(tmp_path_factory.mktemp("down"), kept=False, network=network, settings=settings) as on:
        on.twilio.now = on.garmin.now = read_system_clock
        on.twilio.faults.callbacks = "off"
        get_templates_approved(on)
        names = [name for name in Settings.model_fields if name.upper() in on.environment]
        world = World.from_settings(Settings(**{name: on.environment[name.upper()] for name in names}))
        database = create_engine(on.services.database_url)
        yield Scene(on, world, move_in(on, world, PEOPLE), Truth(database), doors[0])
        database.dispose()
        world.sessions.kw["bind"].dispose()
        world.redis.close()
    doors[0].close()
    sys.stdout.write("\n".join(["", *FIGURES, ""]))  # shown with `pytest -s`: the time that each of them took


@pytest.fixture
def scene(running: Scene) -> Iterator[Scene]:
    yield running
    running.get_well()
    running.redis.accept()
    for process in running.on.processes.values():
        for pid in family(process.pid):
            send(pid, signal.SIGKILL)
        process.wait()
    running.on.processes.clear()
    judge_logs(running)


def judge_logs(running: Scene) -> None:
    """Assert that each line that these processes have logged is JSON, contains no secret, and reports no bug."""
    lines = [line for path in running.on.folder.glob("*.log") for line in path.read_text().splitlines()]
    found = Counter(json.loads(line)["event"] for line in lines)
    assert found, "they have logged nothing"
    broken = found.keys() & {"uncaught exception", "worker broke", "job broke", "hand-over broke", "turn broke"}
    assert not [line for line in lines if json.loads(line)["event"] in broken]
    secrets = [resident.phone.number for resident in running.people]
    secrets += [running.on.environment[name] for name in ("TWILIO_AUTH_TOKEN", "SECRET_KEY", "DATA_KEYS")]
    assert not [secret for secret in secrets if any(secret in line for line in lines)]


def family(pid: int) -> list[int]:
    """Return all living processes of the session that this process leads: a pool, its workers and their horses."""
    listing = subprocess.run(["ps", "-axo", "pid=,sess=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return [int(each) for each, session, state in rows if int(session) == pid and not state.startswith("Z")]


def send(pid: int, what: signal.Signals) -> None:
    """Send a signal to a process that may have ended meanwhile."""
    with suppress(ProcessLookupError):
        os.kill(pid, what)


def main_process(process: subprocess.Popen[bytes]) -> list[int]:
    """The process that a plain process manager signals."""
    return [process.pid]


def every_process(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes that Heroku signals."""
    return family(process.pid)


Whom = Callable[[subprocess.Popen[bytes]], list[int]]
BY_ALL_HOSTS = pytest.mark.parametrize("whom", [main_process, every_process])


def ask_to_stop(process: subprocess.Popen[bytes], whom: Whom) -> float:
    """Send SIGTERM, and return after how many seconds all these processes have ended."""
    began = time.monotonic()
    for pid in whom(process):
        send(pid, signal.SIGTERM)
    process.wait(AT_MOST)
    while family(process.pid):
        assert time.monotonic() < began + AT_MOST, "a process stays for ever"
        time.sleep(0.05)
    took = time.monotonic() - began
    FIGURES.append(f"{took:5.1f} s  {os.environ['PYTEST_CURRENT_TEST']}")
    return took


@BY_ALL_HOSTS
def test_a_busy_pool_is_gone_in_time_and_another_finishes_everything(scene: Scene, whom: Whom) -> None:
    """One horse sends messages, one waits for Garmin's list, one for Garmin's sign-in."""
    account, attempt = scene.links(f"reads-{whom.__name__}"), scene.asks_to_sign_in(f"signs-{whom.__name__}")
    scene.on.twilio.faults.latency, scene.on.garmin.faults.hang_seconds = SLOW, GARMIN_TAKES
    asked, sent = len(scene.on.garmin.journal), len(scene.on.twilio.messages)
    pool = scene.start("worker")
    scene.ring(garmin.drain)
    scene.until("one signs in", lambda: _step(scene, attempt).leased_until)
    scene.ring(garmin.drain)
    scene.until("one reads", lambda: _account(scene, account).leased_until)
    scene.write(whom.__name__)
    scene.ring(delivery.drain)
    scene.until("some are handed over", lambda: len(scene.on.twilio.messages) > sent + 20)
    assert ask_to_stop(pool, whom) <= GONE_WITHIN
    states = scene.states()
    assert states["queued"] > 50, "it was in the middle"
    assert (states["sending"], states["unknown"]) == (0, 0), "what was begun is finished or put back"
    step, left = _step(scene, attempt), _account(scene, account)
    assert (step.step, step.problem, step.secret) == (AttemptStep.FAILED, "interrupted", None)
    assert (left.leased_until, left.failures) == (None, 0)
    scene.require_everything_said_once()
    scene.until_ticked("the account is read", lambda: _account(scene, account).last_sync_at)
    assert len(scene.on.garmin.journal) > asked


def _step(scene: Scene, attempt: str) -> LinkAttempt:
    with scene.world.sessions() as session:
        return session.get_one(LinkAttempt, attempt)


def _account(scene: Scene, account: int) -> GarminAccount:
    with scene.world.sessions() as session:
        return session.get_one(GarminAccount, account)


@BY_ALL_HOSTS
def test_what_twilio_did_not_answer_in_time_is_looked_for_by_the_next_pool(scene: Scene, whom: Whom) -> None:
    faults = scene.on.twilio.faults
    faults.hang_seconds, faults.fault_rate = HANGS, {"hang": 0.5, "hang_after_accept": 0.5}

    def hanging() -> int:
        return faults.drawn["hang"] + faults.drawn["hang_after_accept"]

    before = hanging()
    scene.write(f"hangs {whom.__name__}")
    pool = scene.start("worker")
    scene.ring(delivery.drain)
    scene.until("many hang", lambda: hanging() >= before + 20)
    assert ask_to_stop(pool, whom) <= GONE_WITHIN
    states = scene.states()
    assert states["sending"] == 0
    assert states["unknown"] >= 20, "nobody knows about these"
    scene.require_everything_said_once()


@BY_ALL_HOSTS
def test_an_idle_pool_and_one_that_is_just_beginning_are_gone_in_time(scene: Scene, whom: Whom) -> None:
    pool = scene.start("worker")
    scene.until("the workers are there", lambda: len(family(pool.pid)) >= 4)
    assert ask_to_stop(pool, whom) <= GONE_WITHIN  # some of them are not connected to Redis yet
    scene.world.redis.delete("rq:workers")
    pool = scene.start("worker")
    scene.until("they wait", lambda: len(scene.world.redis.smembers("rq:workers")) >= 3)
    assert ask_to_stop(pool, whom) <= GONE_WITHIN


@BY_ALL_HOSTS
def test_a_pool_is_gone_in_time_while_redis_is_away(scene: Scene, whom: Whom) -> None:
    scene.on.twilio.faults.latency = SLOW
    sent = len(scene.on.twilio.messages)
    scene.write(f"no redis {whom.__name__}")
    pool = scene.start("worker")
    scene.ring(delivery.drain)
    scene.until("some are handed over", lambda: len(scene.on.twilio.messages) > sent + 10)
    scene.redis.refuse()
    scene.redis.cut()
    assert ask_to_stop(pool, whom) <= GONE_WITHIN
    assert (scene.states()["sending"], scene.states()["unknown"]) == (0, 0)
    scene.redis.accept()
    scene.require_everything_said_once()


@BY_ALL_HOSTS
@pytest.mark.parametrize("redis_is_away", [False, True])
def test_the_clock_is_gone_in_time(scene: Scene, whom: Whom, *, redis_is_away: bool) -> None:
    clock = scene.start("clock")
    scene.until("it ticks", lambda: scene.world.redis.zscore("rq:scheduler:scheduled_jobs", "tick"))
    if redis_is_away:
        scene.redis.refuse()
        scene.redis.cut()
        log = scene.on.folder / "clock.log"
        scene.until("it notices", lambda: "redis is away" in log.read_text())
    assert ask_to_stop(clock, whom) <= GONE_WITHIN


@BY_ALL_HOSTS
def test_the_clock_is_gone_in_time_while_postgres_does_not_answer(scene: Scene, whom: Whom) -> None:
    """Its main thread waits inside libpq, where no signal reaches it."""
    usual = scene.on.environment["DATABASE_URL"]
    at, log = urlsplit(usual), scene.on.folder / "clock.log"
    with Proxy(at.hostname or "", at.port or 0) as door:
        scene.on.environment["DATABASE_URL"] = usual.replace(f":{at.port}/", f":{door.port}/")
        try:
            before = log.read_text().count("digest bells set") if log.exists() else 0
            clock = scene.start("clock")
            scene.until("it has asked Postgres", lambda: log.read_text().count("digest bells set") > before)
            door.hang()
            scene.world.redis.delete("rq:scheduler:scheduled_jobs")  # after a flush it queries Postgres again
            scene.until("it asks again", lambda: scene.world.redis.exists("rq:scheduler:scheduled_jobs"))
            stays(lambda: log.read_text().count("digest bells set") == before + 1, "it hangs")
            assert ask_to_stop(clock, whom) <= GONE_WITHIN
        finally:
            scene.on.environment["DATABASE_URL"] = usual


@BY_ALL_HOSTS
def test_web_is_gone_in_time_under_load_and_every_line_it_took_is_answered(scene: Scene, whom: Whom) -> None:
    web = scene.start("web")
    scene.on.await_readiness()
    host, port = scene.on.bot_url.removeprefix("http://").split(":")
    half_sent = [socket.create_connection((host, int(port))) for _ in range(3)]
    for each in half_sent:
        each.sendall(b"POST /webhooks/twilio/inbound HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nBody=")
    over, said = Event(), list[str]()

    def chat(resident: Resident) -> None:
        while not over.is_set():
            said.append(resident.phone.says("help"))

    with ThreadPoolExecutor(8) as pool:
        for resident in scene.people[:8]:
            pool.submit(chat, resident)
        scene.until("many write", lambda: len(said) > 30)
        took = ask_to_stop(web, whom)
        over.set()
    for each in half_sent:
        each.close()
    assert took <= GONE_WITHIN
    heard = [sid for sid in said if scene.on.twilio.messages[sid].error_code is None]
    assert len(heard) > 20
    with scene.world.sessions() as session:
        assert set(heard) <= set(session.scalars(select(InboundMessage.sid)))
    scene.expected += [Expected("all", f"reply:{sid}", None) for sid in heard]
    scene.start("worker")
    scene.until_ticked("all are answered", lambda: not scene.truth.waiting(scene.expected))


@BY_ALL_HOSTS
def test_a_release_is_gone_in_time_and_the_next_one_migrates(scene: Scene, whom: Whom) -> None:
    admin = create_engine(scene.on.services.database_url, isolation_level="AUTOCOMMIT")
    name = f"release_{whom.__name__}"
    with admin.connect() as line:
        line.execute(text(f'CREATE DATABASE "{name}"'))
    url = scene.on.services.database_url.rsplit("/", 1)[0] + f"/{name}"
    database, usual = create_engine(url), scene.on.environment["DATABASE_URL"]
    scene.on.environment["DATABASE_URL"] = url
    try:
        with database.begin() as line:
            line.execute(text("SELECT pg_advisory_xact_lock(710000)"))  # another release holds it
            release = scene.start("release")
            waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            scene.until("it waits", lambda: line.scalar(waiting))
            assert ask_to_stop(release, whom) <= GONE_WITHIN
        scene.on.run("alembic", "upgrade", "head")
        with database.connect() as line:
            assert line.scalar(text("SELECT count(*) FROM alembic_version")) == 1
    finally:
        scene.on.environment["DATABASE_URL"] = usual
        database.dispose()
        admin.dispose()
