"""What RQ's command reads (`rq worker-pool --config jobs.rq_settings`): the same Redis as everybody's."""

from config import Settings

REDIS_URL = Settings().redis
