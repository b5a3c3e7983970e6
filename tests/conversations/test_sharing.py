"""Sharing a digest to the real WhatsApp group: a page that admins open and close."""

import re

import requests

from tests.conversations.test_digest import come_to_sunday, runners
from tests.patience import AT_MOST
from tests.scenes import start_group
from tests.town import Person, Town


def url_in(text: str) -> str:
    return re.search(r"https?://\S+/s/\S+", text)[0]


def test_whoever_runs_the_group_is_offered_to_share_its_digest(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    come_to_sunday(town, zoe, jose)
    assert "Into your WhatsApp group: *share digest*." in zoe.heard
    assert "share digest" not in jose.heard
    heard = zoe.says("share digest")
    assert heard.startswith("📣 *Sunday Legends*, 16–22 Nov: open this page, tap its button and choose")
    assert "It ends Sun 29 Nov; *unshare* closes it at once." in heard
    page = requests.get(url_in(heard), timeout=AT_MOST)
    assert page.status_code == 200
    assert "🥇 *Zoë*" in page.text
    assert requests.get(f"{url_in(heard)}/card.png", timeout=AT_MOST).headers["Content-Type"] == "image/png"


def test_only_those_who_run_the_group_share_it(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert jose.says("share digest") == "Only admins can do that (share digest). Admins: Zoë."
    assert jose.says("unshare") == "Only admins can do that (unshare). Admins: Zoë."


def test_a_page_may_be_closed(zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    url = url_in(zoe.says("forward"))
    assert requests.get(url, timeout=AT_MOST).status_code == 200
    assert zoe.taps("Close the page").startswith("✅ Closed: 1 page of *Sunday Legends*.")
    assert requests.get(url, timeout=AT_MOST).status_code == 410
    assert zoe.says("unshare").startswith("No page of *Sunday Legends* is open. *share digest* opens one.")


def test_a_page_of_the_newest_digest_needs_a_digest(zoe: Person) -> None:
    start_group(zoe)
    assert zoe.says("share digest last").startswith("*Sunday Legends* has no digest yet.")


def test_share_alone_opens_no_page(zoe: Person) -> None:
    start_group(zoe)
    assert "/s/" not in zoe.says("share")
