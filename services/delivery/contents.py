"""Contents stored at the vendor: buttons for use in a conversation, and templates that WhatsApp must approve.

A content belongs to one account at the vendor, and may be deleted there. A missing content is not used: until a job has
stored it again, messages with buttons are sent as text with numbers, and templates wait.
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
from providers.messenger import ContentDefinition, Messenger

PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
SESSION, APPROVED = "session", "approved"
MISSING = "missing"
UNSUBMITTED = "unsubmitted"
CATEGORY = "UTILITY"  # for messages that the member asked for; marketing is not delivered to +1 numbers
WAITING = (UNSUBMITTED, "received", "pending")
LISTS = ("items", "opens")  # left out of the fingerprint if empty, as before there were lists
CHECKED_EVERY = timedelta(days=1)
# How soon a job may store a content again, or submit it again for approval: somebody may delete it each time, or
# processes with another account may replace ours.
AGAIN_AFTER, OTHERS_AGAIN_AFTER = timedelta(minutes=10), timedelta(hours=1)
ONE_PUSHES = 710_011  # the advisory lock for storing a content, so that two processes do not store it twice


@dataclass(frozen=True)
class Change:
    """What happened to one content: it was stored or kept, or the state of its approval."""

    name: str
    status: str
    category: str = ""
    reason: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether the operator must act, because messages wait or cost more than they should."""
        return self.status not in (SESSION, *WAITING) and (self.status, self.category) != (APPROVED, CATEGORY)


def define_buttons_content(count: int) -> ContentDefinition:
    """Return the content with which every message with `count` buttons is sent. It consists of variables only.

    {{1}} is the text; then follow the label and the line of each button. Within the 24 hours it needs no approval.
    """
    pairs = [(f"{{{{{2 * i}}}}}", f"{{{{{2 * i + 1}}}}}") for i in range(1, count + 1)]
    samples = {"1": "What would you like to see?"}
    for i in range(1, count + 1):
        samples |= {str(2 * i): f"Choice {i}", str(2 * i + 1): f"choice {i}"}
    return ContentDefinition(name=f"buttons_{count}", body="{{1}}", kind=SESSION, buttons=pairs, samples=samples)


def fill_buttons_content(message: Message) -> dict[str, str]:
    """Return the values of the variables of `define_buttons_content` for this message."""
    values = {"1": message.text}
    for i, button in enumerate(message.buttons, 1):
        values |= {str(2 * i): button.label, str(2 * i + 1): button.says}
    return values


def list_content(count: int) -> ContentDefinition:
    """Return the content with which every message with `count` choices is sent. It can only be used
    within the 24 hours.

    {{1}} is the text, {{2}} the label that opens the list; then follow the label, line and description of each choice.
    """
    numbers = [range(3 * i, 3 * i + 3) for i in range(1, count + 1)]
    samples = {"1": "What would you like to see?", "2": labels(FIRST)["choose"]}
    for i, (label, says, about) in enumerate(numbers, 1):
        samples |= {str(label): f"Choice {i}", str(says): f"choice {i}", str(about): f"What choice {i} is about"}
    items = [(f"{{{{{label}}}}}", f"{{{{{says}}}}}", f"{{{{{about}}}}}") for label, says, about in numbers]
    return ContentDefinition(
        name=f"list_{count}", body="{{1}}", kind=SESSION, samples=samples, items=items, opens="{{2}}"
    )


def list_values(message: Message) -> dict[str, str]:
    """Return the values of the variables of `list_content` for this message."""
    values = {"1": message.text, "2": message.opens}
    for i, choice in enumerate(message.choices, 1):
        values |= {str(3 * i): choice.label, str(3 * i + 1): choice.says, str(3 * i + 2): choice.about}
    return values


def list_definitions() -> list[ContentDefinition]:
    """Return all contents that the bot needs."""
    lists = [list_content(count) for count in range(FEWEST_CHOICES, MOST_CHOICES + 1)]
    return (
        [define_buttons_content(count) for count in (1, 2, 3)] + lists + [_approved(name) for name in approved_files()]
    )


@cache
def list_fingerprints() -> Mapping[str, str]:
    """Return the fingerprints of all contents that the bot needs, by name."""
    return {content.name: compute_fingerprint(content) for content in list_definitions()}


def push(session: Session, messenger: Messenger, now: datetime) -> list[Change]:
    """Store all contents that are new, changed or missing at the vendor, and submit templates for approval.
    Safe to repeat.
    """
    return [push_one(session, messenger, content, now) for content in list_definitions()]


