"""Addresses for calendar apps and feed readers, as the chat gives, lists and ends them."""

import re

import requests

from tests.patience import AT_MOST
from tests.scenes import start_group
from tests.town import Person, Town


def address_in(heard: str) -> str:
    return re.search(r"https?://\S+/feeds/\S+", heard)[0]


def read(url: str) -> requests.Response:
    return requests.get(url, timeout=AT_MOST)


def test_a_calendar_is_one_word_away(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    zoe.says("challenge new run distance next week called The Dash ok")
    heard = zoe.says("calendar")
    assert heard.startswith("📅 Your calendar: the challenges of your groups, the last days of goals, and when digests")
    assert "Whoever has the address can read it, so give it to nobody." in heard
    assert re.search(r"/feeds/[\w-]{43}/calendar\.ics$", address_in(heard))
    shown = read(address_in(heard))
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert "SUMMARY:The Dash" in shown.text
    assert zoe.buttons == ["My addresses"]
    listed = zoe.taps("My addresses")
    assert "1. Calendar, made Wed 18 Nov, last read Wed 18 Nov" in listed
    assert address_in(heard) not in listed


def test_the_digests_of_a_group_have_an_address_of_their_own(town: Town, zoe: Person, jose: Person) -> None:
    zoe.says("hi")
    assert zoe.says("rss").startswith("You're in no group yet.")
    start_group(zoe, jose)
    heard = zoe.says("rss")
    assert heard.startswith("📰 The digests of *Sunday Legends* for a feed reader (RSS): http")
    assert read(address_in(heard)).headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    assert "1. Digests of Sunday Legends, made Wed 18 Nov, last read" in zoe.says("feeds")


def test_an_address_is_ended_by_its_number(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    assert zoe.says("feeds").startswith("You have no address for a calendar or a feed reader.")
    assert zoe.says("end feed").startswith("You have no address for a calendar or a feed reader.")
    first, second = (address_in(zoe.says("calendar")) for _ in range(2))
    assert zoe.says("end feed").startswith("Which one? You have 2")
    assert zoe.says("end feed 3").startswith("You have no address 3.")
    assert zoe.says("end feed 1").startswith("✅ Ended: your calendar. The address shows nothing any more.")
    assert [read(first).status_code, read(second).status_code] == [410, 200]
    assert zoe.says("end feed").startswith("✅ Ended: your calendar.")
    assert read(second).status_code == 410


def test_signing_out_ends_them_too_and_says_so(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    url = address_in(zoe.says("calendar"))
    assert "1 address for calendars and feed readers: *feeds*." in zoe.says("signed in")
    asked = zoe.says("sign out")
    assert "It also ends 1 address for calendars and feed readers" in asked
    assert read(url).status_code == 200
    assert "1 address for calendars and feed readers ended too" in zoe.taps("Yes, end them")
    assert read(url).status_code == 410
    assert "It also" not in zoe.says("sign out")
