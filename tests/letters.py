"""Put messages into the outbox without a chat, and read the rows that show what happened to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, update

from fitness.metrics import SHARED_AT_FIRST
from fitness.points import FORMULA
from jobs import delivery
from messages.message import Approved, Message
from models import (
    Activity,
    Base,
    Breaker,
    Content,
    Group,
    Member,
    Membership,
    MessageEvent,
    MessageKind,
    OutboundMessage,
)
from services.delivery import contents, mailbox, outbox
from services.delivery.ceiling import Ceilings
from services.delivery.outbox import Claimed, ClaimRules
from tests.town import LONG_AGO, Town

NEVER_QUIET = {"quiet_from": time(0), "quiet_until": time(0)}
READY = Approved(
    "digest_ready",
    {"1": "Ann", "2": "Legends", "3": "16–22 Nov", "4": "3h 00m", "5": "3 sessions", "6": "a new week has begun"},
)
EVENING = timedelta(hours=1)
RULES = ClaimRules(lease=timedelta(seconds=60), people_a_day=250, ceilings=Ceilings())


@dataclass(frozen=True)
class Letters:
    """Writes to a town's outbox and reads it directly."""

    town: Town

    @property
    def now(self) -> datetime:
        return self.town.clock()

    def member(self, number: int = 1, **more: object) -> Member:
        """Add a member who wrote an hour ago and has no quiet hours. They have no phone yet."""
        return self.members(1, number, **more)[0]

    def members(self, count: int, first: int = 1, **more: object) -> list[Member]:
        """Add `count` such members."""
        facts = {**NEVER_QUIET, "last_inbound_at": self.now - EVENING, **more}
        made = [
            Member(**{"name": f"Friend {number}", "address": f"whatsapp:+3247{number:07}", **facts})
            for number in range(first, first + count)
        ]
        with self.town.world.sessions.begin() as session:
            session.add_all(made)
        return made

    def with_phone(self, number: int = 1, **more: object) -> Member:
        """Add a member whom the pretend WhatsApp can reach."""
        member = self.member(number, **more)
        phone = self.town.phones.add(member.name, member.address.removeprefix("whatsapp:"))
        phone.last_inbound_at = member.last_inbound_at
        return member

    def group(self, *members: Member, **more: object) -> Group:
        """Add a group of these members; the first is its owner."""
        group = Group(**{"name": "Legends", "timezone": "UTC", **more})
        with self.town.world.sessions.begin() as session:
            session.add(group)
            session.flush()
            for number, member in enumerate(members):
                session.add(
                    Membership(
                        group_id=group.id,
                        member_id=member.id,
                        role="owner" if number == 0 else "member",
                        shares=list(SHARED_AT_FIRST),
                        consented_at=self.now,
                        consent_version="1",
                        joined_at=self.now,
                    )
                )
        return group

    def moved(
        self, member: Member, day: date, seconds: float = 3600, metres: float = 10_000, sport: str = "run"
    ) -> None:
        """Add a session to the member's activities."""
        start = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        with self.town.world.sessions.begin() as session:
            session.add(
                Activity(
                    member_id=member.id,
                    external_id=uuid4().int % 10**12,
                    type="running",
                    sport=sport,
                    start_utc=start,
                    utc_offset=0,
                    local_date=day,
                    duration=seconds,
                    distance=metres,
                    points=seconds / 60,
                    points_version=FORMULA.version,
                    raw_data={},
                    fingerprint="",
                )
            )

    def write(
        self,
        member: Member,
        text: str = "hello",
        kind: MessageKind = MessageKind.REPLY,
        *,
        key: str = "",
        group: Group | None = None,
        approved: Approved | None = None,
        **more: object,
    ) -> UUID:
        """Put a message into the outbox and return its id. `more` are columns that are set afterwards."""
        key = key or f"test:{uuid4()}"
        group_id = group.id if group else None
        message = Message(text, approved=approved or (None if kind is MessageKind.REPLY else READY))
        with self.town.world.sessions.begin() as session:
            mailbox.post(session, member.id, message, self.now, kind=kind, key=key, group_id=group_id)
            row = session.scalar(select(OutboundMessage).where(OutboundMessage.dedupe_key == key))
            for name, value in more.items():
                setattr(row, name, value)
        return row.id

    def write_to_all(self, members: Iterable[Member], text: str, kind: MessageKind, approved: Approved) -> None:
        """Write the same message to many members."""
        message = Message(text, approved=approved)
        with self.town.world.sessions.begin() as session:
            for member in members:
                mailbox.post(session, member.id, message, self.now, kind=kind, key=f"test:{uuid4()}")

    def claim(
        self, most: int = 24, *, usable: Mapping[str, str] | None = None, rules: ClaimRules | None = None
    ) -> list[Claimed]:
        """Claim messages and commit, as a worker does."""
        with self.town.world.sessions.begin() as session:
            named = contents.find_usable(session, self.town.world.messenger.account) if usable is None else usable
            return outbox.claim(session, self.now, most, named, rules or RULES)

    def row(self, identity: UUID) -> OutboundMessage:
        with self.town.world.sessions() as session:
            return session.get_one(OutboundMessage, identity)

    def rows(self) -> list[OutboundMessage]:
        with self.town.world.sessions() as session:
            return list(session.scalars(select(OutboundMessage).order_by(OutboundMessage.created_at)))

    def events(self, identity: UUID) -> list[MessageEvent]:
        with self.town.world.sessions() as session:
            query = select(MessageEvent).where(MessageEvent.message_id == identity).order_by(MessageEvent.id)
            return list(session.scalars(query))

    def why(self, identity: UUID) -> str | None:
        """Return the reason that the message's last event gives; None if it gives none."""
        return self.events(identity)[-1].detail.get("why")

    def change(self, row: Base, **values: object) -> None:
        """Change columns of a row directly in the database."""
        table = type(row)
        with self.town.world.sessions.begin() as session:
            session.execute(update(table).where(*_is(row)).values(values))

    def see[Row: Base](self, row: Row) -> Row:
        """Return the row as it is now in the database."""
        with self.town.world.sessions() as session:
            return session.scalar(select(type(row)).where(*_is(row)))

    def end_lease(self, identity: UUID) -> None:
        """Set the end of a claim's lease into the past."""
        with self.town.world.sessions.begin() as session:
            session.execute(update(OutboundMessage).where(OutboundMessage.id == identity).values(leased_until=LONG_AGO))

    def template(self, name: str = "digest_ready") -> Content:
        with self.town.world.sessions() as session:
            return session.get_one(Content, name)

    def breaker(self) -> Breaker | None:
        with self.town.world.sessions() as session:
            return session.get(Breaker, "messenger")

    def open_again(self) -> None:
        """Close all circuit breakers again, so that requests are sent."""
        with self.town.world.sessions.begin() as session:
            for breaker in session.scalars(select(Breaker)):
                session.delete(breaker)


def deliver(town: Town) -> None:
    """Let a worker send all messages that may be sent now, and let WhatsApp deliver them."""
    delivery.drain()
    town.twilio.settle()


def ids(claimed: Iterable[Claimed]) -> list[UUID]:
    return [each.id for each in claimed]


def _is(row: Base) -> list[object]:
    return [column == getattr(row, column.name) for column in row.__table__.primary_key]
