"""A group's settings, and its audit log."""

import re

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from models import Group
from services.ground.group_settings import GroupSettings, read_settings
from tests.scenes import start_group
from tests.town import Person, Town


def chosen(town: Town) -> GroupSettings:
    with town.world.sessions() as session:
        return read_settings(session.query(Group).one())


def test_everybody_sees_the_settings_and_admins_change_them(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    heard = zoe.says("settings")
    assert (
        "• ranking: on\n• cheer: no ranking while fewer than 2 are active\n• manual: entries by hand count 70%" in heard
    )
    assert "• week: starts on Monday\n• approval: whoever has a code is in\n• invite: only admins may" in heard
    assert zoe.buttons == ["Ranking off", "Approval on"]
    assert "Admins can change that." in jose.says("settings")
    assert jose.buttons == []
    assert jose.says("settings ranking off") == "Only admins can do that (settings). Admins: Zoë."
    assert chosen(town) == GroupSettings()


@pytest.mark.parametrize(
    ("line", "heard", "setting", "value"),
    [
        ("settings ranking off", "cheers now: its boards are A to Z", "ranking", False),
        ("set medals no", "cheers now: its boards are A to Z", "ranking", False),
        ("settings cheer below 5", "fewer than 5 are active", "cheer_below", 5),
        ("settings manual 50%", "entries by hand count 50%", "manual_percent", 50),
        ("settings manual entries count 0", "entries by hand count 0%", "manual_percent", 0),
        ("settings week starts on sunday", "start on Sunday", "week_start", 6),
        ("settings week sat", "start on Saturday", "week_start", 5),
        ("settings approval on", "waits until an admin lets them in", "approval", True),
        ("settings members may invite on", "Every member of *Sunday Legends* may invite", "members_invite", True),
        ("settings challenges on", "may start challenges", "members_challenge", True),
    ],
)
def test_a_setting_is_changed(town: Town, zoe: Person, line: str, heard: str, setting: str, value: object) -> None:
    start_group(zoe)
    assert heard in zoe.says(line)
    assert getattr(chosen(town), setting) == value
    assert len(zoe.says("settings")) < 700


def test_what_a_setting_cannot_be_is_explained(town: Town, zoe: Person) -> None:
    start_group(zoe)
    assert zoe.says("settings cheer 0").startswith("*settings cheer* wants a number from 1 to 50")
    assert zoe.says("settings manual 101").startswith("*settings manual* wants a number from 0 to 100")
    assert zoe.says("settings week wednesday").startswith("A week may start on Monday, Saturday or Sunday")
    assert zoe.says("settings week 3").startswith("A week may start on Monday, Saturday or Sunday")
    for line in ("settings ranking 3", "settings approval", "settings ranking on off"):
        assert zoe.says(line).startswith("That can be on or off.") or "I know *settings*" in zoe.heard
    assert "I know *settings*, but not what" in zoe.says("settings colour blue")
    assert chosen(town) == GroupSettings()


def test_a_tap_switches_the_ranking_off_and_on(town: Town, zoe: Person) -> None:
    start_group(zoe)
    zoe.says("settings")
    zoe.taps("Ranking off")
    assert not chosen(town).ranking
    zoe.taps("All settings")
    assert zoe.taps("Ranking on") == "*Sunday Legends* has places and medals again."


def test_who_waits_is_not_forgotten_when_approval_is_switched_off(zoe: Person, jose: Person) -> None:
    code = start_group(zoe)
    zoe.says("settings approval on")
    jose.says(f"join {code} yes")
    assert zoe.says("settings approval off").endswith("is in at once. 1 still waits: *waiting*.")
    assert "✅ You're in" in jose.says(f"join {code} yes")
    assert zoe.says("waiting").startswith("Nobody waits")


def test_what_admins_did_is_told_in_words(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    zoe.says("promote José")
    town.clock.travel(minutes=1)
    jose.says("schedule mon 8am tokyo")
    jose.says("settings ranking off")
    jose.says("settings week sunday")
    jose.says("kick سارة yes")
    zoe.says("rename group Office swim")
    heard = zoe.says("audit")
    assert heard.startswith("*Office swim*, what was done:\n")
    said = [line.split(" ", 5) for line in heard.splitlines()[1:]]
    assert all(re.fullmatch(r"• Thu 19 Nov 04:0\d", " ".join(line[:5])) for line in said), heard
    assert [line[5] for line in said] == [
        "Zoë renamed the group",
        "José removed \u2068سارة\u2069",
        "José set week start to Sunday",
        "José set ranking to off",
        "José changed when the digest comes",
        "Zoë made José an admin",
        "Zoë made an invite (30 days, 50 people)",
        "Zoë started the group",
    ]
    assert len(zoe.says("audit 1").splitlines()) == 2
    assert len(zoe.says("audit 20")) < 700
    zoe.says("demote José")
    assert jose.says("audit").startswith("Only admins can do that (audit).")


def test_the_database_keeps_what_was_done(town: Town, zoe: Person) -> None:
    start_group(zoe)
    with town.world.sessions() as session, pytest.raises(DatabaseError):
        session.execute(text("UPDATE audit_events SET action = 'nothing'"))
