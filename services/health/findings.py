"""The result of a health check: its name, its state, and how to repair the problem."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """The state of a check. OK: it works. DEGRADED: it does not work, and people wait or are not told something, or
    soon will be. REMARK: it could be better, but keeps nobody waiting, so no alarm is needed. UNKNOWN: it could not be
    checked, because of another problem (for example with the database) that has its own finding.
    """

    OK = "ok"
    REMARK = "remark"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """The result of one check. `says` is a sentence for the operator; it never contains a secret or a phone number."""

    name: str
    state: State = State.OK
    says: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


def report_problem(name: str, problem: str | None, **figures: Any) -> Finding:
    """Return a finding that is DEGRADED if there is a problem, and OK otherwise."""
    return Finding(name, State.DEGRADED if problem else State.OK, problem or "", figures)


def report_remark(name: str, remark: str | None, **figures: Any) -> Finding:
    """Return a finding that is REMARK if there is a remark, and OK otherwise."""
    return Finding(name, State.REMARK if remark else State.OK, remark or "", figures)


def report_unknown(*names: str) -> list[Finding]:
    """Return findings for checks that cannot be made now."""
    return [Finding(name, State.UNKNOWN) for name in names]


# The command or setting that repairs each problem. docs/health.md explains them in detail; a test compares the two.
MENDS = {
    "database": "See that Postgres runs, takes connections and may be written to (DATABASE_URL, its plan, its disk)",
    "schema": "alembic upgrade head",
    "redis": "See that Redis runs and has memory left (REDIS_URL: redis:// or, with TLS, rediss://; its maxmemory)",
    "worker": "Start the worker process of the Procfile, with the same REDIS_URL as the web process",
    "clock": "Start the clock process of the Procfile, with the same REDIS_URL as the web process",
    "tick": "Look into the worker's log; worker, clock and web need the same DATABASE_URL and REDIS_URL",
    "time": "Set the clock of the machine that is named (NTP)",
    "messages": "Look into the worker's log; add workers (WORKERS) if it is only slow",
    "jobs": "Add workers (WORKERS), or look into the worker's log for a job that hangs",
    "kept": "Look into the worker's log; lines kept in Redis are answered by the first tick after Postgres is back",
    "twilio": "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN must be those of Twilio's console, the account active and paid",
    "delivery": "See https://status.twilio.com, and that the worker reaches https://api.twilio.com (DNS, firewall); "
    "TWILIO_API_BASE_URL must not be set",
    "sender": "TWILIO_WHATSAPP_FROM must be a WhatsApp sender of this Twilio account",
    "webhooks": "TWILIO_AUTH_TOKEN and TWILIO_ACCOUNT_SID must be those of the account or subaccount that has the "
    "number, and PUBLIC_BASE_URL the address that is set there",
    "hops": "Set TRUSTED_HOPS to the number of proxies that webhooks come through",
    "templates": "flask --app wsgi templates push, then templates status until WhatsApp has approved them",
    "keys": "Give web and worker the same DATA_KEYS, with every key that flask --app wsgi keys status names",
    "settings": "Give web, worker and clock the same settings, and restart those that still have the old ones",
    "sources": "It is tried again by itself; lower GARMIN_RATE if Garmin refuses us often",
    "dead": "Look for `message failed` and `message refused` in the worker's log: code and meaning say why",
    "broken": "Look for `job broke` in the worker's log, and tell the developers",
    "optouts": "Look what was sent last, and to whom: too many opt-outs, and WhatsApp pauses the templates",
    "spend": "flask --app wsgi spent names the dearest groups; MESSAGES_A_DAY is the ceiling",
    "backup": "flask --app wsgi backup run makes one and says what is wrong; let it run daily (docs/backup.md)",
    "certificate": "Renew the certificate; with Caddy, docker compose logs caddy says why it has not",
    "fonts": "Install fonts-noto-core, fonts-noto-cjk and fonts-noto-color-emoji where the worker runs",
}
NAMES = tuple(MENDS)
REMARKS = {"fonts"}  # these are never more than a remark
# These occur during a deploy, when processes stop and start one after the other. They are logged only if they last.
SETTLING = {"worker", "clock", "tick", "keys", "settings", "fonts"}
