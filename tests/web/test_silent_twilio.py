"""Twilio accepts nothing, or answers nothing, or nothing is delivered: /readyz says so within a
minute, whatever the reason.

The town is a whole deployment: a web process that receives webhooks and answers probes, a worker that does what the
clock rings for, and a Twilio over HTTP. Its time passes in steps of ten seconds.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from flask import Flask

import world as worlds
from bot import receiving
from jobs import asking_again, delivery, reconciling
from jobs.health import Doctor
from jobs.heartbeats import Heart
from jobs.tick import tick
from jobs.work import transaction
from providers.twilio.twilio import Twilio
from services.delivery import reach
from services.ground import signs
from services.health.processes import CLOCK, WEB, WORKER
from simulator.proxy import Proxy
from tests.conftest import Servers
from tests.patience import RUNS_OUT
from tests.town import ACCOUNT, SENDER, START, TOKEN, Person, Town
from tests.web.test_health import asked, told
from world import World

STEP = 10  # seconds
ALSO = {"fonts", "time", "keys"}  # these depend on this machine; the town's clock shows another day than the database's
BELLS = "rq:scheduler:scheduled_jobs"


@dataclass
class Site:
    """A town, with methods to let time pass in a deployment."""

    town: Town
    hearts: tuple[Heart, ...]

    def names(self) -> set[str]:
        """Return the degraded checks of a web process. It stays in service, because lines
        are still answered or kept.
        """
        report = Doctor(worlds.current(), WEB).examine()
        assert report.can_serve
        return set(report.degraded) - ALSO

    def says(self) -> str:
        """Return what the check of deliveries says."""
        report = Doctor(worlds.current(), WEB).examine()
        return next(each.says for each in report.findings if each.name == "delivery")

    def pass_time(self, seconds: int) -> None:
        """Let time pass, while worker and clock do their work."""
        for _ in range(seconds // STEP):
            for heart in self.hearts:
                heart.beat()
            self.town.clock.travel(seconds=STEP)
            delivery.drain()
            if self._hears_bell():
                receiving.ingest()
            if (self.town.clock() - START).seconds % 60 < STEP:
                tick()
                reconciling.reconcile()
            self.town.work()
            self.town.twilio.settle()

    def seconds_until(self, is_so: Callable[[], bool], most: int) -> int:
        """Return after how many seconds it is so. Fails after `most`."""
        for seconds in range(0, most + STEP, STEP):
            if is_so():
                return seconds
            self.pass_time(STEP)
        raise AssertionError(f"not within {most} s; named: {self.names()}, {self.says()}")

    def _hears_bell(self) -> bool:
        """Return whether the clock has a bell for asking Twilio. Bells use the real clock, so all count as due, and
        Redis's keys that would have expired by then are deleted.
        """
        redis = self.town.world.redis
        bells = [name for name in redis.zrange(BELLS, 0, -1) if name.startswith(b"bot-receiving-ingest")]
        if not bells:
            return False
        redis.delete(asking_again.RUNG, asking_again.BACKFILL, *redis.scan_iter("bell:bot.receiving.ingest:*"))
        return redis.zrem(BELLS, *bells) > 0


@pytest.fixture
def site(town: Town) -> Iterator[Site]:
    hearts = Heart(town.world, WORKER), Heart(town.world, CLOCK)
    for heart in hearts:
        heart.instance = f"elsewhere:{heart.kind}"
        heart.beat()
    tick()
    town.work()
    yield Site(town, hearts)
    town.twilio.closing.set()


# ---- ways in which Twilio can be silent


def _twilio(town: Town, address: str) -> World:
    """Return the town's world with Twilio at this address."""
    chosen = town.world.settings
    messenger = Twilio(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        sender=SENDER,
        callback_url=f"{chosen.base_url}/webhooks/twilio/status",
        secrets=chosen.secrets,
        base_url=address,
        timeout=RUNS_OUT,
    )
    return replace(town.world, messenger=messenger)


@contextmanager
def refused(town: Town, _servers: Servers) -> Iterator[None]:
    """The connection is refused, by the machine or by a firewall."""
    worlds.use(_twilio(town, "http://127.0.0.1:9/twilio"))
    yield
    worlds.use(town.world)


@contextmanager
def hanging(town: Town, servers: Servers) -> Iterator[None]:
    """Connections are accepted, but no answer comes."""
    with Proxy("127.0.0.1", servers.simulator.server.server_port) as proxy:
        proxy.hang()
        worlds.use(_twilio(town, f"http://127.0.0.1:{proxy.port}/twilio"))
        yield
        worlds.use(town.world)


@contextmanager
def answering(servers: Servers, status: int, body: str) -> Iterator[None]:
    """Every request gets this answer."""
    other = Flask("somebody else")
    other.register_error_handler(404, lambda _error: (body, status))
    before, servers.simulator.app = servers.simulator.app, other
    yield
    servers.simulator.app = before


WAYS = {
    "connection refused": refused,
    "hangs": hanging,
    "503": lambda _town, servers: answering(servers, 503, '{"code": 20503, "message": "", "status": 503}'),
    "asks to slow down": lambda _town, servers: answering(servers, 429, "{}"),
    "a page of somebody else's": lambda _town, servers: answering(servers, 200, "<html>Welcome</html>"),
    "not found": lambda _town, servers: answering(servers, 404, "<html>Not found</html>"),
}


