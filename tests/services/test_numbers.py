"""Numbers that change hands: what a new holder must prove, and what a stranger does not get."""

import pytest
from sqlalchemy import select

from models import Activity, GarminAccount, Identity, Member, OutboundMessage, SentFile
from services.people import phone_numbers
from tests.scenes import code_in, runs, start_group
from tests.town import Person, Town
from web.app import create_app

ASKED = "Phone numbers change hands, and this one was silent for a long time or has another name on WhatsApp now."
NAMES = ("Zoë", "José", "Sunday Legends", "zoë@example.org")


@pytest.fixture
def old(town: Town, zoe: Person, jose: Person) -> Person:
    """Zoë's number after 45 days of silence. José runs the group that she is in, and her
    Garmin account is connected.
    """
    start_group(jose, zoe)
    zoe.connects_garmin(upload=runs(16, 17))
    town.clock.travel(days=40)
    jose.says("hi")
    town.clock.travel(days=5)
    return zoe


def names_nobody(heard: str) -> bool:
    return not any(name in heard for name in NAMES)


def test_after_45_days_nothing_is_told_and_nobody_named(old: Person) -> None:
    for line in ("me", "leaderboard", "groups", "hi", "kudos José great", "export", "status", "leave"):
        assert ASKED in old.says(line)
        assert old.buttons == ["Yes, still me", "I'm new here"]
        assert names_nobody(old.heard)


def test_saying_so_proves_nothing(old: Person) -> None:
    old.says("hi")
    heard = old.taps("Yes, still me")
    assert heard.startswith("Good to have you back! Before I go on, I need a sign that only you can give")
    assert names_nobody(heard)
    assert old.buttons == ["Sign in to Garmin", "Ask an admin"]
    assert ASKED in old.says("me")


def test_the_same_garmin_account_proves_it(town: Town, old: Person) -> None:
    old.says("me")
    browser = town.browser()
    assert names_nobody(browser.open_link(old.says("link garmin")))
    browser.sign_in(old.email, "right")
    town.rest()
    old.confirms(browser)
    told = [each.text for each in old.phone.heard[-4:]]
    assert any(text.startswith("✅ It's you, Zoë: welcome back.") for text in told)
    assert ASKED not in old.says("me")
    assert "You're in Sunday Legends" in old.says("hi")


def test_a_key_proves_it_by_whose_it_is(town: Town, old: Person) -> None:
    town.garmin.enrol("Mia", "mia@example.org", "right", seed=5)
    for email, is_proved in (("mia@example.org", False), (old.email, True)):
        browser = town.browser()
        browser.open_link(old.says("link garmin"))
        browser.use_key(town.garmin.make_key(email))
        town.rest()
        before = old.count()
        old.confirms(browser)
        told = [each.text for each in old.phone.heard[before:]]
        assert any(text.startswith("That isn't the Garmin account") for text in told) != is_proved
        assert any(text.startswith("✅ It's you, Zoë") for text in told) == is_proved
        assert (ASKED in old.says("groups")) != is_proved


def test_another_garmin_account_proves_nothing_and_changes_nothing(town: Town, old: Person) -> None:
    town.garmin.enrol("Mia", "mia@example.org", "right", seed=5)
    old.says("me")
    browser = town.browser()
    browser.open_link(old.says("link garmin"))
    browser.sign_in("mia@example.org", "right")
    town.rest()
    browser.again()
    for line in (browser.line, f"{browser.line} replace", f"{browser.line} keep"):
        assert names_nobody(old.says(line))
    assert ASKED in old.says("me")
    with town.world.sessions() as session:
        assert session.query(Activity).count() == 2
        assert session.scalars(select(GarminAccount.garmin_email)).all() == [old.email]


