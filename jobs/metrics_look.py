"""Reads all figures for a scrape of /metrics: from Postgres, Redis, the counters, and the health report."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from jobs import metering, queue, redis_look
from jobs.health import Report
from jobs.metering import Meters
from models.outages import name_of
from services.health import operator_figures
from services.health.findings import State
from services.health.operator_figures import Sample
from services.health.processes import CLOCK, WEB, WORKER
from world import World

log = structlog.get_logger()

SELDOM = "metrics:seldom"
SELDOM_FOR = 300  # seconds for which figures about all members are stored


@dataclass
class MetricsLook:
    """The result of one look. `failed` names the servers that did not answer: their figures are missing."""

    samples: list[Sample] = field(default_factory=list)
    meters: Meters = field(default_factory=Meters)
    failed: list[str] = field(default_factory=list)


def look(world: World, report: Report) -> MetricsLook:
    """Query Postgres and Redis, each once. Does not raise their errors."""
    seen = MetricsLook(_of_health(report))
    try:
        seen.samples += _of_database(world)
    except SQLAlchemyError as error:
        log.warning("metrics not looked at", error=name_of(error))
        seen.failed.append("database")
    try:
        seen.samples += _of_queues(world)
        seen.meters = metering.read(world.redis)
    except RedisError as error:
        log.warning("metrics not looked at", error=type(error).__name__)
        seen.failed.append("redis")
    return seen


def _of_health(report: Report) -> list[Sample]:
    samples = [Sample("can_serve", float(report.can_serve))]
    samples += [
        Sample("degraded", float(each.state is State.DEGRADED), {"check": each.name})
        for each in report.findings
        if each.state is not State.UNKNOWN
    ]
    alive = [each.pulse.kind for each in report.heard]
    samples += [Sample("processes", alive.count(kind), {"kind": kind}) for kind in (WEB, WORKER, CLOCK)]
    figures = {each.name: each.figures for each in report.findings}
    for kind in ("reply", "notice", "digest", "unmade"):
        age = figures.get("messages", {}).get(f"oldest_{kind}_seconds", 0)
        samples.append(Sample("oldest_message_seconds", age, {"kind": kind}))
    if "seconds_ago" in figures.get("tick", {}):
        samples.append(Sample("tick_age_seconds", figures["tick"]["seconds_ago"]))
    if "seconds_ago" in figures.get("backup", {}):
        samples.append(Sample("backup_age_seconds", figures["backup"]["seconds_ago"]))
    return samples


def _of_database(world: World) -> list[Sample]:
    now = world.now()
    with world.sessions() as session:
        operator_figures.hurry(session)
        found = operator_figures.look(session, now, world.settings.messages_a_day)
        kept = _kept(world)
        if kept is None:
            kept = operator_figures.look_seldom(session, now)
            _keep(world, kept)
    return found + kept


def _kept(world: World) -> list[Sample] | None:
    """Return the stored figures about all members; None if there are none. If Redis cannot be reached, return no
    figures, so that they are not queried at every scrape.
    """
    try:
        text = world.redis.get(SELDOM)
    except RedisError:
        return []
    return [Sample(name, value, labels) for name, value, labels in json.loads(text)] if text else None


def _keep(world: World, samples: Sequence[Sample]) -> None:
    try:
        world.redis.set(SELDOM, json.dumps([(each.name, each.value, each.labels) for each in samples]), ex=SELDOM_FOR)
    except RedisError as error:
        log.debug("figures not kept", error=type(error).__name__)


def _of_queues(world: World) -> list[Sample]:
    names = list(redis_look.MOST_WAIT)
    lengths, failed = queue.count_jobs(world.redis, names)
    now, part = world.redis.time()
    since = queue.find_oldest_wait(world.redis, names)
    ages = {name: max(now + part / 1e6 - since[name].timestamp(), 0.0) if name in since else 0.0 for name in names}
    return [
        *(Sample("queue_jobs", count, {"queue": name}) for name, count in lengths.items()),
        *(Sample("queue_oldest_seconds", age, {"queue": name}) for name, age in ages.items()),
        Sample("failed_jobs", failed),
    ]
