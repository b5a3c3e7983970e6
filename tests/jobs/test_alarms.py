"""The operator is told of a problem once when it begins and once when it ends, by each way that they have set."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest
from flask import Flask, request
from redis import Redis
from sqlalchemy import select, text, update

from config import Settings
from jobs import alarms, certificates, heartbeats, troubles
from jobs.health import Doctor
from jobs.queue import FAILED_KEPT
from models import Content, Member, Sign
from models.base import make_sessions
from providers.alarm import AlarmFailed
from providers.alarms.email_alarm import EmailAlarm
from providers.alarms.webhook_alarm import WebhookAlarm
from providers.clock import read_system_clock
from services.delivery import ceiling
from services.ground import breakers, signs
from services.health.findings import State
from services.health.processes import CLOCK, WEB, WORKER
from simulator.tls import TlsFront
from tests.beating import beat, have_ticked
from tests.patience import AT_MOST
from tests.town import Person, Served, Town
from web.app import create_app
from world import World

OPERATOR = "+32470000099"


@dataclass
class Told:
    """An `Alarm` that stores what it is told."""

    heard: list[tuple[str, str]] = field(default_factory=list)
    is_broken: bool = False
    name: str = "notes"

    def ring(self, title: str, text: str) -> None:
        if self.is_broken:
            raise AlarmFailed("broken")
        self.heard.append((title, text))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def world(town: Town, told: Told) -> World:
    """A deployment without problems, on the real day."""
    sessions = make_sessions(town.world.sessions.kw["bind"], town.world.vault, read_system_clock)
    made = replace(town.world, now=read_system_clock, sessions=sessions, alarms=(told,))
    beat(made, WORKER, CLOCK)
    have_ticked(made)
    told.heard.clear()
    return made


def spoil(world: World, status: str = "paused") -> None:
    with world.sessions.begin() as session:
        session.execute(update(Content).values(status=status))


def mend(world: World) -> None:
    with world.sessions.begin() as session:
        session.execute(update(Content).values(status="approved", category="UTILITY"))


def names(world: World) -> set[str]:
    """Return the degraded checks, without telling the operator."""
    return {each.name for each in Doctor(world, WEB).look().findings if each.state is State.DEGRADED}


def test_a_trouble_is_told_once_and_again_when_it_is_over(world: World, told: Told) -> None:
    spoil(world)
    for doctor in [Doctor(world, WEB) for _ in range(3)] * 2:
        doctor.examine()
    [(title, words)] = told.heard
    assert title == "Gruppetto: templates degraded"
    assert "templates push" in words
    assert world.settings.base_url in words
    mend(world)
    for doctor in [Doctor(world, WEB) for _ in range(3)]:
        doctor.examine()
    assert told.heard[1:] == [
        ("Gruppetto: templates well again", f"templates is well again.\n{world.settings.base_url}")
    ]


def test_what_comes_together_is_told_together(world: World, told: Told) -> None:
    spoil(world)
    shut_garmin(world)
    Doctor(world, WEB).examine()
    [(title, _)] = told.heard
    assert title in {"Gruppetto: templates, sources degraded", "Gruppetto: sources, templates degraded"}


def test_an_operator_is_not_told_without_end(world: World, told: Told) -> None:
    for _ in range(alarms.MOST_AN_HOUR):
        spoil(world)
        Doctor(world, WEB).examine()
        mend(world)
        Doctor(world, WEB).examine()
    assert len(told.heard) == alarms.MOST_AN_HOUR
    assert 0 < world.redis.ttl(alarms.COUNTED) <= 3600


def test_one_way_that_fails_keeps_no_other_from_ringing(world: World, told: Told) -> None:
    both = replace(world, alarms=(Told(is_broken=True, name="broken"), told))
    spoil(both)
    Doctor(both, WEB).examine()
    assert len(told.heard) == 1


def test_without_redis_one_of_all_processes_tells(world: World, told: Told) -> None:
    away = Redis.from_url("redis://127.0.0.1:9", socket_connect_timeout=AT_MOST)
    lonely = replace(world, redis=away)
    for _ in range(2):
        Doctor(lonely, WEB).examine()
        troubles._alone.clear()  # as in another process
    assert [title for title, _ in told.heard] == ["Gruppetto: redis degraded"]
    Doctor(lonely, WEB).examine()
    Doctor(world, WEB).examine()
    assert [title for title, _ in told.heard] == ["Gruppetto: redis degraded", "Gruppetto: redis well again"]
    away.close()


# ---- by WhatsApp


def by_whatsapp(world: World) -> World:
    known = {name: getattr(world.settings, name) for name in Settings.model_fields}
    settings = Settings(**known | {"operator_whatsapp": f"whatsapp:{OPERATOR}"})
    return replace(world, settings=settings, alarms=())


def test_who_has_just_written_gets_text_and_who_has_not_the_template(town: Town, world: World) -> None:
    chosen = by_whatsapp(world)
    operator = town.person("Olga", OPERATOR)
    operator.phone.last_inbound_at = None
    spoil(chosen, "paused")
    with chosen.sessions.begin() as session:
        approved = update(Content).where(Content.name == alarms.TEMPLATE).values(status="approved", category="UTILITY")
        session.execute(approved)
    Doctor(chosen, WEB).examine()
    town.twilio.settle()
    assert "there is news about the bot itself in Gruppetto: templates: " in operator.heard
    operator.says("hi")
    with chosen.sessions.begin() as session:
        session.execute(update(Member).values(last_inbound_at=read_system_clock()))
    mend(chosen)
    Doctor(chosen, WEB).examine()
    town.twilio.settle()
    assert operator.heard.startswith("*Gruppetto: templates well again*")


def test_the_worker_is_not_needed_to_tell_that_it_is_missing(town: Town, world: World) -> None:
    chosen = by_whatsapp(world)
    operator = town.person("Olga", OPERATOR)
    operator.says("hi")
    with chosen.sessions.begin() as session:
        session.execute(update(Member).values(last_inbound_at=read_system_clock()))
    before = operator.count()
    chosen.redis.hdel(heartbeats.BEATS, "elsewhere:worker")
    Doctor(chosen, WEB).examine()
    now, _ = chosen.redis.time()
    since = f'{{"by": "web", "told": false, "since": {now - troubles.SETTLED_AFTER - 1}}}'
    chosen.redis.hset(troubles.TROUBLES, "worker", since)
    Doctor(chosen, WEB).examine()
    town.twilio.settle()
    assert operator.count() == before + 1
    assert operator.heard.startswith("*Gruppetto: worker degraded*")


# ---- by e-mail and webhook


class Mailbox(StreamRequestHandler):
    """The part of an SMTP server that one message needs."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line.strip().upper()
            if word == b"DATA":
                self.wfile.write(b"354 go\r\n")
                mail = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    mail += part
                server: Any = self.server
                server.mails.append(mail.decode())
            if word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


