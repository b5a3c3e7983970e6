"""What a worker does once before it forks, so that no job has to do it again."""

import structlog
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from jobs.tick import tick
from models.outages import name_of
from world import World

log = structlog.get_logger()


def warm(world: World) -> None:
    """Do a tick in this process: SQLAlchemy keeps the SQL of every statement it has once compiled, and a forked job
    has what its worker had. That a worker which starts looks for work does no harm. No connection is left open.
    """
    try:
        tick.body(world)
    except (SQLAlchemyError, RedisError) as error:
        log.warning("not warmed", error=name_of(error))
    finally:
        world.sessions.kw["bind"].dispose()
        world.redis.connection_pool.disconnect()
