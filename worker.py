"""What the worker process runs (jobs/pool.py): RQ's pool with workers of this class.

Everything is imported before RQ forks, so that a job costs 15 ms instead of 240.
"""

import gc
import os
import signal
from contextlib import suppress
from threading import Timer
from typing import Any

import structlog
from redis import Redis, RedisError
from rq import Queue
from rq import Worker as RqWorker
from rq.job import Job

import world as worlds
from bot import parser, receiving
from jobs import (
    challenges,
    delivery,
    digests,
    garmin,
    group_posts,
    housekeeping,
    pictures,
    reconciling,
    records,
    scoring,
    stopping,
    tick,
)
from jobs.heartbeats import Heart
from jobs.queue import JsonJob
from jobs.warming import warm
from providers.doorbell import await_doorbell, open_patient_doorbell
from services.health.processes import WORKER

log = structlog.get_logger()

WORK = (
    delivery.drain,
    receiving.ingest,
    reconciling.reconcile,
    reconciling.check_templates,
    digests.make,
    digests.freeze,
    pictures.draw_shares,
    group_posts.post,
    garmin.drain,
    garmin.remind,
    scoring.score_anew,
    records.write_anew,
    housekeeping.tidy,
    housekeeping.sweep,
    challenges.judge,
    tick.tick,
)


# Seconds until an answer of Redis is missed. RQ waits for a job for 15 (`worker_ttl` - 15), and wants ten more.
ANSWERS_WITHIN = 25.0


class Worker(RqWorker):
    """RQ's forking worker, speaking JSON, quick to notice what a dead one left behind, and gone 25 s after SIGTERM.

    It takes one connection to Redis instead of RQ's three: it starts no scheduler of RQ's (the clock is ours), and
    listens to no commands (`rq.command`) from outside. Each job has the connections of its process's world.

    Asked to stop, RQ waits for the job however long it takes, and ends it at once when it is asked twice; a host that
    signals every process ends it at once too. Here the job is told, by both ways, and leaves at its next safe point.
    """

    max_connection_wait_time = 5.0  # seconds between tries while Redis is away; RQ's own is 60

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)  # a fork of the pool has inherited the pool's own answers to them
        stopping.begin()
        kwargs |= {"job_class": JsonJob, "serializer": "json", "worker_ttl": 30, "job_monitoring_interval": 10}
        kwargs["maintenance_interval"] = 15
        world = worlds.current()
        self._pool_of_jobs = world.redis.connection_pool
        self._wait_for_redis(kwargs["connection"], world.settings.redis)
        super().__init__(*args, **kwargs)
        self.heart = Heart(world, WORKER, self.connection)
        parser.warm_up()  # for lines that were kept while Postgres was away: no forked job builds its own tables
        warm(world)
        gc.freeze()  # what is loaded stays: no forked job looks through it again
        if world.charts.lacks:
            log.warning("fonts missing", scripts=", ".join(world.charts.lacks))

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Do a job in the process that was forked for it: RQ's books are kept over the same few connections."""
        self.connection.connection_pool = self._pool_of_jobs
        super().main_work_horse(job, queue)

    def subscribe(self) -> None:
        """Listen to no commands: nothing sends any, and it would take a connection and a thread."""

    def set_shutdown_requested_date(self) -> None:
        """Keep it in memory only. RQ calls this while a signal is handled, when the one connection may be in use."""

    def _start_scheduler(self, *_: Any, **__: Any) -> None:
        """Start none: nothing is scheduled with RQ itself."""

    @staticmethod
    def _wait_for_redis(connection: Redis, url: str) -> None:
        """Take one connection at most, and wait until there is a Redis to connect to; a signal ends that."""
        connection.connection_pool = open_patient_doorbell(url, 1, answers_within=ANSWERS_WITHIN).connection_pool
        await_doorbell(connection)

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """Work until asked to stop. What breaks is logged here: the pool's processes would print it as it is."""
        try:
            return super().work(*args, **kwargs)
        except Exception:
            log.exception("worker broke")
            raise SystemExit(1) from None

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """What RQ does while it waits, and while a job runs: at least each 15 s."""
        super().heartbeat(timeout, pipeline)
        self.heart.beat()

    def register_death(self) -> None:
        """RQ's word for the end of the process."""
        self.heart.stop()
        super().register_death()  # type: ignore[no-untyped-call]

    def teardown(self) -> None:
        """Say farewell to Redis, if it is there."""
        with suppress(RedisError):
            super().teardown()  # type: ignore[no-untyped-call]

    def setup_work_horse_signals(self) -> None:
        """In the horse: SIGTERM asks its job to stop, instead of ending it in the middle."""
        stopping.obey_signals()

    def handle_warm_shutdown_request(self) -> None:
        """Tell the job, and see that everything is over in time."""
        stopping.ask()
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
        for seconds, act in ((stopping.KILL_AFTER, self._kill_late_horse), (stopping.KILL_AFTER + 2, _leave)):
            timer = Timer(seconds, act)
            timer.daemon = True
            timer.start()

    def request_force_stop(self, signum: int, frame: Any) -> None:
        """Being asked again changes nothing: the job has been told, and time is limited anyway."""

    def _kill_late_horse(self) -> None:
        if self.horse_pid:
            log.error("job killed", after=stopping.KILL_AFTER)
            self.kill_horse()


def _leave() -> None:
    """Redis does not answer the farewell: go without."""
    os._exit(0)
