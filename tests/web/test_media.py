"""Pictures that Twilio fetches, at addresses that cannot be guessed."""

from datetime import timedelta

import pytest
import requests
from sqlalchemy import select

from models import Media
from services.digest import media
from tests.patience import AT_MOST
from tests.town import Town

PNG = b"\x89PNG\r\n\x1a\n and the rest"


@pytest.fixture
def url(town: Town) -> str:
    """The address of a picture that was just published."""
    with town.world.sessions.begin() as session:
        return town.world.settings.base_url + media.publish_picture(session, PNG, town.clock())


def test_a_picture_is_served_as_often_as_it_is_asked_for(url: str) -> None:
    for _ in range(3):
        answer = requests.get(url, timeout=AT_MOST)
        assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == "inline; filename=gruppetto.png"
    assert answer.headers["Cache-Control"] == "private, max-age=3600"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies


def test_a_head_tells_the_same_without_the_picture(url: str) -> None:
    answer = requests.head(url, timeout=AT_MOST)
    assert (answer.status_code, answer.content) == (200, b"")
    assert (answer.headers["Content-Type"], answer.headers["Content-Length"]) == ("image/png", str(len(PNG)))


def test_what_was_never_there_is_not_found(town: Town, url: str) -> None:
    token = url.rsplit("/", 1)[1].removesuffix(".png")
    with town.world.sessions() as session:
        hashed = session.scalars(select(Media.token_hash)).one()
    assert len(token) >= 32
    assert token not in hashed
    for other in (token[:-1], token + "x", token.swapcase(), hashed, "%00", "%ff", "..%2f", "a" * 5_000, ""):
        address = f"{town.world.settings.base_url}/m/{other}.png"
        assert requests.get(address, timeout=AT_MOST).status_code == 404, other[:50]
        assert requests.head(address, timeout=AT_MOST).status_code == 404
    for other in (url.removesuffix(".png"), url + "/", url.replace(".png", ".PNG"), url.replace(".png", ".svg")):
        assert requests.get(other, timeout=AT_MOST).status_code == 404, other


def test_a_picture_is_gone_after_three_days_and_forgotten_a_day_later(town: Town, url: str) -> None:
    town.clock.travel(hours=71, minutes=59)
    assert requests.get(url, timeout=AT_MOST).status_code == 200
    town.clock.travel(minutes=1)
    for look in (requests.get, requests.head):
        answer = look(url, timeout=AT_MOST)
        assert answer.status_code == 410
        assert answer.headers["Cache-Control"] == "no-store"
    assert "What was here is gone" in requests.get(url, timeout=AT_MOST).text
    town.clock.travel_to(town.clock() + timedelta(days=1, seconds=1))
    with town.world.sessions.begin() as session:
        media.forget_expired(session, town.clock())
    assert requests.get(url, timeout=AT_MOST).status_code == 404


def test_a_picture_can_only_be_looked_at(url: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = requests.request(method, url, timeout=AT_MOST)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert requests.get(url, timeout=AT_MOST).content == PNG


def test_two_pictures_have_two_addresses(town: Town, url: str) -> None:
    with town.world.sessions.begin() as session:
        again = town.world.settings.base_url + media.publish_picture(session, PNG, town.clock())
    assert again != url
    assert requests.get(again, timeout=AT_MOST).headers["ETag"] != requests.get(url, timeout=AT_MOST).headers["ETag"]
