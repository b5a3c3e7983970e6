"""Runs the product with its people and its faults, for a bench."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random

from sqlalchemy import Engine, create_engine, text

from bench.crowd import Crowd, move_in
from bench.keeper import Keeper, with_clocks
from bench.network import Network
from bench.truth import Truth
from config import Settings
from providers.clock import read_system_clock
from simulator.stage import Stage, get_templates_approved, stage
from simulator.twilio.server import TwilioFaults
from world import World

# The name of our own connections, which do not use the proxies, and must not be terminated with the product's.
NAME = "bench"


@dataclass
class House:
    """The running product, and everything that can be made to fail."""

    on: Stage
    network: Network
    keeper: Keeper
    crowd: Crowd
    truth: Truth
    database: Engine
    random: Random

    @property
    def faults(self) -> TwilioFaults:
        """The faults of the pretend Twilio."""
        return self.on.twilio.faults

    def await_quiet(self, patience: float = 200.0) -> None:
        """Wait until every message so far has reached a final state, or Twilio."""
        so_far, until = list(self.crowd.expected), time.monotonic() + patience
        while self.truth.waiting(so_far) and time.monotonic() < until:
            time.sleep(0.2)

    def heard_from(self, instant: datetime, *, product: bool) -> None:
        """Set the time of everybody's last line, for WhatsApp and, if `product`, for the product too."""
        for each in self.crowd.residents:
            each.phone.last_inbound_at = instant
        if product:
            with self.database.begin() as line:
                line.execute(text("UPDATE members SET last_inbound_at = :instant"), {"instant": instant})


@dataclass(frozen=True)
class Size:
    """The size of a run: people, messages a second into the outbox and from phones, and clock processes."""

    people: int
    wave: int
    inbound: int
    clocks: int = 2


@contextmanager
def house(
    size: Size, settings: Mapping[str, str], seed: int, *, straight: bool = False, clients: int | None = None
) -> Iterator[House]:
    """Run the product during the block, behind proxies or, if `straight`, without them. Only its logs stay afterwards.
    `clients` is the number of connections that each server accepts.
    """
    network, random = Network(straight=straight), Random(seed)
    with tempfile.TemporaryDirectory(prefix="gruppetto-bench-", delete=False) as folder:
        chosen = {"PRETEND_CLOCK": "0", **settings, **_given(settings)}
        try:
            with stage(Path(folder), kept=False, clients=clients, network=network.between, settings=chosen) as on:
                yield from _lived_in(on, network, size, random)
        finally:
            network.close()


def _lived_in(on: Stage, network: Network, size: Size, random: Random) -> Iterator[House]:
    on.environment["TWILIO_API_BASE_URL"] = network.before_twilio(on.environment["TWILIO_API_BASE_URL"])
    twilio = on.twilio
    twilio.now = read_system_clock
    twilio.rules = replace(
        twilio.rules, announced=frozenset({"sent", "delivered", "undelivered"}), pair_burst=1_000_000, tier=1_000_000
    )
    twilio.faults.random = Random(random.random())
    get_templates_approved(on)
    world = World.from_settings(_settings(on.environment))
    database = create_engine(on.services.database_url, connect_args={"application_name": NAME}, pool_size=8)
    people = move_in(on, world, size.people)
    keeper = Keeper(on, with_clocks(size.clocks, on.folder.name), random)
    crowd = Crowd(world, people, random, size.wave, size.inbound)
    try:
        keeper.open()
        yield House(on, network, keeper, crowd, Truth(database), database, random)
    finally:
        crowd.end()
        keeper.close()
        database.dispose()


def _settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of the processes for the bench's own world, whose connections have our name."""
    names = [name for name in Settings.model_fields if name.upper() in environment]
    found = {name: environment[name.upper()] for name in names}
    found["database_url"] += f"{'&' if '?' in found['database_url'] else '?'}application_name={NAME}"
    found["redis_url"] += f"{'&' if '?' in found['redis_url'] else '?'}client_name={NAME}"
    return Settings(**found)  # type: ignore[arg-type]


def _given(settings: Mapping[str, str]) -> dict[str, str]:
    """Return settings from the environment that replace the bench's own: LEASE_SECONDS=60 make chaos."""
    return {name: os.environ[name] for name in settings if name in os.environ}
