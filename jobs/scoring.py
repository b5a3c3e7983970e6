"""Computes points again after the formula has changed, a part at a time, while other work goes on."""

import structlog

from jobs.queue import job
from jobs.work import work_in_pieces
from services.training import scoring
from world import World

log = structlog.get_logger()


@job("work", timeout=120)
def score_anew(world: World) -> int:
    """Score activities again that an older formula has scored. Returns how many; the others wait for the next tick."""
    count = work_in_pieces(world, lambda session: scoring.score_some(session, world.read_again, world.now()))
    with world.sessions() as session:
        run, left = scoring.measure_progress(session)
    log.info("scored anew", activities=count, left=left, formula=run.version if run else None)
    return count
