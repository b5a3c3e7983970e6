"""Making the digests that are due: many in one job, each in its own transaction."""

import time

import structlog

from fitness.periods import Dates
from jobs import crash
from jobs.queue import job
from jobs.work import transaction
from messages.render import Reader
from models import DigestRun, RunStatus
from providers.errors import ChartError
from services import digests, media
from services.bells import Bell
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
    """Make one digest: draw, then write it for every member at once. False when none waits."""
    with transaction(world) as session:
        run = digests.take_run(session)
    if run is None:
        return False
    if run.status is RunStatus.FAILED:
        log.error("digest given up", run=run.id, group=run.group_id)
        return True
    crash.here("after_take_run")
    png, shown = _drawn(world, run)
    crash.here("after_drawn")
    with transaction(world) as session:
        picture = media.publish(session, png, world.now()) if png else None
    last: int | None = 0
    while last is not None:
        with transaction(world) as session:
            last = digests.post_some(session, run.id, picture, last, world.now(), shown=shown)
            crash.here("before_digest_commit")
    log.info("digest made", run=run.id, group=run.group_id, picture=png is not None)
    return True


def _drawn(world: World, run: DigestRun) -> tuple[bytes | None, set[int]]:
    """The group's picture and who is on it, or none: a digest goes out without it rather than not at all."""
    with world.sessions() as session:
        group = session.get_one(DigestRun, run.id).group
        board = digests.board_of(session, group, Dates(run.period_start, run.period_end))
        chart = digests.picture_of(board, Reader(timezone=group.timezone))
    if not board.rows:
        return None, set()
    try:
        return world.charts.draw(chart), digests.on_picture(board)
    except ChartError as error:
        log.warning("picture not drawn", run=run.id, why=str(error))
        return None, set()
