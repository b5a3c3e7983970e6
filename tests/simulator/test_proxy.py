"""The bad network, between real clients and the real Postgres and Valkey."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Thread, Timer
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from simulator.proxy import Proxy
from tests.patience import AT_MOST, RUNS_OUT, stays, until

AT_ONCE = Retry(NoBackoff(), 0)
# If bytes are unread, the kernel closes a killed process's connection with a reset.
KILLED = """
import psycopg2, socket, struct, sys
line = psycopg2.connect(sys.argv[1])
line.cursor().execute("SELECT pg_advisory_lock(1)")
end = socket.socket(fileno=line.fileno())
end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
end.close()
"""


@pytest.fixture
def valkey(servers) -> Iterator[tuple[Proxy, redis.Redis]]:
    at = urlsplit(servers.redis_url)
    with Proxy(at.hostname, at.port) as proxy:
        client = redis.Redis(port=proxy.port, db=9, retry=AT_ONCE)
        yield proxy, client
        client.close()


@pytest.fixture
def postgres(servers) -> Iterator[tuple[Proxy, str]]:
    at = urlsplit(servers.database_url)
    with Proxy(at.hostname, at.port) as proxy:
        yield proxy, f"postgresql://postgres@127.0.0.1:{proxy.port}{at.path}?connect_timeout={AT_MOST:.0f}"


def test_what_is_said_passes_both_ways(valkey, postgres):
    _, client = valkey
    client.set("long", "x" * 1_000_000)
    assert client.get("long") == b"x" * 1_000_000
    assert answer(postgres[1], "SELECT sum(n) FROM generate_series(1, 1000) n") == 500_500


def test_a_cut_resets_open_connections_and_lets_new_ones_in(postgres):
    proxy, url = postgres
    line = psycopg2.connect(url)
    proxy.cut()
    with pytest.raises(psycopg2.OperationalError):
        line.cursor().execute("SELECT 1")
    assert answer(url, "SELECT 2") == 2


def test_refusing_turns_new_ones_away_and_keeps_old_ones(postgres):
    proxy, url = postgres
    line = psycopg2.connect(url)
    for _ in range(3):
        proxy.refuse()
        with pytest.raises(psycopg2.OperationalError, match="refused"):
            psycopg2.connect(url)
        proxy.accept()
        assert answer(url, "SELECT 3") == 3
    cursor = line.cursor()
    cursor.execute("SELECT 4")
    assert cursor.fetchone() == (4,)
    line.close()


def test_a_stopped_server_is_one_that_refuses_and_was_cut(valkey):
    proxy, client = valkey
    client.ping()
    proxy.refuse()
    proxy.cut()
    with pytest.raises(redis.ConnectionError):
        client.ping()
    proxy.accept()
    assert client.ping()


def test_hanging_swallows_until_it_flows_again(valkey):
    proxy, client = valkey
    client.set("bell", "rung")
    proxy.hang()
    with (
        redis.Redis(port=proxy.port, db=9, socket_timeout=RUNS_OUT, retry=AT_ONCE) as hasty,
        pytest.raises(redis.TimeoutError),
    ):
        hasty.get("bell")
    patient = redis.Redis(port=proxy.port, db=9)
    heard: list[object] = []
    waiting = Thread(target=lambda: heard.append(patient.get("bell")))
    waiting.start()
    stays(lambda: not heard)
    proxy.flow()
    waiting.join()
    assert heard == [b"rung"]
    patient.close()


def test_a_hanging_line_can_be_cut(postgres):
    proxy, url = postgres
    line = psycopg2.connect(url)
    proxy.hang()
    Timer(RUNS_OUT, proxy.cut).start()
    with pytest.raises(psycopg2.OperationalError):
        line.cursor().execute("SELECT 1")


def test_a_client_that_is_killed_leaves_no_locks_behind(postgres):
    _, url = postgres
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    subprocess.run([sys.executable, "-c", KILLED, url], check=True)
    until(lambda: answer(url, held) == 0)


def test_delay_holds_back_both_directions(valkey):
    proxy, client = valkey
    client.ping()
    proxy.delay(0.1)
    assert seconds_of_a_ping(client) >= 0.2
    proxy.delay(0)
    until(lambda: seconds_of_a_ping(client) < 0.2, "a busy machine holds back some, not all")


def seconds_of_a_ping(client: redis.Redis) -> float:
    began = time.monotonic()
    client.ping()
    return time.monotonic() - began


def test_a_closed_proxy_is_gone_and_says_so(servers):
    at = urlsplit(servers.redis_url)
    proxy = Proxy(at.hostname, at.port)
    proxy.close()
    with pytest.raises(redis.ConnectionError):
        redis.Redis(port=proxy.port, retry=AT_ONCE).ping()
    with pytest.raises(ValueError, match="closed"):
        proxy.cut()


def test_without_a_target_a_connection_is_reset():
    with Proxy("127.0.0.1", 1) as proxy, pytest.raises(redis.ConnectionError):
        redis.Redis(port=proxy.port, retry=AT_ONCE).ping()


def answer(url: str, query: str) -> object:
    line = psycopg2.connect(url)
    try:
        cursor = line.cursor()
        cursor.execute(query)
        return cursor.fetchone()[0]
    finally:
        line.close()


def test_a_connection_waits_for_a_server_that_starts():
    with socket.socket() as later:
        later.bind(("127.0.0.1", 0))
        with (
            Proxy(*later.getsockname(), patience=AT_MOST) as proxy,
            socket.create_connection(("127.0.0.1", proxy.port)) as line,
        ):
            line.sendall(b"hello")
            later.listen()
            heard, _ = later.accept()
            with heard:
                assert heard.recv(5) == b"hello"


def test_without_patience_a_connection_to_nobody_is_reset():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with (
            Proxy(*nobody.getsockname()) as proxy,
            socket.create_connection(("127.0.0.1", proxy.port)) as line,
            pytest.raises(ConnectionResetError),
        ):
            line.recv(1)
