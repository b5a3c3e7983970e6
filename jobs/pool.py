"""The worker process, `python -m jobs.pool`: RQ's own `rq worker-pool`, with as many workers as WORKERS says.

RQ's own command would print an error in another form than our log for a wrong number, and start no worker if it is 0.
"""

import sys
from collections.abc import Sequence

from rq.cli.cli import main

import starting

QUEUES = ("tick", "deliver", "work", "garmin", "webhooks")  # a worker looks for a job in this order


def run(more: Sequence[str] = ()) -> None:
    """Run workers until the process is asked to stop. They also take jobs from the queues in `more`."""
    settings = starting.begin("worker")
    options = {
        "--config": "jobs.rq_settings",
        "--worker-class": "worker.Worker",
        "--job-class": "jobs.queue.JsonJob",
        "--serializer": "json",
        "--num-workers": str(settings.workers),
    }
    words = [word for option in options.items() for word in option]
    main(["worker-pool", *words, "--quiet", *QUEUES, *more], prog_name="rq")


if __name__ == "__main__":
    run(sys.argv[1:])
