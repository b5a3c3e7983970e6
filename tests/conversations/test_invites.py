"""Getting into a group: invites, joining, and waiting to be admitted."""

import re

from sqlalchemy import select, update

from models import Invite, Member, Membership
from tests.scenes import code_in, start_group
from tests.town import Person, Town


def test_an_invite_may_end_soon_and_be_for_few(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe)
    heard = zoe.says("invite 7 days 10 uses")
    assert "works until Wed 25 Nov, for 10 people." in heard
    heard = zoe.says("invite for 1 week, for 1 person")
    assert "works until Wed 25 Nov, for 1 person." in heard
    code = code_in(heard)
    assert "You're in" in jose.says(f"join {code} yes")
    assert sara.says(f"join {code} yes").startswith("That code isn't active")
    heard = zoe.says("qr 2d")
    assert zoe.phone.heard[-1].picture_url is not None
    assert "works until Fri 20 Nov, for 50 people" in heard
    zoe.says("schedule off")
    town.travel(days=2)
    assert sara.says(f"join {code_in(heard)}").startswith("That code isn't active")


def test_an_invite_has_bounds(zoe: Person) -> None:
    start_group(zoe)
    for line in ("invite 91 days", "invite 0 days", "invite 501 uses", "qr 0 uses", "invite 9999 weeks"):
        assert zoe.says(line) == "An invite is good for 1 to 90 days and 1 to 500 people: *invite 7 days 10 uses*."


def test_open_invites_are_listed_without_their_codes_and_revoked(zoe: Person, jose: Person) -> None:
    code = start_group(zoe, jose)
    short = code_in(zoe.says("invite 7 days 10 uses"))
    heard = zoe.says("invites")
    assert "*Sunday Legends* has 2 open invites:" in heard
    assert "• until Wed 25 Nov, used by 0 of 10\n• until Fri 18 Dec, used by 1 of 50" in heard
    assert code not in heard
    assert short not in heard
    assert jose.says("invites") == "Only admins can do that (invites). Admins: Zoë."
    assert jose.says("revoke invites") == "Only admins can do that (revoke invites). Admins: Zoë."
    zoe.says("invites")
    assert zoe.taps("Revoke all").startswith("Done: 2 invites of *Sunday Legends* let nobody in any more.")
    assert zoe.says("revoke invites") == "*Sunday Legends* had no open invite."
    assert zoe.says("invites").startswith("*Sunday Legends* has no open invite.")
    jose.says("leave yes")
    for each in (code, short):
        assert jose.says(f"join {each} yes").startswith("That code isn't active")


def test_a_group_may_let_people_in_one_by_one(town: Town, zoe: Person, jose: Person) -> None:
    ben = town.person("Ben", "+32470000003")
    code = start_group(zoe, jose)
    zoe.says("promote José")
    zoe.says("settings approval on")
    assert "An admin lets you in. Do you agree?" in ben.says(f"join {code}")
    assert ben.taps("Yes, join").startswith("⏳ I've asked the admins of *Sunday Legends* to let you in.")
    for admin in (zoe, jose):
        assert admin.heard.startswith("Ben asks to join *Sunday Legends*.")
        assert admin.buttons == ["Approve", "Decline"]
    assert ben.says("members").startswith("You're in no group yet.")
    assert "You wait to be let into Sunday Legends." in ben.says("groups")
    assert ben.says(f"join {code} yes").startswith("I've asked the admins of *Sunday Legends* already.")
    assert zoe.says("waiting").startswith("*Sunday Legends*: 1 waits to be let in\n1. Ben, since Wed 18 Nov")
    assert zoe.taps("Approve") == "Ben is in *Sunday Legends*."
    assert ben.heard.startswith("✅ You're in *Sunday Legends*.")
    assert ben.buttons == ["Connect Garmin", "My groups"]
    assert jose.taps("Decline") == "Somebody was quicker: Ben has been let in."
    assert "3 members" in ben.says("members")
    assert zoe.says("waiting") == "Nobody waits to be let into *Sunday Legends*."


