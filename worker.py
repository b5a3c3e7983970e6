"""The class of the workers that the worker process runs in RQ's pool (see jobs/pool.py).

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
    webhooks,
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
    webhooks.send,
    tick.tick,
)


# Seconds to wait for an answer of Redis. RQ waits for a job for 15 s (`worker_ttl` - 15), and needs ten more.
ANSWERS_WITHIN = 25.0


class Worker(RqWorker):
    """RQ's forking worker. It uses JSON, soon takes over the jobs of a dead worker, and ends within 25 s of SIGTERM.

    It uses one connection to Redis instead of RQ's three: it does not start RQ's scheduler (we have our own clock), and
    does not listen to commands (`rq.command`). Each job has the connections of its process's world.

    When RQ's worker is asked to stop, it waits for the job without limit; asked twice, or if the host signals every
    process, the job is killed at once. Here the job is told in both cases, and leaves at its next safe point.
    """

    max_connection_wait_time = 5.0  # the longest time in seconds between tries while Redis is away; RQ's default is 60

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)  # a fork inherits the pool's signal handlers
        stopping.begin()
        kwargs |= {"job_class": JsonJob, "serializer": "json", "worker_ttl": 30, "job_monitoring_interval": 10}
        kwargs["maintenance_interval"] = 15
        world = worlds.current()
        self._pool_of_jobs = world.redis.connection_pool
        self._wait_for_redis(kwargs["connection"], world.settings.redis)
        super().__init__(*args, **kwargs)
        self.heart = Heart(world, WORKER, self.connection)
        parser.warm_up()  # builds the reader's tables once, so that no forked job has to (for lines kept in Redis)
        warm(world)
        gc.freeze()  # exclude what is loaded from garbage collection, so that no forked job searches it again
        if world.charts.lacks:
            log.warning("fonts missing", scripts=", ".join(world.charts.lacks))

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Do a job in the process that was forked for it. RQ's bookkeeping uses the same few connections."""
        self.connection.connection_pool = self._pool_of_jobs
        super().main_work_horse(job, queue)

    def subscribe(self) -> None:
        """Do not listen to commands: nobody sends any, and it would need a connection and a thread."""

    def set_shutdown_requested_date(self) -> None:
        """Do not write the date to Redis: RQ calls this in a signal handler, when the one connection may be in use."""

    def _start_scheduler(self, *_: Any, **__: Any) -> None:
        """Do not start RQ's scheduler: nothing is scheduled with it."""

    @staticmethod
    def _wait_for_redis(connection: Redis, url: str) -> None:
        """Use at most one connection, and wait until Redis can be reached. A signal ends the waiting."""
        connection.connection_pool = open_patient_doorbell(url, 1, answers_within=ANSWERS_WITHIN).connection_pool
        await_doorbell(connection)

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """Work until asked to stop. Exceptions are logged here, because the pool's processes would
        print them unchanged.
        """
        try:
            return super().work(*args, **kwargs)
        except Exception:
            log.exception("worker broke")
            raise SystemExit(1) from None

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Write our heartbeat too; RQ calls this while it waits and while a job runs, at least every 15 s."""
        super().heartbeat(timeout, pipeline)
        self.heart.beat()

    def register_death(self) -> None:
        """Remove our heartbeat; RQ calls this when the process ends."""
        self.heart.stop()
        super().register_death()  # type: ignore[no-untyped-call]

    def teardown(self) -> None:
        """Deregister in Redis, if it can be reached."""
        with suppress(RedisError):
            super().teardown()  # type: ignore[no-untyped-call]

    def setup_work_horse_signals(self) -> None:
        """Set the signals of a work-horse: SIGTERM asks its job to stop, instead of ending it in the middle."""
        stopping.obey_signals()

    def handle_warm_shutdown_request(self) -> None:
        """Ask the job to stop, and make sure that everything ends in time."""
        stopping.ask()
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
        for seconds, act in ((stopping.KILL_AFTER, self._kill_late_horse), (stopping.KILL_AFTER + 2, _leave)):
            timer = Timer(seconds, act)
            timer.daemon = True
            timer.start()

    def request_force_stop(self, signum: int, frame: Any) -> None:
        """Ignore a second request: the job was asked already, and its time is limited."""

    def _kill_late_horse(self) -> None:
        if self.horse_pid:
            log.error("job killed", after=stopping.KILL_AFTER)
            self.kill_horse()


def _leave() -> None:
    """End the process without deregistering, because Redis does not answer."""
    os._exit(0)
