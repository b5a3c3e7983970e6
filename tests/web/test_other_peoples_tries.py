"""Wrong passwords for another member's Garmin account, and whom they keep from signing in."""

from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import GarminMethod, Member, OneTimeLink
from providers.sources import Typed
from services.ground import limits
from services.training import attempts, sign_ins, tries
from tests.browsing import Browser
from tests.services.test_taking_turns import at_once
from tests.town import Person, Town

FULL = "Too many wrong passwords were tried for this e-mail address within an hour, not only from your chat."
IN = "One more step"


def tries_passwords(person: Person, email: str, *passwords: str) -> str:
    """Try these passwords, through as many links as needed. Returns the last page."""
    html = ""
    for number, password in enumerate(passwords):
        if number % attempts.MOST_PASSWORDS == 0:
            browser: Browser = person.town.browser()
            html = browser.open_link(person.says("link garmin"))
        if 'name="password"' in html:
            html = browser.sign_in(email, password)
            person.town.rest()
            html = html if "no password goes there before" in html else browser.again()
    return html


@pytest.mark.parametrize("status", [None, 429])
def test_nobody_alone_keeps_somebody_else_from_signing_in(
    town: Town, zoe: Person, jose: Person, status: int | None
) -> None:
    """One member uses all passwords that one may try, also while Garmin delays sign-ins, and hour after hour."""
    town.garmin.enrol("Zoë", zoe.email, "right")
    for _ in range(3):
        town.garmin.faults.sign_in_status = status
        html = tries_passwords(jose, zoe.email, *["wrong"] * 7)
        town.garmin.faults.sign_in_status = None
        assert ("You have tried six passwords" if status is None else "Garmin holds sign-ins back") in html
        town.clock.travel(minutes=61)
    tries_passwords(jose, zoe.email, *["wrong"] * 7)
    assert IN in tries_passwords(zoe, zoe.email, "right")


def test_nobody_keeps_a_member_from_signing_in_again(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    zoe.connects_garmin()
    for friend in (jose, sara):
        tries_passwords(friend, zoe.email, *["wrong"] * 3)
    assert FULL in tries_passwords(town.person("Max", "+4915100000003"), zoe.email, "right"), "a stranger waits"
    assert IN in tries_passwords(zoe, zoe.email, "right"), "the account is connected to this chat"


def test_right_passwords_are_no_tries_at_an_account(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    town.garmin.enrol("Zoë", zoe.email, "right")
    for friend in (jose, sara):
        for _ in range(3):
            assert IN in tries_passwords(friend, zoe.email, "right")
    assert IN in tries_passwords(zoe, zoe.email, "right")


def test_each_reason_to_wait_is_told_as_it_is(town: Town, zoe: Person) -> None:
    town.garmin.enrol("Zoë", zoe.email, "right")
    assert "You have tried six passwords within an hour" in tries_passwords(zoe, zoe.email, *["wrong"] * 7)
    assert "Garmin holds" not in tries_passwords(zoe, zoe.email, "right")
    town.travel(hours=2)
    town.garmin.faults.sign_in_status = 429
    tries_passwords(zoe, zoe.email, "wrong")
    html = tries_passwords(zoe, zoe.email, "wrong")
    assert "Garmin holds sign-ins back after several tries" in html
    assert 'name="password"' not in html


def test_passwords_that_garmin_has_not_answered_yet_take_their_places(town: Town, zoe: Person, jose: Person) -> None:
    """Five were wrong, and one has no answer yet: a further one must wait, whichever of the two was sent first."""
    friends = [town.person(name, f"+491510000001{n}") for n, name in enumerate(("Ann", "Ben", "Eva"))]
    tries_passwords(friends[0], zoe.email, *["wrong"] * 3)
    tries_passwords(friends[1], zoe.email, *["wrong"] * 2)
    for each in (jose, friends[2]):
        each.says("link garmin")
    typed = Typed("wrong", zoe.email)

    def asks(session: Session, name: str) -> bool:
        member = member_named(session, name)
        link = session.scalars(select(OneTimeLink).where(OneTimeLink.member_id == member.id)).one()
        return sign_ins.ask(session, link, "garmin", GarminMethod.PASSWORD, typed, town.clock()) is not None

    second = at_once(town, partial(asks, name="José"), partial(asks, name="Eva"))
    assert second.result() is False
    with town.world.sessions() as session:
        held = tries.find_held_until(session, member_named(session, "Eva"), "garmin", town.clock(), zoe.email)
        assert held is not None
        assert held.why is tries.Why.ACCOUNT
        assert held.until == town.clock() + tries.LEASE, "until Garmin has answered"
        wrong = limits.list_times(
            session, [limits.hash_email(session, "garmin", zoe.email)], tries.WRONG, town.clock() - tries.HOUR
        )
    assert len(wrong) == 5


def member_named(session: Session, name: str) -> Member:
    return session.scalars(select(Member).where(Member.name == name)).one()
