"""A member with accounts at two sources: one page and one list of activities, and the accounts are never confused."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Activity, Breaker, GarminAccount, GarminStatus
from providers.recordings import Recording
from simulator.garmin.athletes import Athlete
from tests.accounts import asked, every
from tests.conftest import Servers
from tests.scenes import november, runs
from tests.second_source import NAME, SecondSource, open_in
from tests.town import START, Person, Town


@pytest.fixture
def fjordfit(town: Town, servers: Servers) -> SecondSource:
    return open_in(town, servers)


def swim(number: int, day: int, hour: int = 18, **more: object) -> Recording:
    facts = {"type_key": "lap_swimming", "start": november(day, hour), "offset": timedelta(hours=1)}
    facts |= {"source": NAME, "id": number, "seconds": 1800.0, "metres": 1500.0}
    return Recording(**facts | more)


def connects(person: Person, email: str, password: str = "open") -> str:
    """Fill in the second source's form, and return the last page."""
    browser = person.town.browser()
    browser.open_link(person.says("link garmin"))
    browser.submit(login=email, password=password)
    person.town.rest()
    page = browser.again()
    return person.confirms(browser) if 'class="line"' in page else page


def activities(town: Town) -> list[tuple[str, int, str]]:
    with town.world.sessions() as session:
        query = select(Activity).where(Activity.deleted_at.is_(None)).order_by(Activity.source, Activity.external_id)
        return [(each.source, each.external_id, each.sport) for each in session.scalars(query)]


def test_the_page_has_the_forms_of_both_and_connects_either(town: Town, fjordfit: SecondSource, zoe: Person) -> None:
    fjordfit.enrol("zoe@fjord.example", swim(1, 17))
    browser = town.browser()
    page = browser.open_link(zoe.says("link garmin"))
    assert "<h1>Sign in to Garmin or Fjordfit</h1>" in page
    assert page.index("Password at Garmin") < page.index("Password at Fjordfit") < page.index("Fjordfit lets us read")
    browser.submit(login="zoe@fjord.example", password="")
    assert browser.answer.status_code == 400
    assert "Fjordfit says incomplete." in browser.answer.text
    assert 'value="zoe@fjord.example"' in browser.answer.text
    assert "Fjordfit says wrong_password." in connects(zoe, "zoe@fjord.example", "wrong")
    assert asked(town, "sign_in") == [], "Garmin was asked for nothing"
    assert "Your Fjordfit is connected" in connects(zoe, "zoe@fjord.example")
    assert "✅ Your Fjordfit is connected: I found *1* activity of the last year" in zoe.heard
    assert "Name of the account: *Fjord Owner*" in zoe.heard


def test_ids_of_two_sources_do_not_collide_and_neither_deletes_what_the_other_has(
    town: Town, fjordfit: SecondSource, zoe: Person
) -> None:
    kept: list[int] = []
    zoe.connects_garmin(upload=lambda athlete: kept.append(_run(athlete)))
    fjordfit.enrol("zoe@fjord.example", swim(kept[0], 17))
    connects(zoe, "zoe@fjord.example")
    assert activities(town) == [(NAME, kept[0], "swim"), ("garmin", kept[0], "run")]
    town.travel(hours=7)
    assert len(activities(town)) == 2
    fjordfit.recordings["zoe@fjord.example"] = []
    town.travel(hours=7)
    assert activities(town) == [("garmin", kept[0], "run")]
    assert [each.source for each in every(town, GarminAccount)] == ["garmin", NAME]


def _run(athlete: Athlete) -> int:
    return athlete.upload(type_key="running", start=november(16), seconds=3600, metres=10_000)


def test_a_session_that_both_recorded_counts_once(town: Town, fjordfit: SecondSource, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(16))
    fjordfit.enrol("zoe@fjord.example", swim(1, 16, 9, type_key="running", seconds=3500.0, metres=9_900.0))
    connects(zoe, "zoe@fjord.example")
    assert len(activities(town)) == 2
    assert "1 session · *1h 00m* · 10.0 km" in zoe.says("me")


