"""The clock: bells ring at their times, and are set again after a flush; it goes on after bad
entries and outages of Redis.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from jobs import delivery, schedule
from jobs.queue import RUNG, UNHEARD, JsonJob, ring
from jobs.schedule import Clock
from jobs.tick import tick
from jobs.work import transaction
from models import DigestRun, Group, MessageKind
from models.base import make_sessions, open_engine
from services.ground.bells import Bell, ring_at
from services.ground.bells import ring as ring_bell
from services.group import digest_times
from simulator.proxy import Proxy
from tests.letters import Letters
from tests.patience import until
from tests.town import START, Town
from web.app import create_app
from world import World

ENTRIES = "rq:scheduler:scheduled_jobs"
ROOT = Path(__file__).parents[2]
SUNDAYS = "0 17 * * 0"
FAR = datetime(2051, 1, 1, 17, tzinfo=UTC)  # the clock uses the real time, and these are not due for a long time
NOWHERE = "postgresql+psycopg2://postgres@127.0.0.1:1/none"


@pytest.fixture
def redis(town: Town) -> Redis:
    return town.world.redis


def entries(redis: Redis) -> dict[str, float]:
    """Return the clock's entries with their times."""
    return {name.decode(): at for name, at in redis.zrange(ENTRIES, 0, -1, withscores=True)}


def queued(redis: Redis, queue: str = "tick") -> list[str]:
    """Return the jobs in a queue by their names."""
    names = redis.lrange(f"rq:queue:{queue}", 0, -1)
    return [JsonJob.fetch(name.decode(), connection=redis).func_name for name in names]


def groups(town: Town, *due: datetime) -> list[Group]:
    letters = Letters(town)
    people = letters.members(len(due))
    made = zip(people, due, strict=True)
    return [letters.group(person, digest_schedule=SUNDAYS, next_digest_at=at) for person, at in made]


def bells_of(*made: Group) -> dict[str, float]:
    return {
        f"digest-{each.id}-{int(each.next_digest_at.timestamp())}": each.next_digest_at.timestamp() for each in made
    }


def test_a_bell_is_set_after_the_commit_and_only_then(town: Town, redis: Redis) -> None:
    [group] = groups(town, FAR)
    with transaction(town.world) as session:
        digest_times.reschedule(session, session.get_one(Group, group.id), SUNDAYS, FAR)
        assert entries(redis) == {}
    group = Letters(town).see(group)
    assert group.next_digest_at == FAR + timedelta(days=7)
    assert entries(redis) == bells_of(group)
    with pytest.raises(ZeroDivisionError), transaction(town.world) as session:  # noqa: PT012 - both are needed
        ring_at(session, group.id, FAR + timedelta(days=5))
        ring_bell(session, Bell.DELIVER)
        raise ZeroDivisionError
    assert entries(redis) == bells_of(group)
    assert queued(redis, "deliver") == []


def test_opening_a_digest_sets_the_bell_of_the_next(town: Town, redis: Redis) -> None:
    due = datetime(2026, 11, 22, 17, tzinfo=UTC)
    [group] = groups(town, due)
    town.clock.travel_to(due)
    town.tick()
    [bell] = [name for name in entries(redis) if name.startswith(f"digest-{group.id}")]
    assert entries(redis)[bell] == (due + timedelta(days=7)).timestamp()


def test_what_is_due_is_moved_to_its_queue_and_what_is_not_stays(town: Town, redis: Redis) -> None:
    clock = Clock(town.world)
    clock.enqueue_jobs()
    now = datetime.now(UTC)
    schedule.set_bell(redis, 1, now - timedelta(minutes=3))
    schedule.set_bell(redis, 2, now + timedelta(minutes=3))
    schedule.set_bell(redis, 2, now + timedelta(minutes=3))
    clock.enqueue_jobs()
    assert set(queued(redis)) == {"jobs.tick.tick"}
    assert 1 <= len(queued(redis)) <= 2, "the bell that was due, and perhaps the tick that comes every minute"
    assert sorted(name.split("-")[0] for name in entries(redis)) == ["digest", "tick"]
    town.work()
    assert queued(redis) == []


def test_a_thousand_groups_due_at_once_ring_one_tick(town: Town, redis: Redis) -> None:
    clock, now = Clock(town.world), datetime.now(UTC)
    clock.enqueue_jobs()
    for group_id in range(1_000):
        schedule.set_bell(redis, group_id, now - timedelta(seconds=1))
    began = time.monotonic()
    clock.enqueue_jobs()
    again = (time.monotonic() - began) // UNHEARD
    assert 1 <= len(queued(redis)) <= 2 + again, "one for them all, and perhaps the one that comes every minute"
    assert list(entries(redis)) == [schedule.TICK]
    assert redis.keys("rq:job:digest-*") == [], "none is left behind"
    town.work()
    schedule.set_bell(redis, 1, now)
    clock.enqueue_jobs()
    assert queued(redis)[:1] == ["jobs.tick.tick"], "one that was heard does not silence the next"


