"""A club with two years of sessions, for the pages of the dashboard: written into the database, without the chat."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from fitness.challenges import Contest
from fitness.dates import Dates
from fitness.routes import Route
from models import (
    DigestRun,
    GarminAccount,
    GarminMethod,
    Identity,
    IdentityKind,
    Member,
    Membership,
    RunStatus,
    Scope,
)
from providers.recordings import Recording
from services.group import groups
from services.people import personal_tokens, sessions
from services.play import challenges, goals
from services.play.challenges import Plan
from services.play.goals import Aim
from services.training import accounts, records
from services.training.from_recordings import make_row

NAMES = ("Zoë 🚴", "José", "李雷", "سارة", "Анна", "Tom", "Maximiliane-Theodora", "Bea", "Ola", "Priya", "Sven")
PACES = {"running": 2.9, "cycling": 7.4, "lap_swimming": 0.8, "hiking": 1.2}  # metres a second
TYPES = ("running", "running", "running", "cycling", "cycling", "lap_swimming", "strength_training", "hiking", "yoga")
TITLES = ("Morning loop", "With the dog", "Intervals <6 × 800 m>", "Long and slow", "")


@dataclass(frozen=True)
class Club:
    """Who and what there is, by id. `member` is the first member, who owns the group; `place` is the second one's."""

    member: int
    group: int
    place: int
    other_group: int
    challenge: int
    digest: int


def have_club(session: Session, now: datetime, size: int = len(NAMES), days: int = 700) -> Club:
    """Write a club of so many people, whose sessions go back so many days."""
    people = [_have_member(session, number, now) for number in range(size)]
    first, luck, today = people[0], Random(7), now.date()
    group = groups.start(session, first, "Sunday Legends", now)
    session.flush()
    for number, member in enumerate(people[1:]):
        _join(session, member, group.id, now - timedelta(days=days - number))
    for member in people:
        _train(session, member, now, days, luck)
    _have_more(session, first, now)
    place = next(each for each in first_places(session, group.id) if each.member_id == first.id)
    goals.set_goal(session, first, Aim("distance", 250_000.0, None, _month(today)), today, now)
    goals.set_goal(session, group, Aim("time", 400 * 3600.0, None, _month(today)), today, now)
    soon = Dates(today - timedelta(days=9), today + timedelta(days=12))
    made = challenges.announce_challenge(session, place, Plan(Contest.MOST, "points", soon), today, now)
    way = Plan(Contest.ROUTE, "distance", soon, None, Route.PENNINE_WAY, Route.PENNINE_WAY.metres)
    challenges.announce_challenge(session, place, way, today, now)
    for member in people[1:6]:
        challenges.join(session, made, member, now)
    runs = [_run(group.id, today, weeks, now) for weeks in range(1, 7)]
    session.add_all(runs)
    other = groups.start(session, first, "Office swim", now)
    session.flush()
    first.current_group_id = group.id
    theirs = next(each for each in first_places(session, group.id) if each.member_id == people[1].id)
    return Club(first.id, group.id, theirs.id, other.id, made.number, runs[0].id)


def first_places(session: Session, group_id: int) -> list[Membership]:
    """Everybody's place in a group."""
    return session.query(Membership).filter_by(group_id=group_id).all()


def _have_member(session: Session, number: int, now: datetime) -> Member:
    phone = f"+3247{number:07}"
    name = NAMES[number] if number < len(NAMES) else f"Runner {number}"
    member = Member(name=name, address=f"whatsapp:{phone}", timezone="Europe/Brussels", last_inbound_at=now)
    session.add(member)
    session.flush()
    session.add(Identity(member_id=member.id, kind=IdentityKind.PHONE, value=phone))
    return member


def _join(session: Session, member: Member, group_id: int, when: datetime) -> None:
    place = Membership(group_id=group_id, member_id=member.id, consented_at=when, consent_version="1", joined_at=when)
    place.shares = ["sports", "time", "distance", "count", "points", "elevation"]
    session.add(place)
    member.current_group_id = group_id


def _train(session: Session, member: Member, now: datetime, days: int, luck: Random) -> None:
    eager = 0.3 + 0.4 * luck.random()
    for back in range(days):
        if luck.random() > eager:
            continue
        kind = luck.choice(TYPES)
        start = now - timedelta(days=back, hours=luck.randint(1, 9))
        seconds = float(luck.randint(20, 110) * 60)
        pace = PACES.get(kind)
        metres = seconds * pace * luck.uniform(0.85, 1.15) if pace else None
        made = Recording(
            source="garmin",
            id=member.id * 100_000 + back,
            type_key=kind,
            start=start,
            offset=timedelta(hours=1),
            seconds=seconds,
            metres=metres,
            climb=metres * 0.011 if metres and kind != "lap_swimming" else None,
            name=luck.choice(TITLES),
            splits={1000: 1000 / pace * luck.uniform(0.8, 1), 5000: 5000 / pace} if pace and kind == "running" else {},
        )
        session.add(make_row(made, member.id))
    records.refresh(session, member.id)


def _have_more(session: Session, member: Member, now: datetime) -> None:
    """A Garmin account, a program that is signed in, and a personal token."""
    account = GarminAccount(member_id=member.id, method=GarminMethod.PASSWORD, garmin_id="1", display_name="d")
    account.linked_at, account.next_sync_at = now - timedelta(days=200), now + timedelta(hours=5)
    account.last_sync_at = now - timedelta(hours=1)
    accounts.keep_tokens(session, account, "none")
    session.add(account)
    sessions.begin(session, member, "laptop script", list(Scope), now - timedelta(days=3))
    personal_tokens.make(session, member, "home assistant", [Scope.PROFILE_READ], 90, now)


def _month(today: date) -> Dates:
    return Dates(today.replace(day=1), today.replace(day=1) + timedelta(days=29))


def _run(group_id: int, today: date, weeks: int, now: datetime) -> DigestRun:
    monday = today - timedelta(days=today.weekday() + 7 * weeks)
    days = {"period_start": monday, "period_end": monday + timedelta(days=6)}
    return DigestRun(group_id=group_id, due_at=now - timedelta(weeks=weeks), status=RunStatus.SENT, **days)
