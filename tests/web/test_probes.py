"""Probes while Postgres does not answer: they are answered, and do not occupy the threads
of the web process for long.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from threading import enumerate as living

import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from jobs.bounded import BoundedLook
from jobs.health import Doctor, Report, report_outdated
from services.health.findings import State, report_problem, report_unknown
from services.health.processes import CLOCK
from simulator.proxy import Proxy
from tests.conftest import Servers
from tests.patience import AT_MOST, RUNS_OUT, until
from tests.town import Town
from tests.web.test_health import Deployment, deployed, with_database
from web.app import create_app
from world import World

THREADS = 4  # of a web process


@pytest.fixture
def deployment(town: Town, servers: Servers) -> Deployment:
    return deployed(town, servers)


@contextmanager
def postgres_behind(world: World) -> Iterator[tuple[World, Proxy]]:
    """Yield the world with Postgres behind a proxy that can stop forwarding."""
    url = make_url(world.settings.database_url)
    with Proxy(url.host, url.port) as proxy:
        near = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        with with_database(world, near) as behind:
            yield behind, proxy
            proxy.cut()  # ends the requests that still wait


def probe(app: Flask) -> set[str]:
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 200, "Redis is there, and keeps lines"
    return set(answer.json["degraded"])


def test_a_postgres_that_stands_still_is_named_and_takes_no_web_threads(deployment: Deployment) -> None:
    with postgres_behind(deployment.world) as (world, proxy), ThreadPoolExecutor(THREADS) as pool:
        app = create_app(world)
        assert "database" not in probe(app)
        proxy.hang()
        until(lambda: "database" in probe(app))
        probes = [pool.submit(probe, app) for _ in range(5 * THREADS)]
        assert all("database" in each.result(AT_MOST) for each in probes)
        assert app.test_client().get("/livez").status_code == 200
        waiting = [each for each in living() if each.name == "look"]
        assert len(waiting) == 1, "one thread waits for Postgres, however often is asked"
        findings = {each.name: each for each in Doctor(world, CLOCK).examine().findings}
        assert findings["database"].says.startswith("Postgres does not answer (")
        assert findings["messages"].state is State.UNKNOWN
        assert findings["worker"].state is State.OK, "what stands in Redis is looked at all the same"
        proxy.flow()
        until(lambda: "database" not in probe(app))


def test_a_look_that_lasts_is_not_begun_again_and_one_that_has_ended_is() -> None:
    may_end, begun = Event(), []

    def look() -> int:
        begun.append(len(begun))
        may_end.wait(AT_MOST)
        if len(begun) == 2:
            raise KeyError("the second")
        return len(begun)

    bounded = BoundedLook(look, RUNS_OUT)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            bounded.look()
    assert begun == [0]
    may_end.set()
    until(lambda: not any(each.name == "look" for each in living()))
    patient = BoundedLook(look, AT_MOST)
    with pytest.raises(KeyError, match="the second"):
        patient.look()
    assert [patient.look(), patient.look()] == [3, 4]


def test_a_report_that_is_too_old_says_so() -> None:
    old = Report(
        (*report_unknown("schema"), report_problem("redis", None), report_problem("database", None)), can_serve=True
    )
    now = report_outdated(old, 31.4)
    assert (now.status, now.degraded) == ("degraded", ["database"])
    assert now.findings[0].says == "Postgres does not answer (no look has come to its end for 31 s)"
    assert len(now.findings) == 3
