"""Judges challenges that are over: each one once, in its own transaction."""

import structlog

from jobs import stopping
from jobs.queue import job
from jobs.work import transaction
from services.play import challenges
from world import World

log = structlog.get_logger()

MOST = 200


@job("work", timeout=120)
def judge(world: World) -> int:
    """Judge the challenges that are due, at most `MOST` of them. Returns how many were judged."""
    count = 0
    while count < MOST and not stopping.is_stop_asked() and judge_next(world):
        count += 1
    return count


def judge_next(world: World) -> bool:
    """Judge one challenge and write its result to everybody who took part, in one transaction. Returns False if none is
    due.
    """
    with transaction(world) as session:
        challenge = challenges.judge_next(session, world.now())
    if challenge is None:
        return False
    log.info("challenge judged", challenge=challenge.id, group=challenge.group_id)
    return True
