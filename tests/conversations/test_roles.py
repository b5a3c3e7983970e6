"""Roles in a group, and removing members."""

import re

from models import Ban
from tests.scenes import code_in, has_moved, runs, start_group
from tests.town import Person, Town
from web.app import create_app


def test_the_owner_makes_admins_and_members_again(zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    assert zoe.says("promote josé").startswith("José is an admin of *Sunday Legends* now")
    assert jose.heard.startswith("You're an admin of *Sunday Legends* now.")
    assert "• José (admin)" in sara.says("members")
    assert "open this link" in jose.says("invite")
    assert zoe.says("promote José") == "José is an admin already."
    assert zoe.says("demote José").startswith("José is a member of *Sunday Legends* again")
    assert jose.heard.startswith("You're a member of *Sunday Legends* again, no longer an admin.")
    assert zoe.says("demote José") == "José is a member, not an admin, already."
    assert jose.says("invite") == "Only admins can do that (invite). Admins: Zoë."


def test_only_the_owner_changes_roles(zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    zoe.says("promote José")
    for line in ("promote سارة", "demote José", "transfer José"):
        assert jose.says(line).startswith("Only the owner can do that (")
        assert sara.says(line).endswith("): Zoë.")
    for line in ("promote Zoë", "demote Zoë", "transfer Zoë"):
        assert zoe.says(line).startswith("That is about somebody else (")


def test_a_group_is_handed_over(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert zoe.says("transfer José").startswith("Hand *Sunday Legends* to José?\nYou stay as an admin.")
    assert "• Zoë (owner)" in zoe.says("members")
    zoe.says("transfer José")
    assert zoe.says("yes") == "José runs *Sunday Legends* now. You're one of its admins."
    assert jose.heard.startswith("You run *Sunday Legends* now.")
    assert "• José (owner)\n• Zoë (admin)" in zoe.says("members")
    assert zoe.says("transfer José yes") == "Only the owner can do that (transfer): José."


def test_who_is_removed_is_told_and_gone_from_the_board_at_once(town: Town, zoe: Person, jose: Person) -> None:
    code = start_group(zoe, jose)
    has_moved(jose, runs(17))
    assert "José" in zoe.says("leaderboard")
    assert zoe.says("kick jose").startswith("Remove José from *Sunday Legends*?")
    assert zoe.buttons == ["Yes, remove", "No"]
    assert zoe.taps("Yes, remove").startswith("Removed: José is in nothing")
    assert jose.heard.startswith("You're no longer in *Sunday Legends*: an admin removed you.\n")
    assert "José" not in zoe.says("leaderboard")
    assert jose.says("members").startswith("You're in no group yet.")
    assert "10.0 km" in jose.says("me")
    assert "You're in *Sunday Legends*" in jose.says(f"join {code} yes")


def test_who_is_banned_gets_in_by_no_code(town: Town, zoe: Person, jose: Person) -> None:
    code = start_group(zoe, jose)
    assert zoe.says("ban José").startswith("Ban José from *Sunday Legends*?")
    assert zoe.says("yes").startswith("Banned: no invite lets José into *Sunday Legends*")
    assert jose.heard.startswith("You're no longer in *Sunday Legends*: an admin removed you for good.")
    for each in (code, start_group_code(zoe)):
        assert jose.says(f"join {each}") == "*Sunday Legends* is closed to you; only its admins can change that."
        assert jose.says(f"join {each} yes").startswith("*Sunday Legends* is closed to you")
    assert zoe.says("unban josé").startswith("Let José join *Sunday Legends* again?")
    assert zoe.taps("Yes, unban").startswith("José may join *Sunday Legends* again")
    assert "You're in *Sunday Legends*" in jose.says(f"join {code} yes")
    with town.world.sessions() as session:
        assert session.query(Ban).count() == 0


def test_who_has_left_can_be_banned_and_a_ban_taken_back_with_a_tap(zoe: Person, jose: Person) -> None:
    code = start_group(zoe, jose)
    jose.says("leave yes")
    before = jose.count()
    zoe.says("ban José")
    assert zoe.says("yes").startswith("Banned:")
    assert jose.count() == before
    assert jose.says(f"join {code}").startswith("*Sunday Legends* is closed to you")
    assert zoe.taps("Undo").startswith("José may join *Sunday Legends* again")
    assert zoe.says("unban José") == 'Nobody called "José" is banned.'


def test_admins_remove_members_and_the_owner_removes_admins(zoe: Person, jose: Person, sara: Person) -> None:
    code = start_group(zoe, jose, sara)
    zoe.says("promote José")
    for what in ("kick", "ban"):
        assert sara.says(f"{what} José").startswith(f"Only admins can do that ({what}). Admins: Zoë and José.")
        assert jose.says(f"{what} Zoë").startswith(f"Zoë runs the group too, so only its owner can do that ({what})")
        assert jose.says(f"{what} José yes").startswith(f"You can't do that to yourself ({what}).")
    assert jose.says("kick سارة yes").startswith("Removed:")
    sara.says(f"join {code} yes")
    zoe.says("promote سارة")
    assert jose.says("kick سارة").startswith("\u2068سارة\u2069 runs the group too")
    assert zoe.says("kick سارة yes").startswith("Removed:")


def test_a_slip_of_the_finger_removes_nobody(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    for line in ("kikc José yes", "bann José yes", "kick Josee yes", "kick J yes", "ban jos yes", "transfer Jo yes"):
        zoe.says(line)
    assert "2 members\n• Zoë (owner)\n• José" in zoe.says("members")
    assert zoe.says("kick Josee yes").startswith("Remove José from")
    assert zoe.says("kick Xavier yes").startswith('I know nobody called "Xavier" in this group.')
    assert all(not says.endswith("yes") for _, says in zoe.phone.heard[-1].buttons)


def test_two_people_of_one_name_are_told_apart(town: Town, zoe: Person) -> None:
    first, second = town.person("Ben", "+32470000011"), town.person("Ben", "+32470000012")
    start_group(zoe, first, second)
    heard = zoe.says("kick Ben yes")
    assert heard.startswith('Several match "Ben".')
    sign = heard.rsplit("#", 1)[1].split()[0]
    assert zoe.says(f"kick #{sign}").startswith("Remove Ben (2) from *Sunday Legends*?")
    assert zoe.says("yes please").startswith("Removed: Ben")
    assert second.says("members").startswith("You're in no group yet.")
    assert "2 members" in first.says("members")


def test_who_is_called_like_a_yes_is_asked_about(town: Town, zoe: Person) -> None:
    ok = town.person("Ok", "+32470000013")
    start_group(zoe, ok)
    assert zoe.says("kick Ok").startswith("Remove Ok from *Sunday Legends*?")
    assert zoe.says("kick").startswith("Whom?")
    assert zoe.says("Ok").startswith("Remove Ok from") or "2 members" in zoe.says("members")


def test_an_old_button_means_who_it_meant_and_asks_again_who_may(zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    zoe.says("promote José")
    jose.says("kick سارة")
    says = dict(jose.phone.heard[-1].buttons)["Yes, remove"]
    zoe.says("demote José")
    assert jose.says(says) == "Only admins can do that (kick). Admins: Zoë."
    start_group(zoe, name="Office swim")
    assert zoe.says(says).startswith("Removed: \u2068سارة\u2069 is in nothing that *Sunday Legends* says")
    assert zoe.says(says).startswith('I know nobody called "\u2068سارة\u2069" in this group.')
    assert sara.says(says).startswith("You're in no group yet.")


def start_group_code(owner: Person) -> str:
    return owner.says("invite").split("join%20")[1][:6]


def test_the_codes_and_pages_of_whoever_is_removed_end_with_it(
    town: Town, zoe: Person, jose: Person, sara: Person
) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16))
    zoe.says("promote José")
    theirs = code_in(jose.says("invite"))
    page = re.search(r"/s/\S+", jose.says("share digest this week"))[0]
    ours, browser = code_in(zoe.says("invite")), create_app(town.world).test_client()
    assert browser.get(page).status_code == 200
    zoe.says("ban José")
    zoe.says("yes")
    assert browser.get(page).status_code == 410
    assert sara.says(f"join {theirs} yes").startswith("That code isn't active")
    assert "You're in" in sara.says(f"join {ours} yes")


def test_who_is_no_admin_any_more_has_no_page_open_and_codes_only_where_every_member_may_invite(
    town: Town, zoe: Person, jose: Person, sara: Person
) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16))
    zoe.says("promote José")
    theirs, browser = code_in(jose.says("invite")), create_app(town.world).test_client()
    page = re.search(r"/s/\S+", jose.says("share digest this week"))[0]
    zoe.says("settings members invite on")
    zoe.says("demote José")
    assert browser.get(page).status_code == 410
    assert "You're in" in sara.says(f"join {theirs} yes")
    hers = code_in(sara.says("invite"))
    assert sara.says("undo") == "↩️ Taken back: you're out of the group again."
    assert town.person("Ben", "+32470000011").says(f"join {hers} yes").startswith("That code isn't active")
