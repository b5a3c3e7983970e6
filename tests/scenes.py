"""Steps that many tests begin with: a group, friends who join it, and sessions on their watches."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select, text

from models import GarminAccount, GarminMethod, Identity, Member, Membership
from providers.garmin.activity_rows import read_page
from services.training import accounts, syncing
from services.training.syncing import Errand
from simulator.garmin.athletes import Athlete
from tests.town import Person


def code_in(message: str) -> str:
    """Return the invite code in a message."""
    return re.search(r"join (?:%20)?([A-HJKMNP-Z2-9]{6})", message.replace("%20", " "))[1]


def start_group(owner: Person, *friends: Person, name: str = "Sunday Legends") -> str:
    """Start a group and let friends join it. Returns its invite code."""
    code = code_in(owner.says(f"new group {name}"))
    for friend in friends:
        assert f"You're in *{name}*" in friend.says(f"join {code} yes")
    return code


def has_moved(person: Person, upload: Callable[[Athlete], None]) -> None:
    """Give somebody these sessions without connecting Garmin through the page; the account is not read again."""
    town = person.town
    athlete = town.garmin.enrol(person.phone.name, person.email, "right")
    upload(athlete)
    with town.world.sessions.begin() as session:
        member = session.scalar(select(Member).join(Identity).where(Identity.value == person.phone.number))
        account = GarminAccount(member_id=member.id, method=GarminMethod.PASSWORD, garmin_id="1", display_name="d")
        account.linked_at = account.last_sync_at = town.clock()
        account.next_sync_at = town.clock() + timedelta(days=365)
        accounts.keep_tokens(session, account, "none")
        session.add(account)
        session.flush()
        errand = Errand(
            account.id,
            member.id,
            account.source,
            GarminMethod.PASSWORD,
            "none",
            date.min,
            date.max,
            is_first=True,
            was_asked=False,
            steps_since=None,
        )
        syncing.store(session, errand, read_page(athlete.activities, last=True), "none")


def sent_before(person: Person, count: int, first: datetime, apart: timedelta) -> None:
    """Store `count` sessions of one second each as if somebody had sent their files, `apart` from start to start."""
    row = """
        INSERT INTO activities (member_id, source, garmin_activity_id, type, sport, start_utc, utc_offset, local_date,
            duration, distance, manual, processed_metrics, raw_data, fingerprint, created_at, updated_at)
        SELECT members.id, 'file', -1000000 - n, 'running', 'run', start, 0, start::date, 1 + n / 1000.0, 3, false,
            '{}', '{}', 'x', :now, :now
        FROM members, (SELECT n, :first + n * :apart AS start FROM generate_series(0, :count - 1) AS n) AS each
        WHERE members.id = (SELECT member_id FROM identities WHERE value = :number)
    """
    facts = {"number": person.phone.number, "count": count, "first": first, "apart": apart}
    with person.town.world.sessions.begin() as session:
        session.execute(text(row), facts | {"now": person.town.clock()})


def november(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """Return an instant (UTC) of November 2026, the month in which a town starts."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def runs(*days: int, minutes: float = 60, metres: float = 10_000) -> Callable[[Athlete], None]:
    """Return a function that uploads a run on each of these days of November."""

    def upload(athlete: Athlete) -> None:
        for day in days:
            athlete.upload(type_key="running", start=november(day), seconds=60 * minutes, metres=metres)

    return upload


def hide(person: Person, field: str | None = None) -> None:
    """Hide this person from the group, or only the named field."""
    with person.town.world.sessions.begin() as session:
        name = person.phone.name.split(maxsplit=1)[0]
        membership = session.scalar(select(Membership).join(Member).where(Member.name == name))
        membership.hidden = field is None
        if field:
            membership.shares = [each for each in membership.shares if each != field]
