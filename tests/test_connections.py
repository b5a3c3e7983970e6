"""The product as a host runs it: TLS with an unknown certificate, few connections; and docs/connections.md."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Self
from urllib.parse import urlsplit

import psycopg2
import pytest
from honcho.environ import parse_procfile
from redis import Redis

from config import Settings
from simulator.services import Services
from simulator.stage import SIMULATOR, Stage, open_for_business, stage
from simulator.tls import encrypted
from simulator.twilio.phones import Phone
from tests.patience import until

ROOT = Path(__file__).parent.parent
MOST = 16
US = "counting"


@pytest.fixture(scope="module")
def small_plan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The Procfile's processes with the settings of app.json, on servers that use TLS and accept 20 clients each."""
    with ExitStack() as stack:

        def network(at: Services) -> Services:
            return stack.enter_context(encrypted(at))

        settings = {"REDIS_SELF_SIGNED": "1", "WEB_CONCURRENCY": "2", "WORKERS": "3", "TICK_SECONDS": "5"}
        folder = tmp_path_factory.mktemp("small-plan")
        on = stack.enter_context(stage(folder, kept=False, clients=20, network=network, settings=settings))
        open_for_business(on)
        yield on


class Counted:
    """The largest number of connections that the product had in many measurements."""

    def __init__(self, at: Services) -> None:
        self.postgres = self.redis = self.looks = 0
        self.at, self.done = at, Event()
        self.thread = Thread(target=self.watch)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def watch(self) -> None:
        line = psycopg2.connect(self.at.database_url.replace("+psycopg2", ""), application_name=US)
        line.autocommit = True
        ours = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> %s"
        with Redis.from_url(self.at.redis_url, client_name=US) as client, line.cursor() as cursor:
            while not self.done.wait(0.05):
                cursor.execute(ours, [US])
                self.postgres = max(self.postgres, cursor.fetchone()[0])
                names = [each["name"] for each in client.client_list()]
                self.redis = max(self.redis, sum(name not in {US, SIMULATOR} for name in names))
                self.looks += 1
        line.close()


def heard_by(phones: list[Phone], on: Stage) -> str:
    chats = {phone.name: [(message.inbound, message.status) for message in list(phone.chat)] for phone in phones}
    logs = [line for path in on.folder.glob("*.log") for line in path.read_text().splitlines()]
    webhooks = dict(on.twilio.courier.answers)
    return "\n".join(
        [
            f"{chats}, webhooks answered with {webhooks}",
            *(line for line in logs if re.search(r"warning|error|Traceback", line)),
        ][:60]
    )


def answers(phone: Phone) -> int:
    return sum(not message.inbound for message in list(phone.chat))


def test_the_addresses_that_the_product_got_speak_tls(small_plan: Stage) -> None:
    assert urlsplit(small_plan.environment["REDIS_URL"]).scheme == "rediss"
    assert small_plan.environment["DATABASE_URL"].endswith("?sslmode=require")


def test_eight_people_at_once_are_answered_over_few_connections(small_plan: Stage) -> None:
    phones = [small_plan.phones.add(f"Friend {number}", f"+3248000000{number}") for number in range(8)]
    small_plan.clock.redis.ping()
    with Counted(small_plan.services) as counted:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda phone: [phone.says(line) for line in ("help", "status", "me", "help")], phones))
        until(lambda: all(answers(phone) >= 4 for phone in phones), lambda: heard_by(phones, small_plan))
        assert [answers(phone) for phone in phones] == [4] * 8
    assert counted.looks > 10
    assert 0 < counted.postgres <= MOST
    assert 0 < counted.redis <= MOST
    assert small_plan.fallen() is None
    assert not re.search(r"Traceback|not rung|away", small_plan.last_words("web"))


def test_without_the_setting_each_process_names_it_and_waits(small_plan: Stage, tmp_path: Path) -> None:
    wrong = replace(
        small_plan,
        folder=tmp_path,
        processes={},
        environment={**small_plan.environment, "REDIS_SELF_SIGNED": "0", "LOG_FORMAT": "json"},
    )
    lines = parse_procfile((ROOT / "Procfile").read_text()).processes
    try:
        for name in ("worker", "clock"):
            wrong.start(name, lines[name])
            log = tmp_path / f"{name}.log"
            until(lambda log=log: "REDIS_SELF_SIGNED=1" in log.read_text(), log.read_text)
            assert '"level": "error"' in log.read_text() or '"level":"error"' in log.read_text()
        assert wrong.fallen() is None, "they wait until it is put right"
    finally:
        for process in wrong.processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()


def test_the_page_gives_the_sums_of_the_defaults() -> None:
    names = ("web_concurrency", "workers", "database_pool", "redis_pool")
    webs, jobs, database, redis = (Settings.model_fields[name].default for name in names)
    each = {"web process": (webs, database, redis), "worker": (jobs, 0, 1), "job of a worker": (jobs, database, redis)}
    each["clock"] = (1, 1, redis)
    assert table() == {
        name: [count, *pools, *(count * pool for pool in pools)] for name, (count, *pools) in each.items()
    } | {
        "together": [
            sum(count * pool for count, pool, _ in each.values()),
            sum(row[0] * row[2] for row in each.values()),
        ]
    }
    assert max(table()["together"]) <= MOST


def table() -> dict[str, list[int]]:
    """Return the whole numbers of each row of the page, by the process's name."""
    rows = [
        line.strip("|").split("|")
        for line in (ROOT / "docs" / "connections.md").read_text().splitlines()
        if "|" in line
    ]
    return {
        re.sub(r" \(.*", "", cells[0].strip()): [
            int(found[0]) for cell in cells[1:] if (found := re.findall(r"\d+", cell))
        ]
        for cells in rows[2:]
    }
