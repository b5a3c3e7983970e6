"""Everything that uses RQ. Postgres holds all work, and Redis is only a doorbell: a job says where to look for work,
and never holds the work itself.

So a job has no arguments, the next tick rings again for a lost one, and one that is rung twice finds nothing to do.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from redis import Redis, RedisError
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

import world as worlds
from jobs import metering, stopping
from jobs.outages import is_outage
from models.outages import code_of, name_of
from providers import doorbell
from services.ground.bells import Bell
from services.ground.counting import Count
from world import World

log = structlog.get_logger()

RUNG = "rung:"
FAILED_KEPT = 7 * 24 * 3600
# A bell is not rung again before its job begins, or until this many seconds are over, because the job may be lost.
UNHEARD = 15
HELD_MS = 1_000
GOT_IN_THE_WAY = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock timeout


answering: dict[Bell, "Work"] = {}


class JobBroke(Exception):
    """A bug has ended a job. RQ keeps this error in Redis, so it names only the class of the bug; our
    log has the rest.
    """


class JsonJob(Job):
    """A job stored as JSON. RQ's own form, pickle, would let anybody who can write to Redis run code."""

    def __init__(self, id: str | None = None, connection: Redis | None = None, serializer: Any = None) -> None:  # noqa: A002
        super().__init__(id, connection, serializer or JSONSerializer)


@dataclass(frozen=True)
class BrokenJob:
    """A job that ended by a bug. `name` is that of its function, `error` the class of the bug; its arguments, of which
    our jobs have none, are not read.
    """

    name: str
    queue: str
    ended_at: datetime
    error: str


@dataclass(frozen=True)
class Work:
    """A declared job. Calling it does the work in this process's world; `ring` makes a worker call it."""

    name: str
    queue: str
    timeout: int
    body: Callable[[World], Any]

    def __call__(self) -> None:
        """Do the work; RQ calls this. It returns nothing, because RQ would keep the result in Redis.

        If Postgres is away or too busy, or its schema is older than this code, nothing is done and nothing is lost: the
        next tick rings again. If this process has to stop, it rings at once for the work that is left, because another
        process may be free.
        """
        if not stopping.is_stop_asked():
            self._run()
        if stopping.is_stop_asked():
            log.info("work left", work=self.name)
            ring(worlds.current(), self)

    def _run(self) -> None:
        try:
            run(self, worlds.current())
        except stopping.Stopped:
            pass  # it has left everything in a state from which another process can go on
        except Exception as error:
            facts = {"work": self.name, "error": name_of(error)}
            if code_of(error) in GOT_IN_THE_WAY:
                log.warning("work got in the way of other work", **facts)
            elif isinstance(error, SQLAlchemyError) and is_outage(worlds.current(), error):
                log.error("work put off", **facts)
            else:
                log.exception("job broke", work=self.name)
                metering.add_one(worlds.current().redis, Count.BROKEN_JOBS, work=self.name)
                raise JobBroke(type(error).__name__) from None


def run(work: Work, world: World) -> Any:
    """Do the work now and return its result. Log lines get an id of this run. A bell that is rung from now on starts
    another run.
    """
    with suppress(RedisError):
        world.redis.delete(f"{RUNG}{work.name}")
    with structlog.contextvars.bound_contextvars(job=work.name, run=secrets.token_hex(4)):
        return work.body(world)


def job(queue: str, *, timeout: int, answers: Bell | None = None) -> Callable[[Callable[[World], Any]], Work]:
    """Declare a job: its queue, the seconds after which it is stopped, and the bell that starts it."""

    def declare(body: Callable[[World], Any]) -> Work:
        work = Work(f"{body.__module__}.{body.__name__}", queue, timeout, body)
        if answers is not None:
            answering[answers] = work
        return work

    return declare


def ring(world: World, work: Work) -> bool:
    """Let a worker do this work soon. Returns False if Redis is away; then the next tick rings again."""
    try:
        if world.redis.set(f"{RUNG}{work.name}", 1, nx=True, ex=UNHEARD):
            stopping.die_at("after_rung")
            enqueue(world.redis, work.name, work.queue, timeout=work.timeout)
    except RedisError as error:
        doorbell.tell("bell not rung", error, work=work.name)
        return False
    return True


