"""Asks the vendor again soon after it did not answer, so that health checks learn in time whether it answers."""

from redis import RedisError

from jobs import schedule
from jobs.queue import answering
from providers import doorbell
from services.ground.bells import Bell
from world import World

BACKFILL = "backfill:done"  # while this key exists, the vendor was asked not long ago
RUNG = "backfill:rung"
SOON = 10  # seconds


def ask_soon(world: World) -> None:
    """Let a worker ask the vendor for missed lines in `SOON` seconds, even if it was asked not long ago. However often
    this is called, the vendor is asked once in that time.
    """
    work = answering.get(Bell.RECEIVE)
    if work is None:
        return
    try:
        if world.redis.set(RUNG, 1, nx=True, ex=SOON - 2):
            world.redis.expire(BACKFILL, SOON - 2)
            schedule.ring_in(world.redis, work, SOON)
    except RedisError as error:
        doorbell.tell("bell not set", error)
