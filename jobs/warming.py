"""Work that a worker does once before it forks, so that its jobs need not do it again."""

import structlog
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from jobs.tick import tick
from models.outages import name_of
from world import World

log = structlog.get_logger()


def warm(world: World) -> None:
    """Do a tick in this process. SQLAlchemy caches the SQL of every statement that it has compiled, and a forked job
    inherits the cache. An additional tick does no harm. No connection stays open.
    """
    try:
        tick.body(world)
    except (SQLAlchemyError, RedisError) as error:
        log.warning("not warmed", error=name_of(error))
    finally:
        world.sessions.kw["bind"].dispose()
        world.redis.connection_pool.disconnect()
