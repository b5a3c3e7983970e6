"""Limits on messages in any 24 hours: their number, for the bot's number and for each group, and the people who may get
a template.

Twilio and WhatsApp are paid by the message, so the first two limit the damage of a loop, a huge group or a prank. Sent
messages are counted in rows that name no member (`models.limits.Spent`), so that erasing a member does not change them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from models import Member, MessageKind
from models import Spent as Ledger

DAY = timedelta(hours=24)
COUNTED_FOR = timedelta(seconds=10)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
MESSAGE, TEMPLATE = "message", "template"  # what a row of the ledger counts
ONE_AT_A_TIME = 710_010  # the advisory lock for counting the people of the day: two at once would both find room
FOR_REPLIES = 10  # the last tenth of the number's messages is reserved for replies


@dataclass(frozen=True)
class Ceilings:
    """The largest number of messages in any 24 hours: from the bot's number, and about one group."""

    number: int = 20_000
    group: int = 2_000


@dataclass
class SentToday:
    """The number of messages sent in the last 24 hours, by the group that they were about (None: no group). They were
    counted at `at`.
    """

    by_group: Counter[int | None] = field(default_factory=Counter)
    at: datetime = LONG_AGO

    def allows(self, kind: MessageKind, group_id: int | None, most: Ceilings) -> bool:
        """Return whether one more message may be sent. The limit of a group does not apply to replies."""
        room = most.number if kind is MessageKind.REPLY else most.number - most.number // FOR_REPLIES
        within = kind is MessageKind.REPLY or group_id is None or self.by_group[group_id] < most.group
        return within and self.by_group.total() < room

    def full(self, most: Ceilings) -> list[int | None]:
        """Return the groups that have reached their limit; None among them stands for the bot's number."""
        groups: list[int | None] = [each for each, sent in self.by_group.items() if each and sent >= most.group]
        return groups if self.allows(MessageKind.NOTICE, None, most) else [None, *groups]


@dataclass
class Purse:
    """The number of sent messages. It is counted again only now and then; in between, the sender adds
    its own messages.
    """

    _counted: SentToday = field(default_factory=SentToday)

    def spent(self, session: Session, now: datetime) -> SentToday:
        """Return the number of sent messages, from a count that is younger than `COUNTED_FOR`."""
        if not timedelta(0) <= now - self._counted.at < COUNTED_FOR:
            self._counted = count_sent_today(session, now)
        return self._counted


def count_sent_today(session: Session, now: datetime) -> SentToday:
    """Count the messages sent in the last 24 hours. A message that was tried several times counts once."""
    left = (Ledger.what == MESSAGE, Ledger.at > now - DAY)
    counted = select(Ledger.group_id, func.sum(Ledger.count)).where(*left).group_by(Ledger.group_id)
    return SentToday(Counter({row[0]: int(row[1]) for row in session.execute(counted)}), now)


def note(session: Session, left: Mapping[int | None, int], now: datetime) -> None:
    """Store how many messages are sent now for the first time, by the group that they are about."""
    rows = [{"at": now, "what": MESSAGE, "group_id": group, "count": count} for group, count in left.items() if count]
    if rows:
        session.execute(insert(Ledger), rows)


def keep_template(session: Session, at: datetime) -> None:
    """Store that a member who is about to be erased got a template at that time."""
    session.execute(insert(Ledger), [{"at": at, "what": TEMPLATE, "group_id": None, "count": 1}])


def has_template_left(session: Session, now: datetime, people_a_day: int) -> bool:
    """Return whether one more person may get a template: WhatsApp limits the number of people in any 24 hours."""
    session.flush()
    session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    return count_people_today(session, now) < people_a_day


def count_people_today(session: Session, now: datetime) -> int:
    """Count the people who got a template in the last 24 hours."""
    used = session.scalar(select(func.count()).where(Member.template_at > now - DAY)) or 0
    return used + count_templates_of_erased(session, now)


def count_templates_of_erased(session: Session, now: datetime) -> int:
    """Count the people who got a template in the last 24 hours and were erased since then: WhatsApp
    still counts them.
    """
    return session.scalar(select(func.count()).where(Ledger.what == TEMPLATE, Ledger.at > now - DAY)) or 0


def forget_old(session: Session, now: datetime) -> None:
    """Delete rows that are too old to count."""
    session.execute(delete(Ledger).where(Ledger.at < now - DAY))
