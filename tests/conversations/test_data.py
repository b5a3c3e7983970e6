"""A member's own data: excluding, logging, undoing, disconnecting, a copy, and erasing."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import func, select

from jobs import syncing
from models import (
    Activity,
    AuditEvent,
    Erased,
    Erasure,
    Export,
    GarminAccount,
    GarminMethod,
    Group,
    Identity,
    Member,
    Membership,
    OutboundMessage,
)
from models.vault import Vault, new_key
from services.data import disconnecting, erasure, exports
from services.ground.refusals import NoSuchActivity
from services.training import entries
from tests.browsing import Browser
from tests.letters import Letters
from tests.scenes import has_moved, runs, start_group
from tests.town import Person, Town


def test_an_activity_is_left_out_and_taken_in_again(zoe: Person) -> None:
    zoe.says("new group Sunday Legends")
    has_moved(zoe, runs(16, 17))
    assert zoe.says("exclude last").startswith("Left out: 🏃 Run 10.0 km in 1h 00m, Tue 17 Nov.")
    assert "1 session" in zoe.says("me")
    assert "1. 🏃 Run 10.0 km" in zoe.says("exclude")
    assert zoe.says("1").startswith("Left out: 🏃 Run 10.0 km in 1h 00m, Mon 16 Nov.")
    assert zoe.says("exclude last").startswith("You have no such activity.")
    assert zoe.says("include 2").startswith("It counts again: 🏃 Run 10.0 km in 1h 00m, Mon 16 Nov.")
    assert zoe.says("undo") == "↩️ Taken back: the activity is left out again."
    assert zoe.says("include").startswith("Which one shall count again?")


def test_a_session_is_logged_by_hand_and_taken_back(town: Town, zoe: Person) -> None:
    assert zoe.says("log yoga 45 min").startswith("✍️ Logged by hand: 🧘 Yoga 45 min.")
    zoe.says("log swim 30 min 1 km yesterday")
    assert "2 sessions · *1h 15m*" in zoe.says("me")
    assert zoe.says("undo") == "↩️ Taken back: it was never logged."
    assert "1 session · *45 min*" in zoe.says("me")
    town.travel(minutes=11)
    assert zoe.says("undo").startswith("There is nothing to take back")
    assert zoe.says("log yoga 25h").startswith("A session lasts from one minute to 24 hours.")
    assert zoe.says("log run 1h 2000 km").startswith("That is farther")
    assert zoe.says("log run 1h 10 km last month").startswith("I log sessions of today or")


def test_joining_and_leaving_are_taken_back(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    jose.says("leave yes")
    assert jose.says("undo") == "↩️ Taken back: you're in the group again."
    assert "2 members" in zoe.says("members")
    assert jose.says("undo") == "↩️ Taken back: you're out of the group again."
    assert "1 member" in zoe.says("members")
    assert jose.says("undo").startswith("There is nothing to take back")


def test_garmin_is_disconnected_and_old_buttons_do_nothing(town: Town, zoe: Person) -> None:
    zoe.says("new group Sunday Legends")
    has_moved(zoe, runs(16, 17))
    heard = zoe.says("unlink")
    assert heard.startswith("🔌 Disconnected.")
    assert "Your 2 activities stay, unless you send *erase*" in heard
    with town.world.sessions() as session:
        assert session.scalar(select(GarminAccount.id)) is None
    assert zoe.says("no").startswith("OK, nothing has changed.")
    assert zoe.taps("Keep them").startswith("Kept.")
    assert "2 sessions" in zoe.says("me")
    assert zoe.says("unlink erase").startswith("That question is over, nothing has changed.")
    assert "*link garmin*" in zoe.says("unlink")
    with town.world.sessions.begin() as session:
        account = GarminAccount(member_id=1, method=GarminMethod.KEY, garmin_id="1", display_name="d", tokens=b"")
        account.linked_at = account.next_sync_at = town.clock()
        session.add(account)
    assert "You can delete the key itself at Garmin." in zoe.says("unlink")
    assert zoe.taps("Erase them").startswith("Erased: 2 activities.")
    with town.world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Activity)) == 0


def test_three_copies_a_day_are_made_however_often_one_asks(town: Town, zoe: Person) -> None:
    zoe.says("new group Sunday Legends")
    browser = town.browser()
    for _ in range(3):
        for _ in range(2):
            zoe.says("export")  # a copy that was not fetched yet gets a new link, and is not made again
        browser.get(re.search(r"/export/\S+", zoe.heard)[0])
        browser.submit()
        town.clock.travel(hours=1)
    assert zoe.says("export").startswith("I have made 3 copies of your data within a day")
    assert "In 21 hours I make the next one" in zoe.heard
    with town.world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Export)) == 3
    code = re.search(r"DELETE (\d{4})", zoe.says("delete me"))[1]
    assert zoe.says(f"DELETE {code}").startswith("Everything is erased")
    town.travel(minutes=2)
    assert zoe.says("export").startswith("I have made 3 copies"), "erasing oneself begins nothing anew"
    town.travel(hours=21)
    assert zoe.says("export").startswith("I'm making a copy") or "/export/" in zoe.heard


def test_a_copy_is_made_and_fetched_once_by_a_button(town: Town, zoe: Person) -> None:
    zoe.says("new group Sunday Legends")
    has_moved(zoe, runs(16))
    before = zoe.count()
    zoe.says("export")
    said = [message.text for message in zoe.phone.heard[before:]]
    assert said[0].startswith("I'm making a copy")
    path = re.search(r"/export/\S+", said[1])[0]
    browser = town.browser()
    with town.world.sessions() as session:
        waiting = session.scalars(select(Export)).one()
        assert b"PK" not in waiting.archive[:64]
        assert waiting.archive not in (None, exports.pack_archive(session, waiting.member)), "it waits sealed"
    for _ in range(3):
        assert "Download" in browser.get(path)
    browser.submit()
    with zipfile.ZipFile(io.BytesIO(browser.answer.content)) as archive:
        everything = json.loads(archive.read("everything.json"))
        assert "running" in archive.read("activities.csv").decode()
    assert everything["members"][0]["name"] == "Zoë"
    assert everything["identities"][0]["value"] == "+32470000001"
    assert "tokens" not in everything["garmin_accounts"][0]
    assert fetched_again(browser, path) == 410
    zoe.says("export")
    path = re.search(r"/export/\S+", zoe.heard)[0]
    town.travel(hours=25)
    assert fetched_again(browser, path) == 410


def test_a_copy_waits_for_its_key_and_one_that_was_changed_is_over(town: Town, zoe: Person) -> None:
    path = re.search(r"/export/\S+", (zoe.says("export"), zoe.heard)[1])[0]
    with town.world.sessions.begin() as session:
        waiting = session.scalars(select(Export)).one()
        waiting.archive = Vault.from_text(new_key("lost")).seal_bytes("export", waiting.id, b"zip")
    assert fetched_again(town.browser(), path) == 503
    with town.world.sessions.begin() as session:
        waiting = session.scalars(select(Export)).one()
        waiting.archive = town.world.vault.seal_bytes("export", "another copy", b"zip")
    assert fetched_again(town.browser(), path) == 410
    path = re.search(r"/export/\S+", (zoe.says("export"), zoe.heard)[1])[0]
    assert fetched_again(town.browser(), path) == 200


def test_everything_is_erased_when_the_code_is_typed(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16))
    heard = zoe.says("delete me")
    code = re.search(r"DELETE (\d{4})", heard)[1]
    assert "*Sunday Legends* will be run by José." in heard
    assert zoe.says(f"DELETE {int(code) % 9000 + 1000}").startswith("That is not the code")
    town.travel(minutes=11)
    assert zoe.says(f"DELETE {code}").startswith("That is not the code")
    code = re.search(r"DELETE (\d{4})", zoe.says("delete me"))[1]
    assert zoe.says(f"delete {code}").startswith("Everything is erased")
    town.travel(minutes=2)
    with town.world.sessions() as session:
        assert session.scalars(select(Member.name)).all() == ["José"]
        assert session.scalars(select(Identity.value)).all() == ["+34600000002"]
        assert session.scalars(select(Membership.role)).all() == ["owner"]
        assert session.scalar(select(func.count()).select_from(Activity)) == 0
        pseudonym = session.scalar(select(Erased.pseudonym))
        acts = session.scalars(select(AuditEvent.action).where(AuditEvent.pseudonym == pseudonym)).all()
        assert {"group.started", "member.erased"} <= set(acts)
        jose_id = session.scalar(select(Member.id))
        assert set(session.scalars(select(OutboundMessage.member_id))) == {jose_id}
        assert session.scalar(select(Group.is_active))
        assert {each.problem for each in session.scalars(select(Erasure))} == {None}
        assert all(each.done_at for each in session.scalars(select(Erasure)))
        assert session.scalar(select(func.count()).select_from(Erasure)) > 5
    kept = [each for each in town.twilio.messages.values() if "+32470000001" in each.to + each.from_]
    assert kept == []
    assert "Zoë" not in jose.says("members")
    assert zoe.says("hi")
    assert "Zoë" in zoe.heard


def fetched_again(browser: Browser, path: str) -> int:
    """Press the button on the page, and return the status of the answer."""
    browser.get(path)
    browser.submit()
    return browser.answer.status_code


@pytest.mark.parametrize("line", ["unlink", "delete me"])
def test_who_disconnects_while_garmin_is_read_is_left_alone(town: Town, zoe: Person, line: str) -> None:
    zoe.connects_garmin(upload=runs(16))
    town.travel(hours=7)

    def meanwhile() -> None:
        with town.world.sessions.begin() as session:
            member = session.scalars(select(Member)).one()
            if line == "unlink":
                disconnecting.unlink(session, member, session.scalars(select(GarminAccount)).one(), town.clock())
            else:
                erasure.erase(session, member, town.clock())

    with town.world.sessions.begin() as session:
        session.scalars(select(GarminAccount)).one().next_sync_at = town.clock()
    assert syncing.sync_next(replace(town.world, garmin=Interrupted(town.world.garmin, meanwhile)))
    with town.world.sessions() as session:
        assert session.scalar(select(GarminAccount.id)) is None
        assert session.scalar(select(func.count()).select_from(Activity)) == (1 if line == "unlink" else 0)


def test_activities_that_were_kept_belong_to_the_account_again(town: Town, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(16, 17))
    zoe.says("unlink")
    with town.world.sessions() as session:
        assert set(session.scalars(select(Activity.account_id))) == {None}
    browser = town.browser()
    browser.open_link(zoe.says("link garmin"))
    browser.sign_in(zoe.email, "right")
    town.rest()
    zoe.confirms(browser)
    with town.world.sessions() as session:
        assert session.scalars(select(Activity.account_id)).all() == [session.scalar(select(GarminAccount.id))] * 2
    assert "2 sessions" in zoe.says("me")


@dataclass
class Interrupted:
    """A Garmin with which something happens between opening an account and reading it."""

    garmin: Any
    meanwhile: Callable[[], None]

    def open(self, tokens: str) -> object:
        self.meanwhile()
        return self.garmin.open(tokens)


def test_what_is_taken_back_is_taken_out_of_the_records_too(zoe: Person) -> None:
    start_group(zoe)
    has_moved(zoe, runs(16, metres=10_000))
    zoe.says("log run 3 h 30 km yesterday")
    assert "30" in zoe.says("pb")
    zoe.says("undo")
    assert "30" not in zoe.says("pb")


def test_a_number_beyond_the_newest_fifty_is_none(town: Town) -> None:
    letters = Letters(town)
    member = letters.member()
    for _ in range(51):
        letters.moved(member, letters.now.date())
    with town.world.sessions() as session:
        assert entries.exclude(session, member, 50, town.clock())
        entries.include(session, member, 1, town.clock())
        with pytest.raises(NoSuchActivity):
            entries.exclude(session, member, 51, town.clock())
