"""Erasing everything and signing up again: each test is named after the advantage that it must not give."""

import re
from dataclasses import replace

from sqlalchemy import func, select

import world as worlds
from models import Ban, BanAddress, CountedEvent, Identity, Member, Membership
from services.delivery import ceiling
from tests import recordings
from tests.conftest import Servers
from tests.scenes import code_in, november, start_group
from tests.town import Person, Town
from web.app import create_app

CLOSED = "*Sunday Legends* is closed to you; only its admins can change that."


def erases_everything(person: Person) -> None:
    """Type the code, and let the erasure be completed."""
    code = re.search(r"DELETE (\d{4})", person.says("delete me"))[1]
    assert person.says(f"DELETE {code}").startswith("Everything is erased")
    person.town.travel(minutes=2)
    with person.town.world.sessions() as session:
        assert session.scalar(select(Identity.id).where(Identity.value == person.phone.number)) is None


def banned(owner: Person, friend: Person, code: str) -> None:
    """Let the owner ban a member."""
    owner.says(f"ban {friend.phone.name}")
    assert owner.says("yes").startswith("Banned:")
    assert friend.says(f"join {code} yes") == CLOSED


def limited(town: Town, servers: Servers, **settings: int) -> None:
    """Use these settings from now on."""
    town.world = replace(town.world, settings=town.world.settings.model_copy(update=settings))
    worlds.use(town.world)
    servers.app.app = create_app(town.world)


def test_back_into_a_group_that_banned_him(zoe: Person, jose: Person) -> None:
    code = start_group(zoe, jose)
    banned(zoe, jose, code)
    erases_everything(jose)
    assert jose.says(f"join {code}") == CLOSED
    assert jose.says(f"join {code_in(zoe.says('invite'))} yes") == CLOSED
    assert "José" not in zoe.says("members")


def test_back_into_the_group_with_a_new_number_or_without_the_one_that_was_banned(town: Town, zoe: Person) -> None:
    first, other = (
        Person(town, town.phones.add("Max", number, "DE.4711"), "max@example.org")
        for number in ("+4915100000001", "+4915100000002")
    )
    code = start_group(zoe, first)
    banned(zoe, first, code)
    erases_everything(first)
    assert other.says(f"join {code} yes") == CLOSED, "another number, the same WhatsApp id"
    erases_everything(other)
    other.phone.business_id = None
    assert other.says(f"join {code} yes") == CLOSED, "that other number, which the ban has met beside the id"
    erases_everything(other)
    first.phone.business_id = "DE.4712"
    assert first.says(f"join {code} yes") == CLOSED, "the first number, another WhatsApp id"


def test_back_into_the_group_as_the_new_holder_of_the_number(town: Town, zoe: Person, jose: Person) -> None:
    code = start_group(zoe, jose)
    zoe.says("schedule off")
    banned(zoe, jose, code)
    with town.world.sessions.begin() as session:
        member = session.scalars(select(Member).where(Member.name == "José")).one()
        member.doubted_at = town.clock()
    jose.says("new here yes")
    assert jose.says(f"join {code} yes") == CLOSED, "nobody can tell the new holder from the one who was banned"
    zoe.says("unban José")
    assert zoe.taps("Yes, unban").startswith("José may join")
    assert "You're in *Sunday Legends*" in jose.says(f"join {code} yes"), "an admin can"


def test_a_ban_of_somebody_who_was_erased_is_seen_and_lifted(
    town: Town, zoe: Person, jose: Person, sara: Person
) -> None:
    code = start_group(zoe, jose, sara)
    banned(zoe, jose, code)
    erases_everything(jose)
    assert sara.says("unban @erased 1").startswith("Only admins can do that (unban)")
    heard = zoe.says("unban")
    assert "• @erased 1: banned on Wed 18 Nov, and has erased everything since" in heard
    assert "José" not in heard
    assert zoe.says("@erased 1").startswith("Let somebody join *Sunday Legends* again whom you banned on Wed 18 Nov")
    assert zoe.taps("Yes, unban").startswith("That ban is lifted")
    assert "You're in *Sunday Legends*" in jose.says(f"join {code} yes")
    assert zoe.says("unban") == "Nobody is banned from *Sunday Legends*."
    with town.world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Ban)) == 0
        assert session.scalar(select(func.count()).select_from(BanAddress)) == 0


