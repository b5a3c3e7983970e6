"""Heartbeats: each process writes into Redis that it is alive, which time its clock shows, and
fingerprints of its settings.

They are in Redis because a process that cannot reach Redis does no work (docs/decisions/0015). Redis's clock says when
they arrived, so that a process with a wrong clock is not taken for a dead one.
"""

import hashlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from threading import Event, Thread

import structlog
from redis import Redis, RedisError

from services.health.processes import Heard, Pulse
from world import World

log = structlog.get_logger()

BEATS = "heartbeats"
EVERY = 10.0  # seconds; an idle worker writes one only every 15 s
ALIVE_FOR = 45.0  # seconds without a heartbeat after which a process counts as stopped
FORGOTTEN_AFTER = 300
SHOWN = 12  # hexadecimal digits of a fingerprint
# Returns the time by Redis's clock. The next heartbeat removes the entries of processes that ended without notice.
BEAT = f"""
local t = redis.call('TIME')
local now = t[1] + t[2] / 1e6
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.3f', now) .. ' ' .. ARGV[2])
redis.call('EXPIRE', KEYS[1], 86400)
local all = redis.call('HGETALL', KEYS[1])
for place = 1, #all, 2 do
  local heard = tonumber(string.match(all[place + 1], '^%S+'))
  if not heard or heard < now - {FORGOTTEN_AFTER} then redis.call('HDEL', KEYS[1], all[place]) end
end
"""


class Heart:
    """The heartbeat of this process. `redis` is the connection to use, if it is not the world's."""

    def __init__(self, world: World, kind: str, redis: Redis | None = None) -> None:
        self.world, self.kind = world, kind
        self.redis = redis if redis is not None else world.redis
        self.instance = name_instance()
        self._script = self.redis.register_script(BEAT)
        self._last = float("-inf")
        self._ended = Event()

    def beat(self) -> None:
        """Write the heartbeat, unless one was written a moment ago. Errors of Redis are ignored:
        another check finds them.
        """
        if time.monotonic() - self._last < EVERY:
            return
        self._last = time.monotonic()
        try:
            self._script(keys=[BEATS], args=[self.instance, take_pulse(self.world, self.kind, self.instance).to_json()])
        except RedisError as error:
            log.debug("no heartbeat", error=type(error).__name__)

    def start(self, beside: Callable[[], object]) -> None:
        """Start a thread that writes heartbeats until the process ends, and calls `beside` every few seconds. For
        processes that wait for requests.
        """
        Thread(target=self._run, args=(beside,), name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        """Remove the heartbeat of this process, because it ends."""
        self._ended.set()
        try:
            self.redis.hdel(BEATS, self.instance)
        except RedisError as error:
            log.debug("end not told", error=type(error).__name__)

    def _run(self, beside: Callable[[], object]) -> None:
        while not self._ended.is_set():
            self.beat()
            try:
                beside()
            except Exception:
                log.exception("background work broke")
            self._ended.wait(EVERY / 2)


def name_instance() -> str:
    """Return a name for this process: its host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def take_pulse(world: World, kind: str, instance: str) -> Pulse:
    """Return what the heartbeat of a process in this world contains."""
    keys = {name: _print(key) for name, key in world.vault.keys}
    return Pulse(kind, instance, world.now(), world.vault.writes_with, keys, _settings(world), list(world.charts.lacks))


def read_beats(beats: Mapping[bytes, bytes], redis_now: float, reference: float) -> list[Heard]:
    """Return the processes that are alive, from the entries under `BEATS`. `redis_now` is the time by Redis's
    clock, and `reference` the time by the database's clock at the same moment, both in seconds since 1970.
    Unreadable entries are ignored.
    """
    found = []
    for told in beats.values():
        try:
            heard_at, facts = told.decode().split(" ", 1)
            age, pulse = redis_now - float(heard_at), Pulse.from_json(facts)
        except (ValueError, TypeError, KeyError):
            continue
        if age <= ALIVE_FOR:
            found.append(Heard(pulse, max(age, 0.0), pulse.at.timestamp() - (reference - age)))
    return sorted(found, key=lambda each: (each.pulse.kind, each.pulse.instance))


def _settings(world: World) -> dict[str, str]:
    """Return fingerprints of the settings that must be the same in all processes. They are keyed hashes, because some
    settings could be guessed.
    """
    chosen = world.settings
    values = {
        "SECRET_KEY": chosen.secret_key.get_secret_value(),
        "TWILIO_AUTH_TOKEN": chosen.twilio_auth_token.get_secret_value(),
        "TWILIO_ACCOUNT_SID": chosen.twilio_account_sid,
        "TWILIO_WHATSAPP_FROM": chosen.twilio_whatsapp_from,
        "PUBLIC_BASE_URL": chosen.base_url,
        "PRETEND_CLOCK": str(chosen.pretend_clock),
    }
    return {name: world.vault.tags("heartbeat", f"{name}={value}")[0][:SHOWN] for name, value in values.items()}


def _print(key: bytes) -> str:
    """Return the fingerprint of a key. It needs no keyed hash, because a key is 32 random bytes and
    cannot be guessed.
    """
    return hashlib.sha256(b"fingerprint of a key:" + key).hexdigest()[:SHOWN]
