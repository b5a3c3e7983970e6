"""Asking the vendor again soon where it has not answered: so that health checks learn in time whether it does."""

from redis import RedisError

from jobs import schedule
from jobs.queue import answering
from providers import doorbell
from services.ground.bells import Bell
from world import World

BACKFILL = "backfill:done"  # while it is there, the vendor has been asked not long ago
RUNG = "backfill:rung"
SOON = 10  # seconds


def ask_soon(world: World) -> None:
    """Let a worker ask the vendor for missed lines in `SOON` seconds, though it did not long ago. However often this is
    called, it is asked once in that time.
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
