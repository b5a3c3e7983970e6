"""The settings that RQ's command reads (see jobs/pool.py): the address of Redis."""

import starting

REDIS_URL = starting.begin("worker").redis
