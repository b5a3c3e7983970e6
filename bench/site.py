"""The deployment of the drill: servers, pretend vendors, the Procfile's processes, and people."""

import os
import secrets
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from redis import Redis
from sqlalchemy import NullPool, create_engine, text

from bench import club, deployment
from bench.crowd import Resident, move_in
from bench.house import NAME
from bench.keeper import Keeper
from bench.plans import Connections, SmallPlans
from bench.probes import Probes
from config import Settings
from fitness.dates import find_week
from providers.clock import read_system_clock
from simulator.cast import newcomer
from simulator.proxy import Proxy
from simulator.services import Services
from simulator.stage import Stage, stage
from world import World

MEMBERS, TALKERS, ATHLETES = 100, 20, 3
AT_ONCE = 24  # people who write at the same moment: more than web has threads
ROUTER_WAITS = 60.0  # Heroku's router lets requests wait for 75 s while a web process starts
FROM_HOST = ("DATABASE_URL", "REDIS_URL", "PORT")
FOR_THE_PRETEND_WORLD = ("TWILIO_API_BASE_URL", "GARMIN_BASE_URL", "GARMIN_PERSONAL_API_BASE_URL")
OPERATOR = (("templates", "push"), ("templates", "status"))


@dataclass
class Site:
    """A running deployment. `web_url` is the address of the web process itself; `on.bot_url` goes
    through the router.
    """

    on: Stage
    web_url: str
    keeper: Keeper
    direct: Services
    connections: Connections
    probes: Probes
    residents: list[Resident]
    random: Random

    def execute(self, *statements: str) -> None:
        """Run SQL on a connection of our own, in one transaction, also while the database is read-only."""
        options = "-c lock_timeout=5s -c default_transaction_read_only=off"
        engine = create_engine(
            self.direct.database_url, connect_args={"application_name": NAME, "options": options}, poolclass=NullPool
        )
        with engine.begin() as line:
            for each in statements:
                line.execute(text(each))

    @contextmanager
    def with_slow_twilio(self, seconds: float) -> Iterator[None]:
        """Let Twilio take so many seconds to answer for each message during the block."""
        self.on.twilio.faults.latency = seconds
        yield
        self.on.twilio.faults.latency = 0.0

    @contextmanager
    def with_full_redis(self) -> Iterator[None]:
        """Let Redis refuse writes during the block."""
        redis = Redis.from_url(self.direct.redis_url, client_name=NAME)
        redis.config_set("maxmemory", 1)
        yield
        redis.config_set("maxmemory", 0)
        redis.close()


@contextmanager
def site(seed: int) -> Iterator[Site]:
    """Run the deployment that app.json and the Procfile describe. Raises `SetUpProblem` or `NotDescribedError`."""
    plans, random = SmallPlans(), Random(seed)
    for name in FROM_HOST:  # servers of somebody else must not be limited and disturbed
        os.environ.pop(name, None)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="gruppetto-drill-"))
        on = stack.enter_context(stage(folder, kept=False, network=plans.between, migrate=False))
        stack.callback(plans.close)
        connections = stack.enter_context(Connections(plans.direct))
        web_url = _put_a_router_before(on, stack)
        release, lines = deployment.commands()
        on.environment = _environment(on, web_url)
        on.run("/bin/sh", "-c", release)
        for command in OPERATOR:
            on.run("flask", "--app", "wsgi", *command)
        residents = _settle(on, plans.direct, random)
        keeper = Keeper(on, lines, random)
        stack.callback(keeper.close)
        keeper.open()
        probes = stack.enter_context(Probes(on.bot_url))
        yield Site(on, web_url, keeper, plans.direct, connections, probes, residents, random)


def new_key(name: str) -> str:
    """Return a new entry for DATA_KEYS."""
    return f"{name}:{b64encode(secrets.token_bytes(32)).decode()}"


def _put_a_router_before(on: Stage, stack: ExitStack) -> str:
    """Put a router in front of the web process that waits while the process starts. Returns the
    process's own address.
    """
    web_url, parts = on.bot_url, urlsplit(on.bot_url)
    router = stack.enter_context(Proxy(str(parts.hostname), parts.port or 80, patience=ROUTER_WAITS))
    on.bot_url = f"http://127.0.0.1:{router.port}"
    on.twilio.webhook_url = f"{on.bot_url}/webhooks/twilio/inbound"
    on.twilio.rules = replace(on.twilio.rules, approve_after_polls=0, proxies=1)
    on.twilio.now = on.garmin.now = on.garmin.personal.now = read_system_clock
    return web_url


def _environment(on: Stage, web_url: str) -> dict[str, str]:
    """Return the settings of app.json and those that a deployer fills in."""
    made = on.environment
    filled_in = {name: made[name] for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_FROM")}
    filled_in |= {name: made[name] for name in ("DATABASE_URL", "REDIS_URL")}
    filled_in |= {"PUBLIC_BASE_URL": on.bot_url, "DATA_KEYS": new_key("k1"), "PORT": str(urlsplit(web_url).port)}
    return deployment.environment(filled_in, {name: made[name] for name in FOR_THE_PRETEND_WORLD})


def _settle(on: Stage, direct: Services, random: Random) -> list[Resident]:
    """Create a hundred members of one group, a few of them with a watch. They are written directly into the database,
    to save time.
    """
    world = World.from_settings(_settings(on.environment, direct))
    residents = move_in(on, world, MEMBERS)
    now = world.now()
    with world.sessions.begin() as session:
        last_week = find_week(now.date()).start - timedelta(days=7)
        group = club.gather(session, [each.member_id for each in residents], last_week, now, random)
        group.timezone = "UTC"
    world.sessions.kw["bind"].dispose()
    for each in residents[:ATHLETES]:
        newcomer(each.phone, on.garmin)
    return residents


def _settings(environment: Mapping[str, str], direct: Services) -> Settings:
    """Return the processes' settings with the servers' direct addresses, without TLS and limits."""
    found = {**environment, "DATABASE_URL": direct.database_url, "REDIS_URL": direct.redis_url}
    names = [name for name in Settings.model_fields if name.upper() in found]
    return Settings.model_validate({name: found[name.upper()] for name in names})
