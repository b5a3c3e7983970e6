"""Checks whether messages are sent: what waits too long, what the vendor refuses, and whether templates may be used."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, exists, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from models import Breaker, DigestRun, MessageKind, MessageState, OutboundMessage, RunStatus, Sign
from models import Content as StoredContent
from services.delivery import contents
from services.delivery.mailbox import PRIORITY
from services.delivery.outbox import IN_FLIGHT
from services.ground import breakers, signs
from services.health.findings import Finding, report_problem

UNMADE = "unmade"
REPLIES_LOOKED_AT = 200
SAID = {
    MessageKind.REPLY: "a reply",
    MessageKind.NOTICE: "a notice",
    MessageKind.DIGEST: "a digest",
    UNMADE: "a digest that is not made yet",
}
# A reply is sent at once. A digest for ten thousand people takes some minutes even when everything works.
MOST_WAIT = {
    MessageKind.REPLY: timedelta(seconds=60),
    MessageKind.NOTICE: timedelta(minutes=30),
    MessageKind.DIGEST: timedelta(minutes=30),
    UNMADE: timedelta(minutes=30),
}
TICKS_MISSED = 3
USABLE = (contents.SESSION, contents.APPROVED)


def judge_messages(session: Session, now: datetime) -> Finding:
    """Return the finding `messages`: how long the oldest message of each kind and the oldest unmade digest have waited.

    For a reply, waiting counts from when it was written, however often it was tried. For other messages it counts from
    when they may be tried again, after a vendor or our own rules have put them off.
    """
    oldest = {what: since for what, since in session.execute(_oldest()) if since}
    waits = {what: _seconds(now - since) for what, since in oldest.items()}
    late = [f"{SAID[what]} has waited for {wait} s" for what, wait in waits.items() if wait > _seconds(MOST_WAIT[what])]
    return report_problem(
        "messages", "; ".join(late) or None, **{f"oldest_{what}_seconds": wait for what, wait in waits.items()}
    )


def judge_tick(standing: Mapping[str, Sign], now: datetime, every: int) -> Finding:
    """Return the finding `tick`: was one completed lately? A tick is due every `every` seconds."""
    last = standing.get(signs.TICK)
    if last is None:
        return report_problem("tick", "No tick has come to its end yet")
    age = _seconds(now - last.at)
    problem = f"The last tick ended {age} s ago" if age > TICKS_MISSED * every else None
    return report_problem("tick", problem, seconds_ago=age)


def judge_account(session: Session, standing: Mapping[str, Sign], now: datetime) -> Finding:
    """Return the finding `twilio`: does the vendor accept our account, and may we send?"""
    refused, breaker = standing.get(signs.ACCOUNT_REFUSED), session.get(Breaker, breakers.MESSENGER)
    if refused is not None:
        return report_problem("twilio", f"Our account is refused: {refused.detail}", times=refused.count)
    if breaker is not None and breaker.shut_until > now:
        return report_problem("twilio", f"Nothing is sent until {breaker.shut_until:%H:%M} UTC: {breaker.why}")
    return report_problem("twilio", None)


def judge_sender(standing: Mapping[str, Sign]) -> Finding:
    """Return the finding `sender`: may this account send from our number?"""
    refused = standing.get(signs.SENDER_REFUSED)
    problem = f"Messages from our number are refused ({refused.detail})" if refused else None
    return report_problem("sender", problem, times=refused.count if refused else 0)


def judge_templates(session: Session, account: str) -> Finding:
    """Return the finding `templates`: are all contents stored at the vendor, in this account, and
    approved if necessary?

    `account` is the vendor's id of our account.
    """
    stored = {each.name: each for each in session.scalars(select(StoredContent))}
    needed = contents.list_fingerprints()
    groups = {
        "never pushed": [name for name in needed if name not in stored],
        "changed since they were pushed": [
            name for name, each in stored.items() if each.fingerprint != needed.get(name, each.fingerprint)
        ],
        "of another Twilio account": [name for name, each in stored.items() if each.account not in (None, account)],
        "not approved": [name for name, each in stored.items() if name in needed and each.status not in USABLE],
    }
    says = [f"{what}: {', '.join(sorted(names)[:5])}" for what, names in groups.items() if names]
    return report_problem("templates", "; ".join(says) or None, **{what: len(names) for what, names in groups.items()})


@cache
def _oldest() -> CompoundSelect[Any]:
    """Return a query: since when the oldest message of each kind has waited, and since when the oldest digest
    could have been made. Notices and digests are read from the start of an index, and at most
    `REPLIES_LOOKED_AT` replies are read.
    """
    busy = aliased(OutboundMessage)
    free = ~exists().where(busy.member_id == OutboundMessage.member_id, busy.state.in_(IN_FLIGHT))
    waiting = [
        select(literal(str(kind)), OutboundMessage.next_attempt_at)
        .where(OutboundMessage.state == MessageState.QUEUED, OutboundMessage.priority == priority, free)
        .order_by(OutboundMessage.next_attempt_at)
        .limit(1)
        for kind, priority in PRIORITY.items()
        if kind is not MessageKind.REPLY
    ]
    # A message with an error code was answered by the vendor, and was put off because of that code.
    replies = (
        select(OutboundMessage.created_at)
        .where(
            OutboundMessage.state == MessageState.QUEUED,
            OutboundMessage.priority == PRIORITY[MessageKind.REPLY],
            OutboundMessage.error_code.is_(None),
            free,
        )
        .order_by(OutboundMessage.next_attempt_at)
        .limit(REPLIES_LOOKED_AT)
        .subquery()
    )
    waiting.append(select(literal(str(MessageKind.REPLY)), func.min(replies.c.created_at)))
    unmade = select(literal(UNMADE), func.min(DigestRun.due_at)).where(DigestRun.status == RunStatus.PENDING)
    return union_all(*(select(each.subquery()) for each in (*waiting, unmade)))


def _seconds(span: timedelta) -> int:
    return max(int(span.total_seconds()), 0)
