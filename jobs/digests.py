"""Making the digests that are due: many in one job, each in its own transaction."""

import time

import structlog

from jobs import crash
from jobs.queue import job
from jobs.work import transaction
from models import RunStatus
from services.delivery.bells import Bell
from services.digest import digests
from services.digest.stories.text import Teller
from world import World

log = structlog.get_logger()

FOR_SECONDS = 50


@job("work", timeout=300, answers=Bell.DIGESTS)
def make(world: World) -> int:
    """Make every digest that waits. Gives how many."""
    until, count = time.monotonic() + FOR_SECONDS, 0
    while time.monotonic() < until and make_next(world):
        count += 1
    return count


def make_next(world: World) -> bool:
    """Make one digest: write it for every member. False when none waits."""
    with transaction(world) as session:
        run = digests.take_run(session)
    if run is None:
        return False
    if run.status is RunStatus.FAILED:
        log.error("digest given up", run=run.id, group=run.group_id)
        return True
    crash.here("after_take_run")
    teller: Teller | None = None
    last: int | None = 0
    while last is not None:
        with transaction(world) as session:
            teller = teller or digests.teller_of(session, run.id)
            last = digests.post_some(session, run.id, teller, last, world.now())
            crash.here("before_digest_commit")
    log.info("digest made", run=run.id, group=run.group_id)
    return True


@job("work", timeout=300)
def freeze(world: World) -> None:
    """Freeze the days of digests that were sent: from now on late data correct them no more."""
    until, frozen = time.monotonic() + FOR_SECONDS, 1
    while frozen and time.monotonic() < until:
        with transaction(world) as session:
            frozen = digests.freeze(session, world.now())
