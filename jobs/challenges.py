"""Judging the challenges that are over: each in its own transaction, and each once."""

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
    """Judge every challenge that is due, up to so many at once. Gives how many."""
    count = 0
    while count < MOST and not stopping.asked() and judge_next(world):
        count += 1
    return count


def judge_next(world: World) -> bool:
    """Judge one, and write its result to everybody who took part; both or neither. False when none waits."""
    with transaction(world) as session:
        challenge = challenges.judge_next(session, world.now())
    if challenge is None:
        return False
    log.info("challenge judged", challenge=challenge.id, group=challenge.group_id)
    return True
