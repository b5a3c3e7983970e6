"""Connecting a Garmin account with its page, and syncs."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from models import GarminAccount, GarminStatus
from simulator.garmin.athletes import Athlete
from simulator.garmin.habits import RUNNER
from tests.browsing import Browser
from tests.recordings import TCX, session, tcx
from tests.scenes import has_moved, november, runs, start_group
from tests.town import Person, Town


def enrol(person: Person, **more: object) -> Athlete:
    """Give a person a Garmin account that is not connected yet."""
    return person.town.garmin.enrol(person.phone.name, person.email, "right", **more)


def opened(person: Person) -> Browser:
    """Return a browser in which a person has opened their link."""
    browser = person.town.browser()
    browser.open_link(person.says("link garmin"))
    return browser


def sign_in(browser: Browser, person: Person, password: str) -> str:
    """Sign in, wait, and return the page."""
    browser.sign_in(person.email, password)
    person.town.rest()
    return browser.again()


def connected(browser: Browser, person: Person) -> str:
    """Sign in, send the code, and return the page."""
    assert "One more step" in sign_in(browser, person, "right")
    return person.confirms(browser)


def test_garmin_is_connected_on_a_page_and_the_chat_says_so(zoe: Person) -> None:
    heard = zoe.connects_garmin(upload=runs(16, 18))
    assert "✅ Your Garmin is connected: I found *2* activities of the last year." in heard
    assert "Newest: 🏃 Run 10.0 km in 1h 00m, Wed 18 Nov." in heard
    assert "You're in no group yet" in heard
    assert "Name of the account: *Zoë*." in heard
    assert zoe.buttons == ["My week", "That's not me"]
    assert zoe.says("status").startswith("Garmin ✅ last sync Wed 18 Nov, 20:00.")


def test_a_year_of_history_is_read(zoe: Person) -> None:
    start_group(zoe)
    heard = zoe.connects_garmin(RUNNER)
    assert 150 < int(re.search(r"I found \*(\d+)\* activities", heard)[1]) < 250
    assert "You're in no group yet" not in heard
    assert zoe.buttons == ["My week", "Leaderboard", "That's not me"]


def test_the_link_works_for_one_browser_and_the_newest_link_only(town: Town, zoe: Person, jose: Person) -> None:
    heard = zoe.says("link garmin")
    assert "Open this page within 15 minutes; it works once" in heard
    first, second = town.browser(), town.browser()
    assert "Sign in to Garmin" in first.open_link(heard)
    assert "This link no longer works" in second.open_link(heard)
    assert "Sign in to Garmin" in opened(zoe).answer.text
    assert "This link no longer works" in first.again()


def test_the_link_ends_after_a_quarter_of_an_hour(town: Town, zoe: Person) -> None:
    heard = zoe.says("connect")
    town.travel(minutes=16)
    assert "This link no longer works" in town.browser().open_link(heard)


def test_looking_at_the_link_does_not_use_it_up(town: Town, zoe: Person) -> None:
    heard = zoe.says("connect")
    url = re.search(r"https?://\S+/link/\S+", heard)[0]
    for _ in range(2):
        assert "Connect your Garmin" in town.browser().get(url)
    assert "Sign in to Garmin" in town.browser().open_link(heard)


def test_a_wrong_password_may_be_corrected(zoe: Person) -> None:
    enrol(zoe)
    browser = opened(zoe)
    assert "Garmin doesn&#39;t know this" in sign_in(browser, zoe, "wrong").replace("'", "&#39;")
    assert "Connected ✓" in connected(browser, zoe)
    assert "Your Garmin is connected" in zoe.heard


def test_three_wrong_passwords_are_enough(zoe: Person) -> None:
    enrol(zoe)
    browser = opened(zoe)
    for _ in range(3):
        page = sign_in(browser, zoe, "wrong")
    assert "This page has no more tries." in page
    assert zoe.count() == 1


def test_a_second_factor_is_asked_for_on_the_page(zoe: Person) -> None:
    enrol(zoe, code="314159")
    browser = opened(zoe)
    assert "Enter the code" in sign_in(browser, zoe, "right")
    assert "Please type the code" in browser.submit(code="?")
    browser.submit(code="000000")
    zoe.town.rest()
    assert "That code was wrong or too old." in browser.again()
    browser.submit(code="314 159")
    zoe.town.rest()
    assert "Connected ✓" in zoe.confirms(browser)
    assert "Your Garmin is connected" in zoe.heard


def test_three_wrong_codes_begin_anew(zoe: Person) -> None:
    enrol(zoe, code="314159")
    browser = opened(zoe)
    sign_in(browser, zoe, "right")
    for _ in range(3):
        browser.submit(code="000000")
        zoe.town.rest()
        page = browser.again()
    assert "That code was wrong three times." in page
    assert "Password at Garmin" in page


def test_what_is_garmins_fault_is_not_blamed_on_the_member(town: Town, zoe: Person) -> None:
    enrol(zoe)
    town.garmin.faults.sign_in_status = 503
    page = sign_in(opened(zoe), zoe, "right")
    assert "Garmin doesn" in page
    assert "answer at the moment" in page
    assert zoe.says("status").startswith("I have no Garmin data from you yet.")


def test_status_and_sync_need_an_account(zoe: Person) -> None:
    zoe.says("hi")
    for line in ("status", "sync", "me"):
        assert zoe.says(line) == "I have no Garmin data from you yet. Send *link garmin*, it takes two minutes."


def test_a_sync_finds_what_is_new_and_is_not_asked_for_twice(town: Town, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(16))
    assert zoe.says("sync").startswith("I asked Garmin at 20:00. You can ask again in 15 minutes;")
    town.travel(minutes=16)
    runs(18)(town.garmin.athletes[zoe.email])
    before = zoe.count()
    assert "Checked: *1* new activity." in zoe.says("sync")
    assert zoe.phone.heard[before].text == "Asking Garmin. I'll write in a moment."
    assert "ask again in 15 minutes" in zoe.says("refresh")
    town.travel(minutes=16)
    assert "Checked: nothing new." in zoe.says("sync")


def test_garmin_that_is_down_is_tried_again_by_itself(town: Town, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(16))
    town.garmin.faults.data_status = 503
    town.travel(hours=7)
    assert "Garmin didn't answer lately; I try again at 03:1" in zoe.says("status")
    town.garmin.faults.clear()
    town.travel(minutes=20)
    assert "didn't answer" not in zoe.says("status")


def test_a_broken_link_is_told_once_and_mended_by_connecting_again(town: Town, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(16))
    town.garmin.revoke(zoe.email)
    town.travel(hours=7)
    assert "Your Garmin is connected" in zoe.heard, "nobody is woken at two in the morning"
    town.travel_to(november(19, 6, 31))
    assert zoe.heard.startswith("Garmin no longer lets me read your activities")
    assert zoe.buttons == ["Connect again"]
    told = zoe.count()
    town.travel(hours=7)
    assert zoe.count() == told
    assert zoe.says("sync").startswith("Garmin no longer lets me read your account.")
    start_group(zoe)
    assert "but Garmin no longer lets me read your activities." in zoe.says("start")
    assert zoe.buttons == ["Connect Garmin", "Help"]
    assert zoe.says("status").startswith("Garmin ⚠️ I can no longer read your account.")
    browser = town.browser()
    assert "Your history stays when you connect again." in zoe.says("link garmin")
    browser.open_link(zoe.heard)
    assert "Connected ✓" in connected(browser, zoe)
    assert zoe.says("status").startswith("Garmin ✅")


def test_what_is_deleted_at_garmin_counts_no_more(town: Town, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(16, 17))
    athlete = town.garmin.athletes[zoe.email]
    athlete.delete(athlete.activities[0]["activityId"])
    athlete.upload(type_key="yoga", start=november(18), seconds=1800)
    town.travel_to(town.clock() + timedelta(hours=6, minutes=1))
    assert "2 sessions · *1h 30m*" in zoe.says("me")


def sends(person: Person, data: bytes, name: str = "") -> str:
    """Send a file, and return the last message."""
    person.phone.sends_file(data, TCX, name)
    person.town.rest()
    return person.heard


def test_who_has_no_garmin_account_sends_files(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(jose, runs(16))
    assert zoe.says("me").startswith("I have no Garmin data from you yet.")
    heard = sends(zoe, tcx(session(november(17), minutes=90, metres=30_000, sport="Biking")))
    assert heard == "✅ Read and counted:\n🚴 Ride 30.0 km in 1h 30m, Tue 17 Nov"
    assert "*You, 16–22 Nov*\n1 session · *1h 30m* · 30.0 km" in zoe.taps("My week")
    assert "You're 1st of 2 in your group by points." in zoe.heard
    assert "🥇 *Zoë* 1h 30m ← you\n🥈 *José* 1h 00m" in zoe.says("leaderboard time")
    assert zoe.says("me last week").startswith("Nothing from you for 9–15 Nov.")
    assert zoe.buttons == ["Connect Garmin"]
    assert zoe.says("status").startswith("I have no Garmin data from you yet.")


def test_files_count_though_garmin_refuses_a_new_link(town: Town, zoe: Person) -> None:
    sends(zoe, tcx(session(november(17))))
    has_moved(zoe, runs())
    with town.world.sessions.begin() as database:
        values = {"status": GarminStatus.NEEDS_RELINK, "last_sync_at": None}
        database.execute(update(GarminAccount).values(values))
    assert "1 session" in zoe.says("me")


def test_a_file_wins_over_the_words_under_it(town: Town, zoe: Person) -> None:
    zoe.says("new group")
    before = zoe.count()
    assert sends(zoe, tcx(session(november(17))), "stop").startswith("✅ Read and counted:")
    assert zoe.phone.heard[before].text == "Reading your file … I'll write in a moment."
    assert "Sunday Legends" in zoe.says("Sunday Legends"), "the question stays open"


@pytest.mark.parametrize(
    ("kind", "content_type", "is_read"),
    [
        ("document", "application/pdf", True),
        ("document", "", True),
        ("text", "application/octet-stream", True),
        ("text", "Application/GPX+XML; charset=utf-8", True),
        ("text", "application/vnd.ant.fit", True),
        ("text", "text/xml", True),
        ("image", "image/svg+xml", False),
        ("image", "image/jpeg", False),
        ("audio", "audio/ogg", False),
        ("contacts", "text/vcard", False),
        ("text", "application/profit", True),  # Twilio calls many documents "text", so every document is read
    ],
)
def test_which_media_are_read_as_files(town: Town, zoe: Person, kind: str, content_type: str, is_read: bool) -> None:
    media = {"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/gone", "MediaContentType0": content_type}
    zoe.phone._post({"MessageType": kind, "Body": ""}, media)
    town.rest()
    first = zoe.phone.heard[0].text
    assert first.startswith("Reading your file" if is_read else "I can only read text so far")
    assert is_read or ".fit, .tcx and .gpx" in first
