"""/livez and /readyz: whether the process lives, and whether it can do its work."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import requests
from redis import Redis
from werkzeug.test import TestResponse

from models.base import make_sessions, open_engine
from models.vault import Vault
from tests.conftest import Servers
from tests.town import Person, Town
from web.app import create_app
from world import World


def asked(world: World, path: str = "/readyz") -> TestResponse:
    with create_app(world).test_client() as client:
        return client.get(path)


def told(answer: dict) -> dict:
    """All but the fonts, which are this machine's matter."""
    assert isinstance(answer["no_fonts_for"], list)
    return {key: value for key, value in answer.items() if key != "no_fonts_for"}


@contextmanager
def without_redis(world: World) -> Iterator[World]:
    redis = Redis.from_url("redis://127.0.0.1:9", socket_connect_timeout=1)
    yield replace(world, redis=redis)
    redis.close()


@contextmanager
def with_database(world: World, url: str) -> Iterator[World]:
    engine = open_engine(url)
    yield replace(world, sessions=make_sessions(engine, world.vault, world.now))
    engine.dispose()


def test_all_is_well(town: Town) -> None:
    base = town.world.settings.base_url
    alive, ready = requests.get(f"{base}/livez", timeout=5), requests.get(f"{base}/readyz", timeout=5)
    assert (alive.status_code, alive.text) == (200, "alive\n")
    assert (ready.status_code, told(ready.json())) == (200, {"failing": [], "ready": True})
    for path in ("/livez", "/readyz"):
        head = requests.head(base + path, timeout=5)
        assert (head.status_code, head.text) == (200, "")
        assert head.headers["Cache-Control"] == "no-store"
        assert requests.post(base + path, timeout=5).status_code == 405


def test_redis_away_is_named(town: Town) -> None:
    with without_redis(town.world) as world:
        answer = asked(world)
        assert (answer.status_code, told(answer.json)) == (503, {"failing": ["redis"], "ready": False})
        assert asked(world, "/livez").status_code == 200, "a process is not restarted for what it cannot help"


def test_postgres_away_is_named(town: Town) -> None:
    with with_database(town.world, "postgresql://somebody:canary@127.0.0.1:9/none") as world:
        answer = asked(world)
        assert (answer.status_code, told(answer.json)) == (503, {"failing": ["database"], "ready": False})
        assert "canary" not in answer.text
        assert asked(world, "/livez").status_code == 200


def test_a_missing_schema_is_named(town: Town, servers: Servers) -> None:
    empty = servers.database_url.rsplit("/", 1)[0] + "/template1"
    with with_database(town.world, empty) as world:
        answer = asked(world)
        assert (answer.status_code, told(answer.json)) == (503, {"failing": ["database"], "ready": False})


def test_everything_that_fails_is_named(town: Town) -> None:
    with without_redis(town.world) as lonely, with_database(lonely, "postgresql://u@127.0.0.1:9/none") as world:
        answer = asked(world)
        assert (answer.status_code, told(answer.json)) == (503, {"failing": ["database", "redis"], "ready": False})


def test_a_key_that_is_missing_is_named_and_the_bot_goes_on(town: Town, zoe: Person) -> None:
    zoe.connects_garmin()
    other = Vault.from_text(
        "t2:" + "b3RoZXIta2V5LWZvci10aGUtdGVzdHMtb25seS0wMTI=", "a-secret-key-for-the-tests-only-0123456789"
    )
    engine = open_engine(town.world.settings.database_url)
    world = replace(town.world, vault=other, sessions=make_sessions(engine, other, town.clock))
    answer = asked(world)
    assert (answer.status_code, told(answer.json)) == (503, {"failing": ["secrets"], "ready": False})
    engine.dispose()
    assert asked(town.world).status_code == 200
