"""The health checks: what each process examines, and how the results are judged."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from jobs import certificates, heartbeats, knocks, redis_look, troubles
from jobs.bounded import BoundedLook
from jobs.redis_look import Seen
from models.outages import name_of
from services.data import keyring
from services.ground import signs
from services.health import backups, database, processes, reach, sending, trends
from services.health.database import Vitals
from services.health.findings import NAMES, Finding, State, report_problem, report_unknown
from services.health.processes import FLASK, WEB, Heard
from world import World

log = structlog.get_logger()

ANSWERS_WITHIN = 8.0  # seconds; a Postgres that does not answer is not waited for any longer
SELDOM = 15.0  # seconds for which a process keeps results that change rarely: keys and templates
FROM_THE_DATABASE = (
    "schema", "tick", "messages", "twilio", "delivery", "sender", "templates", "sources", "dead", "optouts", "spend",
    "backup",
)  # fmt: skip
FROM_REDIS = (
    "worker", "clock", "time", "settings", "keys", "fonts", "jobs", "kept", "webhooks", "hops", "broken", "certificate",
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """All findings, the processes that are alive, and whether the process that made this report can answer a line or at
    least keep it.

    `since` holds when each problem was first noticed.
    """

    findings: tuple[Finding, ...]
    can_serve: bool
    heard: Sequence[Heard] = ()
    since: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def degraded(self) -> list[str]:
        """The names of the checks that fail."""
        return [each.name for each in self.findings if each.state is State.DEGRADED]

    @property
    def remarks(self) -> list[str]:
        """The names of the checks that found something to improve, although nobody is kept waiting."""
        return [each.name for each in self.findings if each.state is State.REMARK]

    @property
    def status(self) -> str:
        """`ready`, `degraded`, or `unavailable` when this process can neither answer a line nor keep it."""
        if not self.can_serve:
            return "unavailable"
        return "degraded" if self.degraded else "ready"


def report_outdated(report: Report, age: float) -> Report:
    """Return the report with the finding that the database does not answer. `age` is the report's age in seconds: since
    then no newer report could be completed.
    """
    says = database.judge(None, f"no look has come to its end for {age:.0f} s")
    findings = [each for each in report.findings if each.name != "database"]
    return replace(report, findings=tuple(_in_order([*says, *findings])))


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda each: NAMES.index(each.name))


@dataclass
class _Database:
    """The results of one query of Postgres. `sealing` are the names of keys with which values are
    encrypted, if known.
    """

    vitals: Vitals | None = None
    findings: list[Finding] = field(default_factory=list)
    sealing: set[str] | None = None


class Doctor:
    """Runs all health checks for one process. Threads may share it. `kind` is the kind of the process."""

    def __init__(self, world: World, kind: str) -> None:
        self.world, self.kind = world, kind
        self._rarely: dict[str, tuple[float, Any]] = {}
        self._database = BoundedLook(self._look_at_database, ANSWERS_WITHIN)

    def examine_unless_others_do(self) -> None:
        """Run the checks, unless another process has done so and logged the results a moment ago."""
        with suppress(RedisError):
            if self.world.redis.exists(troubles.LOOKED):
                return
        self.examine()

    def examine(self) -> Report:
        """Run the checks, log what has changed, and return the report. Does not raise if the database
        or Redis fails.
        """
        report = self._look()
        return replace(report, since=troubles.tell(self.world, report.findings, self.kind))

    def look(self) -> Report:
        """Run the checks without logging, and return the report; `since` is what was logged before.
        Like `examine`, it does not raise.
        """
        report = self._look()
        return replace(report, since=troubles.find_troubles_since(self.world))

    def _look(self) -> Report:
        base, redis = self._what_the_database_says(), redis_look.look(self.world)
        me, others = self._heard(redis, base.vitals)
        heard = [me, *(each for each in others if each.pulse.instance != me.pulse.instance)]
        findings = [*base.findings, report_problem("redis", redis.problem)]
        if redis.is_readable:
            findings += processes.judge_presence(others) + self._of_redis(redis, heard, base.sealing)
        else:
            findings += report_unknown(*FROM_REDIS)
        is_usable = base.vitals is not None and base.vitals.is_usable
        return Report(tuple(_in_order(findings)), is_usable or redis.problem is None, heard)

    def _what_the_database_says(self) -> _Database:
        """Query Postgres with a time limit of our own: the server's limits have no effect if
        the server itself hangs.
        """
        try:
            return self._database.look()
        except TimeoutError:
            seen = _Database(findings=database.judge(None, f"no answer within {ANSWERS_WITHIN:.0f} s"))
            seen.findings += report_unknown(*FROM_THE_DATABASE)
            return seen

    def _look_at_database(self) -> _Database:
        seen = _Database()
        try:
            with self.world.sessions() as session:
                seen.vitals = database.look(session)
                seen.findings = database.judge(seen.vitals)
                if not seen.vitals.is_behind:
                    self._look_into_database(session, seen)
        except SQLAlchemyError as error:
            if seen.vitals is None:
                seen.findings = database.judge(None, name_of(error))
            else:
                log.warning("health not looked at", error=name_of(error))
        seen.findings += report_unknown(*(set(FROM_THE_DATABASE) - {each.name for each in seen.findings}))
        return seen

    def _look_into_database(self, session: Session, seen: _Database) -> None:
        now, settings, standing = self.world.now(), self.world.settings, signs.list_signs(session)
        seen.findings += [
            sending.judge_tick(standing, now, settings.tick_seconds),
            sending.judge_messages(session, now),
            sending.judge_account(session, standing, now),
            reach.judge(standing, now),
            sending.judge_sender(standing),
            trends.judge_sources(session, now),
            trends.judge_dead(standing, now),
            trends.judge_opt_outs(session, standing, now),
            backups.judge_backup(standing, now, settings.backup_within_hours, is_wanted=bool(settings.backup_to)),
            self._seldom("spend", lambda: trends.judge_spend(session, now, settings.messages_a_day)),
            self._seldom("templates", lambda: sending.judge_templates(session, settings.twilio_account_sid)),
        ]
        seen.sealing = self._seldom("sealing", lambda: keyring.list_names_in_use(session))

    def _heard(self, redis: Seen, vitals: Vitals | None) -> tuple[Heard, list[Heard]]:
        """Return this process, which may be unable to write its heartbeat, and all processes with a heartbeat."""
        me = heartbeats.take_pulse(self.world, self.kind, heartbeats.name_instance())
        reference = vitals.now.timestamp() if vitals else redis.now or me.at.timestamp()
        others = heartbeats.read_beats(redis.beats, redis.now, reference)
        return Heard(me, 0.0, me.at.timestamp() - reference), others

    def _of_redis(self, redis: Seen, heard: Sequence[Heard], sealing: set[str] | None) -> list[Finding]:
        settings = self.world.settings
        return [
            self._time(heard),
            processes.judge_settings(heard),
            processes.judge_keys(heard, sealing),
            processes.judge_fonts(heard),
            redis_look.judge_jobs(redis),
            redis_look.judge_kept(redis, self.world),
            redis_look.judge_broken(redis),
            certificates.judge(redis.certificate, self.world.now()),
            knocks.judge(redis.bad, redis.proven, settings.twilio_account_sid),
            *self._hops(redis),
        ]

    def _time(self, heard: Sequence[Heard]) -> Finding:
        """Judge the clocks of the processes. A pretend clock is not compared: it is right only if the vendor is the
        simulator too.
        """
        settings = self.world.settings
        if not settings.pretend_clock:
            return processes.judge_time(heard)
        is_demo = bool(settings.twilio_api_base_url)
        return report_problem(
            "time", None if is_demo else "PRETEND_CLOCK is set, which is for the demo: it can be moved"
        )

    def _hops(self, redis: Seen) -> list[Finding]:
        """Compare TRUSTED_HOPS with the webhooks. Only web processes need that setting, so only
        they and an operator's command do it.
        """
        if self.kind not in (WEB, FLASK):
            return report_unknown("hops")
        return [knocks.judge_hops(redis.proxies, self.world.settings.trusted_hops)]

    def _seldom(self, name: str, look: Callable[[], Any]) -> Any:
        """Return a recent result of this check, or run it now."""
        kept = self._rarely.get(name)
        if kept is None or time.monotonic() - kept[0] > SELDOM:
            kept = self._rarely[name] = (time.monotonic(), look())
        return kept[1]
