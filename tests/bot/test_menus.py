"""Choosing something that the bot offered: a number, a label, a quoted message, an old button, a list."""

from datetime import timedelta

from sqlalchemy import select

from models import OutboundMessage
from models.vault import vault
from services.delivery import menus
from simulator.twilio.phones import Phone
from tests.scenes import code_in, has_moved, runs, start_group
from tests.town import Person, Town


def quotes(person: Person, sid: str, line: str) -> str:
    """Quote an older message of the bot and answer it."""
    phone: Phone = person.phone
    phone._post({"MessageType": "text", "Body": line}, {"OriginalRepliedMessageSid": sid})
    person.town.rest()
    return person.heard


def test_a_bare_number_answers_the_newest_buttons_for_ten_minutes(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    wanted = zoe.buttons.index("Help") + 1
    assert zoe.says(str(wanted)).startswith("*What I understand*")
    start_group(zoe)
    zoe.says("March")
    assert zoe.buttons[1] == "Me last 31 days"
    town.clock.travel(minutes=9)
    assert "Garmin" in zoe.says("2"), "me, without an account"
    zoe.says("hello")
    town.clock.travel(minutes=11)
    assert "I didn't get that" in zoe.says("2")
    assert "I didn't get that" in zoe.says("9")


def test_a_label_may_be_typed(zoe: Person) -> None:
    zoe.says("hi")
    start_group(zoe)
    zoe.says("hi")
    assert "Connect Garmin" in zoe.buttons
    assert "/link/" in zoe.says("connect garmin")


def test_a_question_that_waits_is_answered_before_a_menu(zoe: Person) -> None:
    start_group(zoe)
    start_group(zoe, name="Office swim")
    zoe.says("use")
    assert "Sunday Legends" in zoe.says("1")


def test_a_quoted_message_is_answered_however_old(town: Town, zoe: Person, jose: Person) -> None:
    code = code_in(zoe.says("new group Sunday Legends"))
    jose.says(f"join {code}")
    asked = jose.phone.heard[-1].sid
    jose.says("help")
    town.travel(hours=3)
    assert "You're in *Sunday Legends*" in quotes(jose, asked, "yes")
    assert "already in" in quotes(jose, asked, "1"), "authorised again, with what is true now"
    assert "OK, nothing has changed" in quotes(jose, asked, "no") or "No, thanks" not in jose.heard
    town.clock.travel(minutes=11)
    assert "I didn't get that" in quotes(jose, "SM" + "0" * 32, "1"), "not a message of ours"


def test_what_is_under_a_message_answers_only_whom_it_was_sent_to(town: Town, zoe: Person, jose: Person) -> None:
    code = code_in(zoe.says("new group Sunday Legends"))
    jose.says(f"join {code}")
    asked = jose.phone.heard[-1].sid
    zoe.says("hi")
    assert "already in" not in quotes(zoe, asked, "yes")


def test_a_button_tapped_weeks_later_is_a_command_authorised_again(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(jose, runs(16))
    jose.says("me")
    old = jose.phone.heard[-1]
    jose.says("leave yes")
    town.travel(days=20)
    jose.phone.taps_on(old, "Leaderboard")
    town.rest()
    assert "You're in no group yet" in jose.heard


def test_four_groups_are_a_list_that_opens_and_can_be_tapped(town: Town, zoe: Person) -> None:
    for name in ("Sunday Legends", "Office swim", "Early Birds", "Les Échappés"):
        start_group(zoe, name=name)
        town.travel(minutes=1)
    zoe.says("groups")
    shown = zoe.phone.heard[-1]
    assert shown.kind == "twilio/list-picker"
    assert shown.list_label == "Choose"
    assert shown.descriptions[1] == "Office swim"
    assert "Office swim" in zoe.taps("Use 2")
    zoe.says("groups")
    assert "Early Birds" in zoe.says("3")


def test_what_may_be_tapped_is_sealed(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    with town.world.sessions() as session:
        row = session.scalars(select(OutboundMessage)).one()
        assert b"new group" not in row.offers
        assert "new group" in vault(session).open(menus.PURPOSE, row.id, row.offers)


def test_what_a_number_a_label_or_a_yes_stands_for() -> None:
    menu = [("Yes, join", "join K7QX2M yes"), ("No, thanks", "never mind")]
    assert menus.find_line_meant(menu, "1.", quoted=False) == "join K7QX2M yes"
    assert menus.find_line_meant(menu, "no, thanks", quoted=False) == "never mind"
    assert menus.find_line_meant(menu, "yes", quoted=False) is None
    assert menus.find_line_meant(menu, "Yes!", quoted=True) == "join K7QX2M yes"
    assert menus.find_line_meant([("Use 2", "use 2"), ("Use 3", "use 3")], "2", quoted=False) == "use 2"
    for line in ("0", "3", "99", "٢", "", "maybe"):
        assert menus.find_line_meant(menu, line, quoted=True) is None
    assert timedelta(minutes=10) == menus.GOOD_FOR