def test_legs_and_figures_are_those_of_any_source(town: Town, fjordfit: SecondSource, zoe: Person) -> None:
    whole = swim(7, 15, 9, type_key="multi_sport", seconds=5400.0)
    legs = [swim(8, 15, 9, part_of=7), swim(9, 15, 10, part_of=7, type_key="road_biking", seconds=3600.0)]
    fjordfit.enrol("zoe@fjord.example", *legs, whole, swim(10, 16, type_key="meditation"))
    connects(zoe, "zoe@fjord.example")
    assert activities(town) == [(NAME, 7, "multi")]
    (kept,) = every(town, Activity)
    assert kept.processed_metrics["score"]["because"] == "legs"
    assert (kept.duration, kept.utc_offset, kept.raw_data["source"]) == (5400.0, 3600, NAME)


def test_status_tells_of_both_and_sync_asks_both(town: Town, fjordfit: SecondSource, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(16))
    fjordfit.enrol("zoe@fjord.example", swim(1, 17))
    connects(zoe, "zoe@fjord.example")
    garmins, fjordfits = zoe.says("status").splitlines()[:2]
    assert garmins.startswith("Garmin ✅ last sync Wed 18 Nov, 20:0")
    assert fjordfits.startswith("Fjordfit ✅ last sync Wed 18 Nov, 20:0")
    town.clock.travel(minutes=20)
    lists = len(asked(town, "data"))
    fjordfit.recordings["zoe@fjord.example"].append(swim(2, 18))
    zoe.says("sync")
    assert len(asked(town, "data")) == lists + 1
    assert len(activities(town)) == 3


def test_a_source_that_is_left_alone_does_not_keep_the_other_from_being_read(
    town: Town, fjordfit: SecondSource, zoe: Person
) -> None:
    zoe.connects_garmin(upload=runs(16))
    fjordfit.enrol("zoe@fjord.example", swim(1, 17))
    connects(zoe, "zoe@fjord.example")
    with town.world.sessions.begin() as session:
        session.add(Breaker(name=NAME, shut_until=town.clock() + timedelta(hours=9), why="", trips=1))
    lists = len(asked(town, "data"))
    town.travel(hours=8)
    assert len(asked(town, "data")) > lists
    status = zoe.says("status")
    assert "Fjordfit didn't answer lately; I try again at" in status
    assert "Garmin didn't answer" not in status
    statuses = {each.source: (each.status, each.last_error) for each in every(town, GarminAccount)}
    assert statuses == {"garmin": (GarminStatus.LINKED, None), NAME: (GarminStatus.LINKED, None)}


def test_who_has_two_accounts_is_asked_which_to_disconnect_and_keeps_the_other(
    town: Town, fjordfit: SecondSource, zoe: Person
) -> None:
    zoe.connects_garmin(upload=runs(16))
    fjordfit.enrol("zoe@fjord.example", swim(1, 17))
    connects(zoe, "zoe@fjord.example")
    assert zoe.says("unlink") == "Which of your accounts shall I disconnect?"
    assert zoe.buttons == ["Garmin", "Fjordfit"]
    assert zoe.taps("Fjordfit").startswith("🔌 Disconnected. What opened your Fjordfit account is deleted here.")
    assert "Your 1 activity stays, unless you send *erase*" in zoe.heard
    zoe.says("erase")
    assert [source for source, _, _ in activities(town)] == ["garmin"]
    (left,) = every(town, GarminAccount)
    assert (left.source, left.linked_at) == ("garmin", START)


def test_not_my_account_disconnects_the_one_that_the_button_speaks_of(
    town: Town, fjordfit: SecondSource, zoe: Person
) -> None:
    zoe.connects_garmin(upload=runs(16))
    garmins = next(line for title, line in zoe.phone.heard[-1].buttons if title == "That's not me")
    fjordfit.enrol("zoe@fjord.example", swim(1, 17))
    connects(zoe, "zoe@fjord.example")
    zoe.says(garmins)
    assert [each.source for each in every(town, GarminAccount)] == [NAME]
    assert [source for source, _, _ in activities(town)] == [NAME]
