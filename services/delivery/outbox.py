"""Claims messages for sending: decides who gets which message next, and in which form.

The claim is committed before the message is sent. So after a crash the row shows that it may have been sent, and it is
not simply sent again. `services.delivery.outcomes` stores what became of it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from messages.message import Message
from models import Member, Membership, MessageEvent, MessageKind, MessageState, OutboundMessage
from models.hashes import digest
from models.vault import UnknownKey, Unreadable, vault
from services.delivery import ceiling, contents
from services.delivery.ceiling import Ceilings, Purse
from services.ground import leases, recipients, unreadable
from services.ground.counting import Count, Duration, count, measure
from services.ground.telling import name_message, tell_step

PAIR_GAP = timedelta(seconds=6)  # WhatsApp accepts about one message in six seconds from one sender to one person
WINDOW = timedelta(hours=23, minutes=50)  # WhatsApp's 24 hours, minus a margin for the time of sending
BUDGET_AGAIN = timedelta(hours=1)
PROOF_AGAIN = timedelta(hours=6)  # a message in doubt is checked again; a proof calls `waiting.release` earlier
NO_KEY = "unknown key"
IN_DOUBT = "perhaps somebody else's number by now"
# How soon a message is tried again if this process lacks its key: another process may have it.
KEY_AGAIN = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 10, 20, 60, 300))
DAY = timedelta(hours=24)
ROWS_FOR_EACH = 3  # rows to read for each message: several may wait for one person, and only the first may be sent
QUIET_GRACE = timedelta(hours=2)
MOST_PASSED_OVER = 500
IN_FLIGHT = (MessageState.SENDING, MessageState.UNKNOWN)

# Condition: another message to the same person is being sent. Built once, because a new alias takes SQLAlchemy
# milliseconds.
_busy = aliased(OutboundMessage)
_IS_BUSY = exists().where(_busy.member_id == OutboundMessage.member_id, _busy.state.in_(IN_FLIGHT))


@dataclass(frozen=True)
class ClaimRules:
    """The operator's settings: how long a claim lasts, how many people may get a template in 24 hours, and how many
    messages may be sent.
    """

    lease: timedelta
    people_a_day: int
    ceilings: Ceilings


@dataclass(frozen=True)
class Claimed:
    """A message that only this worker may send now.

    `attempt` tells this claim from earlier and later ones of the same message. `said_as` is the form: the name
    of an approved template or of a content for buttons or a list, "picture" or "text". `content_id` is the
    vendor's id of that template or content, if it is one. `text` is what the reader will read. `name_message` are the
    facts for every log line.
    """

    id: UUID
    attempt: int
    kind: MessageKind
    to: str
    expires_at: datetime
    message: Message
    said_as: str
    text: str
    content_id: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)


def claim(
    session: Session, now: datetime, most: int, usable: Mapping[str, str], rules: ClaimRules, purse: Purse | None = None
) -> list[Claimed]:
    """Claim up to `most` messages, at most one for each person, replies first. The caller must commit before sending.

    `usable` are the contents that the vendor has for us; `purse` counts sent messages. A message that may not be sent
    is ended or put off here, and the next one takes its place.
    """
    claimed: list[Claimed] = []
    left: Counter[int | None] = Counter()
    seen, spent = 0, (purse or Purse()).spent(session, now)
    while len(claimed) < most and seen < most + MOST_PASSED_OVER:
        rows = _next_for_each_person(session, now, most - len(claimed))
        if not rows:
            break
        seen += len(rows)
        for row, member in rows:
            was_tried = row.first_attempt_at is not None
            if not spent.allows(row.kind, row.group_id, rules.ceilings):
                _put_off(session, row, now, "daily ceiling")
            elif found := _claimed(session, row, member, now, usable, rules):
                left[row.group_id] += not was_tried
                spent.by_group[row.group_id] += not was_tried
                claimed.append(found)
    ceiling.note(session, left, now)
    return claimed


def count_ready(session: Session, now: datetime, most: int) -> int:
    """Count the messages that may be claimed now, up to `most`."""
    some = select(OutboundMessage.id).join(Member, Member.id == OutboundMessage.member_id).where(*_may_go(now))
    return session.execute(select(func.count()).select_from(some.limit(most).subquery())).scalar_one()


def find_next_due(session: Session) -> datetime | None:
    """Return when the next queued message may be sent, or None if none waits. A person who has just got a message gets
    the next one 6 s later, unless it is a reply.
    """
    rested = case((OutboundMessage.kind == MessageKind.REPLY, None), else_=Member.next_send_at)
    may_leave: ColumnElement[datetime | None] = func.greatest(OutboundMessage.next_attempt_at, rested)
    query = select(func.min(may_leave)).join(Member, Member.id == OutboundMessage.member_id)
    return session.scalar(query.where(OutboundMessage.state == MessageState.QUEUED, ~_IS_BUSY))


def end(session: Session, row: OutboundMessage, state: MessageState, source: str, **detail: object) -> None:
    """End a message for good, and delete its text."""
    row.state = state
    row.leased_until = row.content = None
    note_event(session, row, source, **detail)


def note_event(session: Session, row: OutboundMessage, source: str, **detail: object) -> None:
    """Store one step of a message, and log it after the commit."""
    session.add(MessageEvent(message_id=row.id, source=source, state=row.state, detail=detail))
    tell_step(session, row, source, detail)
    count(session, Count.MESSAGES, kind=row.kind, state=row.state)
    if "code" in detail:
        count(session, Count.ERRORS, code=detail["code"])
    if row.state is MessageState.ACCEPTED and row.kind is MessageKind.REPLY and row.accepted_at:
        measure(session, Duration.HANDED_OVER, row.accepted_at - row.created_at)


def hash_body(session: Session, text: str) -> str:
    """Return a hash by which a text is recognised in the vendor's list. It is a keyed hash, because an invite code
    could be guessed from a plain one.
    """
    return digest(session, "body", " ".join(text.split()))[:32]


def _may_go(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for a message that may be claimed, in a query that joins its reader."""
    # Replies need no gap, because WhatsApp allows short bursts; other messages keep the gap of six seconds.
    rested = or_(OutboundMessage.kind == MessageKind.REPLY, Member.next_send_at.is_(None), Member.next_send_at <= now)
    return (
        OutboundMessage.state == MessageState.QUEUED,
        OutboundMessage.next_attempt_at <= now,
        rested,
        ~_IS_BUSY,
    )


