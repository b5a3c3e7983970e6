"""Contents stored at the vendor: buttons for a conversation, and templates that WhatsApp must approve."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from messages.message import FEWEST_CHOICES, MOST_CHOICES, OPENS, Approved, Message
from models import Content as StoredContent
from providers.messenger import Content, Messenger

FOLDER = Path(__file__).parents[2] / "templates" / "approved"
PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
SESSION, APPROVED = "session", "approved"
CATEGORY = "UTILITY"  # what the member asked for; marketing is not delivered to +1 numbers
WAITING = ("unsubmitted", "received", "pending")
LISTS = ("items", "opens")  # a content without them is what it was before there were lists
CHECKED_EVERY = timedelta(days=1)


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
    samples = {"1": "What would you like to see?", "2": OPENS}
    for i, (label, says, about) in enumerate(numbers, 1):
        samples |= {str(label): f"Choice {i}", str(says): f"choice {i}", str(about): f"What choice {i} is about"}
    items = [(f"{{{{{label}}}}}", f"{{{{{says}}}}}", f"{{{{{about}}}}}") for label, says, about in numbers]
    return Content(name=f"list_{count}", body="{{1}}", kind=SESSION, samples=samples, items=items, opens="{{2}}")


def list_values(message: Message) -> dict[str, str]:
    """The variables of `list_content` for this message."""
    values = {"1": message.text, "2": OPENS}
    for i, choice in enumerate(message.choices, 1):
        values |= {str(3 * i): choice.label, str(3 * i + 1): choice.says, str(3 * i + 2): choice.about}
    return values


def definitions() -> list[Content]:
    """All contents that the bot needs."""
    lists = [list_content(count) for count in range(FEWEST_CHOICES, MOST_CHOICES + 1)]
    return (
        [buttons_content(count) for count in (1, 2, 3)]
        + lists
        + [_approved(path) for path in sorted(FOLDER.glob("*.json"))]
    )


def push(session: Session, messenger: Messenger, now: datetime) -> list[Change]:
    """Store what is new or changed at the vendor, and ask for the approvals. Safe to repeat."""
    return [push_one(session, messenger, content, now) for content in definitions()]


def push_one(session: Session, messenger: Messenger, content: Content, now: datetime) -> Change:
    """Store one, if it is new or changed. Whoever commits after each makes none twice when a later one fails."""
    facts = {key: value for key, value in asdict(content).items() if value or key not in LISTS}
    fingerprint = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
    stored = session.get(StoredContent, content.name)
    if stored is not None and stored.fingerprint == fingerprint:
        return Change(content.name, stored.status, stored.category)
    sid = messenger.push_content(content)
    status = SESSION
    if content.kind == APPROVED:
        # A rejected or changed template needs a name that WhatsApp has not seen.
        messenger.ask_approval(sid, f"{content.name}_{fingerprint[:8]}", CATEGORY)
        status = "received"
    session.merge(
        StoredContent(name=content.name, sid=sid, fingerprint=fingerprint, status=status, category="", checked_at=now)
    )
    return Change(content.name, status)


def poll(session: Session, messenger: Messenger, now: datetime) -> list[Change]:
    """Ask where the approvals stand. A changed category is news: marketing costs more and is blocked in places."""
    changes = []
    for stored in session.scalars(select(StoredContent).where(StoredContent.status != SESSION)):
        found = messenger.approval(stored.sid)
        stored.status, stored.checked_at = found.status, now
        stored.category = found.category or stored.category
        changes.append(Change(stored.name, stored.status, stored.category, found.reason))
    return changes


def is_check_due(session: Session, now: datetime) -> bool:
    """Whether approvals are to be asked for: at every look while a template waits or is held, else once a day."""
    restless = StoredContent.status.in_([*WAITING, "paused"])
    old = or_(StoredContent.checked_at.is_(None), StoredContent.checked_at <= now - CHECKED_EVERY)
    due = and_(StoredContent.status != SESSION, or_(restless, old))
    return session.scalar(select(StoredContent.name).where(due).limit(1)) is not None


def usable(session: Session) -> Mapping[str, str]:
    """The vendor's ids of all contents that may be used now, by name. A template that became marketing may not."""
    approved = and_(StoredContent.status == APPROVED, StoredContent.category.in_(["", CATEGORY]))
    ready = or_(StoredContent.status == SESSION, approved)
    return {each.name: each.sid for each in session.scalars(select(StoredContent).where(ready))}


def fits(approved: Approved) -> bool:
    """Whether there is such a template, and these are its values: no more, no fewer."""
    return (
        approved.name in _names()
        and approved.values.keys() == _approved(FOLDER / f"{approved.name}.json").samples.keys()
    )


def said(approved: Approved) -> str:
    """The text of an approved template with its values: what the member will read."""
    body = _approved(FOLDER / f"{approved.name}.json").body
    return PLACEHOLDER.sub(lambda found: approved.values.get(found[1], found[0]), body)


@cache
def _names() -> frozenset[str]:
    return frozenset(path.stem for path in FOLDER.glob("*.json"))


@cache
def _approved(path: Path) -> Content:
    facts = json.loads(path.read_text())
    return Content(
        name=path.stem,
        body=facts["body"],
        kind=APPROVED,
        buttons=[(button["title"], button["says"]) for button in facts["buttons"]],
        samples=facts["samples"],
        language=facts["language"],
    )
