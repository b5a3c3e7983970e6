"""Writing records anew where older rules, or none, have written them: a piece at a time, while all else goes on."""

import time

import structlog

from jobs.queue import job
from jobs.work import transaction
from services.play import records
from world import World

log = structlog.get_logger()

FOR_SECONDS = 45


@job("work", timeout=120)
def write_anew(world: World) -> int:
    """Write the records of members who wait for it. Gives of how many; who is left waits for the next tick."""
    until, count = time.monotonic() + FOR_SECONDS, 0
    while time.monotonic() < until:
        with transaction(world) as session:
            written = records.refresh_some(session)
        count += written
        if not written:
            break
    log.info("records written anew", members=count)
    return count