@contextmanager
def smtp_server() -> Iterator[tuple[str, list[str]]]:
    server: Any = ThreadingTCPServer(("127.0.0.1", 0), Mailbox)
    server.daemon_threads, server.mails = True, []
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"smtp://127.0.0.1:{server.server_address[1]}", server.mails
    server.shutdown()
    server.server_close()


def test_an_email_is_sent() -> None:
    with smtp_server() as (address, mails):
        EmailAlarm(address, "ops@example.org").ring("Gruppetto: tick degraded", "Look into the worker's log.")
    [mail] = mails
    assert "Subject: Gruppetto: tick degraded" in mail
    assert "To: ops@example.org" in mail
    assert "Look into the worker's log." in mail


def test_a_webhook_is_posted_and_its_address_is_told_to_nobody() -> None:
    app, heard = Flask("chat"), []

    @app.post("/hook/<token>")
    def hook(token: str) -> str:
        heard.append((token, request.json))
        return "ok"

    @app.post("/gone/<token>")
    def gone(token: str) -> tuple[str, int]:
        return f"{token} is gone", 410

    served = Served(app)
    WebhookAlarm(f"{served.url}/hook/secret").ring("a title", "a text")
    assert heard == [("secret", {"text": "a title\na text", "content": "a title\na text"})]
    for address in (f"{served.url}/gone/secret", "http://127.0.0.1:9/secret"):
        with pytest.raises(AlarmFailed) as failure:
            WebhookAlarm(address).ring("a title", "a text")
        assert "secret" not in str(failure.value)


