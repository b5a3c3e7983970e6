"""A small world for tests, the "town": the real app over HTTP, real Postgres and Redis, a pretend Twilio and Garmin."""

import copy
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Lock, Thread
from typing import Any

from flask import Flask
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import delete, insert, select, text
from werkzeug.serving import make_server

import logs
import world as worlds
from config import Settings
from jobs import delivery
from jobs.queue import JsonJob
from jobs.tick import tick
from models import Base, OutboundMessage
from models import Content as StoredContent
from models.base import make_sessions, open_engine
from providers.garmin.garmin_personal import GarminPersonal
from providers.twilio.twilio import Twilio
from providers.webhooks.standard_sender import StandardSender
from providers.webhooks.targets import TargetRules
from services.delivery import contents
from simulator.garmin.athletes import Habits
from simulator.garmin.server import PretendGarmin
from simulator.twilio.contents import PretendContent
from simulator.twilio.phones import Phone, Phones
from simulator.twilio.rules import Rules
from simulator.twilio.server import PretendTwilio
from tests.browsing import Browser
from tests.patience import AT_MOST
from web.app import create_app
from world import World

ACCOUNT, TOKEN, SENDER = "AC" + "0" * 32, "a-pretend-auth-token", "whatsapp:+14155238886"
START = datetime(2026, 11, 18, 19, 0, tzinfo=UTC)  # a Wednesday evening
START_COUNTING_AGAIN = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences
WHERE schemaname = current_schema() AND last_value IS NOT NULL
"""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)  # the end of a lease that is over by any clock
PATIENT = "-c lock_timeout=120s -c statement_timeout=120s -c idle_in_transaction_session_timeout=120s"
QUEUES = ("tick", "deliver", "work", "garmin", "webhooks")

logging.getLogger("werkzeug").setLevel(logging.ERROR)


class TestClock:
    """A clock that stands still until a test moves it."""

    __test__ = False

    def __init__(self) -> None:
        self.instant = START

    def __call__(self) -> datetime:
        return self.instant

    def travel(self, **span: float) -> None:
        self.instant += timedelta(**span)

    def travel_to(self, instant: datetime) -> None:
        self.instant = instant


class Served:
    """A Flask app behind a real socket."""

    def __init__(self, app: Flask | None = None) -> None:
        self._app = app or Flask("nothing yet")
        self._make: Callable[[], Flask] | None = None
        self._lock = Lock()
        self.server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def app(self) -> Flask:
        """The app that is served. It is made here if nothing has asked for it yet."""
        with self._lock:
            if self._make is not None:
                self._app, self._make = self._make(), None
            return self._app

    @app.setter
    def app(self, app: Flask) -> None:
        with self._lock:
            self._app, self._make = app, None

    def make_when_asked(self, make: Callable[[], Flask]) -> None:
        """Serve what `make` returns. Call it for the first request: an app takes a tenth of a second, and half of
        the tests send no request.
        """
        with self._lock:
            self._make = make

    def __call__(self, environ: dict, start: Callable) -> object:
        """Answer a request with the app that is served at the moment."""
        return self.app(environ, start)


@dataclass
class Person:
    """Somebody with a phone: tests call what this person does, and read the messages that the phone got."""

    town: "Town"
    phone: Phone
    email: str

    def says(self, line: str) -> str:
        """Send a line, wait until all work is done, and return the text of the last message."""
        before = len(self.phone.heard)
        self.phone.says(line)
        self.town.rest()
        heard = self.phone.heard[before:]
        return heard[-1].text if heard else ""

    def taps(self, label: str) -> str:
        """Tap a button, wait until all work is done, and return the text of the last message."""
        self.phone.taps(label)
        self.town.rest()
        return self.heard

    @property
    def heard(self) -> str:
        """The text of the last message on the phone; empty if there is none."""
        return self.phone.heard[-1].text if self.phone.heard else ""

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons under the last message."""
        return [title for title, _ in self.phone.heard[-1].buttons]

    def count(self) -> int:
        """Return how many messages the phone has got."""
        return len(self.phone.heard)

    def connects_garmin(self, habits: Habits | None = None, *, seed: int = 1, upload: Callable | None = None) -> str:
        """Get a Garmin account, connect it through the page, and return the text of the last message."""
        athlete = self.town.garmin.enrol(self.phone.name, self.email, "right", habits=habits, seed=seed)
        if upload:
            upload(athlete)
        browser = self.town.browser()
        browser.open_link(self.says("link garmin"))
        browser.sign_in(self.email, "right")
        self.town.rest()
        self.confirms(browser)
        return self.heard

    def confirms(self, browser: Browser) -> str:
        """Send the code that a browser shows, and return the page that it shows afterwards."""
        browser.again()
        self.says(browser.line)
        return browser.again()