def _next_for_each_person(session: Session, now: datetime, most: int) -> Sequence[tuple[OutboundMessage, Member]]:
    query = (
        select(OutboundMessage, Member)
        .join(Member, Member.id == OutboundMessage.member_id)
        .where(*_may_go(now))
        .order_by(OutboundMessage.priority, OutboundMessage.next_attempt_at, OutboundMessage.created_at)
        .limit(most * ROWS_FOR_EACH)
        # NO KEY UPDATE, so that this does not conflict with writing a digest for these members, which only refers to
        # them.
        .with_for_update(skip_locked=True, key_share=True, of=[OutboundMessage, Member])
        .execution_options(populate_existing=True)
    )
    first: dict[int, tuple[OutboundMessage, Member]] = {}
    for row, member in session.execute(query):
        if len(first) < most:
            first.setdefault(member.id, (row, member))
    # Between the query and the lock another worker may have claimed a message to the same person, so check again.
    in_flight = (OutboundMessage.member_id.in_(first), OutboundMessage.state.in_(IN_FLIGHT))
    taken = select(OutboundMessage.member_id).where(*in_flight)
    for member_id in session.scalars(taken):
        first.pop(member_id, None)
    return list(first.values())


def _claimed(
    session: Session, row: OutboundMessage, member: Member, now: datetime, usable: Mapping[str, str], rules: ClaimRules
) -> Claimed | None:
    """Claim one message. Returns None if it may not be sent now: then it was put off or ended."""
    if _is_over_or_waits(session, row, member, now) or (message := _opened(session, row, now)) is None:
        return None
    template = None
    if member.last_inbound_at is None or now - member.last_inbound_at > WINDOW:
        template = _template(session, row, member, message, now, usable, rules)
        if template is None:
            return None
    row.said_as, text = _words(message, template, usable)
    row.state = MessageState.SENDING
    row.attempt += 1
    row.first_attempt_at = row.first_attempt_at or now
    row.leased_until = leases.end_lease_in(session, rules.lease)
    row.body_hash = hash_body(session, text)
    member.next_send_at = now + PAIR_GAP
    note_event(session, row, "claim", attempt=row.attempt, said_as=row.said_as)
    return Claimed(
        row.id,
        row.attempt,
        row.kind,
        member.address,
        row.expires_at,
        message,
        row.said_as,
        text,
        usable.get(row.said_as),
        name_message(row),
    )