def test_who_waits_is_answered_by_number_and_by_name(town: Town, zoe: Person, jose: Person) -> None:
    ben = town.person("Ben", "+32470000003")
    code = start_group(zoe)
    zoe.says("settings approval on")
    for person in (jose, ben):
        person.says(f"join {code} yes")
    assert "2 wait to be let in\n1. José, since Wed 18 Nov\n2." in zoe.says("waiting")
    assert zoe.buttons == []
    assert zoe.says("approve") == "Whom? Send a name, or a number of the list that *waiting* shows."
    assert zoe.says("3").startswith('Nobody called "3" waits. Waiting: José and')
    assert zoe.says("decline 2").startswith("Ben is not let into *Sunday Legends*.")
    assert ben.heard.startswith("The admins of *Sunday Legends* did not let you in.")
    assert zoe.says("approve josé") == "José is in *Sunday Legends*."
    assert zoe.says("approve josé") == "Nobody waits to be let into *Sunday Legends*."
    assert ben.says(f"join {code} yes").startswith("The admins of *Sunday Legends* did not let you in.")
    town.clock.travel(days=1)
    assert ben.says(f"join {code} yes").startswith("⏳")


def test_only_those_who_run_a_group_let_people_in(zoe: Person, jose: Person, sara: Person) -> None:
    code = start_group(zoe, jose)
    zoe.says("settings approval on")
    sara.says(f"join {code} yes")
    sign = re.search(r"#\d+", zoe.phone.heard[-1].buttons[0][1])[0]
    for line in ("waiting", "approve 1", "decline 1", f"approve {sign}", f"decline {sign}"):
        assert jose.says(line).startswith("Only admins can do that")
    for line in (f"approve {sign}", f"decline {sign}", "approve #999999999999999"):
        assert sara.says(line).startswith("You're in no group yet.")
    assert zoe.says(f"approve {sign}") == "\u2068سارة\u2069 is in *Sunday Legends*."


def test_an_admin_of_two_groups_answers_a_request_of_either(zoe: Person, jose: Person) -> None:
    code = start_group(zoe, name="Sunday Legends")
    zoe.says("settings approval on")
    start_group(zoe, name="Office swim")
    jose.says(f"join {code} yes")
    assert zoe.says("waiting").startswith("*Sunday Legends*: 1 waits to be let in")
    zoe.says("use Office swim")
    jose_sign = re.search(r"#\d+", zoe.phone.heard[-2].buttons[0][1])[0]
    assert zoe.says(f"approve {jose_sign}") == "José is in *Sunday Legends*."
    assert "*Office swim* · 1 member" in zoe.says("members")


