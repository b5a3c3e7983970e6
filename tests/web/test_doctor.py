"""`flask doctor` names each misconfiguration and how to repair it, and reports no problem if there is none."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import Result
from flask import Flask, redirect
from sqlalchemy import text

from config import Settings
from jobs import heartbeats, troubles
from models.base import make_sessions, open_engine
from models.vault import new_key
from providers.clock import read_system_clock
from providers.doorbell import open_doorbell
from providers.meta.meta_groups import MetaGroups
from providers.twilio.twilio import Twilio
from services.health.database import find_expected_schema
from services.health.diagnosis import Diagnosis, Verdict
from services.health.processes import CLOCK, WEB, WORKER
from simulator.tls import TlsFront
from simulator.twilio.numbers import PretendService
from simulator.twilio.server import PretendTwilio
from tests.beating import beat, have_ticked
from tests.conftest import Servers
from tests.patience import AT_MOST, RUNS_OUT
from tests.town import ACCOUNT, SENDER, TOKEN, Served, Town
from version import release
from web import doctor, doctor_settings, probing
from web.app import create_app
from world import World

SECRET = "kq3Jx0vW-8fTz2Lr6Bn1Yc5Hd9Mg7Ps4"
NOBODY = "http://127.0.0.1:9"
KEY = new_key("k").split(":")[1]
Plant = Callable[["House"], World]


class WithFonts:
    """Charts as on a machine that has all fonts."""

    lacks = ()


@dataclass
class House:
    """A town as a deployment without problems: its processes have heartbeats, and Twilio posts to it."""

    town: Town
    world: World
    served: Served
    fronts: list[TlsFront] = field(default_factory=list)

    @property
    def twilio(self) -> PretendTwilio:
        return self.town.twilio

    def found(self, world: World | None = None, **environment: str) -> dict[str, list[Diagnosis]]:
        """Return the doctor's results, except those that are OK."""
        named: dict[str, list[Diagnosis]] = {}
        for each in doctor.examine(world or self.world, environment):
            if each.verdict not in (Verdict.OK, Verdict.UNKNOWN):
                named.setdefault(each.name, []).append(each)
        return named

    def settled(self, **changes: object) -> World:
        """Return the world with other settings, and with the same servers and vendors."""
        return replace(self.world, settings=changed(self.world, **changes))

    def in_production(self, **changes: object) -> World:
        """Return the world with the settings of a public bot, but still with the pretend Twilio."""
        return self.settled(**REAL | changes)


REAL = {
    "operator_whatsapp": "whatsapp:+32470000099",
    "public_base_url": "https://bot.gruppetto.org",
    "twilio_api_base_url": None,
    "garmin_base_url": None,
    "garmin_personal_api_base_url": None,
}


def changed(world: World, **changes: object) -> Settings:
    known = {name: getattr(world.settings, name) for name in Settings.model_fields}
    return Settings(**known | changes)


@pytest.fixture
def house(town: Town, servers: Servers) -> Iterator[House]:
    chosen = changed(
        town.world, health_token=SECRET, secret_key=f"other {SECRET}", log_format="json", database_pool=3, redis_pool=2
    )
    sessions = make_sessions(town.world.sessions.kw["bind"], town.world.vault, read_system_clock)
    world = replace(town.world, settings=chosen, now=read_system_clock, sessions=sessions, charts=WithFonts())
    servers.app.app = create_app(world)
    beat(world, WEB, WORKER, CLOCK)
    have_ticked(world)
    town.twilio.webhook_url = chosen.webhook_address
    town.twilio.number.sender.fallback_url = chosen.webhook_address
    made = House(town, world, servers.app)
    yield made
    for front in made.fronts:
        front.close()
    with town.world.sessions.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": find_expected_schema()})
    town.world.redis.config_set("maxmemory", "0")
    town.world.redis.config_set("maxmemory-policy", "noeviction")


