"""Garmin accounts that are connected without the page, and synchronised without the chat."""

import json
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from jobs.syncing import sync_next
from models import Activity, GarminAccount, GarminMethod, OutboundMessage
from models.base import Base
from services.training import accounts
from simulator.garmin.athletes import Athlete, Habits
from tests.letters import Letters
from tests.town import Town

CLIENT = "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2"
LIST = "/activitylist-service/activities/search/activities"


@dataclass(frozen=True)
class Linked:
    """Somebody's connected account: our row, and the athlete at the pretend Garmin."""

    town: Town
    id: int
    member_id: int
    athlete: Athlete

    @property
    def row(self) -> GarminAccount:
        with self.town.world.sessions() as session:
            return session.get_one(GarminAccount, self.id)

    @property
    def tokens(self) -> dict[str, str]:
        with self.town.world.sessions() as session:
            return json.loads(accounts.open_tokens(session, session.get_one(GarminAccount, self.id)))

    def change(self, **values: object) -> None:
        """Change columns of the account directly in the database."""
        with self.town.world.sessions.begin() as session:
            session.execute(update(GarminAccount).where(GarminAccount.id == self.id).values(**values))

    def counting(self) -> list[Activity]:
        """Return the activities that count: neither deleted nor a duplicate."""
        mine = (Activity.account_id == self.id, Activity.deleted_at.is_(None), Activity.twin_of.is_(None))
        with self.town.world.sessions() as session:
            return list(session.scalars(select(Activity).where(*mine)))

    def sync(self) -> None:
        """Make this account the next to be read, and let it be read."""
        self.change(next_sync_at=self.town.clock() - timedelta(days=1))
        assert sync_next(self.town.world)

    def forget(self) -> None:
        """Delete the account, so that another one can be the next to be read."""
        with self.town.world.sessions.begin() as session:
            session.delete(session.get_one(GarminAccount, self.id))


def link(
    town: Town,
    number: int = 1,
    method: GarminMethod = GarminMethod.PASSWORD,
    *,
    habits: Habits | None = None,
    zone: str = "Europe/London",
    lasts: float = 36_500,
) -> Linked:
    """Connect an account of a new member directly in the database: the tokens are valid, and no request is made."""
    member, email = Letters(town).member(number), f"athlete{number}@example.org"
    athlete = town.garmin.enrol(member.name, email, "right", habits=habits, zone=zone, seed=number)
    now = town.clock()
    account = GarminAccount(member_id=member.id, method=method, garmin_id=str(athlete.garmin_id), display_name="d")
    account.linked_at = account.next_sync_at = now
    account.garmin_email = email
    with town.world.sessions.begin() as session:
        accounts.keep_tokens(session, account, _tokens(town, athlete, method, lasts))
        session.add(account)
    return Linked(town, account.id, member.id, athlete)


def _tokens(town: Town, athlete: Athlete, method: GarminMethod, lasts: float) -> str:
    if method is GarminMethod.KEY:
        key = town.garmin.make_key(athlete.email, lasts)
        return json.dumps({"key": key, "jwt": "", "jwt_expires": None, "key_ends": None})
    issued = town.garmin.keys.issue(athlete.email, CLIENT, town.garmin.token_lifetime)
    names = {"di_token": issued["access_token"], "di_refresh_token": issued["refresh_token"], "di_client_id": CLIENT}
    return json.dumps(names)


def asked(town: Town, kind: str | None = None) -> list[int]:
    """Return the HTTP status of each request that Garmin got, of one kind or of all."""
    return [each.status for each in town.garmin.requests(kind)]


def lists(town: Town) -> int:
    """Return how many pages of activities were requested."""
    return sum(1 for each in town.garmin.requests() if each.path.endswith(LIST))


def said(town: Town, what: str) -> int:
    """Return how many messages of this sort were written."""
    with town.world.sessions() as session:
        return session.query(OutboundMessage).filter(OutboundMessage.dedupe_key.startswith(f"{what}:")).count()


def every[Row: Base](town: Town, kind: type[Row]) -> list[Row]:
    """Return all rows of a table."""
    with town.world.sessions() as session:
        return list(session.scalars(select(kind).order_by(*kind.__table__.primary_key)))
