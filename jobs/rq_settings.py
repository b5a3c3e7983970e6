"""What RQ's command reads (jobs/pool.py): the same Redis as everybody's."""

import starting

REDIS_URL = starting.begin("worker").redis
