"""Rivalries: whose weeks are close, and how to opt out."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from fitness.dates import find_week
from models import Group
from services.play import rivalry
from simulator.garmin.athletes import Athlete
from tests.scenes import has_moved, start_group
from tests.town import Person, Town

FIRST = date(2026, 9, 15)  # a Tuesday


def weekly_runs(*minutes: float) -> object:
    """Return a function that uploads a run of these minutes on each Tuesday from 15 September on."""

    def upload(athlete: Athlete) -> None:
        for number, each in enumerate(minutes):
            day = FIRST + timedelta(weeks=number)
            start = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
            athlete.upload(type_key="running", start=start, seconds=60 * each, metres=160 * each)

    return upload


def told(town: Town, week: date) -> tuple[str, str] | None:
    """Return the two rivals whom the digest of this week names."""
    with town.world.sessions() as session:
        group = session.scalars(select(Group)).one()
        found = rivalry.find_rivalry_of_week(session, group, find_week(week))
        return (found.one.name, found.other.name) if found else None


def test_two_who_are_close_are_rivals(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    has_moved(zoe, weekly_runs(60, 60, 60, 60, 60, 60, 60, 50, 50, 58))
    has_moved(jose, weekly_runs(55, 55, 55, 55, 55, 55, 55, 55, 55, 55))
    has_moved(sara, weekly_runs(20, 20, 20, 20, 20, 20, 20, 20, 20, 20))
    assert zoe.says("rivalry").splitlines()[:2] == [
        "*Close to you, week by week:*",
        "You 8 – 2 *José* since 14 Sep 2026",
    ]
    heard = jose.says("rivalry Zoë")
    assert heard.startswith("You *2 – 8* Zoë since 14 Sep 2026 (10 weeks with points from both).")
    assert heard.splitlines()[1].startswith("This week: Zoë by ")
    assert sara.says("rivals").startswith("Nobody is that close to you yet.")
    assert told(town, date(2026, 11, 18)) == ("Zoë", "José")
    assert told(town, date(2026, 11, 18)) == ("Zoë", "José")


def test_either_may_stay_out_of_it(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, weekly_runs(*[60] * 8))
    has_moved(jose, weekly_runs(*[60] * 8))
    assert told(town, date(2026, 11, 4)) == ("Zoë", "José")
    assert jose.says("rivalry off").startswith("No rivalries for you any more")
    assert told(town, date(2026, 11, 4)) is None
    assert zoe.says("rivalry José").startswith("There is no rivalry between you and José")
    assert jose.says("rivalry").startswith("You've switched rivalries off.")
    assert jose.says("rivalry on").startswith("You're open to rivalries again")
    assert told(town, date(2026, 11, 4)) == ("Zoë", "José")


def test_weeks_away_are_no_weeks_of_a_rivalry(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, weekly_runs(*[60] * 10))
    has_moved(jose, weekly_runs(*[60] * 10))
    assert "(10 weeks with points from both)" in zoe.says("rivalry José")
    jose.says("away since 10 nov")
    assert "(8 weeks with points from both)" in zoe.says("rivalry José")


def test_two_without_a_common_week(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, weekly_runs(60))
    assert zoe.says("rivalry José") == "You and José have no week yet in which both have points."
    assert zoe.says("rivalry Zoë").startswith("There is no rivalry between you and Zoë")
