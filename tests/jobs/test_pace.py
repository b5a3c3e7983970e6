"""The rate of messages: even for all workers together, slower after a 429, and limited without Redis too."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from jobs.pace import (
    AHEAD,
    FASTER_EACH_SECOND,
    HALVE_ONCE_IN,
    MARGIN,
    SLOWEST,
    WITHOUT_REDIS,
    Pace,
    Places,
)
from tests.conftest import Servers
from tests.patience import AT_MOST, until

TINY = 1e-4
NEXT, RATE = "pace:next", "pace:rate"  # the keys of a pace without its own name


@pytest.fixture
def redis(servers: Servers) -> Iterator[Redis]:
    made = Redis.from_url(servers.redis_url)
    made.flushdb()
    yield made
    made.flushdb()
    made.close()


def gaps(moments: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(sorted(moments))]


def taken(pace: Pace, most: int) -> list[float]:
    """Take this many places as they become free, and return their times by Redis's clock, which a
    busy machine does not distort.
    """
    found: list[float] = []
    while len(found) < most:
        places = pace.take(most - len(found))
        found += times(places)
        if not places.moments:
            time.sleep(0.02)
    return found


def times(places: Places) -> list[float]:
    count = len(places.moments)
    return [float(places.end) - (count - i) / places.rate for i in range(count)]


def rate(pace: Pace) -> float:
    """Return the current rate."""
    return pace.take(0).rate


def later(redis: Redis, seconds: float) -> None:
    """Move the last 429 into the past."""
    redis.hset(RATE, "at", float(redis.hget(RATE, "at")) - seconds)


def test_places_are_evenly_apart_for_all_workers_together(redis: Redis) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: taken(Pace(redis, 50), 15), range(4)))
    between = gaps([moment for each in found for moment in each])
    assert min(between) == pytest.approx(1 / (50 * MARGIN), abs=TINY), "a busy machine makes gaps longer, not shorter"


def test_no_second_has_more_than_is_allowed(redis: Redis) -> None:
    left = taken(Pace(redis, 20), 36)
    busiest = max(sum(1 for each in left if start <= each < start + 1) for start in left)
    assert busiest <= 20
    assert min(gaps(left)) == pytest.approx(1 / (20 * MARGIN), abs=TINY), "and it is not slower than it may be"


def test_moments_are_waited_for(redis: Redis) -> None:
    pace = Pace(redis, 20)
    for moment in pace.take(4).moments:
        pace.wait_for(moment)
        assert time.monotonic() >= moment


def test_what_a_stall_has_made_late_does_not_leave_at_once(redis: Redis) -> None:
    pace = Pace(redis, 20)
    moments = pace.take(8).moments
    until(lambda: time.monotonic() > moments[-1] + 0.2, "all of them are over")

    def left(moment: float) -> float:
        pace.wait_for(moment)
        return time.monotonic()

    with ThreadPoolExecutor(8) as pool:
        starts = sorted(pool.map(left, moments))
    assert starts[-1] - starts[0] >= 7 / 20


def test_places_are_taken_only_for_the_next_half_second(redis: Redis) -> None:
    pace, now = Pace(redis, 20), time.monotonic()
    first = pace.take(100).moments
    assert len(first) == pytest.approx(AHEAD * 20 * MARGIN + 1, abs=1)
    assert now <= first[0] <= first[-1] <= time.monotonic() + AHEAD + 0.05
    more = len(pace.take(100).moments)
    assert more <= 1 + (time.monotonic() - now) * 20, "only those that time has brought meanwhile"
    assert pace.take(0).moments == ()
    assert 0 < redis.ttl(NEXT) <= 60


def test_places_that_nobody_took_are_not_saved_up(redis: Redis) -> None:
    pace = Pace(redis, 20)
    last = pace.take(2).moments[-1]
    until(lambda: time.monotonic() > last + 0.2)
    moments = pace.take(3).moments
    assert moments[0] <= time.monotonic()
    assert gaps(list(moments)) == pytest.approx([1 / (20 * MARGIN)] * 2, abs=0.001)


def test_places_given_back_are_taken_by_the_next(redis: Redis) -> None:
    first, second = Pace(redis, 20), Pace(redis, 20)
    places = first.take(8)
    first.give_back(places, 5)
    assert is_next(redis, times(second.take(1))[0], times(places)[3])


def is_next(redis: Redis, moment: float, free: float) -> bool:
    """Return whether a place that was taken is the free one, or the present if its time has passed."""
    seconds, micros = redis.time()
    return free - TINY <= moment <= max(free + TINY, seconds + micros / 1e6)


def test_places_before_somebody_elses_cannot_be_given_back(redis: Redis) -> None:
    first, second = Pace(redis, 20), Pace(redis, 20)
    mine, theirs = first.take(3), second.take(3)
    first.give_back(mine, 2)
    second.give_back(theirs, 0)
    assert is_next(redis, times(second.take(1))[0], float(theirs.end))
    assert is_next(redis, times(theirs)[0], float(mine.end))


def test_a_sign_halves_the_rate_once_in_a_while_for_everybody(redis: Redis) -> None:
    first, second = Pace(redis, 80), Pace(redis, 80)
    began, half = time.monotonic(), 80 * MARGIN / 2
    for pace in (first, second, first, second):
        pace.slow_down()
    assert half <= rate(first) <= half + grown(began)
    found = taken(second, 8)
    assert min(gaps(found)) >= 1 / (half + grown(began)) - TINY
    later(redis, HALVE_ONCE_IN + 0.1)
    began, before = time.monotonic(), rate(second)
    first.slow_down()
    assert before / 2 <= rate(second) <= before / 2 + grown(began)


def grown(began: float) -> float:
    """Return by how much the rate has grown since then, at most."""
    return (time.monotonic() - began) * FASTER_EACH_SECOND + TINY


def test_there_is_always_some_pace(redis: Redis) -> None:
    pace = Pace(redis, 40)
    for _ in range(8):
        began = time.monotonic()
        pace.slow_down()
        redis.hset(RATE, mapping={"rate": max(SLOWEST, rate(pace) / 2), "at": time.time() - HALVE_ONCE_IN - 0.1})
    pace.slow_down()
    assert SLOWEST <= rate(pace) <= SLOWEST + 0.1 + grown(began)


def test_it_recovers_by_and_by_and_no_further_than_before(redis: Redis) -> None:
    pace, began, rates = Pace(redis, 40), time.monotonic(), []
    pace.slow_down()
    for _ in range(4):
        rates.append(rate(pace))
        later(redis, 8)
    assert rates == sorted(rates)
    assert 20 * MARGIN <= rates[0] <= 20 * MARGIN + grown(began)
    assert rates[1] >= min(rates[0] + 8 * FASTER_EACH_SECOND, 40 * MARGIN) - TINY
    assert rates[-1] == pytest.approx(40 * MARGIN)


def test_a_slower_setting_holds_at_once(redis: Redis) -> None:
    Pace(redis, 80).slow_down()
    assert rate(Pace(redis, 10)) == pytest.approx(10 * MARGIN)


def test_without_redis_it_goes_slowly_by_itself() -> None:
    pace = Pace(Redis(port=1, socket_connect_timeout=AT_MOST, retry=Retry(NoBackoff(), 1)), 80)
    moments: list[float] = []
    while len(moments) < 8:
        moments += pace.take(8).moments
        time.sleep(0.02)
    assert min(gaps(moments)) >= 1 / WITHOUT_REDIS - TINY
    assert moments[-1] <= time.monotonic() + AHEAD + 1 / WITHOUT_REDIS, "no place is further ahead"
    pace.give_back(pace.take(1), 1)
    pace.slow_down()


def test_when_redis_comes_back_empty_the_pace_goes_on(redis: Redis) -> None:
    pace = Pace(redis, 50)
    pace.take(20)
    redis.flushall()
    redis.script_flush()
    assert len(pace.take(5).moments) == 5