def test_an_admins_word_proves_it(town: Town, old: Person, jose: Person) -> None:
    jose.says("hi")
    old.says("me")
    assert names_nobody(old.says("ask admin"))
    old.says("ask admin")
    asked = [each.text for each in jose.phone.heard if each.text.startswith("Is it still Zoë?")]
    assert len(asked) == 1
    assert jose.taps("Yes, it's them") == "Thank you! Zoë can go on as before, and I've told them so."
    assert old.heard.startswith("✅ It's you, Zoë: welcome back.")
    assert "You're in Sunday Legends" in old.says("hi")
    assert jose.says("vouch Zoë yes").startswith("Nobody needs to answer for Zoë")
    assert "José said that the number of Zoë is still theirs" in jose.says("audit")


def test_only_who_runs_the_group_can_answer(town: Town, old: Person, jose: Person, sara: Person) -> None:
    jose.says("hi")
    sara.says(f"join {_code(jose)} yes")
    old.says("me")
    assert sara.says("vouch Zoë yes") == "I can take that only from José."
    assert ASKED in old.says("vouch Zoë yes")
    assert ASKED in old.says("me")


def test_where_nobody_else_runs_the_group_the_one_who_was_there_longest_is_asked(
    town: Town, zoe: Person, jose: Person, sara: Person
) -> None:
    start_group(zoe, jose, sara)
    town.clock.travel(days=40)
    jose.says("hi")
    sara.says("hi")
    town.clock.travel(days=6)
    zoe.says("hi")
    assert "I've asked somebody who should know you." in zoe.says("ask admin")
    assert "Is it still Zoë?" in jose.heard
    assert "Is it still Zoë?" not in sara.heard
    assert jose.taps("Show me").startswith("Is it still Zoë?")
    assert jose.taps("Yes, it's them").startswith("Thank you! Zoë can go on")


def test_who_came_to_the_group_lately_vouches_for_nobody_and_nobody_is_locked_out(
    town: Town, zoe: Person, jose: Person
) -> None:
    code = start_group(zoe)
    town.clock.travel(days=5)
    assert "You're in *Sunday Legends*" in jose.says(f"join {code} yes")
    town.clock.travel(days=3)
    zoe.phone.name = "Mia"
    zoe.says("hi")
    assert "there is nobody I could ask. Whoever runs this bot can help" in zoe.says("still me")
    assert jose.says("vouch Zoë yes") == "I can take that only from those who run the group."
    confirmed_by_the_operator(town, zoe)
    assert "You're in *Sunday Legends*" in zoe.says("hi")


def test_an_admin_who_did_not_see_the_question_is_asked_again_and_not_for_ever(
    town: Town, old: Person, jose: Person
) -> None:
    for _ in range(5):
        jose.says("hi")
        old.says("ask admin")
        old.says("ask admin")
        town.clock.travel(days=1)
    assert len([each for each in jose.phone.heard if each.text.startswith("Is it still Zoë?")]) == 3
    assert jose.says("vouch Zoë").startswith("Is it still Zoë?")
    assert jose.says("yes").startswith("Thank you!")


def test_an_admin_who_wants_no_messages_is_not_asked_but_may_vouch(town: Town, old: Person, jose: Person) -> None:
    jose.says("stop")
    before = jose.count()
    old.says("me")
    assert old.says("ask admin").startswith("There is nobody here I could ask. Whoever runs this bot can help")
    assert jose.count() == before
    jose.says("vouch Zoë yes")
    assert old.heard.startswith("✅ It's you, Zoë")


def test_who_was_there_alone_is_sent_to_the_operator(town: Town, zoe: Person) -> None:
    start_group(zoe)
    town.clock.travel(days=46)
    zoe.says("hi")
    assert "Whoever runs this bot can help, and I've let them know." in zoe.says("still me")
    assert zoe.buttons == ["I'm new here"]
    confirmed_by_the_operator(town, zoe)
    assert "You're in *Sunday Legends*" in zoe.says("hi")


