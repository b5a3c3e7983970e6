"""The worker process: `rq worker-pool --worker-class worker.Worker`.

Everything is imported before RQ forks, so that a job costs 15 ms instead of 240.
"""

import gc
from typing import Any

import structlog
from rq import Worker as RqWorker

import world as worlds
from bot import receiving
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


class Worker(RqWorker):
    """RQ's forking worker, speaking JSON, and quick to notice what a dead one left behind."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"job_class": JsonJob, "serializer": "json", "worker_ttl": 30, "job_monitoring_interval": 10}
        kwargs["maintenance_interval"] = 15
        super().__init__(*args, **kwargs)
        gc.freeze()  # what is loaded stays: no forked job looks through it again
        world = worlds.current()
        logs.configure(world.settings.log_format)
        if world.charts.lacks:
            log.warning(
                "pictures show boxes for want of fonts: install fonts-noto", scripts=", ".join(world.charts.lacks)
            )