@pytest.mark.parametrize("way", WAYS)
def test_twilio_that_takes_nothing_is_named_within_a_minute(
    site: Site, servers: Servers, zoe: Person, jose: Person, way: str
) -> None:
    zoe.says("hi")
    jose.says("hi")
    heard = zoe.count()
    assert site.names() == set()
    with WAYS[way](site.town, servers):
        zoe.phone.says("help")
        site.pass_time(STEP)
        jose.phone.says("help")
        assert site.seconds_until(lambda: "delivery" in site.names(), 60) >= 30, "a moment is no trouble"
        assert "Twilio has taken no message since 19:0" in site.says()
        code, status, names = told(asked(worlds.current()))
        assert (code, status) == (200, "degraded")
        assert "delivery" in names
        site.pass_time(60)
        assert "delivery" in site.names()
    assert zoe.count() == heard
    site.seconds_until(lambda: site.names() == set(), 180)
    assert zoe.count() == heard + 1, "nothing is lost, and nothing doubled"


@pytest.mark.parametrize("way", ["connection refused", "asks to slow down"])
def test_a_reply_that_is_tried_again_and_again_has_waited_since_it_was_written(
    site: Site, servers: Servers, zoe: Person, way: str
) -> None:
    with WAYS[way](site.town, servers):
        zoe.phone.says("help")
        site.pass_time(70)
        assert "messages" in site.names()


@pytest.mark.parametrize("way", ["connection refused", "hangs", "503"])
def test_it_is_named_though_nobody_writes(site: Site, servers: Servers, way: str) -> None:
    """Twilio is asked every five minutes for lines whose webhooks did not come."""
    with WAYS[way](site.town, servers):
        site.town.world.redis.delete(asking_again.BACKFILL)
        site.seconds_until(lambda: "delivery" in site.names(), 120)
        assert "Twilio has answered no question since 19:0" in site.says()
    site.seconds_until(lambda: site.names() == set(), 30)


def test_a_twilio_that_only_answers_questions_is_named(site: Site, zoe: Person, jose: Person) -> None:
    faults = site.town.twilio.faults
    faults.fault_rate = {"500": 1.0}
    zoe.phone.says("hi")
    site.pass_time(20)
    jose.phone.says("hi")
    site.seconds_until(lambda: "delivery" in site.names(), 40)
    assert "taken no message" in site.says()
    assert "question" not in site.says()
    faults.fault_rate = {}
    site.seconds_until(lambda: site.names() == set(), 240)
    assert (zoe.count(), jose.count()) == (1, 1)


def test_a_twilio_that_only_takes_messages_is_named(site: Site, zoe: Person) -> None:
    site.town.twilio.faults.list_status = 503
    site.town.world.redis.delete(asking_again.BACKFILL)
    zoe.phone.says("hi")
    site.seconds_until(lambda: "delivery" in site.names(), 120)
    assert "message" not in site.says()
    assert zoe.count() == 1
    site.town.twilio.faults.list_status = None
    site.seconds_until(lambda: site.names() == set(), 30)


@pytest.mark.parametrize("fault", ["500", "reset", "429", "500_after_accept"])
def test_one_failure_is_no_trouble(site: Site, zoe: Person, fault: str) -> None:
    site.town.twilio.faults.next.append(fault)
    zoe.phone.says("hi")
    for _ in range(24):
        site.pass_time(STEP)
        assert "delivery" not in site.names()
    assert zoe.count() == 1


def test_a_whatsapp_that_lets_nothing_arrive_is_named(site: Site, zoe: Person, jose: Person) -> None:
    doomed = site.town.twilio.faults.undelivered_next
    doomed.extend([63010] * 20)
    zoe.phone.says("hi")
    jose.phone.says("hi")
    site.seconds_until(lambda: "delivery" in site.names(), 60)
    assert "WhatsApp has taken no message since 19:00:" in site.says()
    assert "code 63010" in site.says()
    doomed.clear()
    site.seconds_until(lambda: site.names() == set(), 240)
    assert (zoe.count(), jose.count()) == (1, 1)


def test_what_fails_for_one_person_is_no_trouble_of_all(site: Site, zoe: Person, jose: Person) -> None:
    zoe.says("hi")
    site.town.phones.by_number["+32470000001"].blocked = True
    for line in ("help", "hi", "help"):
        zoe.phone.says(line)
        site.pass_time(20)
        assert site.names() == set()


def test_a_failure_of_long_ago_is_forgotten(site: Site, zoe: Person) -> None:
    world, clock = site.town.world, site.town.clock
    for minutes in (0, 11):
        clock.travel(minutes=minutes)
        with transaction(world) as session:
            reach.note_not_taken(session, clock(), "Twilio answered 500")
        with world.sessions() as session:
            sign = signs.list_signs(session)[signs.NOT_TAKEN]
        assert (sign.since, sign.count) == (clock(), 1)
    with transaction(world) as session:
        reach.note_not_taken(session, clock(), "Twilio answered 500")
    clock.travel(seconds=45)
    assert "delivery" in site.names()
    clock.travel(minutes=10)
    assert "delivery" not in site.names(), "since then nothing was tried, so nobody knows"