def hold(world: World, work: Work) -> None:
    """Keep others from ringing for this work while this process looks for more of it. The hold ends by itself after
    `HELD_MS` milliseconds.
    """
    with suppress(RedisError):
        world.redis.set(f"{RUNG}{work.name}", 1, px=HELD_MS)


def release(world: World, work: Work) -> None:
    """End the hold. The caller must look for work once more afterwards, because somebody may have rung
    during the hold.
    """
    with suppress(RedisError):
        world.redis.delete(f"{RUNG}{work.name}")


def is_waited_for(world: World, *queues: str) -> bool:
    """Return whether a job in one of these queues waits for a free worker."""
    with suppress(RedisError):
        return any(Queue(name, connection=world.redis).count for name in queues)
    return False


def find_oldest_wait(redis: Redis, names: Iterable[str]) -> dict[str, datetime]:
    """Return, for each of these queues, since when its oldest job has waited for a free worker, by RQ's clock.

    Queues without a job are left out. Raises `redis.RedisError`.
    """
    named = list(names)
    with redis.pipeline(transaction=False) as asked:
        for name in named:
            asked.lindex(f"{Queue.redis_queue_namespace_prefix}{name}", 0)
        oldest = {name: entry.decode() for name, entry in zip(named, asked.execute(), strict=True) if entry}
    if not oldest:
        return {}
    with redis.pipeline(transaction=False) as asked:
        for entry in oldest.values():
            asked.hget(Job.key_for(entry), "enqueued_at")
        instants = zip(oldest, asked.execute(), strict=True)
    return {name: datetime.fromisoformat(at.decode()) for name, at in instants if at}


def count_jobs(redis: Redis, names: Iterable[str]) -> tuple[dict[str, int], int]:
    """Return how many jobs wait in each of these queues, and how many ended by a bug and are kept.
    Raises `redis.RedisError`.
    """
    queues = [Queue(name, connection=redis) for name in names]
    with redis.pipeline(transaction=False) as asked:
        for each in queues:
            asked.llen(each.key)
            asked.zcard(each.failed_job_registry.key)
        answers = asked.execute()
    return {each.name: int(count) for each, count in zip(queues, answers[::2], strict=True)}, sum(answers[1::2])


def count_broken_lately(redis: Redis, names: Iterable[str], within: int) -> int:
    """Return how many jobs of these queues ended by a bug in the last `within` seconds. Raises `redis.RedisError`.

    RQ sorts failed jobs by the time at which it will delete them.
    """
    with redis.pipeline(transaction=False) as asked:
        for name in names:
            key = Queue(name, connection=redis).failed_job_registry.key
            asked.zcount(key, int(time.time()) + FAILED_KEPT - within, "+inf")
        return sum(asked.execute())


def list_broken(redis: Redis, names: Iterable[str], most: int) -> list[BrokenJob]:
    """Return the last jobs of each of these queues that ended by a bug, at most `most` of each, the newest first.

    Raises `redis.RedisError`.
    """
    found = []
    for name in names:
        registry = Queue(name, connection=redis).failed_job_registry
        ids = registry.get_job_ids(0, most - 1, desc=True, cleanup=False)
        jobs = JsonJob.fetch_many(ids, connection=redis, serializer=JSONSerializer) if ids else []
        found += [_read_broken(each, name) for each in jobs if each is not None and each.ended_at is not None]
    return sorted(found, key=lambda each: each.ended_at, reverse=True)


def _read_broken(job: Job, name: str) -> BrokenJob:
    result = job.latest_result()
    last = (result.exc_string or "").strip().rpartition("\n")[2] if result else ""
    error = re.search(r"\w+$", last)  # "jobs.queue.JobBroke: KeyError"
    ended = job.ended_at or datetime.now(UTC)
    at = ended if ended.tzinfo else ended.replace(tzinfo=UTC)
    return BrokenJob(job.func_name or "", name, at, error[0] if error else "")


def is_queued(redis: Redis, entry: str, queue: str) -> bool:
    """Return whether the job with this id waits in the queue."""
    return redis.lpos(Queue(queue, connection=redis).key, entry) is not None


def enqueue(redis: Redis, name: str, queue: str, *, timeout: int) -> None:
    """Put a job into its queue. `name` is the full name of the function; `timeout` is in seconds."""
    waiting = Queue(queue, connection=redis, serializer=JSONSerializer, job_class=JsonJob)
    waiting.enqueue(name, job_timeout=timeout, result_ttl=0, failure_ttl=FAILED_KEPT)
