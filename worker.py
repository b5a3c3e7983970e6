"""The worker process: `rq worker-pool --worker-class worker.Worker`.

Everything is imported before RQ forks, so that a job costs 15 ms instead of 240.
"""

import gc
import signal
from typing import Any

import structlog
from redis import Redis
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
    logs,
    pictures,
    reconciling,
    records,
    scoring,
    tick,
)
from jobs.queue import JsonJob
from providers.doorbell import await_doorbell, open_patient_doorbell

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
    """RQ's forking worker, speaking JSON, and quick to notice what a dead one left behind.

    It takes one connection to Redis instead of RQ's three: it starts no scheduler of RQ's (the clock is ours), and
    listens to no commands (`rq.command`) from outside. Each job has the connections of its process's world.
    """

    max_connection_wait_time = 5.0  # seconds between tries while Redis is away; RQ's own is 60

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"job_class": JsonJob, "serializer": "json", "worker_ttl": 30, "job_monitoring_interval": 10}
        kwargs["maintenance_interval"] = 15
        world = worlds.current()
        logs.configure(world.settings.log_format)
        self._pool_of_jobs = world.redis.connection_pool
        self._wait_for_redis(kwargs["connection"], world.settings.redis)
        super().__init__(*args, **kwargs)
        parser.warm_up()  # for lines that were kept while Postgres was away: no forked job builds its own tables
        gc.freeze()  # what is loaded stays: no forked job looks through it again
        if world.charts.lacks:
            log.warning(
                "pictures show boxes for want of fonts: install fonts-noto", scripts=", ".join(world.charts.lacks)
            )

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
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)  # a fork of the pool has inherited the pool's own answers to them
        connection.connection_pool = open_patient_doorbell(url, 1, answers_within=ANSWERS_WITHIN).connection_pool
        await_doorbell(connection)
