"""Writing records anew where older rules, or none, have written them: a piece at a time, while all else goes on."""

import structlog

from jobs.queue import job
from jobs.work import in_pieces
from services.training import records
from world import World

log = structlog.get_logger()


@job("work", timeout=120)
def write_anew(world: World) -> int:
    """Write the records of members who wait for it. Gives of how many; who is left waits for the next tick."""
    count = in_pieces(world, records.refresh_some)
    log.info("records written anew", members=count)
    return count
