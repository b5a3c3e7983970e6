"""Counting webhooks that are refused or cannot be read: when no good one comes in between, a setting is wrong."""

import time
from collections.abc import Mapping

import structlog
from redis import RedisError

from services.health.findings import Finding, found
from world import World

log = structlog.get_logger()

BAD = "webhooks:bad"
FORGED, UNREADABLE = "forged", "unreadable"
REMEMBERED = 1800  # seconds since the last of them
SUSPICIOUS = 2  # one could be anybody's joke
TOLD_EVERY = 5.0  # seconds: a good one is the usual thing, and not told each time

_good_told = [float("-inf")]


def forged(world: World) -> None:
    """Note a webhook that names our account and is not signed as it should be."""
    _note(world, FORGED)


def unreadable(world: World, why: str) -> None:
    """Note a webhook that is signed as it should be and cannot be read. `why` holds nothing that somebody sent."""
    _note(world, UNREADABLE, why)


def good(world: World) -> None:
    """Note a webhook that is signed and can be read: the settings are right, whoever forged others."""
    if time.monotonic() - _good_told[0] < TOLD_EVERY:
        return
    _good_told[0] = time.monotonic()
    try:
        world.redis.delete(BAD)
    except RedisError as error:
        log.debug("good webhook not noted", error=type(error).__name__)


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
    _good_told[0] = float("-inf")
    try:
        with world.redis.pipeline(transaction=False) as asked:
            asked.hincrby(BAD, what, 1)
            asked.hset(BAD, mapping={"at": world.now().isoformat(), "why": why[:120]})
            asked.expire(BAD, REMEMBERED)
            asked.execute()
    except RedisError as error:
        log.debug("bad webhook not counted", error=type(error).__name__)
