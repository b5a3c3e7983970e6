"""Transactions: messages, jobs and log lines leave only after the commit."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from jobs import metering, schedule, stopping
from jobs.queue import answering, ring
from jobs.stopping import Shift
from models.outages import is_away, name_of
from providers import doorbell
from services.ground import signs
from services.ground.bells import list_rung, list_timed
from services.ground.counting import find_counted
from services.ground.telling import list_told, name_turn
from world import World

log = structlog.get_logger()

PAUSES = (0.1, 0.5, 1.0, 2.0, 4.0)  # seconds


@contextmanager
def transaction(world: World) -> Iterator[Session]:
    """Commit everything inside the block together; then start the jobs for the bells that services have rung.

    If Redis is away, a bell is lost without harm, because its work is in Postgres.
    """
    with world.sessions.begin() as session:
        known = structlog.contextvars.get_contextvars()
        name_turn(session, known.get("turn") or known.get("run"))
        yield session
        signs.write(session)
    stopping.die_at("after_commit")
    tell_and_ring(world, session)


def work_in_pieces(world: World, do_some: Callable[[Session], int], seconds: float = 45) -> int:
    """Call `do_some`, each time in its own transaction, until it returns 0 or `seconds` are over. Returns the
    sum of its results.
    """
    shift, count = Shift(seconds), 0
    while shift.goes_on:
        with transaction(world) as session:
            done = do_some(session)
        count += done
        if not done:
            break
    return count


def insist_on(world: World, do: Callable[[Session], None]) -> None:
    """Call `do` in one transaction, and try again for eight seconds while Postgres is away or has no free connection.
    Use it to store what has already happened outside. Raises the last error if all tries fail.
    """
    for pause in PAUSES:
        try:
            with transaction(world) as session:
                do(session)
        except SQLAlchemyError as error:
            if not is_away(error):
                raise
            log.warning("tried again soon", error=name_of(error))
            time.sleep(pause)
        else:
            return
    with transaction(world) as session:
        do(session)


def tell_and_ring(world: World, session: Session) -> None:
    """After the commit: log what the session has noted, ring the bells that it wants, and add up what it counted."""
    for line in list_told(session):
        getattr(log, line.level)(line.event, **line.facts)
    rings = [ring(world, answering[bell]) for bell in sorted(list_rung(session))]
    for group_id, due in list_timed(session).items():
        try:
            schedule.set_bell(world.redis, group_id, due)
        except RedisError as error:
            doorbell.tell("digest bell not set", error, group=group_id)
    if all(rings):
        metering.add_up(world.redis, find_counted(session))
