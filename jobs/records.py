"""Computes records again that were computed by older rules or not at all, a part at a time, while other
work goes on.
"""

import structlog

from jobs.queue import job
from jobs.work import work_in_pieces
from services.training import records
from world import World

log = structlog.get_logger()


@job("work", timeout=120)
def write_anew(world: World) -> int:
    """Compute the records of members who wait for it. Returns the number of members; the others wait
    for the next tick.
    """
    count = work_in_pieces(world, records.refresh_some)
    log.info("records written anew", members=count)
    return count