def with_database(house: House, *, query: str = "", **parts: str) -> World:
    """Return the world with another DATABASE_URL."""
    url = urlsplit(house.world.settings.database_url)
    user, host = parts.get("user", url.username), parts.get("host", url.hostname)
    port, name = parts.get("port", url.port), parts.get("name", url.path.lstrip("/"))
    given = f"postgresql://{user}@{host}:{port}/{name}{query}"
    sessions = make_sessions(open_engine(given), house.world.vault, read_system_clock)
    return replace(house.settled(database_url=given), sessions=sessions)


def with_redis(house: House, url: str, answers_within: float = AT_MOST) -> World:
    return replace(house.settled(redis_url=url), redis=open_doorbell(url, 2, answers_within=answers_within))


def redis_url(house: House, scheme: str = "redis", login: str = "") -> str:
    url = urlsplit(house.world.settings.redis_url)
    return f"{scheme}://{login}{url.hostname}:{url.port}/9"


def with_twilio(house: House, act: Callable[[PretendTwilio], object]) -> World:
    act(house.twilio)
    return house.world


def elsewhere(house: House, app: Flask) -> World:
    """Return the world with a PUBLIC_BASE_URL that leads to another program."""
    other = Served(app)
    address = house.settled(public_base_url=other.url)
    house.twilio.webhook_url = address.settings.webhook_address
    house.twilio.number.sender.fallback_url = address.settings.webhook_address
    return address


def another_program() -> Flask:
    app = Flask("another")
    app.add_url_rule("/livez", view_func=lambda: "Welcome to nginx!")
    return app


def leading_on(house: House) -> Flask:
    app, base = Flask("leading on"), house.world.settings.base_url
    app.add_url_rule("/livez", view_func=lambda: redirect(f"{base}/livez"))
    return app


def another_deployment(house: House) -> World:
    key = "a secret key of another deployment: 0123456789"
    return elsewhere(house, create_app(replace(house.world, settings=changed(house.world, secret_key=key))))


def without_worker(house: House, kind: str) -> World:
    house.world.redis.hdel(heartbeats.BEATS, f"elsewhere:{kind}")
    return house.world


def unapproved(house: House, **review: str) -> World:
    template = next(each for each in house.twilio.contents.values() if each.approval.name.startswith("digest_ready"))
    template.approval = replace(template.approval, **review)
    return house.world


def without_content(house: House) -> World:
    for sid in [each.sid for each in house.twilio.contents.values() if each.friendly_name == "buttons_2"]:
        del house.twilio.contents[sid]
    return house.world


def diverted(house: House) -> World:
    service = PretendService("MG" + "0" * 32, "Alerts", "https://old.example.org/sms", senders=[SENDER])
    house.twilio.number.services[service.sid] = service
    return house.world


def behind_tls(house: House) -> World:
    """A world whose PUBLIC_BASE_URL has a certificate that is not trusted here."""
    url = urlsplit(house.world.settings.base_url)
    front = TlsFront(url.hostname or "", url.port or 80)
    house.fronts.append(front)
    secure = house.settled(public_base_url=f"https://127.0.0.1:{front.port}")
    house.twilio.webhook_url = secure.settings.webhook_address
    house.twilio.number.sender.fallback_url = secure.settings.webhook_address
    return secure


def schema_behind(house: House) -> World:
    with house.world.sessions.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0021_records_of_before'"))
    return house.world


def asking(world: World, *, token: str = TOKEN, base_url: str | None = None) -> World:
    """Return the world with another connection to Twilio."""
    chosen = world.settings
    messenger = Twilio(
        account_sid=ACCOUNT,
        auth_token=token,
        sender=chosen.twilio_whatsapp_from,
        callback_url=f"{chosen.base_url}/webhooks/twilio/status",
        secrets=chosen.secrets,
        base_url=base_url or chosen.twilio_api_base_url,
        timeout=AT_MOST,
    )
    return replace(world, messenger=messenger)


def with_meta(house: House) -> World:
    return replace(house.world, group_transport=MetaGroups(f"{NOBODY}/v23.0", "1", "token"))


def without_sender(twilio: PretendTwilio, *, is_plain: bool) -> None:
    twilio.number.sender, twilio.number.is_plain_number = None, is_plain