def test_no_ban_is_kept_longer_than_its_group(town: Town, zoe: Person, jose: Person) -> None:
    code = start_group(zoe, jose)
    banned(zoe, jose, code)
    erases_everything(jose)
    zoe.says("leave yes")
    assert "Sunday Legends" in jose.says(f"join {code} yes")
    assert jose.heard != CLOSED
    with town.world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Ban)) == 0
        assert session.scalar(select(func.count()).select_from(BanAddress)) == 0


def test_an_admin_of_another_group_lifts_no_ban_of_this_one(zoe: Person, jose: Person, sara: Person) -> None:
    code = start_group(zoe, jose)
    banned(zoe, jose, code)
    erases_everything(jose)
    start_group(sara, name="Others")
    assert sara.says("unban @erased 1 yes").startswith("That is about a group")
    assert sara.says("unban @erased 999 yes").startswith('Nobody called "erased 999" is banned.')
    assert jose.says(f"join {code} yes") == CLOSED


def test_one_more_request_after_the_admins_said_no(town: Town, zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    zoe.says("settings approval on")
    assert jose.says(f"join {code} yes")
    zoe.says("decline José")
    for _ in range(2):
        erases_everything(jose)
        assert jose.says(f"join {code} yes").startswith("The admins of *Sunday Legends* did not let you in.")
    town.travel(days=1)
    assert "did not let you in" not in jose.says(f"join {code} yes")


def test_a_request_a_minute_to_each_admin(zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    zoe.says("settings approval on")
    for _ in range(3):
        jose.says(f"join {code} yes")
        erases_everything(jose)
    before = zoe.count()
    assert jose.says(f"join {code} yes").startswith("You have asked 3 times in a day")
    assert zoe.count() == before


def test_five_more_guesses_at_a_code(zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    for _ in range(5):
        jose.says("join ABCDEF")
    erases_everything(jose)
    assert re.fullmatch(r"Five wrong codes\. Try again in \d+ minutes\.", jose.says(f"join {code} yes"))


def test_ten_more_groups_and_messages_to_the_operator(zoe: Person) -> None:
    for number in range(10):
        zoe.says(f"new group Number {number}")
        zoe.says(f"feedback number {number}")
    erases_everything(zoe)
    assert "10" in zoe.says("new group One more")
    assert zoe.says("feedback one more").startswith("I have passed on 10 of your messages today.")


def test_twenty_more_kudos(town: Town, zoe: Person, jose: Person) -> None:
    code = start_group(zoe, jose)
    for number in range(20):
        jose.says(f"kudos Zoë number {number}")
    erases_everything(jose)
    jose.says(f"join {code} yes")
    assert jose.says("kudos Zoë one more").startswith("That's 20 kudos in a day.")


def test_six_more_passwords_an_hour(town: Town, zoe: Person) -> None:
    town.garmin.enrol("Zoë", zoe.email, "right")
    for _ in range(2):
        tries(zoe, zoe.email, 3)
    erases_everything(zoe)
    assert "no password goes there before" in tries(zoe, zoe.email, 1)


def test_one_account_guessed_at_by_many(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    town.garmin.enrol("Zoë", zoe.email, "right")
    tries(jose, zoe.email, 3)
    tries(sara, f" {zoe.email.upper()}", 3)
    before = len(town.garmin.journal)
    html = tries(zoe, zoe.email, 1)
    assert "Too many wrong passwords were tried for this e-mail address" in html
    assert "no password goes there before" in html, "six passwords within the hour"
    assert 'name="password"' in html, "for another address one may go at once"
    assert len(town.garmin.journal) == before, "Garmin was not asked"
    town.clock.travel(hours=1)
    assert "know this e-mail and password together" in tries(zoe, zoe.email, 1)


def test_out_of_the_hold_that_garmin_put_on_sign_ins(town: Town, zoe: Person) -> None:
    town.garmin.enrol("Zoë", zoe.email, "right")
    town.garmin.faults.sign_in_status = 429
    assert "Garmin is holding back sign-ins" in tries(zoe, zoe.email, 1)
    town.garmin.faults.sign_in_status = None
    erases_everything(zoe)
    assert "no password goes there before" in tries(zoe, zoe.email, 1)
    town.clock.travel(hours=2)
    assert "know this e-mail and password together" in tries(zoe, zoe.email, 1)


def tries(person: Person, email: str, passwords: int) -> str:
    """Try this many wrong passwords through one link. Returns the last page."""
    browser = person.town.browser()
    html = browser.open_link(person.says("link garmin"))
    for _ in range(passwords):
        if 'name="password"' in html:
            html = browser.sign_in(email, "wrong")
            person.town.rest()
            html = html if "no password goes there before" in html else browser.again()
    return html


def test_a_fresh_day_of_lines(town: Town, servers: Servers, zoe: Person) -> None:
    limited(town, servers, lines_a_day=20)
    for _ in range(15):
        zoe.says("me")
    erases_everything(zoe)
    assert [bool(zoe.says("me")) for _ in range(5)] == [True, True, True, True, False]
    assert "That was a lot for one day" in zoe.heard


def test_a_fresh_day_of_files(town: Town, servers: Servers, zoe: Person, jose: Person) -> None:
    limited(town, servers, files_a_day=2)
    for _ in range(2):
        assert sends_file(zoe).startswith(("✅", "I know this already"))
    for _ in range(2):
        erases_everything(zoe)
        assert sends_file(zoe).startswith("I have read 2 of your files within a day")
    assert sends_file(jose).startswith("✅"), "nobody else's are counted"
    town.travel(hours=24)
    assert sends_file(zoe).startswith("✅")


def sends_file(person: Person) -> str:
    """Send an activity file, and return the last message."""
    person.phone.sends_file(recordings.tcx(recordings.session(november(18))), recordings.TCX)
    person.town.rest()
    return person.heard


def test_a_fresh_minute_of_lines(town: Town, servers: Servers, zoe: Person) -> None:
    limited(town, servers, lines_a_minute=4)
    zoe.says("me")
    code = re.search(r"DELETE (\d{4})", zoe.says("delete me"))[1]
    assert zoe.says(f"DELETE {code}").startswith("Everything is erased")
    assert [bool(zoe.says("hi")) for _ in range(3)] == [True, True, False], "one answer, one warning, and silence"


def test_anything_by_erasing_oneself_five_times(town: Town, servers: Servers, zoe: Person, jose: Person) -> None:
    """A member who is banned, throttled and at the message limit gains nothing by it; counts only grow."""
    code = start_group(zoe, jose)
    banned(zoe, jose, code)
    for _ in range(4):
        jose.says("join ABCDEF")
    for number in range(10):
        jose.says(f"feedback number {number}")
    tries(jose, jose.email, 3)
    tries(jose, jose.email, 3)
    for _ in range(5):
        before = spent(town)
        erases_everything(jose)
        assert spent(town) == before + 2, "what had left stays in the ledger; the question and the farewell come to it"
        assert jose.says(f"join {code} yes") == CLOSED
        assert "no password goes there before" in tries(jose, jose.email, 1)
        assert jose.says("feedback more").startswith("I have passed on 10")
    lines = counted(town, jose)
    limited(town, servers, lines_a_day=lines + 1)
    assert jose.says("me")
    assert "That was a lot for one day" in jose.says("me")
    with town.world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Ban)) == 1
        assert session.scalar(select(func.count()).select_from(Membership)) == 1


def spent(town: Town) -> int:
    with town.world.sessions() as session:
        return ceiling.count_sent_today(session, town.clock()).by_group.total()


def counted(town: Town, person: Person) -> int:
    """Return how many lines are counted against a person, also from before they were erased."""
    with town.world.sessions() as session:
        lines = select(func.count()).select_from(CountedEvent).where(CountedEvent.kind.startswith("line: "))
        hashes = select(CountedEvent.address_hash).where(CountedEvent.kind == "feedback").distinct()
        return session.scalar(lines.where(CountedEvent.address_hash.in_(hashes)))


def test_what_erasing_keeps_is_told(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    for heard in (zoe.says("delete me"), zoe.says("privacy")):
        assert "for a day" in heard
        assert "banned" in heard
