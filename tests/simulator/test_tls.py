"""TLS in front of the real Postgres and Valkey, with real clients."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from simulator.services import services
from simulator.tls import SSL_REQUEST, TlsFront, encrypted
from tests.patience import AT_MOST, until
from tests.simulator.test_services import NOTHING_GIVEN

KILLED = """
import os, psycopg2, signal, sys
psycopg2.connect(sys.argv[1]).cursor().execute("SELECT pg_advisory_lock(1)")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def postgres(servers) -> Iterator[TlsFront]:
    at = urlsplit(servers.database_url)
    with TlsFront(at.hostname, at.port, postgres=True) as front:
        yield front


@pytest.fixture
def valkey(servers) -> Iterator[TlsFront]:
    at = urlsplit(servers.redis_url)
    with TlsFront(at.hostname, at.port) as front:
        yield front


def url(front: TlsFront, mode: str) -> str:
    return f"postgresql://postgres@127.0.0.1:{front.port}/postgres?sslmode={mode}&connect_timeout={AT_MOST:.0f}"


def answer(address: str, query: str) -> object:
    line = psycopg2.connect(address)
    try:
        cursor = line.cursor()
        cursor.execute(query)
        return cursor.fetchone()[0]
    finally:
        line.close()


@pytest.mark.parametrize("mode", ["prefer", "require"])
def test_postgres_is_reached_with_tls(postgres, mode):
    line = psycopg2.connect(url(postgres, mode))
    assert line.info.ssl_in_use
    line.close()
    assert answer(url(postgres, mode), "SELECT length(repeat('x', 3000000))") == 3_000_000
    assert len(answer(url(postgres, mode), "SELECT repeat('x', 3000000)")) == 3_000_000


def test_postgres_without_tls_is_refused_in_words(postgres):
    with pytest.raises(psycopg2.OperationalError, match="no encryption"):
        psycopg2.connect(url(postgres, "disable"))


def test_the_certificate_is_right_for_who_knows_its_authority_and_wrong_for_others(postgres, valkey):
    checked = url(postgres, "verify-full") + f"&sslrootcert={postgres.certificate_authority_path}"
    assert answer(checked, "SELECT 1") == 1
    with pytest.raises(psycopg2.OperationalError, match="certificate"):
        psycopg2.connect(url(postgres, "verify-full") + f"&sslrootcert={valkey.certificate_authority_path}")
    known = redis.Redis(port=valkey.port, ssl=True, ssl_ca_certs=str(valkey.certificate_authority_path))
    assert known.ping()
    known.close()
    with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        redis.Redis(port=valkey.port, ssl=True).ping()


def test_long_values_pass_to_redis_and_back(valkey):
    with redis.Redis(port=valkey.port, ssl=True, ssl_cert_reqs="none") as client:
        client.set("long", "x" * 3_000_000)
        assert client.get("long") == b"x" * 3_000_000


def test_plain_text_to_redis_is_not_answered(valkey):
    with pytest.raises(redis.ConnectionError):
        redis.Redis(port=valkey.port).ping()


def test_a_client_that_is_killed_leaves_no_locks_behind(postgres):
    subprocess.run([sys.executable, "-c", KILLED, url(postgres, "require")], check=False)
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    until(lambda: answer(url(postgres, "require"), held) == 0)


def test_who_hangs_up_early_disturbs_nobody(postgres):
    for said in (b"", SSL_REQUEST[:3], SSL_REQUEST, SSL_REQUEST + b"no TLS at all"):
        with socket.create_connection(("127.0.0.1", postgres.port)) as line:
            line.sendall(said)
    assert answer(url(postgres, "require"), "SELECT 1") == 1


def test_without_a_server_behind_it_a_connection_is_closed():
    with TlsFront("127.0.0.1", 1) as front, pytest.raises(redis.ConnectionError):
        redis.Redis(port=front.port, ssl=True, ssl_cert_reqs="none").ping()


def test_both_servers_with_tls_and_few_connections():
    with services(environ=NOTHING_GIVEN, clients=5) as plain, encrypted(plain) as at:
        assert answer(at.database_url.replace("+psycopg2", ""), "SHOW max_connections") == "5"
        with redis.Redis.from_url(at.redis_url, ssl_cert_reqs="none") as client:
            assert client.config_get("maxclients") == {"maxclients": "5"}
