"""Checks whether the vendor accepts our messages, answers our requests, and delivers messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from models import Sign
from services.delivery.reach import REMEMBERED
from services.ground import signs
from services.health.findings import Finding, report_problem

# One failure may be chance; this many failures in a row over this time are not. A problem must be named within a
# minute.
TRIES = 2
SILENT_FOR = timedelta(seconds=40)
SAID = {
    signs.NOT_TAKEN: "Twilio has taken no message",
    signs.NOT_ANSWERED: "Twilio has answered no question",
    signs.NOT_ARRIVED: "WhatsApp has taken no message",
}
# The failures of the first two kinds are added up, because both fail if Twilio cannot be reached.
TOGETHER = ((signs.NOT_TAKEN, signs.NOT_ANSWERED), (signs.NOT_ARRIVED,))


def judge(standing: Mapping[str, Sign], now: datetime) -> Finding:
    """Return the finding `delivery`: have all messages or requests failed for some time?"""
    recent = {name: sign for name, sign in standing.items() if name in SAID and sign.at >= now - REMEMBERED}
    groups = [[recent[name] for name in names if name in recent] for names in TOGETHER]
    says = [_told(sign) for group in groups if _lasts(group, now) for sign in group]
    tries = {f"{name.replace(' ', '_')}_tries": recent[name].count if name in recent else 0 for name in SAID}
    return report_problem("delivery", "; ".join(says) or None, **tries)


def _lasts(group: Sequence[Sign], now: datetime) -> bool:
    tries, since = sum(sign.count for sign in group), min((sign.since for sign in group), default=now)
    return tries >= TRIES and now - since >= SILENT_FOR


def _told(sign: Sign) -> str:
    times = "once" if sign.count == 1 else f"{sign.count} times"
    return f"{SAID[sign.name]} since {sign.since:%H:%M:%S} UTC, tried {times} ({sign.detail})"
