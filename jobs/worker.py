"""The worker that RQ's command starts: everything is imported before it forks, so a job costs 15 ms, not 240."""

from typing import Any

from rq import Worker as RqWorker

import world as worlds
from jobs import logs, roster
from jobs.queue import JsonJob


class Worker(RqWorker):
    """RQ's forking worker, speaking JSON, and quick to notice what a dead one left behind."""

    loaded = roster.WORK

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"job_class": JsonJob, "serializer": "json", "worker_ttl": 30, "job_monitoring_interval": 10}
        kwargs["maintenance_interval"] = 15
        super().__init__(*args, **kwargs)
        logs.configure(worlds.current().settings.log_format)
