"""Contents stored at the vendor: buttons for a conversation, and templates that WhatsApp must approve.

A content belongs to one account of the vendor's, and may be deleted there. One that is not there is not used: until a
job has stored it again, messages with buttons are said as text with numbers, and templates wait.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from messages.languages import FIRST, approved_files, labels
from messages.message import FEWEST_CHOICES, MOST_CHOICES, Approved, Message
from models import Content as StoredContent
from providers.errors import MessengerError
from providers.messenger import Content, Messenger

PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
SESSION, APPROVED = "session", "approved"
MISSING = "missing"
UNSUBMITTED = "unsubmitted"
CATEGORY = "UTILITY"  # what the member asked for; marketing is not delivered to +1 numbers
WAITING = (UNSUBMITTED, "received", "pending")
LISTS = ("items", "opens")  # a content without them is what it was before there were lists
CHECKED_EVERY = timedelta(days=1)
# How soon a job tries once more to store what it stored, or could not hand in: something may delete it each time, and
# processes with another account may do the same to ours.
AGAIN_AFTER, OTHERS_AGAIN_AFTER = timedelta(minutes=10), timedelta(hours=1)
ONE_PUSHES = 710_011  # the advisory lock of whoever stores a content: two at once would store it twice


@dataclass(frozen=True)
class Change:
    """What happened to one content: pushed, kept, or where its approval stands."""

    name: str
    status: str
    category: str = ""
    reason: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether the operator must act: messages are held, or cost more than they should."""
        return self.status not in (SESSION, *WAITING) and (self.status, self.category) != (APPROVED, CATEGORY)


def buttons_content(count: int) -> Content:
    """The content through which every message with so many buttons goes: all of it is variables.

    {{1}} is the text; then come label and meaning of each button. Needs no approval inside the 24 hours.
    """
    pairs = [(f"{{{{{2 * i}}}}}", f"{{{{{2 * i + 1}}}}}") for i in range(1, count + 1)]
    samples = {"1": "What would you like to see?"}
    for i in range(1, count + 1):
        samples |= {str(2 * i): f"Choice {i}", str(2 * i + 1): f"choice {i}"}
    return Content(name=f"buttons_{count}", body="{{1}}", kind=SESSION, buttons=pairs, samples=samples)


def buttons_values(message: Message) -> dict[str, str]:
    """The variables of `buttons_content` for this message."""
    values = {"1": message.text}
    for i, button in enumerate(message.buttons, 1):
        values |= {str(2 * i): button.label, str(2 * i + 1): button.says}
    return values


def list_content(count: int) -> Content:
    """The content through which every message with so many choices goes; never outside the 24 hours.

    {{1}} is the text, {{2}} what opens the list; then come label, meaning and description of each choice.
    """
    numbers = [range(3 * i, 3 * i + 3) for i in range(1, count + 1)]
    samples = {"1": "What would you like to see?", "2": labels(FIRST)["choose"]}
    for i, (label, says, about) in enumerate(numbers, 1):
        samples |= {str(label): f"Choice {i}", str(says): f"choice {i}", str(about): f"What choice {i} is about"}
    items = [(f"{{{{{label}}}}}", f"{{{{{says}}}}}", f"{{{{{about}}}}}") for label, says, about in numbers]
    return Content(name=f"list_{count}", body="{{1}}", kind=SESSION, samples=samples, items=items, opens="{{2}}")


def list_values(message: Message) -> dict[str, str]:
    """The variables of `list_content` for this message."""
    values = {"1": message.text, "2": message.opens}
    for i, choice in enumerate(message.choices, 1):
        values |= {str(3 * i): choice.label, str(3 * i + 1): choice.says, str(3 * i + 2): choice.about}
    return values


def definitions() -> list[Content]:
    """All contents that the bot needs."""
    lists = [list_content(count) for count in range(FEWEST_CHOICES, MOST_CHOICES + 1)]
    return [buttons_content(count) for count in (1, 2, 3)] + lists + [_approved(name) for name in approved_files()]


@cache
def fingerprints() -> Mapping[str, str]:
    """The fingerprints of all contents that the bot needs, by name."""
    return {content.name: fingerprint_of(content) for content in definitions()}


def push(session: Session, messenger: Messenger, now: datetime) -> list[Change]:
    """Store what is new, changed or missing at the vendor, and ask for the approvals. Safe to repeat."""
    return [push_one(session, messenger, content, now) for content in definitions()]


