"""Everything that the operator's page and `flask status` show, as facts: a topic, a name and a value each.

Both show the same facts, made here once. The figures are those of /metrics (`jobs/metrics_look.py`), the findings and
processes those of /health, and the rest is read by `services/health/overview.py`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from jobs import metrics_look, queue, redis_look
from jobs.health import Report
from jobs.queue import BrokenJob
from models.outages import name_of
from services.health import operator_figures, overview
from services.health.findings import MENDS, State
from services.health.message_lists import MOST, MessageList
from services.health.overview import MOST_FREE, Overview
from services.health.processes import FLASK
from world import World

log = structlog.get_logger()

MOST_BROKEN = 20
KINDS = {"reply": "reply", "notice": "notice", "digest": "digest message", "unmade": "digest not made yet"}


@dataclass(frozen=True)
class OperatorFact:
    """One value. `of` is the limit that it is compared with, and `part` how much of it is used, from 0 to 1. `which` is
    the list of exactly the messages that were counted. `is_bad` asks for the operator's attention.
    """

    topic: str
    name: str
    value: str
    of: str = ""
    part: float | None = None
    note: str = ""
    which: MessageList | None = None
    is_bad: bool = False


@dataclass(frozen=True)
class OperatorLook:
    """The result of one look. `failed` names the servers that did not answer: their facts are missing."""

    report: Report
    now: datetime
    metrics: metrics_look.MetricsLook
    overview: Overview | None = None
    broken: Sequence[BrokenJob] = ()
    failed: Sequence[str] = ()
    facts: list[OperatorFact] = field(default_factory=list)

    def of_topic(self, topic: str) -> list[OperatorFact]:
        """Return the facts of one topic."""
        return [each for each in self.facts if each.topic == topic]


def look_for_operator(world: World, report: Report) -> OperatorLook:
    """Query Postgres and Redis. Does not raise their errors."""
    seen, now = metrics_look.look(world, report), world.now()
    failed, found, broken = list(seen.failed), None, list[BrokenJob]()
    try:
        with world.sessions() as session:
            operator_figures.hurry(session)
            found = overview.look_at_overview(session, now)
    except SQLAlchemyError as error:
        log.warning("overview not looked at", error=name_of(error))
        failed += ["database"] if "database" not in failed else []
    try:
        broken = queue.list_broken(world.redis, redis_look.MOST_WAIT, MOST_BROKEN)
    except RedisError as error:
        log.warning("overview not looked at", error=type(error).__name__)
        failed += ["redis"] if "redis" not in failed else []
    look = OperatorLook(report, now, seen, found, broken, failed)
    look.facts.extend(_list_facts(world, look))
    return look


def describe_fact(fact: OperatorFact) -> str:
    """Return the fact as one line with tabs, for a terminal."""
    of = f" of {fact.of}" if fact.of else ""
    if fact.topic == "findings":
        return f"{'degraded' if fact.is_bad else 'remark'}\t{fact.name}\t{fact.value}\n\t→ {fact.note}"
    return "\t".join(filter(None, (fact.topic, fact.name, f"{fact.value}{of}", fact.note)))


def _list_facts(world: World, look: OperatorLook) -> Iterator[OperatorFact]:
    yield from _findings(look.report)
    if look.overview is not None:
        yield from _messages(look.overview)
        yield from _spending(world, look, look.overview)
        yield from _coming(look, look.overview)
        yield from _breakers(look.overview, look.now)
        yield from _templates(look, look.overview)
    yield from _syncs(look)
    yield from _waiting(look)
    yield from _broken(look)
    yield from _processes(look.report)


def _findings(report: Report) -> Iterator[OperatorFact]:
    for each in report.findings:
        if each.state in (State.DEGRADED, State.REMARK):
            since = f" Since {report.since[each.name]:%Y-%m-%d %H:%M} UTC." if each.name in report.since else ""
            note = f"{MENDS[each.name]}.{since}"
            yield OperatorFact("findings", each.name, each.says, note=note, is_bad=each.state is State.DEGRADED)


def _messages(seen: Overview) -> Iterator[OperatorFact]:
    names = {
        MessageList.SENT: ("handed over", "in 24 hours"),
        MessageList.ARRIVED: ("arrived", "of those"),
        MessageList.FAILED: ("failed", "in 24 hours"),
        MessageList.FAILED_THIS_WEEK: ("failed", "in 7 days"),
        MessageList.IN_DOUBT: ("in doubt", "now"),
        MessageList.WAITING: ("waiting", "now"),
    }
    for which, (name, note) in names.items():
        count = seen.messages[which]
        is_bad = bool(count) and which in (MessageList.FAILED, MessageList.IN_DOUBT)
        yield OperatorFact("messages", name, _number(count, MOST), note=note, which=which, is_bad=is_bad)


def _spending(world: World, look: OperatorLook, seen: Overview) -> Iterator[OperatorFact]:
    settings = world.settings
    spent = int(_sample(look, "spent_messages"))
    yield _spent("messages", spent, settings.messages_a_day, "in 24 hours, MESSAGES_A_DAY")
    yield _spent("people with a template", seen.people, settings.people_a_day, "in 24 hours, PEOPLE_A_DAY")
    for group, sent in seen.dearest:
        yield _spent(f"group {group}", sent, settings.group_messages_a_day, "in 24 hours, GROUP_MESSAGES_A_DAY")
    free = settings.free_messages_a_month
    part = min(seen.free / free, 1.0) if free else None
    note = "messages that are no templates, this month, FREE_MESSAGES_A_MONTH"
    yield OperatorFact("spending", "free allowance", _number(seen.free, MOST_FREE), f"{free:,}", part, note)


def _spent(name: str, spent: int, most: int, note: str) -> OperatorFact:
    part = min(spent / most, 1.0)
    return OperatorFact("spending", name, f"{spent:,}", f"{most:,}", part, note, is_bad=part >= 0.8)


def _coming(look: OperatorLook, seen: Overview) -> Iterator[OperatorFact]:
    late = int(_sample(look, "digests_late"))
    yield OperatorFact("coming", "digests due now", f"{int(_sample(look, 'digests_due')):,}")
    yield OperatorFact("coming", "digests late", f"{late:,}", note="by more than 30 minutes", is_bad=bool(late))
    for group, at in seen.digests:
        yield OperatorFact("coming", f"digest of group {group}", f"{at:%a %d %b %H:%M} UTC", note=_until(at - look.now))


def _breakers(seen: Overview, now: datetime) -> Iterator[OperatorFact]:
    for each in seen.breakers:
        is_shut = each.shut_until > now
        state = f"paused until {each.shut_until:%H:%M} UTC" if is_shut else "working"
        last = (
            f"{each.why}, {'once' if each.trips == 1 else f'{each.trips} times'}"
            if is_shut
            else f"last paused until {each.shut_until:%d %b %H:%M} UTC"
        )
        yield OperatorFact("breakers", each.name, state, note=last, is_bad=is_shut)


def _templates(look: OperatorLook, seen: Overview) -> Iterator[OperatorFact]:
    for each in look.metrics.samples:
        if each.name == "contents":
            yield OperatorFact("templates", each.labels["status"], f"{int(each.value):,}")
    for content in seen.unusable:
        yield OperatorFact("templates", content.name, content.status, note=content.category, is_bad=True)


def _syncs(look: OperatorLook) -> Iterator[OperatorFact]:
    names = {"linked": "accounts connected", "needs_relink": "accounts to connect again"}
    for each in look.metrics.samples:
        if each.name == "garmin_accounts":
            yield OperatorFact("syncs", names[each.labels["status"]], f"{int(each.value):,}")
    samples = {each.name: int(each.value) for each in look.metrics.samples}
    if "garmin_accounts_fresh" in samples:
        yield OperatorFact("syncs", "read in 24 hours", f"{samples['garmin_accounts_fresh']:,}")
    if "syncs_due" in samples:
        lag = timedelta(seconds=samples["sync_lag_seconds"])
        yield OperatorFact("syncs", "due now", f"{samples['syncs_due']:,}", note=f"the first for {_span(lag)}")
    results: Counter[str] = Counter()
    for (name, labels), count in look.metrics.meters.counts.items():
        if name == "syncs":
            results[dict(labels).get("result", "")] += int(count)
    for result, count in sorted(results.items()):
        yield OperatorFact(
            "syncs", f"ended: {result.replace('_', ' ')}", f"{count:,}", note="since Redis was emptied last"
        )


def _waiting(look: OperatorLook) -> Iterator[OperatorFact]:
    lengths = {each.labels["queue"]: int(each.value) for each in look.metrics.samples if each.name == "queue_jobs"}
    for each in look.metrics.samples:
        if each.name == "oldest_message_seconds":
            kind = KINDS[each.labels["kind"]]
            yield OperatorFact(
                "waiting", f"oldest {kind}", _span(timedelta(seconds=each.value)) if each.value else "none"
            )
    for each in look.metrics.samples:
        if each.name == "queue_oldest_seconds":
            name, age = each.labels["queue"], timedelta(seconds=each.value)
            note = f"the oldest for {_span(age)}" if lengths.get(name) else ""
            yield OperatorFact(
                "waiting",
                f"queue {name}",
                f"{lengths.get(name, 0):,} {'job' if lengths.get(name, 0) == 1 else 'jobs'}",
                note=note,
            )


def _broken(look: OperatorLook) -> Iterator[OperatorFact]:
    if "redis" in look.failed:
        return
    kept = int(_sample(look, "failed_jobs"))
    yield OperatorFact("broken jobs", "all", f"{kept:,}", note="ended by a bug and kept for a week", is_bad=bool(kept))
    groups: dict[tuple[str, str, str], list[BrokenJob]] = {}
    for each in look.broken:
        groups.setdefault((each.name, each.queue, each.error), []).append(each)
    for (name, kind, error), jobs in groups.items():
        at = max(each.ended_at for each in jobs)
        yield OperatorFact(
            "broken jobs",
            name,
            "once" if len(jobs) == 1 else f"{len(jobs)} times",
            note=f"{error}, queue {kind}, last {at:%d %b %H:%M} UTC",
        )


def _processes(report: Report) -> Iterator[OperatorFact]:
    for each in report.heard:
        if each.pulse.kind != FLASK:
            ahead = f"its clock is {abs(each.ahead):.0f} s {'ahead' if each.ahead > 0 else 'behind'}"
            note = ahead if abs(each.ahead) >= 1 else ""
            yield OperatorFact("process", str(each.pulse), f"heard {each.age:.0f} s ago", note=note)


def _sample(look: OperatorLook, name: str) -> float:
    return next((each.value for each in look.metrics.samples if each.name == name), 0.0)


def _number(count: int, most: int) -> str:
    return f"{count:,}+" if count >= most else f"{count:,}"


def _until(span: timedelta) -> str:
    return f"in {_span(span)}" if span > timedelta(0) else "now"


def _span(span: timedelta) -> str:
    """Return a span of time in its largest unit, such as "3 h"."""
    seconds = max(int(span.total_seconds()), 0)
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