def test_the_tick_comes_again_and_again(town: Town, redis: Redis) -> None:
    clock = Clock(town.world)
    for _ in range(3):
        began = time.time()
        clock.enqueue_jobs()
        assert began - 1 <= entries(redis)[schedule.TICK] <= time.time() + 60
        redis.zadd(ENTRIES, {schedule.TICK: time.time() - 1})
        began = time.time()
        clock.enqueue_jobs()
        assert queued(redis) == ["jobs.tick.tick"]
        assert began + 59 <= entries(redis)[schedule.TICK] <= time.time() + 60
        town.work()
    assert schedule.ensure_tick(redis, 60) is False


def test_a_tick_that_waits_for_a_worker_is_not_rung_again(town: Town, redis: Redis) -> None:
    clock = Clock(town.world)
    for _ in range(3):
        clock.enqueue_jobs()
        began = time.time()
        redis.zadd(ENTRIES, {"tick": began - 1})
        clock.enqueue_jobs()
        assert queued(redis) == ["jobs.tick.tick"]
        assert entries(redis)["tick"] >= began + 59, "it comes again"
    redis.delete("rq:queue:tick")
    redis.zadd(ENTRIES, {"tick": time.time() - 1})
    clock.enqueue_jobs()
    assert queued(redis) == ["jobs.tick.tick"], "a worker has taken it: the next one is rung"


def test_a_flush_costs_nothing_but_the_bells_are_set_again(town: Town, redis: Redis) -> None:
    made = groups(town, FAR, FAR + timedelta(days=5))
    clock = Clock(town.world)
    clock.enqueue_jobs()
    first = entries(redis)
    assert {name: at for name, at in first.items() if name != schedule.TICK} == bells_of(*made)
    redis.flushall()
    clock.enqueue_jobs()
    assert entries(redis).keys() == first.keys()
    [more] = groups(town, FAR + timedelta(days=11))
    Clock(town.world).enqueue_jobs()
    assert bells_of(more).items() <= entries(redis).items(), "a clock that starts sets them all"


def test_with_postgres_away_too_the_bells_are_set_when_it_is_back(town: Town, redis: Redis) -> None:
    made = groups(town, FAR)
    clock = Clock(replace(town.world, sessions=make_sessions(open_engine(NOWHERE), town.world.vault, town.clock)))
    clock.enqueue_jobs()
    assert list(entries(redis)) == [schedule.TICK]
    clock.world = town.world
    clock.enqueue_jobs()
    assert entries(redis).keys() == {schedule.TICK, *bells_of(*made)}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda redis, key: redis.delete(key),
        lambda redis, key: redis.hdel(key, "data"),
        lambda redis, key: redis.hset(key, "data", b"\x80\x04nonsense"),
        lambda redis, key: redis.hset(key, "data", b'["jobs.tick.tick"'),
        lambda redis, key: redis.hset(key, "created_at", "yesterday"),
        lambda redis, key: redis.hset(key, "meta", b"{"),
        lambda redis, key: redis.hset(key, "status", "confused"),
        lambda redis, key: (redis.delete(key), redis.set(key, "a text")),
    ],
)
def test_a_bad_entry_is_dropped_and_the_others_are_moved(
    town: Town, redis: Redis, spoil: Callable[[Redis, str], object]
) -> None:
    clock = Clock(town.world)
    clock.enqueue_jobs()
    past = datetime.now(UTC) - timedelta(minutes=3)
    schedule.set_bell(redis, 1, past)
    schedule.set_bell(redis, 2, past + timedelta(seconds=1))
    spoil(redis, f"rq:job:digest-1-{int(past.timestamp())}")
    spoil(redis, f"rq:job:{schedule.TICK}")
    redis.delete("rq:queue:tick")  # on a slow machine the first tick has begun already
    redis.zadd(ENTRIES, {schedule.TICK: time.time() - 200, b"\xff\xfe": time.time() - 300})
    for _ in range(3):
        clock.enqueue_jobs()
    assert "jobs.tick.tick" in queued(redis)
    assert [name for name in entries(redis) if name != schedule.TICK] == []
    assert schedule.TICK in entries(redis), "the tick itself is made anew"
    redis.zadd(ENTRIES, {schedule.TICK: time.time() - 1})
    redis.delete("rq:queue:tick")
    clock.enqueue_jobs()
    assert queued(redis) == ["jobs.tick.tick"]


