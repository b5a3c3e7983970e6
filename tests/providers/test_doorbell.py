"""How Redis is opened: with few connections, waiting when there are too few, and with a clear
message about a certificate.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Timer
from urllib.parse import urlsplit

import pytest
import redis

from providers import doorbell
from providers.doorbell import await_doorbell, open_doorbell, open_patient_doorbell
from simulator.proxy import Proxy
from simulator.services import services
from simulator.tls import TlsFront
from tests.conftest import Servers
from tests.patience import AT_MOST, until
from tests.simulator.test_services import NOTHING_GIVEN


@pytest.fixture(scope="module")
def small() -> Iterator[str]:
    """Yield a Redis that accepts three clients."""
    with services(environ={**NOTHING_GIVEN, "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}, clients=3) as at:
        yield at.redis_url


def test_no_more_connections_are_opened_than_the_pool_holds(servers: Servers) -> None:
    client = open_doorbell(servers.redis_url, 2)
    with ThreadPoolExecutor(12) as pool:
        numbers = set(pool.map(lambda _: client.client_id(), range(240)))
    assert 1 <= len(numbers) <= 2
    client.close()


def test_who_finds_none_free_waits_and_is_told_in_the_end(servers: Servers) -> None:
    client = open_doorbell(servers.redis_url, 1)
    held = client.connection_pool.get_connection()
    began = time.monotonic()
    with pytest.raises(redis.ConnectionError):
        client.ping()
    assert time.monotonic() - began >= doorbell.POOL_WAIT - 0.1
    client.connection_pool.release(held)

    def gets_what_is_given_back() -> bool:
        given_back = Timer(0.3, client.connection_pool.release, [client.connection_pool.get_connection()])
        return pings_while(client, given_back)

    until(gets_what_is_given_back)
    client.close()


def pings_while(client: redis.Redis, something: Timer) -> bool:
    """Return whether a client gets its answer although it first finds no free connection. On a busy machine the
    connection may become free too late for the client.
    """
    something.start()
    with suppress(redis.ConnectionError):
        client.ping()
        something.join()
        return True
    something.join()
    return False


def test_a_full_server_is_asked_again(small: str) -> None:
    others = [redis.Redis.from_url(small) for _ in range(3)]
    assert all(each.ping() for each in others)
    client = open_doorbell(small, 2)
    began = time.monotonic()
    with pytest.raises(redis.ConnectionError, match="max number of clients"):
        client.ping()
    assert time.monotonic() - began >= sum(doorbell.TOO_MANY_PAUSES) - 0.1

    def gets_a_place_that_becomes_free() -> bool:
        with suppress(redis.ConnectionError):
            return others[0].ping() and pings_while(client, Timer(0.3, others[0].close))
        return False

    until(gets_a_place_that_becomes_free)
    for each in (*others, client):
        each.close()


def test_a_process_that_needs_redis_waits_for_it(servers: Servers) -> None:
    at = urlsplit(servers.redis_url)
    with Proxy(at.hostname, at.port) as line:
        line.refuse()
        client = open_patient_doorbell(f"redis://127.0.0.1:{line.port}/9", 1, answers_within=AT_MOST)
        Timer(1.0, line.accept).start()
        await_doorbell(client)

        def tries_again_for_a_while() -> bool:
            line.cut()
            line.refuse()
            return pings_while(client, Timer(0.5, line.accept))

        until(tries_again_for_a_while)
        client.close()


def test_a_certificate_that_nobody_knows_is_named_with_the_setting(
    servers: Servers, capsys: pytest.CaptureFixture
) -> None:
    at = urlsplit(servers.redis_url)
    with TlsFront(at.hostname, at.port) as front:
        url = f"rediss://127.0.0.1:{front.port}/9"
        with pytest.raises(redis.ConnectionError) as error:
            open_doorbell(url, 1).ping()
        doorbell.tell("bell not rung", error.value, work="x")
        accepting = open_doorbell(f"{url}?ssl_cert_reqs=none", 1)
        assert accepting.ping()
        accepting.close()
    doorbell.tell("bell not rung", redis.TimeoutError("slow"), work="x")
    first, second = [line for line in capsys.readouterr().out.splitlines() if "bell not rung" in line]
    assert "error" in first
    assert "REDIS_SELF_SIGNED=1" in first
    assert "warning" in second
    assert "TimeoutError" in second