def test_a_request_is_brought_to_an_admin_who_was_silent_for_a_day(town: Town, zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    zoe.says("settings approval on")
    zoe.says("schedule off")
    town.travel(hours=37)
    jose.says(f"join {code} yes")
    town.rest()
    assert "José asks to join Sunday Legends." in zoe.heard.replace("*", "")
    assert zoe.taps(zoe.buttons[0]).startswith("*Sunday Legends*: 1 waits to be let in")


def test_only_those_who_run_a_group_invite(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert "Join *Sunday Legends*: open this link" in zoe.says("invite")
    assert jose.says("invite") == "Only admins can do that (invite). Admins: Zoë."
    assert jose.says("qr") == "Only admins can do that (qr). Admins: Zoë."
    zoe.says("settings members may invite on")
    assert "Join *Sunday Legends*: open this link" in jose.says("invite")


def test_what_members_made_lets_nobody_in_once_only_admins_may_invite(zoe: Person, jose: Person, sara: Person) -> None:
    hers = start_group(zoe, jose)
    zoe.says("settings members may invite on")
    his = code_in(jose.says("invite"))
    heard = zoe.says("settings members may invite off")
    assert heard == "Only admins of *Sunday Legends* may invite people. Codes that others made let nobody in any more."
    assert sara.says(f"join {his} yes").startswith("That code isn't active")
    zoe.says("settings members may invite on")
    assert sara.says(f"join {his} yes").startswith("That code isn't active"), "what is over stays over"
    assert "You're in" in sara.says(f"join {hers} yes")


def test_the_invite_comes_as_a_qr_code_too(zoe: Person, jose: Person) -> None:
    start_group(zoe)
    heard = zoe.says("qr code")
    assert zoe.phone.heard[-1].picture_url is not None
    assert "You're in *Sunday Legends*" in jose.says(f"join {code_in(heard)} yes")


def test_who_is_invited_learns_what_others_will_see_before_agreeing(zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    heard = jose.says(f"join {code.lower()}")
    assert "You're asking to join *Sunday Legends*: 1 person, run by Zoë." in heard
    assert "*They will never see* where you were" in heard
    assert jose.buttons == ["Yes, join", "Choose first", "No, thanks"]
    assert "✅ You're in *Sunday Legends*." in jose.taps("Yes, join")
    assert jose.buttons == ["Connect Garmin", "Help"]
    assert "2 members" in zoe.says("members")


def test_agreement_has_many_words(zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    for line in ("Yes!", "ok 👍", "👍"):
        jose.says(f"join {code}")
        assert "✅ You're in" in jose.says(line)
        jose.says("leave yes")


def test_who_declines_does_not_join_and_is_not_stopped_by_a_second_tap(town: Town, zoe: Person, jose: Person) -> None:
    jose.says(f"join {start_group(zoe)}")
    for _ in range(2):
        assert jose.taps("No, thanks").startswith("OK, nothing has changed.")
    assert jose.says("members").startswith("You're in no group yet.")
    with town.world.sessions() as session:
        assert session.scalars(select(Member.opted_out_at)).all() == [None, None]


def test_a_code_may_be_given_after_being_asked_for(zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    assert jose.says("join CODE").startswith("Which code?")
    assert jose.says("ABCDEF").startswith("That code isn't active")
    assert "You're asking to join *Sunday Legends*" in jose.says(f"*{code}*")
    assert "✅ You're in" in jose.says("yes")


def test_who_guesses_codes_has_to_wait(town: Town, zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    for _ in range(5):
        assert jose.says("join ABCDEF").startswith("That code isn't active")
    assert jose.says(f"join {code} yes") == "Five wrong codes. Try again in 15 minutes."
    town.travel(minutes=16)
    assert "✅ You're in" in jose.says(f"join {code} yes")


def test_what_is_no_code_is_explained(zoe: Person) -> None:
    zoe.says("hi")
    assert 'I know *join*, but not what "123" means there.' in zoe.says("join 123")


def test_a_code_ends_after_thirty_days(town: Town, zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    zoe.says("schedule off")
    town.travel(days=29)
    assert "You're asking to join" in jose.says(f"join {code}")
    town.travel(days=2)
    assert jose.says(f"join {code} yes").startswith("That code isn't active")


def test_a_code_that_is_used_up_lets_nobody_in(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    code = start_group(zoe)
    with town.world.sessions.begin() as session:
        session.execute(update(Invite).values(most_uses=1))
    assert "You're in" in jose.says(f"join {code} yes")
    assert sara.says(f"join {code} yes").startswith("That code isn't active")


def test_nobody_joins_twice(zoe: Person, jose: Person) -> None:
    code = start_group(zoe, jose)
    assert jose.says(f"join {code}") == "You're already in *Sunday Legends*. Try *me* or *leaderboard*."
    assert zoe.says(f"join {code} yes").startswith("You're already in")


def test_the_code_of_a_group_that_has_ended_is_dead(zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    zoe.says("leave yes")
    assert jose.says(f"join {code}") == "*Sunday Legends* has ended: its last member left. *new group* starts another."


def test_who_starts_a_group_reads_what_they_agree_to_and_who_waits_hears_that_it_has_ended(
    town: Town, zoe: Person, jose: Person
) -> None:
    heard = zoe.says("new group Sunday Legends")
    with town.world.sessions() as session:
        for line in session.scalars(select(Membership.consent_wording)).one().splitlines():
            assert line in heard
    zoe.says("settings approval on")
    jose.says(f"join {code_in(heard)} yes")
    zoe.says("leave yes")
    assert jose.heard.startswith("*Sunday Legends* has ended before its admins answered you.")
    assert "Sunday Legends" not in jose.says("groups")