def test_who_had_nothing_here_is_asked_nothing_and_named_anew(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    town.clock.travel(days=60)
    zoe.phone.name = "Mia"
    assert "Hi Mia" in zoe.says("hi")
    assert "I'm *Gruppetto*" in zoe.heard
    with town.world.sessions() as session:
        assert session.scalars(select(Member.name).where(Member.opted_out_at.is_(None))).all() == ["Mia"]


def test_who_says_new_here_by_mistake_can_say_no(old: Person, jose: Person) -> None:
    old.says("me")
    old.taps("I'm new here")
    assert old.taps("No, it's me").startswith("Good to have you back!")
    jose.says("vouch Zoë yes")
    assert "You're in Sunday Legends" in old.says("hi")


def test_a_file_in_doubt_is_not_read(town: Town, old: Person) -> None:
    old.phone.sends_file(b"<gpx/>", "application/gpx+xml", "evening.gpx")
    town.rest()
    assert ASKED in old.heard
    with town.world.sessions() as session:
        assert session.query(SentFile).count() == 0


def test_a_number_that_changed_hands_begins_anew(town: Town, old: Person) -> None:
    old.says("me")
    old.phone.name = "Mia"
    assert names_nobody(old.taps("I'm new here"))
    assert old.heard.startswith("Just to be sure: you start from scratch then")
    assert names_nobody(old.taps("Yes, I'm new"))
    assert "I'm *Gruppetto*" in old.heard
    assert old.says("groups").startswith("You're in no group yet.")
    assert old.says("status").startswith("I have no Garmin data from you yet.")
    with town.world.sessions() as session:
        assert session.query(Member).count() == 3
        assert session.query(Identity).count() == 2


@pytest.mark.parametrize(
    ("days", "profile", "is_asked"),
    [
        (8, "Mia", True),
        (6, "Mia", False),
        (8, "Zoë 🚴", False),
        (8, "Zoe Martin", False),
        (44, "Zoë", False),
        (8, "", False),
        (8, "🚴", False),
        (8, "Zoë-Marie", False),
        (8, "Zo", False),
    ],
)
def test_another_profile_name_is_asked_about_after_a_week(
    town: Town, zoe: Person, jose: Person, days: int, profile: str, is_asked: bool
) -> None:
    start_group(jose, zoe)
    town.clock.travel(days=days)
    zoe.phone.name = profile
    assert (ASKED in zoe.says("groups")) == is_asked


def test_kind_words_wait_until_it_is_proved(town: Town, old: Person, jose: Person) -> None:
    jose.says("hi")
    jose.says("kudos Zoë great run")
    for line in ("me", "still me", "link garmin", "ask admin"):
        assert "great run" not in old.says(line)
    jose.says("vouch Zoë yes")
    assert "great run" in old.says("me")


def test_digests_and_notices_wait_and_come_after_the_proof(town: Town, old: Person, jose: Person) -> None:
    jose.says("hi")
    before = old.count()
    jose.says("promote Zoë")
    town.travel(hours=1)
    assert old.count() == before
    old.says("me")
    assert ASKED in old.heard
    jose.says("vouch Zoë yes")
    town.rest()
    assert any(each.text.startswith("You're an admin of *Sunday Legends* now.") for each in old.phone.heard[before:])


def test_what_waits_for_a_proof_too_long_expires(town: Town, old: Person, jose: Person) -> None:
    jose.says("hi")
    jose.says("promote Zoë")
    town.travel(days=2)
    with town.world.sessions() as session:
        rows = session.execute(
            select(OutboundMessage.state).where(OutboundMessage.dedupe_key.startswith("role:"))
        ).all()
    assert [str(row.state) for row in rows] == ["suppressed"], "nobody's fault, so no error in the log"


def test_stop_is_heard_from_whoever_holds_the_number(old: Person) -> None:
    assert old.says("stop").startswith("OK, I stop.")


def test_what_tells_nobody_apart_in_two_names_is_no_likeness() -> None:
    assert phone_numbers._is_another("Zoë de Vries 🚴", "Mia de Jong 🚴")
    assert not phone_numbers._is_another("Benjamin", "Ben 🚴")
    assert phone_numbers.shorten_profile(" . ") is None


@pytest.fixture
def trap(town: Town, zoe: Person, jose: Person, sara: Person) -> Person:
    """Zoë owns her club, with Sara in it, and has asked to join José's group, which never answered."""
    start_group(zoe, sara)
    jose.says("new group Trap Runners")
    code = code_in(jose.says("invite"))
    jose.says("settings approval on")
    zoe.says(f"join {code} yes")
    return zoe


def test_a_doubted_number_is_let_into_no_group_by_who_may_hold_it_now(
    town: Town, trap: Person, jose: Person, sara: Person
) -> None:
    awake(town, 46, jose, sara)
    assert ASKED in trap.says("hi")
    assert jose.says("approve Zoë").startswith("I can't let Zoë in yet: their number was silent for weeks")
    assert not jose.says("vouch Zoë yes").startswith("Thank you!")
    assert ASKED in trap.says("groups")
    sara.says("vouch Zoë yes")
    assert jose.says("approve Zoë").startswith("Zoë is in *Trap Runners*"), "once it is clear who holds the number"


def test_a_number_that_fell_silent_is_let_into_no_group_before_it_writes(
    town: Town, trap: Person, jose: Person, sara: Person
) -> None:
    awake(town, 46, jose, sara)
    assert jose.says("approve Zoë").startswith("I can't let Zoë in yet")
    assert jose.says("decline Zoë").startswith("Zoë is not let into")


def test_who_begins_anew_leaves_nothing_behind_that_an_admin_could_let_in(
    town: Town, trap: Person, jose: Person, sara: Person
) -> None:
    awake(town, 46, jose, sara)
    trap.says("hi")
    trap.says("new here yes")
    assert jose.says("approve Zoë").startswith("Nobody waits to be let into *Trap Runners*.")


def test_who_was_let_in_after_they_fell_silent_is_vouched_for_by_nobody_there(
    town: Town, trap: Person, jose: Person, sara: Person
) -> None:
    awake(town, 10, jose, sara)
    assert jose.says("approve Zoë").startswith("Zoë is in *Trap Runners*")
    awake(town, 36, jose, sara)
    assert ASKED in trap.says("hi")
    trap.says("ask admin")
    assert not any(each.text.startswith("Is it still Zoë?") for each in jose.phone.heard)
    assert jose.says("vouch Zoë yes").startswith("Zoë came into *Trap Runners* too shortly before")
    assert ASKED in trap.says("groups")
    assert sara.says("vouch Zoë yes").startswith("Thank you!")


def test_those_who_run_the_other_groups_hear_whose_word_it_was(
    town: Town, trap: Person, jose: Person, sara: Person
) -> None:
    sara.says("quiet off")
    jose.says("approve Zoë")
    awake(town, 46, jose, sara)
    trap.says("hi")
    assert "Those who run Zoë's groups will hear that you said so." in jose.says("vouch Zoë")
    assert jose.says("yes").startswith("Thank you!")
    told = sara.heard
    assert told.startswith("José, from another group of theirs, told me that the number of Zoë is still theirs")
    assert "*Sunday Legends*" in told
    assert "Trap Runners" not in told, "which groups one is in is nobody's business in another"
    assert "told me that the number of" not in jose.heard


def awake(town: Town, days: int, *people: Person) -> None:
    """Let this many days pass. These people write in the middle and at the end, so that
    their numbers are not in doubt.
    """
    for part in (days // 2, days - days // 2):
        town.clock.travel(days=part)
        for each in people:
            each.says("hi")


def confirmed_by_the_operator(town: Town, person: Person) -> None:
    """Let the operator list the members in doubt and confirm one; confirming again does nothing."""
    run = create_app(town.world).test_cli_runner()
    assert "\tZoë\n" in run.invoke(args=["member", "doubted"]).output
    assert run.invoke(args=["member", "confirm", person.phone.number]).output.startswith("Confirmed.")
    town.rest()
    assert person.heard.startswith("✅ It's you, Zoë")
    assert run.invoke(args=["member", "confirm", person.phone.number]).exit_code == 1


def _code(owner: Person) -> str:
    return code_in(owner.says("invite"))
