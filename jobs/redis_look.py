"""One query of Redis for the health checks: can it be written to, what have processes stored there, and what
waits in it?
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from redis import ReadOnlyError, RedisError
from redis.exceptions import OutOfMemoryError

from jobs import certificates, heartbeats, knocks, queue, spool
from services.health.findings import Finding, report_problem
from world import World

PROBE = "health:probe"
# Replies wait in "deliver", and bells in "tick"; a job of the others may take minutes, and the next one waits for it.
MOST_WAIT = {"tick": 60.0, "deliver": 60.0, "work": 900.0, "garmin": 900.0, "webhooks": 900.0}  # seconds
LATELY = 3600  # seconds
MOST_KEPT = 120.0  # seconds; the first tick after an outage takes up what was kept


@dataclass(frozen=True)
class Seen:
    """What was read from Redis. `problem` is a sentence that says why Redis cannot be used, or None. `now` is its
    clock, in seconds since 1970. `proxies` and `proven` are the number of proxies and the account of the last good
    webhook. `waiting` says since when the oldest job of each queue has waited. `kept` are the oldest stored webhooks
    that wait for Postgres, and `broken` is how many were set aside. `bugs` is how many jobs ended by a bug in the last
    hour, and `certificate` is the stored expiry of our own address's certificate.
    """

    problem: str | None
    is_readable: bool = False
    now: float = 0.0
    beats: Mapping[bytes, bytes] = field(default_factory=dict)
    bad: Mapping[bytes, bytes] = field(default_factory=dict)
    proxies: bytes | None = None
    proven: bytes | None = None
    waiting: Mapping[str, datetime] = field(default_factory=dict)
    kept: tuple[bytes, ...] = ()
    broken: int = 0
    bugs: int = 0
    certificate: bytes | None = None


def look(world: World) -> Seen:
    """Read everything from Redis, and try to write, in three round trips."""
    try:
        with world.redis.pipeline(transaction=False) as asked:
            asked.set(PROBE, 1, ex=60)
            asked.time()
            asked.hgetall(heartbeats.BEATS)
            asked.hgetall(knocks.BAD)
            asked.get(knocks.PROXIES)
            asked.get(knocks.PROVEN)
            asked.lindex(spool.SPOOL, -1)
            asked.lindex(spool.TAKEN, -1)
            asked.llen(spool.BROKEN)
            asked.get(certificates.ENDS)
            wrote, now, beats, bad, proxies, proven, oldest, taken, broken, ends = asked.execute(raise_on_error=False)
        bugs = queue.count_broken_lately(world.redis, MOST_WAIT, within=LATELY)
        waiting = queue.find_oldest_wait(world.redis, MOST_WAIT)
    except RedisError as error:
        return Seen(f"Redis does not answer ({type(error).__name__})")
    answers = (now, beats, bad, proxies, proven, oldest, taken, broken, ends)
    broke = next((each for each in answers if isinstance(each, Exception)), None)
    if broke is not None:
        return Seen(f"Redis does not answer as it should ({type(broke).__name__})")
    kept = tuple(each for each in (oldest, taken) if each is not None)
    at = now[0] + now[1] / 1e6
    return Seen(_refusal(wrote), True, at, beats, bad, proxies, proven, waiting, kept, broken, bugs, ends)


def judge_jobs(seen: Seen) -> Finding:
    """Return the finding `jobs`: has a job waited too long for a free worker?"""
    waits = {name: max(round(seen.now - since.timestamp()), 0) for name, since in seen.waiting.items()}
    late = [f"a job of {name} has waited for {wait} s" for name, wait in waits.items() if wait > MOST_WAIT[name]]
    return report_problem("jobs", "; ".join(late) or None, **{f"{name}_seconds": wait for name, wait in waits.items()})


def judge_broken(seen: Seen) -> Finding:
    """Return the finding `broken`: did a job end by a bug in the last hour?"""
    return report_problem(
        "broken", f"{seen.bugs} jobs ended by a bug in the last hour" if seen.bugs else None, jobs=seen.bugs
    )


def judge_kept(seen: Seen, world: World) -> Finding:
    """Return the finding `kept`: do lines or receipts that came while Postgres was away still wait?"""
    instants = [spool.read_when_heard(world.vault, each) for each in seen.kept]
    known = [each for each in instants if each is not None]
    age = max(((world.now() - each).total_seconds() for each in known), default=0.0)
    problem = None
    if len(known) < len(instants):
        problem = "Lines that came while Postgres was away cannot be opened with the keys that are there"
    elif age > MOST_KEPT:
        problem = f"A line that came while Postgres was away has waited for {age:.0f} s"
    return report_problem("kept", problem, oldest_seconds=round(age), set_aside=seen.broken)


def _refusal(wrote: object) -> str | None:
    """Return why a write was refused, or None if it was not."""
    if isinstance(wrote, OutOfMemoryError):
        return "Redis is full: it stores nothing more"
    if isinstance(wrote, ReadOnlyError):
        return "Redis takes no writes: it is a replica"
    if isinstance(wrote, Exception):
        return f"Redis refuses to store anything ({type(wrote).__name__})"
    return None
