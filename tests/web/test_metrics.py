"""/metrics needs its token, and its figures are right."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from config import Settings
from jobs import metering, metrics_look
from jobs.health import Doctor
from jobs.work import transaction
from services.ground.counting import Count, Counted, Duration, count
from services.health.processes import WEB
from tests.patience import AT_MOST
from tests.scenes import runs, start_group
from tests.town import Person, Town
from tests.web.gunicorns import gunicorn
from web.app import create_app
from web.metrics import COUNTERS, GAUGES, PREFIX, SPANS
from world import World

TOKEN = "a-token-for-metrics-only"
Values = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def opened(world: World) -> World:
    known = {name: getattr(world.settings, name) for name in Settings.model_fields}
    return replace(world, settings=Settings(**known | {"metrics_token": TOKEN}))


def scraped(world: World) -> Values:
    """Return all samples, by name and labels."""
    with create_app(opened(world)).test_client() as client:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return read(answer.text)


def read(text: str) -> Values:
    families = text_string_to_metric_families(text)
    return {
        (each.name.removeprefix(PREFIX), frozenset(each.labels.items())): each.value
        for family in families
        for each in family.samples
    }


def of(values: Values, name: str, **labels: str) -> float:
    """Return the sum of all samples with these labels."""
    return sum(
        value for (each, given), value in values.items() if each == name and labels.items() <= dict(given).items()
    )


def test_nobody_without_the_token_sees_it(town: Town) -> None:
    for token, settings in (
        ("", {}),
        (TOKEN, {}),
        ("another", {"metrics_token": TOKEN}),
        ("", {"metrics_token": TOKEN}),
    ):
        known = {name: getattr(town.world.settings, name) for name in Settings.model_fields}
        app = create_app(replace(town.world, settings=Settings(**known | settings)))
        with app.test_client() as client:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            assert client.get("/metrics", headers=headers).status_code == 404, (token, settings)


def test_every_metric_has_its_name_and_its_help(town: Town) -> None:
    with create_app(opened(town.world)).test_client() as client:
        text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    names = {
        family.name.removeprefix(PREFIX) for family in text_string_to_metric_families(text) if family.documentation
    }
    assert {*GAUGES, *COUNTERS, *SPANS, "http_requests", "http_seconds"} <= names


def test_an_evening_is_counted(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    zoe.connects_garmin(upload=runs(16))
    jose.says("stop")
    town.tick()
    values = scraped(town.world)
    heard = len([each for each in town.twilio.messages.values() if each.inbound])
    said = sum(person.count() for person in (zoe, jose))
    assert of(values, "lines_total") == heard > 4
    assert of(values, "messages_total", state="accepted") == of(values, "arrived_total") == said
    assert of(values, "handed_over_seconds_count") <= said
    assert of(values, "handed_over_seconds_bucket", le="+Inf") == of(values, "handed_over_seconds_count") > 3
    assert of(values, "delivered_seconds_count") == said
    assert of(values, "syncs_total", result="read") >= 1
    assert of(values, "activities_total", what="new") > 0
    assert of(values, "opt_outs_total") == 1
    assert (of(values, "members"), of(values, "groups")) == (2, 1)
    assert of(values, "active_members", within="1d") == 2
    assert of(values, "garmin_accounts", status="linked") == of(values, "garmin_accounts_fresh") == 1
    assert 0 < of(values, "spent_messages") <= of(values, "ceiling_messages") == town.world.settings.messages_a_day
    assert of(values, "contents", status="approved") == 3
    assert of(values, "look_failed") == 0
    assert of(values, "can_serve") == 1
    assert of(values, "degraded", check="worker") == 1


def test_errors_of_twilio_are_counted_by_code(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    town.twilio.faults.next.append("400:63016")
    zoe.says("help")
    assert of(scraped(town.world), "message_errors_total", code="63016") == 1


def test_what_is_taken_back_is_not_counted(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    before = of(scraped(town.world), "lines_total")

    def break_off() -> None:
        with transaction(town.world) as session:
            count(session, Count.LINES, kind="text")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert of(scraped(town.world), "lines_total") == before
    with transaction(town.world) as session:
        count(session, Count.LINES, kind="text")
    assert of(scraped(town.world), "lines_total") == before + 1


def test_a_scrape_without_servers_says_so(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    report = Doctor(town.world, WEB).look()
    known = {name: getattr(town.world.settings, name) for name in Settings.model_fields}
    nowhere = Settings(
        **known | {"database_url": "postgresql://u@127.0.0.1:9/none", "redis_url": "redis://127.0.0.1:9/0"}
    )
    seen = metrics_look.look(World.from_settings(nowhere, town.clock), report)
    assert seen.failed == ["database", "redis"]
    assert {"degraded", "can_serve"} <= {each.name for each in seen.samples}


def test_figures_about_all_members_are_asked_for_seldom(town: Town, zoe: Person, jose: Person) -> None:
    zoe.says("hi")
    assert of(scraped(town.world), "members") == 1
    jose.says("hi")
    assert of(scraped(town.world), "members") == 1
    town.world.redis.delete(metrics_look.SELDOM)
    assert of(scraped(town.world), "members") == 2


def test_spans_are_put_into_their_buckets(town: Town) -> None:
    counted = Counted()
    counted.spans = [(Duration.DELIVERED, (("kind", "reply"),), seconds) for seconds in (0.1, 0.5, 0.6, 45.0, 9999.0)]
    counted.amounts[Count.LINES, (("kind", "text"),)] = 3
    metering.add_up(town.world.redis, counted)
    town.world.redis.hset(metering.COUNTS, "of a newer version|x", "1")
    found = metering.read(town.world.redis)
    assert found.counts == {("lines", (("kind", "text"),)): 3}
    histogram = found.spans["delivered_seconds", (("kind", "reply"),)]
    assert histogram.buckets == [2, 1, 0, 0, 0, 0, 1, 0, 0, 1]
    assert histogram.total == pytest.approx(10045.2)


def test_processes_of_gunicorn_count_together(tmp_path: Path) -> None:
    """Neither Postgres nor Redis can be reached: the scrape says so, and still has the other figures."""
    settings = {"METRICS_TOKEN": TOKEN, "WEB_CONCURRENCY": "2"}
    with gunicorn("wsgi:app", tmp_path, settings) as web:
        for _ in range(20):
            requests.get(f"{web.url}/livez", timeout=AT_MOST)
        text = requests.get(f"{web.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=AT_MOST).text
    values = read(text)
    assert of(values, "http_requests_total", page="health.livez", status="200") == 20
    assert of(values, "http_seconds_count", page="health.livez") == 20
    assert of(values, "look_failed", server="database") == of(values, "look_failed", server="redis") == 1