class BriefWorker(SimpleWorker):
    """A worker for a few jobs: it skips slow steps of RQ's worker that have nothing to do in a test."""

    def subscribe(self) -> None:
        """Do not listen for commands, because no test sends any."""

    def run_maintenance_tasks(self) -> None:
        """Do not look for jobs of dead workers, because none dies here. RQ would send about 160 requests to Redis."""


@dataclass
class Town:
    """The whole system under test, with methods that let time pass and work be done."""

    world: World
    clock: TestClock
    twilio: PretendTwilio
    garmin: PretendGarmin
    phones: Phones
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, name: str, number: str) -> Person:
        """Add a person with a phone."""
        person = Person(self, self.phones.add(name, number), f"{name.split(maxsplit=1)[0].casefold()}@example.org")
        self.people[name] = person
        return person

    def browser(self) -> Browser:
        """Return a new browser without cookies."""
        return Browser(self.world)

    def work(self) -> None:
        """Let a worker do all jobs in the queues."""
        queues = [Queue(name, connection=self.world.redis, serializer=JSONSerializer) for name in QUEUES]
        if not any(len(queue) for queue in queues):
            return
        worker = BriefWorker(queues, connection=self.world.redis, serializer=JSONSerializer, job_class=JsonJob)
        worker.log.setLevel(logging.ERROR)
        worker.work(burst=True, logging_level="ERROR")
        failed = [job for queue in queues for job in queue.failed_job_registry.get_job_ids()]
        assert not failed, f"jobs failed: {failed}"

    def rest(self) -> None:
        """Work until nothing changes any more; let the six seconds between two messages to one
        person pass meanwhile.
        """
        for _ in range(40):
            self.work()
            self.twilio.settle()
            if not self._waiting():
                return
            self.clock.travel(seconds=6)
            delivery.drain()
        raise AssertionError("the town does not come to rest")

    def tick(self) -> None:
        """Do what the clock process does every minute."""
        tick()
        self.rest()

    def travel(self, **span: float) -> None:
        """Move the clock forward by this span, and then tick once."""
        self.clock.travel(**span)
        self.tick()

    def travel_to(self, instant: datetime) -> None:
        """Move the clock to this instant, and then tick once."""
        self.clock.travel_to(instant)
        self.tick()

    def _waiting(self) -> bool:
        soon = self.clock() + timedelta(minutes=2)
        with self.world.sessions() as session:
            query = session.query(OutboundMessage).filter(
                OutboundMessage.state == "queued", OutboundMessage.next_attempt_at <= soon
            )
            return query.count() > 0


def settings(database_url: str, redis_url: str, base_url: str, simulator_url: str) -> Settings:
    """Return the settings of a town."""
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        database_pool=20,  # tests let many things happen at once in one process
        redis_pool=20,
        public_base_url=base_url,
        secret_key="a-secret-key-for-the-tests-only-0123456789",
        data_keys="t1:" + "dGVzdC1rZXktZm9yLXRoZS10ZXN0cy1vbmx5LTAxMjM=",
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        twilio_whatsapp_from=SENDER,
        twilio_api_base_url=f"{simulator_url}/twilio",
        garmin_base_url=f"{simulator_url}/garmin",
        garmin_personal_api_base_url=f"{simulator_url}/garmin/personal",
        log_format="console",
        linger_seconds=0,
        garmin_rate=1000,
        lines_a_minute=100_000,  # the clock of a test stands still, so all lines fall into one minute
        lines_a_day=100_000,
        webhook_networks="127.0.0.0/8",  # where the tests' own servers are
    )


