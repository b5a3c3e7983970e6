"""Redis clients with a limited number of connections per process: small plans of a host allow twenty in all."""

import time
from datetime import UTC, datetime
from typing import Any

import structlog
from redis import BlockingConnectionPool, Redis, RedisError
from redis import ConnectionError as NotConnected
from redis.backoff import AbstractBackoff, ExponentialBackoff, NoBackoff
from redis.retry import Retry

from logs import Seldom

log = structlog.get_logger()
seldom = Seldom()

NOT_TRUSTED = "its certificate is not trusted: REDIS_SELF_SIGNED=1 accepts one that Redis signed itself"

# Seconds that a thread waits for one of its process's connections.
POOL_WAIT = 3.0
TOO_MANY = "max number of clients"  # Redis's answer to a client beyond its limit
TOO_MANY_PAUSES = (0.1, 0.2, 0.4, 0.8)  # seconds between the tries; the last error is raised


class FewConnections(BlockingConnectionPool):
    """A pool of at most `max_connections`. A thread waits if none is free, and tries again for 1.5
    s if the server is full.

    After that it raises redis-py's `ConnectionError`, as when Redis cannot be reached.
    """

    def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Any:  # noqa: ARG002 - redis-py's
        for pause in TOO_MANY_PAUSES:
            try:
                return super().get_connection()  # type: ignore[no-untyped-call]
            except NotConnected as error:
                if TOO_MANY not in str(error):
                    raise
                time.sleep(pause)
        return super().get_connection()  # type: ignore[no-untyped-call]


def open_doorbell(url: str, most: int, *, answers_within: float = 1.0) -> Redis:
    """Return a client that takes at most `most` connections and waits `answers_within` seconds for each answer. A
    failed command is repeated once, at once. It connects at the first use.
    """
    return _opened(url, most, answers_within, Retry(NoBackoff(), 1))


def open_patient_doorbell(url: str, most: int, *, answers_within: float) -> Redis:
    """Return such a client for a process that needs Redis: it tries to connect again for three seconds."""
    backoff: AbstractBackoff = ExponentialBackoff(cap=1.0, base=0.1)
    return _opened(url, most, answers_within, Retry(backoff, 5, supported_errors=(NotConnected,)))


def await_doorbell(redis: Redis) -> None:
    """Wait until Redis answers, without a limit. The pause between tries grows from half a second to five seconds."""
    pause = 0.5
    while True:
        try:
            redis.ping()
        except RedisError as error:
            tell_away(error)
        else:
            return
        time.sleep(pause)
        pause = min(pause * 2, 5.0)


def tell(event: str, error: RedisError, **facts: object) -> None:
    """Log that Redis failed: as a warning, since it usually recovers, or as an error if only the
    operator can repair it.
    """
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        log.error(event, error=NOT_TRUSTED, **facts)
    else:
        log.warning(event, error=type(error).__name__, **facts)


def tell_away(error: RedisError) -> None:
    """Log for the operator, once a minute, that this process cannot work because Redis cannot be reached."""
    if count := seldom.passes("redis", datetime.now(UTC)):
        why = type(error).__name__
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            why = NOT_TRUSTED
        log.error("redis is away", error=why, count=count)


def _opened(url: str, most: int, answers_within: float, retry: Retry) -> Redis:
    pool = FewConnections.from_url(
        url,
        max_connections=most,
        timeout=POOL_WAIT,
        socket_connect_timeout=min(answers_within, 5.0),
        socket_timeout=answers_within,
        retry=retry,
        health_check_interval=30,
    )
    return Redis.from_pool(pool)
