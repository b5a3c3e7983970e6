"""A host's smallest plans: a Postgres and a Redis that accept 20 connections each, with TLS only.

The product's connections are counted at the servers themselves; counting uses none of the 20.
"""

from contextlib import ExitStack
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg2
from redis import Redis

from bench.house import NAME
from simulator.services import Services
from simulator.stage import SIMULATOR
from simulator.tls import encrypted

# https://devcenter.heroku.com/articles/heroku-postgres-plans and heroku-redis: essential-0 and mini
MOST = 20
USER = DATABASE = "app"
LOOK_EVERY = 0.05  # seconds between two counts
COUNT = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> %s"


class SmallPlans:
    """Both servers with the limits of the smallest plans. `between` returns their addresses for the product."""

    def __init__(self) -> None:
        self._fronts = ExitStack()
        self.direct: Services

    def between(self, at: Services) -> Services:
        """Limit the two servers and put TLS in front of them.

        Postgres counts the connections of the product's own user, as Heroku's essential plans do; that user owns its
        database and nothing else. Valkey counts everybody's, so it takes one more for us.
        """
        parts = urlsplit(at.database_url)
        self.direct = Services(parts._replace(path=f"/{DATABASE}").geturl(), at.redis_url)
        line = _postgres(at.database_url)
        with line.cursor() as cursor:
            cursor.execute(f"CREATE ROLE {USER} LOGIN CONNECTION LIMIT {MOST}")
            cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {USER}")
        line.close()
        redis = Redis.from_url(at.redis_url, client_name=NAME)
        redis.config_set("maxclients", MOST + 1)
        redis.close()
        seen = self._fronts.enter_context(encrypted(at))
        secure = urlsplit(seen.database_url)
        netloc = f"{USER}@{secure.hostname}:{secure.port}"
        # The scheme as in a host's address, without a driver's name.
        database_url = secure._replace(scheme="postgres", netloc=netloc, path=f"/{DATABASE}").geturl()
        return Services(database_url, seen.redis_url)

    def close(self) -> None:
        """End the TLS processes."""
        self._fronts.close()


class Connections:
    """Counts the product's connections many times a second; `most` are the highest counts so far.

    `refused` counts connections that Redis has refused because of its limit. Connections of the bench and the simulator
    are recognised by their names and not counted.
    """

    def __init__(self, at: Services) -> None:
        self.most = {"Postgres": 0, "Redis": 0}
        self.refused = 0
        self._line, self._redis = _postgres(at.database_url), Redis.from_url(at.redis_url, client_name=NAME)
        self._before = self._rejected()
        self._done = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._line.close()
        self._redis.close()

    def now(self) -> dict[str, int]:
        """Return the number of the product's connections at this moment, for each server."""
        with self._line.cursor() as cursor:
            cursor.execute(COUNT, (NAME,))
            found = int(cursor.fetchone()[0])
        clients: list[dict[str, str]] = self._redis.client_list()
        return {"Postgres": found, "Redis": sum(each["name"] not in {NAME, SIMULATOR} for each in clients)}

    def _watch(self) -> None:
        while not self._done.wait(LOOK_EVERY):
            for server, count in self.now().items():
                self.most[server] = max(self.most[server], count)
            self.refused = self._rejected() - self._before

    def _rejected(self) -> int:
        stats: dict[str, Any] = self._redis.info("stats")
        return int(stats["rejected_connections"])


def _postgres(url: str) -> Any:
    """Return a connection of our own as the server's superuser. Each statement is a transaction of its own."""
    parts = urlsplit(url)
    line = psycopg2.connect(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        dbname=parts.path.lstrip("/"),
        application_name=NAME,
    )
    line.autocommit = True
    return line
