"""What RQ's command reads (`rq worker-pool --config jobs.rq_settings`): the same Redis as everybody's."""

import starting

REDIS_URL = starting.begin("worker").redis
