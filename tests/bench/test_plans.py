"""The small plans: at most 20 connections for the product, with TLS; our own connections are not among them."""

from collections.abc import Iterator
from contextlib import ExitStack

import psycopg2
import pytest
import redis

from bench.house import NAME
from bench.plans import MOST, Connections, SmallPlans
from simulator.services import Services, services
from tests.patience import until
from tests.simulator.test_services import NOTHING_GIVEN


@pytest.fixture(scope="module")
def plans() -> Iterator[tuple[SmallPlans, Services]]:
    with services(environ=NOTHING_GIVEN) as at:
        made = SmallPlans()
        yield made, made.between(at)
        made.close()


def test_postgres_lets_the_product_have_so_many_connections_and_no_more(plans):
    _, seen = plans
    with ExitStack() as stack:
        for _ in range(MOST):
            stack.callback(psycopg2.connect(seen.database_url).close)
        with pytest.raises(psycopg2.OperationalError, match="too many connections"):
            psycopg2.connect(seen.database_url)


def test_postgres_and_redis_want_tls(plans):
    _, seen = plans
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(seen.database_url.replace("sslmode=require", "sslmode=disable"))
    assert seen.redis_url.startswith("rediss://")


def test_redis_lets_the_product_have_so_many_connections_while_we_look_on(plans):
    made, seen = plans
    with Connections(made.direct) as counted, ExitStack() as stack:
        clients = [connected(seen, stack) for _ in range(MOST)]
        assert all(client.ping() for client in clients)
        with pytest.raises(redis.RedisError):
            connected(seen, stack).ping()
        until(lambda: counted.most["Redis"] == MOST)
        until(lambda: counted.refused >= 1)


def test_only_the_product_is_counted(plans):
    made, seen = plans
    with Connections(made.direct) as counted, ExitStack() as stack:
        stack.callback(psycopg2.connect(made.direct.database_url.replace("+psycopg2", ""), application_name=NAME).close)
        stack.callback(redis.Redis.from_url(made.direct.redis_url, client_name=NAME).close)
        for _ in range(3):
            stack.callback(psycopg2.connect(seen.database_url).close)
        connected(seen, stack).ping()
        until(lambda: counted.now() == {"Postgres": 3, "Redis": 1})
        until(lambda: counted.most == {"Postgres": 3, "Redis": 1})


def connected(seen: Services, stack: ExitStack) -> redis.Redis:
    client = redis.Redis.from_url(f"{seen.redis_url}?ssl_cert_reqs=none")
    stack.callback(client.close)
    return client