def configure_redis(house: House, **settings: str) -> World:
    for name, value in settings.items():
        house.world.redis.config_set(name.replace("_", "-"), value)
    return house.world


def other_keys(house: House) -> World:
    beat(replace(house.world, vault=type(house.world.vault).from_text(new_key("t2"), SECRET)), WORKER)
    return house.world


def plain_number(house: House) -> World:
    world = house.settled(twilio_whatsapp_from="whatsapp:+32470000009")
    house.twilio.sender = "whatsapp:+32470000009"
    without_sender(house.twilio, is_plain=True)
    return asking(world)


def elsewhere_at(house: House, address: str) -> World:
    world = house.settled(public_base_url=address, twilio_api_base_url=house.world.settings.twilio_api_base_url)
    house.twilio.webhook_url = house.twilio.number.sender.fallback_url = world.settings.webhook_address
    return world


def without_fonts(house: House) -> World:
    class Bare:
        lacks = ("Arabic",)

    return replace(house.world, charts=Bare())


# Each fault, the name under which it must be reported, and what its repair must contain.
PLANTED: dict[str, tuple[Plant, str, str]] = {
    "an address without TLS": (
        lambda h: h.in_production(public_base_url="http://bot.gruppetto.org"),
        "PUBLIC_BASE_URL",
        "https://bot.gruppetto.org",
    ),
    "this computer's own address": (
        lambda h: h.in_production(public_base_url="https://localhost:8000"),
        "PUBLIC_BASE_URL",
        "the address that the world knows",
    ),
    "the address of the instructions": (
        lambda h: h.in_production(public_base_url="https://later.example"),
        "PUBLIC_BASE_URL",
        "the address that the world knows",
    ),
    "a pretend Twilio left in production": (
        lambda h: h.in_production(twilio_api_base_url=f"{NOBODY}/twilio"),
        "TWILIO_API_BASE_URL",
        "Unset TWILIO_API_BASE_URL",
    ),
    "a pretend Garmin left in production": (
        lambda h: h.in_production(garmin_base_url=NOBODY),
        "GARMIN_BASE_URL",
        "Unset GARMIN_BASE_URL",
    ),
    "a log for developers in production": (
        lambda h: h.in_production(log_format="console"),
        "LOG_FORMAT",
        "LOG_FORMAT=json",
    ),
    "a secret that was not drawn": (lambda h: h.settled(secret_key="secret" * 6), "SECRET_KEY", "openssl rand"),
    "one secret for two things": (
        lambda h: h.settled(secret_key=SECRET * 2, health_token=SECRET * 2),
        "SECRET_KEY",
        "openssl rand",
    ),
    "a second secret that is the first": (
        lambda h: h.settled(secret_key_second=f"other {SECRET}"),
        "SECRET_KEY_SECOND",
        "Unset SECRET_KEY_SECOND",
    ),
    "a key that was not drawn": (lambda h: h.settled(data_keys=f"k1:{'A' * 43}="), "DATA_KEYS", "keys generate"),
    "a key under two names": (
        lambda h: h.settled(data_keys=f"k2:{KEY},k1:{KEY}"),
        "DATA_KEYS",
        "keys generate",
    ),
    "no token for /health": (lambda h: h.settled(health_token=""), "HEALTH_TOKEN", "openssl rand"),
    "a way recommended that is not offered": (
        lambda h: h.settled(garmin_link_methods="password", garmin_recommended="personal_key"),
        "GARMIN_RECOMMENDED",
        "GARMIN_RECOMMENDED=password",
    ),
    "a certificate accepted that is none": (
        lambda h: h.settled(redis_self_signed=True),
        "REDIS_SELF_SIGNED",
        "Unset REDIS_SELF_SIGNED",
    ),
    "a group's ceiling above all": (
        lambda h: h.settled(messages_a_day=100),
        "GROUP_MESSAGES_A_DAY",
        "below MESSAGES_A_DAY",
    ),
    "fewer lines a day than a minute": (
        lambda h: h.settled(lines_a_minute=500, lines_a_day=50),
        "LINES_A_DAY",
        "above LINES_A_MINUTE",
    ),
    "nobody who is told": (lambda h: h.in_production(operator_whatsapp=""), "OPERATOR_WHATSAPP", "OPERATOR_EMAIL"),
    "a tick that is rare": (lambda h: h.settled(tick_seconds=600), "TICK_SECONDS", "TICK_SECONDS=60"),
    "a host of Postgres that is none": (
        lambda h: with_database(h, host="postgres.invalid"),
        "database",
        "host in DATABASE_URL",
    ),
    "a port that nobody listens at": (lambda h: with_database(h, port="9"), "database", "Start Postgres"),
    "a database that is not there": (lambda h: with_database(h, name="nothing"), "database", "createdb"),
    "a user that Postgres does not know": (lambda h: with_database(h, user="nobody"), "database", "createuser"),
    "TLS where Postgres speaks none": (
        lambda h: with_database(h, query="?sslmode=require"),
        "database",
        "sslmode=require out of DATABASE_URL",
    ),
    "Postgres far away without TLS": (
        lambda h: h.settled(database_url="postgres://u:p@db.example.com/x"),
        "postgres tls",
        "?sslmode=require",
    ),
    "more connections than Postgres takes": (
        lambda h: h.settled(workers=64, database_pool=100),
        "postgres connections",
        "docs/connections.md",
    ),
    "migrations that have not run": (schema_behind, "schema", "alembic upgrade head"),
    "a Redis that does not run": (lambda h: with_redis(h, "redis://127.0.0.1:9/0"), "redis", "Start Redis"),
    "TLS where Redis speaks none": (lambda h: with_redis(h, redis_url(h, "rediss"), RUNS_OUT), "redis", "Write redis://"),
    "a password that Redis refuses": (
        lambda h: with_redis(h, redis_url(h, login="gruppetto:wrong@")),
        "redis",
        "Correct the password",
    ),
    "Redis far away without TLS": (
        lambda h: h.settled(redis_url="redis://cache.example.com:6379/0"),
        "redis tls",
        "rediss://",
    ),
    "a Redis that throws things away": (
        lambda h: configure_redis(h, maxmemory="1gb", maxmemory_policy="allkeys-lru"),
        "redis policy",
        "maxmemory-policy noeviction",
    ),
    "a token of another account": (lambda h: asking(h.world, token="another"), "twilio", "TWILIO_AUTH_TOKEN"),
    "a Twilio that is not reached": (lambda h: asking(h.world, base_url=f"{NOBODY}/twilio"), "twilio", "twilio.com"),
    "an account that is suspended": (
        lambda h: with_twilio(h, lambda t: setattr(t.number, "account_status", "suspended")),
        "twilio",
        "Billing",
    ),
    "a trial account": (
        lambda h: with_twilio(h, lambda t: setattr(t.number, "account_type", "Trial")),
        "twilio",
        "Upgrade",
    ),
    "a number of nobody": (
        lambda h: asking(h.settled(twilio_whatsapp_from="whatsapp:+32470000009")),
        "sender",
        "TWILIO_WHATSAPP_FROM",
    ),
    "a number that is no WhatsApp sender": (
        plain_number,
        "sender",
        "Register it",
    ),
    "the sandbox": (
        lambda h: with_twilio(h, lambda t: without_sender(t, is_plain=False)),
        "sender",
        "/webhooks/twilio/inbound",
    ),
    "a sender that is offline": (
        lambda h: with_twilio(h, lambda t: setattr(t.number.sender, "status", "OFFLINE")),
        "sender",
        "WhatsApp senders",
    ),
    "no address at Twilio": (
        lambda h: with_twilio(h, lambda t: setattr(t, "webhook_url", "")),
        "webhook at twilio",
        "twilio configure",
    ),
    "an old address at Twilio": (
        lambda h: with_twilio(h, lambda t: setattr(t, "webhook_url", "https://old.example.org/webhooks/twilio/inbound")),
        "webhook at twilio",
        "twilio configure",
    ),
    "a webhook by GET": (
        lambda h: with_twilio(h, lambda t: setattr(t.number.sender, "method", "GET")),
        "webhook at twilio",
        "twilio configure",
    ),
    "a webhook that is not tried again": (
        lambda h: with_twilio(h, lambda t: setattr(t, "webhook_url", t.webhook_url.partition("#")[0])),
        "webhook at twilio",
        "twilio configure",
    ),
    "a webhook without a fallback": (
        lambda h: with_twilio(h, lambda t: setattr(t.number.sender, "fallback_url", "")),
        "webhook at twilio",
        "twilio configure",
    ),
    "a Messaging Service that takes the lines": (diverted, "webhook at twilio", "leaves them to the sender"),
    "a content that was deleted": (without_content, "contents", "templates push"),
    "a template that was refused": (lambda h: unapproved(h, status="rejected"), "approvals", "templates push"),
    "a template that is paused": (lambda h: unapproved(h, status="paused"), "approvals", "comes back by itself"),
    "a template for advertising": (lambda h: unapproved(h, category="MARKETING"), "approvals", "templates push"),
    "a web process that does not run": (
        lambda h: elsewhere_at(h, NOBODY),
        "address",
        "Start the web process",
    ),
    "a name that leads nowhere": (
        lambda h: elsewhere_at(h, "http://bot.invalid"),
        "address",
        "PUBLIC_BASE_URL to the right name",
    ),
    "another program at our address": (
        lambda h: elsewhere(h, another_program()),
        "address",
        "the web process's own address",
    ),
    "an address that only leads on": (lambda h: elsewhere(h, leading_on(h)), "address", "where it leads"),
    "another deployment at our address": (another_deployment, "address", "the same SECRET_KEY"),
    "a certificate that nobody trusts": (behind_tls, "address", "Get a certificate"),
    "a wrong number of proxies": (lambda h: h.settled(trusted_hops=2), "hops", "TRUSTED_HOPS=0"),
    "a Garmin that cannot be reached": (lambda h: h.settled(garmin_base_url=NOBODY), "garmin", "DNS, firewall"),
    "a QuickChart that does not run": (
        lambda h: h.settled(chart_provider="quickchart", quickchart_host="127.0.0.1:9"),
        "quickchart",
        "CHART_PROVIDER=local",
    ),
    "a token that Meta does not know": (with_meta, "meta", "META_ACCESS_TOKEN"),
    "no worker": (lambda h: without_worker(h, WORKER), "worker", "Start the worker process"),
    "no clock": (lambda h: without_worker(h, CLOCK), "clock", "Start the clock process"),
    "no web process": (lambda h: without_worker(h, WEB), "web", "Start the web process"),
    "other keys in the worker": (other_keys, "keys", "DATA_KEYS"),
    "fonts that are missing": (without_fonts, "fonts", "fonts-noto-core"),
}  # fmt: skip
# Notes say what could be better; any other problem makes the command fail.
NOTES = {
    "nobody who is told",
    "no token for /health", "a certificate accepted that is none", "a tick that is rare", "a trial account",
    "the sandbox", "a webhook that is not tried again", "a webhook without a fallback", "fonts that are missing",
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_misconfiguration_is_named_with_its_mend(house: House, name: str) -> None:
    plant, named, mend = PLANTED[name]
    found = house.found(plant(house))
    assert named in found, found
    assert any(mend in each.mend for each in found[named]), found[named]
    verdicts = {each.verdict for each in found[named]}
    assert verdicts == ({Verdict.NOTE} if name in NOTES else {Verdict.WRONG}), found


def test_a_client_that_is_too_old_for_backups(house: House, tmp_path: Path) -> None:
    for name in ("pg_dump", "pg_restore"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
        (tmp_path / name).chmod(0o755)
    assert "pg_dump" not in house.found(PATH=str(tmp_path)), "the one that is installed with this program is used"
    [found] = house.found(house.settled(postgres_client=str(tmp_path)))["pg_dump"]
    assert found.mend.startswith("Install postgresql-client-18, or set POSTGRES_CLIENT")
    assert "the newest here is 9" in found.says


def test_backups_that_cannot_be_kept_or_are_kept_with_a_bad_key(house: House, tmp_path: Path) -> None:
    drawn = {"backup_to": str(tmp_path), "backup_key": new_key("b1")}
    assert house.found(house.settled(**drawn)).keys() == {"backup"}, "none was made yet"
    [found] = house.found(house.settled(**drawn | {"backup_to": "/proc/self/mem"}))["BACKUP_TO"]
    assert found.says.startswith("/proc/self/mem cannot be read")
    for key in ("b1:" + "A" * 43 + "=", house.world.settings.data_keys.get_secret_value()):
        [found] = house.found(house.settled(**drawn | {"backup_key": key}))["BACKUP_KEY"]
        assert "flask --app wsgi backup key" in found.mend


def test_there_are_thirty_of_them_and_more() -> None:
    assert len(PLANTED) >= 30
    assert PLANTED.keys() >= NOTES


def test_a_system_that_is_well_raises_no_alarm(house: House) -> None:
    assert house.found(TZ="UTC") == {}


def test_the_settings_of_a_bot_that_the_world_knows_raise_no_alarm(house: House) -> None:
    """As on Heroku, with its own addresses of Postgres and Redis."""
    heroku = house.in_production(redis_url="rediss://:p@ec2-1.compute.amazonaws.com:6380", redis_self_signed=True)
    assert doctor_settings.judge(heroku, {"TZ": "UTC"}) == []
    assert doctor_settings.judge(house.in_production(), {}) == []


def test_schedules_need_the_time_of_the_machine_to_be_utc(house: House) -> None:
    [found] = doctor_settings.judge(house.in_production(), {"TZ": "Europe/Brussels"})
    assert (found.name, found.mend) == ("TZ", "Set TZ=UTC")


def test_a_certificate_that_is_trusted_raises_no_alarm(house: House, tmp_path: Path) -> None:
    """In a process of its own, because the trusted authorities are read from the environment."""
    url = urlsplit(house.world.settings.base_url)
    front = TlsFront(url.hostname or "", url.port or 80)
    trusted = str(front.certificate_authority_path)
    code = (
        "import sys; from providers import reaching;"
        "print(reaching.ask(sys.argv[1] + '/livez').status, reaching.find_certificate_end(sys.argv[1]).year > 2000)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, f"https://127.0.0.1:{front.port}"],
        env=os.environ | {"REQUESTS_CA_BUNDLE": trusted, "SSL_CERT_FILE": trusted},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    front.close()
    assert done.stdout.split() == ["200", "True"], done.stderr


# ---- the commands


def flask(world: World, *words: str) -> Result:
    environment = {"PATH": "", "TZ": "UTC"}  # the `pg_dump` of the machine that runs the tests does not matter
    return create_app(world).test_cli_runner().invoke(args=list(words), env=environment)


def test_the_command_says_what_to_mend_and_fails(house: House) -> None:
    well = flask(house.world, "doctor", "--quiet")
    assert (well.exit_code, well.output) == (0, "All is well.\n")
    diverted(house)
    ill = flask(house.world, "doctor", "--quiet")
    assert ill.exit_code == 1
    assert ill.output.splitlines() == [
        "WRONG webhook at twilio: The sender is in the Messaging Service Alerts: lines go to https://old.example.org/sms",
        "      → `flask --app wsgi twilio configure`: the service then leaves them to the sender",
        "1 to mend.",
    ]


def test_the_command_gives_json(house: House) -> None:
    house.twilio.webhook_url = ""
    done = flask(house.world, "doctor", "--json")
    told = json.loads(done.output)
    assert (done.exit_code, told["well"]) == (1, False)
    [wrong] = [each for each in told["found"] if each["verdict"] == "wrong"]
    assert wrong.keys() == {"name", "verdict", "says", "mend"}
    assert wrong["name"] == "webhook at twilio"


def test_no_secret_is_told(house: House) -> None:
    said = flask(house.world, "doctor").output + flask(house.world, "status", "--json").output
    chosen = house.world.settings
    for each in (chosen.secret_key, chosen.twilio_auth_token, chosen.health_token):
        assert each.get_secret_value() not in said
    assert chosen.data_keys.get_secret_value().split(":")[1] not in said


def test_the_webhook_is_set_at_twilio_and_lines_arrive_then(house: House) -> None:
    diverted(house)
    house.twilio.webhook_url = house.twilio.number.sender.fallback_url = f"{NOBODY}/old"
    dry = flask(house.world, "twilio", "configure", "--dry-run")
    assert f"would be\t{house.world.settings.webhook_address}" in dry.output
    assert house.twilio.webhook_url == f"{NOBODY}/old"
    done = flask(house.world, "twilio", "configure")
    assert done.exit_code == 0, done.output
    address = house.world.settings.webhook_address
    assert (house.twilio.webhook_url, house.twilio.number.sender.fallback_url) == (address, address)
    assert house.found() == {}
    zoe = house.town.person("Zoë", "+32470000001")
    house.town.clock.travel_to(house.world.now())  # for the workers, whose replies would not be due yet
    assert zoe.says("help")
    assert f"lines go to\t{address}\tPOST" in flask(house.world, "twilio", "show").output


def test_a_webhook_cannot_be_set_without_a_sender(house: House) -> None:
    house.twilio.number.sender = None
    done = flask(house.world, "twilio", "configure")
    assert done.exit_code == 1
    assert "no such WhatsApp sender" in done.stderr


def test_status_says_what_health_says(house: House) -> None:
    well = flask(house.world, "status")
    assert well.exit_code == 0, well.output
    assert well.output.startswith("status\tready\tversion ")
    without_worker(house, CLOCK)
    ill = flask(house.world, "status")
    assert ill.exit_code == 1
    assert "degraded\tclock\tNo clock process has been heard of lately" in ill.output
    with create_app(house.world).test_client() as client:
        said = client.get("/health", headers={"Authorization": f"Bearer {SECRET}"}).json
    told = json.loads(flask(house.world, "status", "--json").output)
    assert told.keys() == said.keys()
    assert told["degraded"] == said["degraded"] == ["clock"]


def test_status_tells_nobody(house: House) -> None:
    """Looking by hand must not log a problem, because then the log would not report it to others."""
    without_worker(house, CLOCK)
    flask(house.world, "status")
    assert not house.world.redis.hexists(troubles.TROUBLES, "clock")


def test_version_and_schema_are_told(house: House) -> None:
    said = dict(line.split("\t") for line in flask(house.world, "version").output.splitlines())
    assert said["gruppetto"] == release()
    assert said["schema needed"] == said["schema of the database"] == find_expected_schema()
    alive = requests.get(f"{house.world.settings.base_url}/livez", timeout=AT_MOST).text
    assert alive == f"alive\nversion {release()}\nschema {find_expected_schema()}\n"


def test_only_this_deployment_is_told_how_many_proxies_there_are(house: House) -> None:
    address = f"{house.world.settings.base_url}/livez"
    probe = probing.ask(house.world)
    proxies = {"X-Forwarded-For": "203.0.113.7, 10.0.0.1"}
    answer = requests.get(address, headers=proxies | {probing.HEADER: probe.header}, timeout=AT_MOST).headers
    assert probing.read(house.world, probe, answer[probing.HEADER], house.world.now()) == 2
    for forged in (probe.nonce, f"{probe.nonce}.", f"{probe.nonce}.x", f"other.{probe.header.partition('.')[2]}"):
        stranger = requests.get(address, headers=proxies | {probing.HEADER: forged}, timeout=AT_MOST)
        assert probing.HEADER not in stranger.headers
    for forged in ("2", "2.", "2.x", answer[probing.HEADER].replace("2.", "1.", 1)):
        assert probing.read(house.world, probe, forged, house.world.now()) is None
