"""Counters of requests in our Redis, for limits."""

from limits.storage import RedisStorage

from world import World


def make_counters(world: World, prefix: str) -> RedisStorage:
    """Return counters that use the existing connections of this process. They raise `StorageError` if Redis is away."""
    return RedisStorage(
        "redis://", connection_pool=world.redis.connection_pool, key_prefix=prefix, wrap_exceptions=True
    )