def build(database_url: str, redis_url: str, app_server: Served, simulator_server: Served) -> Town:
    """Return a town on these servers."""
    clock = TestClock()
    chosen = settings(database_url, redis_url, app_server.url, simulator_server.url)
    by_key = GarminPersonal(
        chosen.garmin_personal_api_base_url, now=clock, timeout=AT_MOST, pause=lambda _seconds: None
    )
    webhooks = StandardSender(TargetRules(chosen.own_networks), AT_MOST)
    world = replace(_patient(World.from_settings(chosen, clock)), garmin_by_key=by_key, webhooks=webhooks)
    worlds.use(world)
    patient = Rules(webhook_seconds=AT_MOST)
    twilio = PretendTwilio(clock, account_sid=ACCOUNT, auth_token=TOKEN, sender=SENDER, rules=patient)
    twilio.webhook_url = f"{app_server.url}/webhooks/twilio/inbound"
    garmin = PretendGarmin(clock)
    pretend = Flask("simulator")
    pretend.register_blueprint(twilio.blueprint(), url_prefix="/twilio")
    pretend.register_blueprint(garmin.blueprint())
    simulator_server.app = pretend
    logs.configure(chosen.log_format)
    app_server.make_when_asked(lambda: create_app(world))
    _have_contents(world, twilio)
    return Town(world, clock, twilio, garmin, Phones(twilio))


@dataclass
class Stored:
    """The stored and approved contents: our rows, and Twilio's copies."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)


STORED = Stored()  # filled by the first town of this process; each later town copies it, which saves 80 requests


def _have_contents(world: World, twilio: PretendTwilio) -> None:
    with world.sessions.begin() as session:
        if STORED.rows:
            session.execute(insert(StoredContent), STORED.rows)
    twilio.contents = {each["sid"]: PretendContent.from_json(each) for each in copy.deepcopy(STORED.held)}
    if not STORED.rows:
        _store_contents(world)
        with world.sessions() as session:
            STORED.rows = [dict(row) for row in session.execute(select(StoredContent.__table__)).mappings()]
        STORED.held = [content.to_json() for content in twilio.contents.values()]
        twilio.journal.clear()


def _store_contents(world: World) -> None:
    with world.sessions.begin() as session:
        contents.push(session, world.messenger, world.now())
    for _ in range(4):
        with world.sessions.begin() as session:
            contents.poll(session, world.messenger, world.now())


def _patient(world: World) -> World:
    """Return the same world with longer time-outs for Postgres, Redis and Twilio, because the machine may be busy.

    Code that runs into a time-out gives up quietly and leaves the rest to the next tick, which a test does not have.
    """
    world.redis.connection_pool.connection_kwargs |= {"socket_timeout": AT_MOST, "socket_connect_timeout": AT_MOST}
    engine = open_engine(world.settings.database_url, PATIENT, pool=world.settings.database_pool)
    sessions = make_sessions(engine, world.vault, world.now)
    return replace(world, sessions=sessions, messenger=messenger_of(world.settings))


def messenger_of(chosen: Settings, seconds: float = AT_MOST) -> Twilio:
    """Return the adapter of Twilio, with this time-out in seconds for each request."""
    return Twilio(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        sender=SENDER,
        callback_url=f"{chosen.base_url}/webhooks/twilio/status",
        secrets=chosen.secrets,
        base_url=chosen.twilio_api_base_url,
        timeout=seconds,
    )


def empty(world: World) -> None:
    """Empty Postgres and Redis between two tests. With few rows in it, DELETE takes less time than TRUNCATE."""
    with world.sessions.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))
        session.execute(text(START_COUNTING_AGAIN))
    world.redis.flushdb()
