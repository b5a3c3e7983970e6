"""Being away: streaks pause, and the reason is not told to others."""

from datetime import date

from sqlalchemy import select

from fitness.periods import Dates
from models import Absence, Group, Member
from services.group import away, privacy
from tests.scenes import november, start_group
from tests.town import Person, Town

FIRST_WEEK = Dates(date(2026, 11, 16), date(2026, 11, 22))


def absent(town: Town, dates: Dates) -> set[str]:
    """Return the names of those who are away."""
    with town.world.sessions() as session:
        names = dict(iter(session.execute(select(Member.id, Member.name))))
        return {names[each] for each in away.list_days_away(session, list(names), dates)}


def shown(town: Town, day: date) -> list[tuple[str, date | None]]:
    """Return who is shown as away, and until when."""
    with town.world.sessions() as session:
        group = session.scalars(select(Group)).one()
        return [
            (each.member.name, each.until)
            for each in away.list_shown(session, privacy.find_sharing(session, group, "points"), day)
        ]


def test_a_holiday_with_an_end(town: Town, zoe: Person) -> None:
    start_group(zoe)
    heard = zoe.says("away until 3 jan")
    assert heard.startswith("Enjoy 🌴 You're away until Sun 3 Jan: your streak stands still, and")
    assert heard.endswith("Show your groups that you're away? *yes* or *no*")
    assert zoe.buttons == ["Yes, show it", "No, keep it quiet"]
    assert shown(town, date(2026, 12, 24)) == []
    assert zoe.says("yes").startswith("Your groups may read that you're away until Sun 3 Jan. Never why.")
    assert shown(town, date(2026, 12, 24)) == [("Zoë", date(2027, 1, 3))]
    assert absent(town, FIRST_WEEK) == {"Zoë"}
    assert absent(town, Dates(date(2026, 11, 9), date(2026, 11, 17))) == set()
    assert absent(town, Dates(date(2027, 1, 4), date(2027, 1, 10))) == set()


def test_whoever_does_not_want_to_be_shown_is_not(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    zoe.says("away 2 weeks")
    assert zoe.taps("No, keep it quiet").startswith("Nobody will read that you're away until Tue 1 Dec.")
    jose.says("injured 6 weeks")
    assert "*help*" in jose.says("no")  # a question without an answer changes nothing
    assert shown(town, date(2026, 11, 20)) == []
    assert absent(town, FIRST_WEEK) == {"Zoë", "José"}
    assert jose.says("away yes").startswith("Your groups may read that you're away until Tue 29 Dec.")
    assert shown(town, date(2026, 11, 20)) == [("José", date(2026, 12, 29))]


def test_nothing_tells_an_illness_from_a_holiday(town: Town, zoe: Person, jose: Person) -> None:
    assert zoe.says("sick since monday").startswith("Get well soon 🍵 Rest: your streak stands still from Mon 16 Nov")
    assert jose.says("holiday from 20 dec until 3 jan").startswith("Enjoy 🌴 You're away from Sun 20 Dec until")
    with town.world.sessions() as session:
        ill, merry = session.scalars(select(Absence).order_by(Absence.id))
        columns = {column.name for column in Absence.__table__.columns}
        assert columns == {"id", "member_id", "starts", "ends", "shown", "created_at", "updated_at"}
        assert (ill.starts, ill.ends) == (date(2026, 11, 16), None)
        assert (merry.starts, merry.ends) == (date(2026, 12, 20), date(2027, 1, 3))


def test_without_an_end_one_is_away_until_one_is_back(town: Town, zoe: Person) -> None:
    zoe.says("away")
    assert absent(town, Dates(date(2027, 6, 1), date(2027, 6, 1))) == {"Zoë"}
    town.travel_to(november(25))
    assert zoe.says("I'm back!").startswith("Welcome back 👋")
    assert absent(town, Dates(date(2026, 11, 24), date(2026, 11, 24))) == {"Zoë"}
    assert absent(town, Dates(date(2026, 11, 25), date(2027, 6, 1))) == set()
    assert zoe.says("back").startswith("You aren't away.")


def test_an_absence_that_was_not_to_be_is_undone(town: Town, zoe: Person) -> None:
    zoe.says("away")
    zoe.says("back")
    assert absent(town, Dates(date(2026, 1, 1), date(2027, 12, 31))) == set()


def test_a_longer_stay_moves_the_end_and_keeps_what_was(town: Town, zoe: Person) -> None:
    zoe.says("away until friday")
    town.travel_to(november(20))
    assert "until Mon 30 Nov" in zoe.says("away until 30 nov")
    with town.world.sessions() as session:
        [absence] = session.scalars(select(Absence))
        assert (absence.starts, absence.ends) == (date(2026, 11, 18), date(2026, 11, 30))


def test_days_that_cannot_be_are_explained(zoe: Person) -> None:
    assert zoe.says("away until 2031-01-03").startswith("I can note days from 21 Oct 2026 to 19 Nov 2027")
    assert zoe.says("away since 1 oct").startswith("I can note days from 21 Oct 2026")
    assert "There is no 31 November." in zoe.says("away until 31 nov")
    assert zoe.says("away 9999 weeks").startswith("I can't make days of that: ")


def test_a_day_is_the_members_own(town: Town, sara: Person) -> None:
    town.travel_to(november(18, 21))  # after midnight in Dubai
    sara.says("away")
    assert absent(town, Dates(date(2026, 11, 18), date(2026, 11, 18))) == set()
    assert absent(town, Dates(date(2026, 11, 19), date(2026, 11, 19))) == {"سارة"}