def test_an_operator_can_try_the_ways(world: World, told: Told) -> None:
    run = create_app(world).test_cli_runner().invoke
    done = run(args=["operator", "test"])
    assert (done.exit_code, done.output) == (0, "notes\ttold\n")
    assert told.heard[0][0] == "Gruppetto: this is a test"
    told.is_broken = True
    assert run(args=["operator", "test"]).exit_code == 1
    assert create_app(replace(world, alarms=())).test_cli_runner().invoke(args=["operator", "test"]).exit_code == 1


# ---- problems that build up slowly


def shut_garmin(world: World) -> None:
    with world.sessions.begin() as session:
        breakers.shut(session, "garmin", read_system_clock(), timedelta(hours=1), "many refusals")


def test_garmin_that_is_left_alone_is_named(world: World) -> None:
    assert "sources" not in names(world)
    shut_garmin(world)
    assert "sources" in names(world)


def test_messages_that_are_given_up_are_named(town: Town, world: World, zoe: Person) -> None:
    zoe.says("hi")
    for count in range(1, 5):
        town.twilio.faults.next.append("400:21617")
        zoe.says("help")
        with world.sessions.begin() as session:
            session.execute(update(Sign).where(Sign.name == signs.DEAD).values(at=read_system_clock()))
        assert ("dead" in names(world)) == (count > 3)
    with world.sessions.begin() as session:
        long_ago = read_system_clock() - timedelta(hours=1, seconds=1)
        session.execute(update(Sign).where(Sign.name == signs.DEAD).values(at=long_ago))
    assert "dead" not in names(world)


def test_many_who_leave_are_named_and_a_few_of_many_are_not(world: World, town: Town) -> None:
    for number in range(6):
        person = town.person(f"P{number}", f"+3247000010{number}")
        person.says("hi")
        person.says("stop")
        person.says("stop")  # said twice, counted once
    with world.sessions.begin() as session:
        [sign] = session.scalars(select(Sign).where(Sign.name == signs.OPT_OUTS))
        assert sign.count == 6
        sign.at = read_system_clock()
    assert "optouts" in names(world)
    with world.sessions.begin() as session:
        session.execute(text("UPDATE pg_class SET reltuples = 5000 WHERE oid = 'members'::regclass"))
    assert "optouts" not in names(world)
    with world.sessions.begin() as session:
        session.execute(text("UPDATE pg_class SET reltuples = -1 WHERE oid = 'members'::regclass"))


def test_a_budget_that_is_nearly_spent_is_named(world: World) -> None:
    most = world.settings.messages_a_day
    for count, is_named in ((int(0.79 * most), False), (int(0.01 * most) + 1, True)):
        with world.sessions.begin() as session:
            ceiling.note(session, {None: count}, read_system_clock())
        assert ("spend" in names(world)) == is_named


def test_a_job_that_broke_is_named_for_an_hour(world: World) -> None:
    now, _ = world.redis.time()
    for ago, is_named in ((3700, False), (3500, True)):
        world.redis.zadd("rq:failed:work", {f"job-{ago}": now + FAILED_KEPT - ago})
        assert ("broken" in names(world)) == is_named


def test_a_certificate_that_ends_soon_or_is_not_trusted_is_named(world: World) -> None:
    for left, is_named in ((timedelta(days=15), False), (timedelta(days=13), True), (timedelta(days=-1), True)):
        world.redis.set(certificates.ENDS, (read_system_clock() + left).isoformat())
        assert ("certificate" in names(world)) == is_named, left
    world.redis.delete(certificates.ENDS)
    certificates.look(world)
    assert "certificate" not in names(world), "an address without TLS has none"
    front = TlsFront("127.0.0.1", 9)
    known = {name: getattr(world.settings, name) for name in Settings.model_fields}
    secure = Settings(**known | {"public_base_url": f"https://127.0.0.1:{front.port}"})
    certificates.look(replace(world, settings=secure))
    front.close()
    assert "certificate" in names(world), "nobody here trusts the one who signed it"
