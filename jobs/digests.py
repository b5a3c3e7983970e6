"""Makes the digests that are due: many in one job, each in its own transaction."""

import structlog

from jobs import stopping
from jobs.queue import job
from jobs.stopping import Shift, Stopped
from jobs.work import transaction
from models import RunStatus
from services.digest import digests
from services.digest.stories.text import Teller
from services.ground.bells import Bell
from world import World

log = structlog.get_logger()

FOR_SECONDS = 50


@job("work", timeout=300, answers=Bell.DIGESTS)
def make(world: World) -> int:
    """Make every digest that is due. Returns how many were made."""
    shift, count = Shift(FOR_SECONDS), 0
    while shift.goes_on and make_next(world):
        count += 1
    return count


def make_next(world: World) -> bool:
    """Make one digest: write a message for every member. Returns False if none is due."""
    with transaction(world) as session:
        run = digests.take_run(session)
    if run is None:
        return False
    if run.status is RunStatus.FAILED:
        log.error("digest given up", digest=run.id, group=run.group_id)
        return True
    stopping.die_at("after_take_run")
    try:
        _write(world, run.id)
    except Stopped:
        with transaction(world) as session:
            digests.give_back(session, run.id)
        raise
    log.info("digest made", digest=run.id, group=run.group_id)
    return True


def _write(world: World, run_id: int) -> None:
    """Write a message for every member, some hundreds in each transaction. Raises `Stopped` if this
    process must stop.
    """
    teller: Teller | None = None
    last: int | None = 0
    while last is not None:
        stopping.check()
        with transaction(world) as session:
            teller = teller or digests.make_teller(session, run_id)
            last = digests.post_some(session, run_id, teller, last, world.now())
            stopping.die_at("before_digest_commit")


@job("work", timeout=300)
def freeze(world: World) -> None:
    """Freeze the days of digests that were sent some time ago: from then on, late data no longer change them."""
    shift, frozen = Shift(FOR_SECONDS), 1
    while frozen and shift.goes_on:
        with transaction(world) as session:
            frozen = digests.freeze(session, world.now())
