"""The clock process: rq-scheduler with one bell for each group, at the time of its next digest, and a
tick every minute.

It is `python -m jobs.schedule` and not the `rqscheduler` command, because that command exits when Redis restarts, stops
at an unreadable entry, and cannot set the bells again after Redis was emptied (docs/decisions/0002-the-clock.md).
"""

import math
import signal
import time
from datetime import UTC, datetime, timedelta

import structlog
from redis import ConnectionError, Redis, RedisError, TimeoutError  # noqa: A004 - Redis' own
from rq_scheduler import Scheduler
from sqlalchemy.exc import SQLAlchemyError

import starting
import world as worlds
from jobs import stopping
from jobs.health import Doctor
from jobs.heartbeats import Heart
from jobs.outages import is_outage
from jobs.queue import RUNG, UNHEARD, JsonJob, Work, enqueue, is_queued
from models.outages import name_of
from providers import doorbell
from services.group import digest_times
from services.health.processes import CLOCK
from world import World

log = structlog.get_logger()

INTERVAL = 1
TICK = "tick"
TICK_WORK = "jobs.tick.tick"
QUEUE = "tick"
BELL = "digest-"
LOOK_EVERY = 50  # seconds between two runs of the health checks


def make_scheduler(redis: Redis) -> Scheduler:
    """Return an rq-scheduler for this Redis that stores jobs as JSON."""
    return Scheduler(queue_name=QUEUE, connection=redis, job_class=JsonJob, interval=INTERVAL)


def set_bell(redis: Redis, group_id: int, due: datetime) -> None:
    """Let the tick ring when this group's digest is due. A bell that is still set for an old time does no harm: it
    rings, and nothing is due.

    The time is part of the entry's name, for the reason given in `ring_in`.
    """
    name = f"{BELL}{group_id}-{int(due.timestamp())}"
    at = due.astimezone(UTC).replace(tzinfo=None)
    make_scheduler(redis).enqueue_at(at, TICK_WORK, job_id=name, timeout=60, job_result_ttl=0)


def ensure_tick(redis: Redis, every: int) -> bool:
    """Make sure that there is a tick every so many seconds. Returns whether it had to be created. Safe to repeat."""
    clock = make_scheduler(redis)
    if TICK in clock and JsonJob.exists(TICK, connection=redis):
        return False
    soon = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=1)
    clock.schedule(soon, TICK_WORK, id=TICK, interval=every, timeout=60)
    return True


def ring_in(redis: Redis, work: Work, seconds: float) -> None:
    """Let a job run in so many seconds, or a little later, because the clock knows only whole seconds.

    Several bells for the same second become one. The second is part of its name, because RQ deletes a finished job by
    name, and would delete a new one with the same name too; so a second that has begun is never used again.
    """
    at = math.floor(time.time() + max(seconds, 0)) + 1
    if not redis.set(f"bell:{work.name}:{at}", 1, nx=True, ex=math.ceil(max(seconds, 0)) + 10):
        return
    clock = Scheduler(queue_name=work.queue, connection=redis, job_class=JsonJob)
    instant = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    name = f"{work.name.replace('.', '-')}-{at}"
    clock.enqueue_at(instant, work.name, job_id=name, timeout=work.timeout, job_result_ttl=0)


class Clock(Scheduler):  # type: ignore[misc]
    """rq-scheduler that goes on after a restart of Redis, an unreadable entry, or the loss of all its entries."""

    def __init__(self, world: World, interval: int = INTERVAL) -> None:
        super().__init__(queue_name=QUEUE, connection=world.redis, job_class=JsonJob, interval=interval)
        self.world = world
        self.bells_are_set = False
        self.heart, self.doctor = Heart(world, CLOCK), Doctor(world, CLOCK)
        self.looked_at = time.monotonic()

    def _install_signal_handlers(self) -> None:
        """Let SIGTERM end the process. RQ's own handler first writes to Redis; if Redis is away, that fails, and the
        process would go on.
        """
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, _leave)

    def enqueue_jobs(self) -> None:
        """Make sure that the tick exists, and move the entries that are due to their queue."""
        self.heart.beat()
        self._look_after_health()
        if ensure_tick(self.connection, self.world.settings.tick_seconds):
            self.bells_are_set = False
        if not self.bells_are_set:
            self.bells_are_set = reset_bells(self.world)
        for name in self.connection.zrangebyscore(self.scheduled_jobs_key, 0, math.floor(time.time())):
            self._move(name.decode(errors="replace"), name)

    def register_death(self) -> None:
        """Remove the heartbeat; RQ calls this when the process ends."""
        super().register_death()
        self.heart.stop()

    def _look_after_health(self) -> None:
        """Run the health checks now and then: without a worker no tick runs them, and maybe nobody asks
        a web process.
        """
        if time.monotonic() - self.looked_at > LOOK_EVERY:
            self.looked_at = time.monotonic()
            self.doctor.examine()

    def _move(self, name: str, key: bytes) -> None:
        """Move one entry to its queue. An entry that cannot be moved is removed: the tick does its work instead."""
        if name.startswith(BELL):
            self._hear(name)
            return
        if name == TICK and is_queued(self.connection, TICK, QUEUE):
            # After workers were busy for minutes, one tick is enough, not one for each of those minutes.
            self.connection.zadd(
                self.scheduled_jobs_key, {TICK: time.time() + self.world.settings.tick_seconds}, xx=True
            )
            return
        try:
            self.enqueue_job(JsonJob.fetch(name, connection=self.connection))
        except (ConnectionError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001 - somebody else may have written there
            log.warning("entry dropped", entry=name, error=type(error).__name__)
            self.connection.zrem(self.scheduled_jobs_key, key)
            self.connection.delete(JsonJob.key_for(name))

    def _hear(self, name: str) -> None:
        """Ring for a group's digest. Of two clock processes only one does it. A thousand groups may be due at once, and
        one tick opens all their digests, so no second tick is rung for while one waits.
        """
        if not self.connection.zrem(self.scheduled_jobs_key, name):
            return
        self.connection.delete(JsonJob.key_for(name))
        if self.connection.set(f"{RUNG}{TICK_WORK}", 1, nx=True, ex=UNHEARD):
            enqueue(self.connection, TICK_WORK, QUEUE, timeout=60)


def reset_bells(world: World) -> bool:
    """Set every group's bell from Postgres, when the process starts and after Redis was emptied. Returns False if
    Postgres is away.
    """
    try:
        with world.sessions() as session:
            due = digest_times.list_scheduled(session)
    except SQLAlchemyError as error:
        if not is_outage(world, error):
            raise
        log.warning("digest bells not set", error=name_of(error))
        return False
    for group_id, instant in due:
        set_bell(world.redis, group_id, instant)
    log.info("digest bells set", groups=len(due))
    return True


def _leave(_signal: int, _frame: object) -> None:
    stopping.ask()
    raise SystemExit


def run_scheduler() -> None:
    """Run the clock until SIGTERM. If Redis is away, wait for it. Its one thread needs one connection to Postgres."""
    worlds.use(World.from_settings(starting.begin("clock").model_copy(update={"database_pool": 1})))
    stopping.leave_in_time()
    while not stopping.is_stop_asked():
        try:
            Clock(worlds.current()).run()
        except RedisError as error:
            if stopping.is_stop_asked():
                return  # Redis was away when the process deregistered
            doorbell.tell_away(error)
            time.sleep(2)


if __name__ == "__main__":
    run_scheduler()
