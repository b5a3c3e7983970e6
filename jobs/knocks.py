"""What webhooks tell about our settings: those that are refused or cannot be read are counted, and a good one shows how
many proxies stand before the web process.
"""

import time
from collections.abc import Mapping
from weakref import WeakKeyDictionary

import structlog
from redis import Redis, RedisError

from services.health.findings import Finding, found
from world import World

log = structlog.get_logger()

BAD = "webhooks:bad"
FORGED, UNREADABLE = "forged", "unreadable"
REMEMBERED = 1800  # seconds since the last of them
SUSPICIOUS = 2  # one could be anybody's joke
TOLD_EVERY = 5.0  # seconds: a good one is the usual thing, and not told each time
PROXIES = "webhooks:proxies"
PROXIES_REMEMBERED = 30 * 86_400  # seconds since the last good one

# When this process has told of a good one, and through how many proxies that had come.
_good_told: WeakKeyDictionary[Redis, tuple[float, int]] = WeakKeyDictionary()


def forged(world: World) -> None:
    """Note a webhook that names our account and is not signed as it should be."""
    _note(world, FORGED)


def unreadable(world: World, why: str) -> None:
    """Note a webhook that is signed as it should be and cannot be read. `why` holds nothing that somebody sent."""
    _note(world, UNREADABLE, why)


def good(world: World, proxies: int) -> None:
    """Note a webhook that is signed and can be read: the settings are right, whoever forged others.

    `proxies` is how many addresses it has in `X-Forwarded-For`. The vendor writes none, and each proxy adds one.
    """
    when, through = _good_told.get(world.redis, (float("-inf"), -1))
    if through == proxies and time.monotonic() - when < TOLD_EVERY:
        return
    _good_told[world.redis] = (time.monotonic(), proxies)
    try:
        with world.redis.pipeline(transaction=False) as asked:
            asked.delete(BAD)
            asked.set(PROXIES, proxies, ex=PROXIES_REMEMBERED)
            asked.execute()
    except RedisError as error:
        log.debug("good webhook not noted", error=type(error).__name__)


def judge_hops(seen: bytes | None, trusted: int) -> Finding:
    """The finding `hops`, of what stands under `PROXIES`: is TRUSTED_HOPS how many proxies webhooks come through?

    Only signed webhooks are looked at: what strangers write into `X-Forwarded-For` proves nothing.
    """
    if seen is None:
        return found("hops", None, trusted=trusted)
    proxies = int(seen)
    follows = "all visitors look like one" if proxies > trusted else "visitors can claim to be anybody"
    problem = f"Webhooks come through {proxies} proxies, and TRUSTED_HOPS is {trusted}: {follows}"
    return found("hops", problem if proxies != trusted else None, trusted=trusted, proxies=proxies)


def judge(bad: Mapping[bytes, bytes]) -> Finding:
    """The finding `webhooks`, of what stands under `BAD`: were several in a row refused, or not to be read?"""
    forged, unreadable = (int(bad.get(name.encode(), 0)) for name in (FORGED, UNREADABLE))
    problem = None
    if forged >= SUSPICIOUS:
        problem = f"{forged} webhooks in a row had a wrong signature: all are refused"
    elif unreadable >= SUSPICIOUS:
        problem = f"{unreadable} webhooks in a row could not be read: {bad.get(b'why', b'').decode(errors='replace')}"
    figures = {"wrong_signatures_in_a_row": forged, "unreadable_in_a_row": unreadable}
    return found("webhooks", problem, **figures, last=bad.get(b"at", b"").decode())


def _note(world: World, what: str, why: str = "") -> None:
    _good_told.pop(world.redis, None)
    try:
        with world.redis.pipeline(transaction=False) as asked:
            asked.hincrby(BAD, what, 1)
            asked.hset(BAD, mapping={"at": world.now().isoformat(), "why": why[:120]})
            asked.expire(BAD, REMEMBERED)
            asked.execute()
    except RedisError as error:
        log.debug("bad webhook not counted", error=type(error).__name__)