def push_one(session: Session, messenger: Messenger, content: ContentDefinition, now: datetime) -> Change:
    """Store one content, if it is new or changed, or if the vendor says that our account does not have it.

    Commit after each content, so that none is stored twice if a later one fails. If submitting for approval fails, the
    next call submits again.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(ONE_PUSHES))):
        return Change(content.name, "", reason="another process stores it at this moment")
    stored = session.get(StoredContent, content.name, populate_existing=True)
    fingerprint = compute_fingerprint(content)
    is_known = stored is not None and stored.fingerprint == fingerprint
    if stored is None or not is_known or not _is_there(stored, messenger):
        sid = messenger.push_content(content)
        status = SESSION if content.kind == SESSION else UNSUBMITTED
        facts = {"fingerprint": fingerprint, "status": status, "category": "", "checked_at": now}
        row = StoredContent(name=content.name, sid=sid, account=messenger.account, pushed_at=now, **facts)
        stored = session.merge(row)
        session.flush()
    elif stored.status == MISSING:  # the vendor has it after all; `poll` asks for the state of its approval
        stored.status = SESSION if content.kind == SESSION else "pending"
    if stored.status != UNSUBMITTED:
        return Change(content.name, stored.status, stored.category)
    # After a rejection, change or deletion the template needs a name that WhatsApp has not seen.
    name = f"{content.name}_{fingerprint[:8]}" + (f"_{stored.sid[-8:].lower()}" if is_known else "")
    try:
        messenger.ask_approval(stored.sid, name, CATEGORY)
    except MessengerError as error:
        stored.pushed_at = now
        return Change(content.name, stored.status, reason=str(error))
    stored.status = "received"
    return Change(content.name, stored.status)


def compute_fingerprint(content: ContentDefinition) -> str:
    """Return a hash of everything that the vendor stores of this content; it shows whether the
    definition has changed.
    """
    facts = {key: value for key, value in asdict(content).items() if value or key not in LISTS}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def poll(session: Session, messenger: Messenger, now: datetime) -> list[Change]:
    """Ask about all contents that we have stored in our account: see `poll_one`."""
    return [poll_one(session, messenger, name, now) for name in list_to_poll(session, messenger.account)]


def poll_one(session: Session, messenger: Messenger, name: str, now: datetime) -> Change:
    """Ask the vendor whether a content still exists, and for the state of its approval.

    A changed category is reported, because marketing costs more and is blocked in some countries. Asking may take
    seconds, so commit after each content.
    """
    stored = session.get_one(StoredContent, name)
    stored.checked_at, reason = now, ""
    if not _is_there(stored, messenger):
        stored.status, reason = MISSING, f"the account {messenger.account} does not have it"
    elif name in approved_files():
        found = messenger.find_approval(stored.sid)
        stored.status, stored.category = found.status, found.category or stored.category
        reason = found.reason
    else:
        stored.status = SESSION
    return Change(name, stored.status, stored.category, reason)


def list_to_poll(session: Session, account: str, due_at: datetime | None = None) -> list[str]:
    """Return the names of the contents that are in this account as far as we know. With `due_at`, return only those
    about which the vendor must be asked by then: at every tick while a template waits or is held, else once a day.
    """
    due = [] if due_at is None else [_is_due(due_at)]
    query = select(StoredContent.name).where(_is_ours(account), *due).order_by(StoredContent.name)
    return list(session.scalars(query))


def is_check_due(session: Session, now: datetime, account: str) -> bool:
    """Return whether the vendor must be asked about contents, or contents must be stored."""
    return bool(list_to_poll(session, account, now) or list_to_push(session, now, account))


def find_usable(session: Session, account: str) -> Mapping[str, str]:
    """Return the vendor's ids of all contents that may be used now, by name. Templates that became marketing
    are left out.
    """
    approved = and_(StoredContent.status == APPROVED, StoredContent.category.in_(["", CATEGORY]))
    ready = or_(StoredContent.status == SESSION, approved)
    return {each.name: each.sid for each in session.scalars(select(StoredContent).where(ready, _is_ours(account)))}


def find_missing(session: Session, account: str) -> list[str]:
    """Return the names of the contents that this account does not have: never stored, deleted, or in another account.

    Costs one query of about a dozen rows.
    """
    there = select(StoredContent.name).where(_is_ours(account), StoredContent.status != MISSING)
    have = set(session.scalars(there))
    return [content.name for content in list_definitions() if content.name not in have]


def note_missing(session: Session, name: str) -> None:
    """Note that the vendor did not know this content when it was used."""
    stored = session.get(StoredContent, name)
    if stored is not None:
        stored.status = MISSING


def list_to_push(session: Session, now: datetime, account: str) -> list[ContentDefinition]:
    """Return the contents that a job has to store: those that are missing, or that could not be submitted for approval.

    Contents that a new release has changed are left to the operator.
    """
    rows = {row.name: row for row in session.scalars(select(StoredContent))}
    return [each for each in list_definitions() if _is_to_push(rows.get(each.name), now, account)]


def _is_to_push(stored: StoredContent | None, now: datetime, account: str) -> bool:
    if stored is None:
        return True
    is_ours = stored.account in (None, account)
    if is_ours and stored.status not in (MISSING, UNSUBMITTED):
        return False
    wait = AGAIN_AFTER if is_ours else OTHERS_AGAIN_AFTER
    return stored.pushed_at is None or stored.pushed_at <= now - wait


def _is_ours(account: str) -> ColumnElement[bool]:
    """Return a condition: the content is in this account. Contents from older releases, which stored no account, count
    as ours until the vendor says otherwise.
    """
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


def is_filled_by(approved: Approved) -> bool:
    """Return whether there is such a template and it has exactly these values."""
    return approved.name in approved_files() and approved.values.keys() == _approved(approved.name).samples.keys()


def write_template(approved: Approved) -> str:
    """Return the text of an approved template with its values, as the member will read it."""
    body = _approved(approved.name).body
    return PLACEHOLDER.sub(lambda found: approved.values.get(found[1], found[0]), body)


@cache
def _approved(name: str) -> ContentDefinition:
    facts = json.loads(approved_files()[name].read_text())
    return ContentDefinition(
        name=name,
        body=facts["body"],
        kind=APPROVED,
        buttons=[(button["title"], button["says"]) for button in facts["buttons"]],
        samples=facts["samples"],
        language=facts["language"],
    )
