"""What a person hears while it is in doubt who holds the number, and that "stop" does not erase the member then."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.declaring.command import commands
from jobs import housekeeping
from models import Feedback, Member, Membership, Role
from services.people import feedback
from simulator.twilio.server import PretendMessage
from tests.scenes import runs, start_group
from tests.services.test_numbers import ASKED, awake, confirmed_by_the_operator, names_nobody
from tests.town import Person, Town
from web.app import create_app

SECRET = "password: hunter2!x"
ENDS_THE_DOUBT = "new here yes"


@pytest.fixture
def known(town: Town, zoe: Person, jose: Person) -> Person:
    """Zoë's number is in doubt. José runs her group, and her Garmin is connected."""
    start_group(jose, zoe)
    zoe.connects_garmin(upload=runs(16))
    awake(town, 46, jose)
    zoe.says("me")
    return zoe


@pytest.fixture
def owner(town: Town, zoe: Person, jose: Person) -> Person:
    """Zoë's number is in doubt. She owns her club, in which José is, and no Garmin is connected."""
    start_group(zoe, jose)
    awake(town, 46, jose)
    zoe.says("me")
    return zoe


@pytest.fixture
def alone(town: Town, zoe: Person) -> Person:
    """Zoë's number is in doubt after a change of the profile's name: alone in a group, and no Garmin is connected."""
    start_group(zoe)
    town.clock.travel(days=8)
    zoe.phone.name = "Mia"
    zoe.says("me")
    return zoe


def offered(heard: PretendMessage) -> Iterator[str]:
    """Yield what a message offers: bold texts that begin with the name of a command, and its buttons."""
    for bold in re.findall(r"(?<!\w)\*([^*\n]+)\*(?!\w)", heard.text):
        if any(re.match(rf"{re.escape(name)}\b", bold) for name in commands if name[0].isalpha()):
            yield bold
    yield from (says for _, says in heard.buttons)


def on_all_ways(town: Town, person: Person) -> Iterator[PretendMessage]:
    """Yield all answers that a person in doubt can get: each line that an answer offers is sent too."""
    waiting, said = ["me", "BCDFGH", "feedback", SECRET, "help kick", "delete me 1234"], set[str]()
    before = person.count() - 1  # the first question
    for send in (person.phone.sends_picture, person.phone.shares_location):
        send()
        town.rest()
        town.clock.travel(hours=2)
    while True:
        for heard in person.phone.heard[before:]:
            waiting += offered(heard)
            yield heard
        before = person.count()
        waiting = [line for line in waiting if line not in said and line != ENDS_THE_DOUBT]
        if not waiting:
            return
        said.add(waiting[0])
        person.says(waiting[0])


@pytest.mark.parametrize("who", ["known", "owner", "alone"])
def test_whatever_is_offered_in_doubt_is_heard(town: Town, who: str, request: pytest.FixtureRequest) -> None:
    person = request.getfixturevalue(who)
    texts = list(on_all_ways(town, person))
    lines = {line for heard in texts for line in offered(heard)}
    assert {"still me", "new here", "help", "feedback", "delete me", "stop", ENDS_THE_DOUBT} <= lines
    assert ("link garmin" in lines) == (who == "known")
    assert ("ask admin" in lines) == (who != "alone")
    assert all(names_nobody(heard.text) for heard in texts)
    assert ASKED in person.says("export"), "the doubt is not over"
    for line in [*sorted(lines - {ENDS_THE_DOUBT}), ENDS_THE_DOUBT]:
        assert ASKED not in person.says(line), line


def test_a_sign_in_that_proves_nothing_offers_what_is_heard(town: Town, known: Person) -> None:
    town.garmin.enrol("Mia", "mia@example.org", "right", seed=5)
    browser = town.browser()
    browser.open_link(known.says("link garmin"))
    browser.sign_in("mia@example.org", "right")
    town.rest()
    known.confirms(browser)
    told = known.phone.heard[-1]
    assert told.text.startswith("That isn't the Garmin account")
    assert {"link garmin", "still me", "feedback"} == set(offered(told))


def test_the_operator_hears_who_is_locked_out(town: Town, alone: Person) -> None:
    assert "*feedback* and your words" in alone.says("still me")
    with capture_logs() as logged:
        assert alone.says("feedback it's Zoë, call my sister").startswith("Thanks, passed on")
    [line] = [each for each in logged if each["event"] == "feedback from a number in doubt"]
    assert (line["log_level"], line["member"]) == ("warning", 1)
    assert "sister" not in str(logged)
    assert "\tmember 1, number in doubt\tit's Zoë, call my sister\n" in told_to_the_operator(town)
    confirmed_by_the_operator(town, alone)
    assert "\tmember 1\tit's Zoë, call my sister\n" in told_to_the_operator(town)


