"""How long data is kept. Everything is deleted when its time is over; README has the same times."""

from datetime import datetime, timedelta

from sqlalchemy import CursorResult, Delete, Update, delete, select, update
from sqlalchemy.orm import Session

from models import Activity, AuditEvent, Erasure, InboundMessage, Kudos, Member, MessageEvent, OutboundMessage
from services.data import exports, vendor_copies
from services.delivery import ceiling
from services.ground import limits, undoable
from services.group import kudos
from services.people import (
    confirming,
    feeds,
    kept_answers,
    operator_access,
    personal_tokens,
    sessions,
    signing_in,
    webhook_messages,
    webhooks,
)

INBOUND = timedelta(days=30)
RAW = timedelta(days=30)
EVENTS = timedelta(days=396)  # thirteen months
BATCH = 5_000


def sweep_old(session: Session, now: datetime) -> dict[str, int]:
    """Delete data whose time is over, at most a batch of each kind. Returns the number of rows of each kind."""
    undoable.forget_old_acts(session, now)
    exports.forget_old(session, now)
    limits.forget_old(session, now)
    ceiling.forget_old(session, now)
    for each in (confirming, feeds, kept_answers, operator_access, personal_tokens, sessions, signing_in):
        each.forget_old(session, now)
    webhooks.forget_former_secrets(session, now)
    vendor_copies.hash_what_is_done(session, BATCH)
    typed = select(Member.id).where(Member.unfinished_until < now)
    raw = select(Activity.id).where(Activity.raw_data != {}, Activity.created_at < now - RAW)
    inbound = select(InboundMessage.sid).where(InboundMessage.received_at < now - INBOUND)
    steps = select(MessageEvent.id).where(MessageEvent.at < now - EVENTS)
    sent = select(OutboundMessage.id).where(OutboundMessage.created_at < now - EVENTS)
    acts = select(AuditEvent.id).where(AuditEvent.at < now - EVENTS)
    asked = select(Erasure.sid).where(Erasure.done_at < now - INBOUND)
    nothing = {"unfinished": None, "unfinished_until": None}
    return {
        "unfinished": _done(session, update(Member).where(Member.id.in_(typed.limit(BATCH))).values(nothing)),
        "kudos": _done(session, delete(Kudos).where(Kudos.id.in_(kudos.select_over(now).limit(BATCH)))),
        "inbound": _done(session, delete(InboundMessage).where(InboundMessage.sid.in_(inbound.limit(BATCH)))),
        "raw": _done(session, update(Activity).where(Activity.id.in_(raw.limit(BATCH))).values(raw_data={})),
        "events": _done(session, delete(MessageEvent).where(MessageEvent.id.in_(steps.limit(BATCH)))),
        "outbound": _done(session, delete(OutboundMessage).where(OutboundMessage.id.in_(sent.limit(BATCH)))),
        "audit": _done(session, delete(AuditEvent).where(AuditEvent.id.in_(acts.limit(BATCH)))),
        "webhooks": webhook_messages.forget_old(session, now, BATCH),
        "erasures": _done(session, delete(Erasure).where(Erasure.sid.in_(asked.limit(BATCH)))),
    }


def _done(session: Session, statement: Delete | Update) -> int:
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return result.rowcount if isinstance(result, CursorResult) else 0
