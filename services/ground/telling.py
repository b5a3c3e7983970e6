"""Collects log lines in a transaction. They are written after its commit, so that nothing is logged
that was rolled back.

Services do not log themselves; the caller that commits does. A line about a message names the turn in which the message
was written, or the run of the job that wrote it, and the inbound message that it answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy.orm import Session

from models import MessageState, OutboundMessage
from providers.messenger import RefusalMeaning

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class LogLine:
    """One line of the log."""

    level: Level
    event: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def tell(session: Session, level: Level, event: str, **facts: Any) -> None:
    """Log this event once this transaction is committed."""
    list_told(session).append(LogLine(level, event, facts))


def list_told(session: Session) -> list[LogLine]:
    """Return the lines to log after the commit."""
    lines: list[LogLine] = session.info.setdefault("lines", [])
    return lines


def name_turn(session: Session, turn: str | None) -> None:
    """Set the turn, or the run of a job, to which messages written in this session belong."""
    session.info["turn"] = turn


def find_turn(session: Session) -> str | None:
    """Return the turn, or the run of a job, for which this session works."""
    turn: str | None = session.info.get("turn")
    return turn


def name_message(row: OutboundMessage) -> dict[str, str]:
    """Return the facts that every line about this message contains."""
    facts = {"message": str(row.id), "turn": row.turn, "inbound": row.inbound}
    return {name: value for name, value in facts.items() if value is not None}


def tell_step(session: Session, row: OutboundMessage, source: str, detail: Mapping[str, object]) -> None:
    """Log one step of a message. The level depends on who has to act."""
    level, event = _judged(row.state, source, detail)
    facts = {"kind": str(row.kind), "state": str(row.state), "source": source, **detail, **name_message(row)}
    if row.sid is not None:
        facts["sid"] = row.sid
    list_told(session).append(LogLine(level, event, facts))


# Reasons that lie with the person or their phone: the operator need not act.
OF_THE_PERSON = (RefusalMeaning.NO_MORE, RefusalMeaning.UNREACHABLE)
PASSES = (RefusalMeaning.AGAIN_SOON, RefusalMeaning.AGAIN_LATER, RefusalMeaning.WINDOW_CLOSED)
HANDED_OVER: dict[MessageState, tuple[Level, str]] = {
    MessageState.SENDING: ("info", "message claimed"),
    MessageState.ACCEPTED: ("info", "message handed over"),
    MessageState.SENT: ("info", "message sent"),
    MessageState.DELIVERED: ("info", "message delivered"),
    MessageState.READ: ("info", "message read"),
    MessageState.UNKNOWN: ("warning", "message in doubt"),
    MessageState.SUPPRESSED: ("info", "message not wanted any more"),
}
EXPIRED: dict[object, tuple[Level, str]] = {
    "too late": ("error", "message too late"),
    "window closed": ("warning", "message has no form after 24 hours"),
}
GIVEN_UP: tuple[Level, str] = ("error", "message given up")


def _judged(state: MessageState, source: str, detail: Mapping[str, object]) -> tuple[Level, str]:
    if "code" in detail:
        return _refusal(state, source, detail)
    why = str(detail.get("why", ""))
    if why.startswith("unreadable"):
        return "error", "message unreadable"
    if state is MessageState.EXPIRED:
        return EXPIRED.get(why, GIVEN_UP)
    if state is MessageState.FAILED:
        return "error", "message failed"
    if state is MessageState.QUEUED:
        return _waits(source, why)
    return HANDED_OVER[state]


def _refusal(state: MessageState, source: str, detail: Mapping[str, object]) -> tuple[Level, str]:
    """Return the level and the event for a message that Twilio or WhatsApp refused with a code."""
    event = "message refused" if source == "api" else "message not delivered"
    meaning = detail.get("meaning")
    if meaning in OF_THE_PERSON:
        return "info", event
    if meaning in PASSES and (state is MessageState.QUEUED or meaning is RefusalMeaning.WINDOW_CLOSED):
        return "warning", event
    return "error", event


def _waits(source: str, why: str) -> tuple[Level, str]:
    """Return the level and the event for a message that is in the queue again without an error code."""
    if source == "look":
        return "warning", "message goes again"
    if source == "claim":
        return ("warning" if why == "template held" else "info"), "message put off"
    return ("info" if why == "stopped" else "warning"), "message put back"