def _is_over_or_waits(session: Session, row: OutboundMessage, member: Member, now: datetime) -> bool:
    """Whether the message may not be sent now, whatever it says. Then it was ended, or put off until it may."""
    if over := _over(session, row, member, now):
        end(session, row, over[0], "claim", why=over[1])
        return True
    if _is_in_doubt(row, member, now):
        _put_off(session, row, now, IN_DOUBT, PROOF_AGAIN)
        return True
    if row.kind is not MessageKind.REPLY and (morning := recipients.find_end_of_quiet_hours(member, now)):
        row.next_attempt_at, row.expires_at = morning, max(row.expires_at, morning + QUIET_GRACE)
        return True
    return False


def _opened(session: Session, row: OutboundMessage, now: datetime) -> Message | None:
    """Return the decrypted message. Returns None if it waits for its key, or was ended because somebody changed it."""
    try:
        return Message.from_json(vault(session).open("message", row.id, row.content or b""))
    except Unreadable as error:
        unreadable.note(session, error, "outbound_messages", row.id)
        if isinstance(error, UnknownKey):
            _put_off(session, row, now, NO_KEY, _key_again(session, row))
        else:
            end(session, row, MessageState.FAILED, "claim", why="unreadable")
        return None


def _words(message: Message, template: str | None, usable: Mapping[str, str]) -> tuple[str, str]:
    """Return the form in which the message is sent, and its text in that form."""
    if template is not None and message.approved is not None:
        return template, contents.write_template(message.approved)
    form = f"list_{len(message.choices)}" if message.choices else f"buttons_{len(message.buttons)}"
    if message.offers and form in usable:
        return form, message.text
    return ("picture" if message.pictured else "text"), message.plain


def _over(session: Session, row: OutboundMessage, member: Member, now: datetime) -> tuple[MessageState, str] | None:
    """Return the final state and the reason if the message is too late or its reader no longer wants it, else None."""
    if row.expires_at <= now:  # if it is late only because of a doubt, this is no error
        is_kept_back = _is_in_doubt(row, member, now)
        return (MessageState.SUPPRESSED, IN_DOUBT) if is_kept_back else (MessageState.EXPIRED, "too late")
    if row.kind is MessageKind.REPLY:
        return None
    left = row.kind is MessageKind.DIGEST and not _still_belongs(session, row)
    reasons = {
        "opted out": member.opted_out_at,
        "unreachable": member.unreachable_at,
        "left the group": left,
    }
    why = next((why for why, holds in reasons.items() if holds), None)
    return (MessageState.SUPPRESSED, why) if why else None


def _is_in_doubt(row: OutboundMessage, member: Member, now: datetime) -> bool:
    """Whether the message has to wait because it is in doubt whose number it is. Replies do not wait."""
    return row.kind is not MessageKind.REPLY and recipients.is_in_doubt(member, now)


def _still_belongs(session: Session, row: OutboundMessage) -> bool:
    here = (Membership.member_id == row.member_id, Membership.group_id == row.group_id, Membership.left_at.is_(None))
    return row.group_id is None or session.scalar(select(Membership.id).where(*here)) is not None


def _template(
    session: Session,
    row: OutboundMessage,
    member: Member,
    message: Message,
    now: datetime,
    usable: Mapping[str, str],
    rules: ClaimRules,
) -> str | None:
    """Return the approved template in which to send the message, because the 24 hours are over. Returns None if the
    message was put off or ended instead.
    """
    if message.approved is None:
        end(session, row, MessageState.EXPIRED, "claim", why="window closed")
        return None
    if message.approved.name not in usable:
        _put_off(session, row, now, "template held")
        return None
    is_counted = member.template_at is not None and member.template_at > now - DAY
    if not is_counted and not ceiling.has_template_left(session, now, rules.people_a_day):
        _put_off(session, row, now, "daily limit")
        return None
    member.template_at = now
    return message.approved.name


def _put_off(session: Session, row: OutboundMessage, now: datetime, why: str, pause: timedelta = BUDGET_AGAIN) -> None:
    row.next_attempt_at = now + pause
    note_event(session, row, "claim", why=why)


def _key_again(session: Session, row: OutboundMessage) -> timedelta:
    """Return how long the message waits for its key this time. The wait grows each time."""
    before = (MessageEvent.message_id == row.id, MessageEvent.detail["why"].astext == NO_KEY)
    times = session.execute(select(func.count()).select_from(MessageEvent).where(*before)).scalar_one()
    return KEY_AGAIN[min(times, len(KEY_AGAIN) - 1)]