def push_one(session: Session, messenger: Messenger, content: Content, now: datetime) -> Change:
    """Store one, if it is new or changed, or if the vendor says that our account does not have it.

    Whoever commits after each makes none twice when a later one fails. An approval that could not be asked for is
    asked for by the next push.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(ONE_PUSHES))):
        return Change(content.name, "", reason="another process stores it at this moment")
    stored = session.get(StoredContent, content.name, populate_existing=True)
    fingerprint = fingerprint_of(content)
    is_known = stored is not None and stored.fingerprint == fingerprint
    if stored is None or not is_known or not _is_there(stored, messenger):
        sid = messenger.push_content(content)
        status = SESSION if content.kind == SESSION else UNSUBMITTED
        facts = {"fingerprint": fingerprint, "status": status, "category": "", "checked_at": now}
        row = StoredContent(name=content.name, sid=sid, account=messenger.account, pushed_at=now, **facts)
        stored = session.merge(row)
        session.flush()
    elif stored.status == MISSING:  # the vendor has it after all; where its approval stands, `poll` asks
        stored.status = SESSION if content.kind == SESSION else "pending"
    if stored.status != UNSUBMITTED:
        return Change(content.name, stored.status, stored.category)
    # A rejected, changed or deleted template needs a name that WhatsApp has not seen.
    name = f"{content.name}_{fingerprint[:8]}" + (f"_{stored.sid[-8:].lower()}" if is_known else "")
    try:
        messenger.ask_approval(stored.sid, name, CATEGORY)
    except MessengerError as error:
        stored.pushed_at = now
        return Change(content.name, stored.status, reason=str(error))
    stored.status = "received"
    return Change(content.name, stored.status)


def fingerprint_of(content: Content) -> str:
    """By what a changed definition is known: a hash of all that the vendor stores."""
    facts = {key: value for key, value in asdict(content).items() if value or key not in LISTS}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def poll(session: Session, messenger: Messenger, now: datetime) -> list[Change]:
    """Ask about all contents that we stored in our account: see `poll_one`."""
    return [poll_one(session, messenger, name, now) for name in to_poll(session, messenger.account)]


def poll_one(session: Session, messenger: Messenger, name: str, now: datetime) -> Change:
    """Ask whether a content is still there, and where its approval stands.

    A changed category is news: marketing costs more and is blocked in places. Asking may take seconds: whoever asks
    about many commits after each.
    """
    stored = session.get_one(StoredContent, name)
    stored.checked_at, reason = now, ""
    if not _is_there(stored, messenger):
        stored.status, reason = MISSING, f"the account {messenger.account} does not have it"
    elif name in approved_files():
        found = messenger.approval(stored.sid)
        stored.status, stored.category = found.status, found.category or stored.category
        reason = found.reason
    else:
        stored.status = SESSION
    return Change(name, stored.status, stored.category, reason)


def to_poll(session: Session, account: str, due_at: datetime | None = None) -> list[str]:
    """The names of the contents that are in this account as far as we know; or of those that are due to be asked for:
    at every tick while a template waits or is held, else once a day.
    """
    due = [] if due_at is None else [_is_due(due_at)]
    query = select(StoredContent.name).where(_is_ours(account), *due).order_by(StoredContent.name)
    return list(session.scalars(query))


def is_check_due(session: Session, now: datetime, account: str) -> bool:
    """Whether contents are to be asked for or stored."""
    return bool(to_poll(session, account, now) or to_push(session, now, account))


def usable(session: Session, account: str) -> Mapping[str, str]:
    """The vendor's ids of all contents that may be used now, by name. A template that became marketing may not."""
    approved = and_(StoredContent.status == APPROVED, StoredContent.category.in_(["", CATEGORY]))
    ready = or_(StoredContent.status == SESSION, approved)
    return {each.name: each.sid for each in session.scalars(select(StoredContent).where(ready, _is_ours(account)))}


def find_missing(session: Session, account: str) -> list[str]:
    """The names of contents that this account does not have: never stored, deleted there, or in another account.

    Costs one question about a dozen rows.
    """
    there = select(StoredContent.name).where(_is_ours(account), StoredContent.status != MISSING)
    have = set(session.scalars(there))
    return [content.name for content in definitions() if content.name not in have]


def lose(session: Session, name: str) -> None:
    """Note that the vendor did not know this content when it was used."""
    stored = session.get(StoredContent, name)
    if stored is not None:
        stored.status = MISSING


def to_push(session: Session, now: datetime, account: str) -> list[Content]:
    """The contents that a job stores by itself: what is missing, or was stored but could not be handed in for approval.

    What a release changed is the operator's to push.
    """
    rows = {row.name: row for row in session.scalars(select(StoredContent))}
    return [each for each in definitions() if _is_to_push(rows.get(each.name), now, account)]


def _is_to_push(stored: StoredContent | None, now: datetime, account: str) -> bool:
    if stored is None:
        return True
    is_ours = stored.account in (None, account)
    if is_ours and stored.status not in (MISSING, UNSUBMITTED):
        return False
    wait = AGAIN_AFTER if is_ours else OTHERS_AGAIN_AFTER
    return stored.pushed_at is None or stored.pushed_at <= now - wait


def _is_ours(account: str) -> ColumnElement[bool]:
    """What older releases pushed is taken for ours until the vendor says that it is not."""
    return or_(StoredContent.account.is_(None), StoredContent.account == account)


def _is_due(now: datetime) -> ColumnElement[bool]:
    restless = StoredContent.status.in_([*WAITING, "paused"])
    old = or_(StoredContent.checked_at.is_(None), StoredContent.checked_at <= now - CHECKED_EVERY)
    return or_(restless, old)


def _is_there(stored: StoredContent, messenger: Messenger) -> bool:
    if stored.account not in (None, messenger.account) or not messenger.has_content(stored.sid):
        return False
    stored.account = messenger.account
    return True


def fits(approved: Approved) -> bool:
    """Whether there is such a template, and these are its values: no more, no fewer."""
    return approved.name in approved_files() and approved.values.keys() == _approved(approved.name).samples.keys()


def said(approved: Approved) -> str:
    """The text of an approved template with its values: what the member will read."""
    body = _approved(approved.name).body
    return PLACEHOLDER.sub(lambda found: approved.values.get(found[1], found[0]), body)


@cache
def _approved(name: str) -> Content:
    facts = json.loads(approved_files()[name].read_text())
    return Content(
        name=name,
        body=facts["body"],
        kind=APPROVED,
        buttons=[(button["title"], button["says"]) for button in facts["buttons"]],
        samples=facts["samples"],
        language=facts["language"],
    )
