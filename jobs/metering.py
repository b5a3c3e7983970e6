"""Counters that all processes share: a hash in Redis whose values only grow.

RQ forks a process for each job, and on Heroku dynos share no files, so a counter in a worker's memory would be lost
with its job. Flushing Redis resets the counters to 0, which Prometheus recognises as a restart.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast
from weakref import WeakKeyDictionary

import structlog
from redis import Redis, RedisError

from services.ground.counting import Count, Counted, Duration, Labels

log = structlog.get_logger()

COUNTS = "metrics:counts"
# Upper bounds in seconds: a reply takes one or two, a digest for thousands takes minutes.
ENDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, float("inf"))
SUM = "sum"
LEFT_ALONE = 10.0  # seconds

_missed: WeakKeyDictionary[Redis, float] = WeakKeyDictionary()  # when this process last could not reach Redis


@dataclass
class Histogram:
    """How many spans fall between two bounds of `ENDS` (not cumulative), and the sum of all spans in seconds."""

    buckets: list[int] = field(default_factory=lambda: [0] * len(ENDS))
    total: float = 0.0


@dataclass
class Meters:
    """All counters in Redis."""

    counts: dict[tuple[str, Labels], int] = field(default_factory=dict)
    spans: dict[tuple[str, Labels], Histogram] = field(default_factory=dict)


def add_up(redis: Redis, counted: Counted) -> None:
    """Add what a committed session has counted, in one round trip. If Redis cannot be reached, it is not counted, and
    for ten seconds nothing else is, so that requests do not wait for Redis again and again.
    """
    if not (counted.amounts or counted.spans) or time.monotonic() - _missed.get(redis, -LEFT_ALONE) < LEFT_ALONE:
        return
    try:
        with redis.pipeline(transaction=False) as asked:
            for (what, labels), amount in counted.amounts.items():
                asked.hincrby(COUNTS, _field(what, labels), amount)
            for span, labels, seconds in counted.spans:
                end = next(place for place, end in enumerate(ENDS) if seconds <= end)
                asked.hincrby(COUNTS, _field(span, labels, str(end)), 1)
                asked.hincrbyfloat(COUNTS, _field(span, labels, SUM), round(seconds, 3))
            asked.execute()
    except RedisError as error:
        _missed[redis] = time.monotonic()
        log.debug("not counted", error=type(error).__name__)


def add_one(redis: Redis, what: Count, **labels: str) -> None:
    """Count one event that does not belong to a session."""
    counted = Counted()
    counted.amounts[what, tuple(sorted(labels.items()))] = 1
    add_up(redis, counted)


def read(redis: Redis) -> Meters:
    """Return all counters. Raises `redis.RedisError`. Values that cannot be read, for example of a
    newer version, are left out.
    """
    found, kept = Meters(), cast("dict[bytes, bytes]", redis.hgetall(COUNTS))  # this client never decodes
    for name, value in kept.items():
        what, labels, place = _read_field(name.decode())
        if what in set(Count):
            found.counts[what, labels] = int(value)
        elif what in set(Duration):
            histogram = found.spans.setdefault((what, labels), Histogram())
            if place == SUM:
                histogram.total = float(value)
            elif place.isdecimal() and int(place) < len(ENDS):
                histogram.buckets[int(place)] = int(value)
    return found


def _field(what: str, labels: Labels, place: str = "") -> str:
    return "|".join([what, place, *(f"{name}={value}" for name, value in labels)])


def _read_field(text: str) -> tuple[str, Labels, str]:
    what, place, *labels = f"{text}|".split("|")
    return what, tuple(_pairs(labels)), place


def _pairs(labels: Iterable[str]) -> Iterable[tuple[str, str]]:
    for each in filter(None, labels):
        name, _, value = each.partition("=")
        yield name, value
