"""A ceiling on what messages may cost: so many in any 24 hours, of the number and of each group.

Twilio and WhatsApp are paid by the message, so whatever goes wrong (a loop, a huge group, somebody's joke) ends here.
What has left is kept in a ledger that names no member (`models.limits.Spent`): erasing a member changes nothing in it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from models import MessageKind
from models import Spent as Ledger

DAY = timedelta(hours=24)
COUNTED_FOR = timedelta(seconds=10)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
MESSAGE, TEMPLATE = "message", "template"  # what a row of the ledger counts
FOR_REPLIES = 10  # the last tenth of a number's messages is for those who have asked something


@dataclass(frozen=True)
class Ceilings:
    """The most messages that leave in any 24 hours: of the whole number, and about one group."""

    number: int = 20_000
    group: int = 2_000


@dataclass
class Spent:
    """How many messages left in the last 24 hours, by the group they were about (None: about none), as counted `at`."""

    by_group: Counter[int | None] = field(default_factory=Counter)
    at: datetime = LONG_AGO

    def allows(self, kind: MessageKind, group_id: int | None, most: Ceilings) -> bool:
        """Whether one more may leave. Whoever asks is answered, however dear their group is."""
        room = most.number if kind is MessageKind.REPLY else most.number - most.number // FOR_REPLIES
        within = kind is MessageKind.REPLY or group_id is None or self.by_group[group_id] < most.group
        return within and self.by_group.total() < room

    def full(self, most: Ceilings) -> list[int | None]:
        """The groups that have reached their ceiling; None among them stands for the whole number."""
        groups: list[int | None] = [each for each, sent in self.by_group.items() if each and sent >= most.group]
        return groups if self.allows(MessageKind.NOTICE, None, most) else [None, *groups]


@dataclass
class Purse:
    """What has left, counted anew only now and then: whoever sends adds what they send meanwhile."""

    _counted: Spent = field(default_factory=Spent)

    def spent(self, session: Session, now: datetime) -> Spent:
        """What has left, as known for less than `COUNTED_FOR`."""
        if not timedelta(0) <= now - self._counted.at < COUNTED_FOR:
            self._counted = spent(session, now)
        return self._counted


def spent(session: Session, now: datetime) -> Spent:
    """What has left in the last 24 hours. A message that had to be tried again counts once."""
    left = (Ledger.what == MESSAGE, Ledger.at > now - DAY)
    counted = select(Ledger.group_id, func.sum(Ledger.count)).where(*left).group_by(Ledger.group_id)
    return Spent(Counter({row[0]: int(row[1]) for row in session.execute(counted)}), now)


def note(session: Session, left: Mapping[int | None, int], now: datetime) -> None:
    """Write down how many messages leave now for the first time, by the group they are about."""
    rows = [{"at": now, "what": MESSAGE, "group_id": group, "count": count} for group, count in left.items() if count]
    if rows:
        session.execute(insert(Ledger), rows)


def keep_template(session: Session, at: datetime) -> None:
    """Write down that somebody got a template at that time, who is about to be erased."""
    session.execute(insert(Ledger), [{"at": at, "what": TEMPLATE, "group_id": None, "count": 1}])


def templates_of_erased(session: Session, now: datetime) -> int:
    """How many people got a template in the last 24 hours and were erased since: WhatsApp counts them still."""
    return session.scalar(select(func.count()).where(Ledger.what == TEMPLATE, Ledger.at > now - DAY)) or 0


def forget_old(session: Session, now: datetime) -> None:
    """Delete what is too old to count."""
    session.execute(delete(Ledger).where(Ledger.at < now - DAY))