def test_feedback_in_doubt_has_its_usual_limit(alone: Person) -> None:
    for number in range(feedback.MOST_A_DAY):
        assert alone.says(f"feedback {number}").startswith("Thanks")
    assert alone.says("feedback again").startswith("I have passed on 10 of your messages today.")


def test_what_a_new_holder_told_the_operator_is_not_the_former_ones(town: Town, alone: Person) -> None:
    alone.says("feedback who is this?")
    alone.says("new here yes")
    with town.world.sessions() as session:
        [row] = session.scalars(select(Feedback))
        assert session.get_one(Member, row.member_id).name == "Mia"


def test_delete_me_in_doubt_erases_nothing_and_says_why(town: Town, known: Person) -> None:
    for line in ("delete me", "delete me 1234", "forget me"):
        assert known.says(line).startswith("I erase nothing yet: I don't know whose number this is now")
    with town.world.sessions() as session:
        assert session.scalars(select(Member.erase_code)).all() == [None, None]


def test_a_stranger_with_the_owners_number_erases_nobody_by_stop(town: Town, owner: Person, jose: Person) -> None:
    for _ in range(2):
        heard = owner.says("stop")
    assert heard.startswith("OK, I stop. This number gets nothing more from me but answers.")
    [told] = [each.text for each in jose.phone.heard if "*stop* to me from the number of Zoë" in each.text]
    assert "and the group keeps its owner, until it is clear whose it is, for half a year at most" in told
    awake(town, 60, jose)
    swept(town)
    assert owner_of(town) == "Zoë"
    assert jose.says("vouch Zoë yes").startswith("Thank you!")
    assert "but somebody said *stop* from this number, so I write nothing by myself" in owner.heard
    swept(town)
    assert owner_of(town) == "Zoë", "thirty days begin anew once it is known who it is"
    town.clock.travel(days=29)
    swept(town)
    assert owner_of(town) == "Zoë"
    town.clock.travel(days=2)
    swept(town)
    assert owner_of(town) == "José"


def test_whoever_is_in_doubt_when_the_thirty_days_are_over_is_not_erased_either(town: Town, zoe: Person) -> None:
    start_group(zoe)
    zoe.says("stop")
    town.clock.travel(days=8)
    zoe.phone.name = "Mia"
    assert ASKED in zoe.says("hi")
    town.clock.travel(days=31)
    swept(town)
    assert owner_of(town) == "Zoë"
    run = create_app(town.world).test_cli_runner()
    assert "\tZoë\tsaid stop, erased on 2027-05-25\n" in run.invoke(args=["member", "doubted"]).output
    run.invoke(args=["member", "confirm", zoe.phone.number])
    town.rest()
    assert "Welcome back, Zoë" in zoe.says("start")
    town.clock.travel(days=200)
    swept(town)
    assert owner_of(town) == "Zoë"


def test_after_half_a_year_in_doubt_whoever_stopped_is_erased(town: Town, owner: Person) -> None:
    owner.says("stop")
    town.clock.travel(days=179)
    swept(town)
    assert owner_of(town) == "Zoë"
    town.clock.travel(days=2)
    swept(town)
    assert owner_of(town) == "José"


def test_where_nobody_hears_of_a_stop_in_doubt_the_operator_does(alone: Person) -> None:
    with capture_logs() as logged:
        alone.says("stop")
    assert [each["member"] for each in logged if each["event"] == "number in doubt, and nobody to vouch"] == [1]


def test_those_who_run_the_group_hear_that_a_number_changed_hands(town: Town, owner: Person, jose: Person) -> None:
    owner.says("new here yes")
    assert jose.heard.startswith("Whoever has the number of Zoë now told me that they are new here.")
    assert "erased in 30 days; then somebody else in the group becomes its owner" in jose.heard
    town.clock.travel(days=31)
    swept(town)
    assert owner_of(town) == "José"


def owner_of(town: Town) -> str:
    """Return the owner of the only group."""
    with town.world.sessions() as session:
        runs_it = Membership.role == Role.OWNER, Membership.left_at.is_(None)
        return session.scalars(select(Member.name).join(Membership).where(*runs_it)).one()


def swept(town: Town) -> None:
    """Run the hourly sweep, and the jobs that it starts."""
    housekeeping.sweep()
    town.rest()


def told_to_the_operator(town: Town) -> str:
    """Return the output of `flask feedback`."""
    return create_app(town.world).test_cli_runner().invoke(args=["feedback"]).output