def test_two_clocks_at_once_do_no_harm(town: Town, redis: Redis) -> None:
    made = groups(town, START)
    clocks = [Clock(town.world) for _ in range(4)]
    for _ in range(3):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda clock: clock.enqueue_jobs(), clocks))
    town.work()
    with town.world.sessions() as session:
        [run] = session.query(DigestRun).all()
    assert run.group_id == made[0].id
    assert list(entries(redis)).count(schedule.TICK) == 1


def test_a_bell_rings_in_time_never_early_and_once_for_each_second(redis: Redis) -> None:
    for seconds in (-3.0, 0.0, 0.4, 6.0, 6.0):
        began = time.time() + max(seconds, 0)
        schedule.ring_in(redis, delivery.drain, seconds)
        latest = time.time() + max(seconds, 0) + 1
        assert any(began < at <= latest for at in entries(redis).values())
    assert len(set(entries(redis).values())) == len(entries(redis))
    assert all(name.startswith("jobs-delivery-drain-") for name in entries(redis))


def test_a_bell_that_nobody_has_heard_yet_is_not_rung_twice(town: Town, redis: Redis) -> None:
    for _ in range(5):
        ring(town.world, delivery.drain)
    assert queued(redis, "deliver") == ["jobs.delivery.drain"]
    town.work()
    ring(town.world, delivery.drain)
    assert queued(redis, "deliver") == ["jobs.delivery.drain"]
    redis.delete("rq:queue:deliver")
    assert 0 < redis.ttl(f"{RUNG}jobs.delivery.drain") <= 15, "should it be lost, it may be rung again soon"


def test_with_redis_away_what_is_committed_stays_and_rings_later(town: Town, redis: Redis) -> None:
    letters = Letters(town)
    person = letters.with_phone()
    away = replace(town.world, redis=Redis(port=1, retry=Retry(NoBackoff(), 1)))
    [group] = groups(town, START + timedelta(days=4))
    with transaction(away) as session:
        digest_times.reschedule(session, session.get_one(Group, group.id), "0 8 * * 1", START)
        ring_bell(session, Bell.DELIVER)
    assert entries(redis) == {}
    letters.write(person, "said meanwhile")
    town.tick()
    assert [message.text for message in town.phones.by_number["+32470000001"].heard] == ["said meanwhile"]


@contextmanager
def clock_process(world: World, redis_url: str, log: Path) -> Iterator[subprocess.Popen]:
    """Run the clock process with this Redis; its log is written into `log`."""
    chosen = {name: getattr(world.settings, name) for name in type(world.settings).model_fields}
    told = {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in chosen.items()}
    told |= {"redis_url": redis_url, "tick_seconds": 1, "log_format": "json"}
    environment = {
        name.upper(): str(int(value) if isinstance(value, bool) else value)
        for name, value in told.items()
        if value is not None
    }
    line, at = [sys.executable, "-u", "-m", "jobs.schedule"], os.environ | environment
    with log.open("w") as said, subprocess.Popen(line, cwd=ROOT, env=at, stdout=said, stderr=said) as process:
        try:
            yield process
        finally:
            process.terminate()


def test_the_clock_outlives_redis(town: Town, redis: Redis, tmp_path: Path) -> None:
    server, log = urlsplit(town.world.settings.redis_url), tmp_path / "clock.log"
    with Proxy(server.hostname, server.port) as line:
        with clock_process(town.world, f"redis://127.0.0.1:{line.port}{server.path}", log) as process:
            until(lambda: queued(redis) != [])
            line.refuse()
            line.cut()
            until(lambda: "redis is away" in log.read_text())
            redis.flushdb()
            assert queued(redis) == []
            line.accept()
            until(lambda: queued(redis) != [])
            assert process.poll() is None
        assert process.returncode == 0


def test_the_operator_is_told_once_of_a_ceiling_and_can_look_what_was_spent(
    town: Town, capsys: pytest.CaptureFixture
) -> None:
    letters = Letters(town)
    people = letters.members(3)
    group = letters.group(*people)
    world = replace(town.world, settings=town.world.settings.model_copy(update={"group_messages_a_day": 2}))
    for person in people:
        letters.write(person, kind=MessageKind.NOTICE, group=group)
    assert len(delivery._claim(world, 24)) == 2
    for _ in range(3):
        tick.body(world)
    told = [line for line in capsys.readouterr().out.splitlines() if "daily ceiling of messages" in line]
    assert len(told) == 1
    assert "[error" in told[0]
    assert f"group={group.id}" in told[0]
    printed = create_app(world).test_cli_runner().invoke(args=["spent"]).output
    assert printed.splitlines() == ["all\t2\tof 20000", f"group {group.id}\t2\tof 2"]
