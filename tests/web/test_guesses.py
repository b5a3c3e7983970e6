"""Trying addresses that nobody gave: slowed by where it comes from, and not for a club behind one address."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from redis import Redis

from models.vault import Vault
from services.garmin import linking
from tests.letters import Letters
from tests.town import Town
from web.app import create_app
from web.guesses import MOST_MISSES, WITHIN

HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def club(town: Town) -> FlaskClient:
    """A browser behind one proxy, as on Heroku; `X-Forwarded-For` says where it is."""
    settings = town.world.settings.model_copy(update={"trusted_hops": 1})
    return create_app(replace(town.world, settings=settings)).test_client()


def press(browser: FlaskClient, path: str, where: str = HERE) -> int:
    return browser.post(path, headers={"X-Forwarded-For": where}).status_code


def test_who_tries_a_hundred_addresses_is_slowed_and_nobody_elsewhere(club: FlaskClient, town: Town) -> None:
    for number in range(MOST_MISSES):
        assert press(club, f"/link/guess{number}/start" if number % 2 else f"/export/guess{number}") == 410
    assert press(club, "/link/another/start") == 429
    assert press(club, "/export/another") == 429
    assert club.get("/s/another", headers={"X-Forwarded-For": HERE}).status_code == 429
    assert press(club, "/link/another/start", f"{HERE}, {ELSEWHERE}") == 410, "the proxy's word counts, not the first"
    assert club.get("/livez", headers={"X-Forwarded-For": HERE}).status_code == 200
    answer = club.get("/link/another", headers={"X-Forwarded-For": HERE})
    assert "try again in 15 minutes" in answer.text
    assert answer.headers["Retry-After"] == "900"
    keys = town.world.redis.keys("misses:*")
    assert all(0 < town.world.redis.ttl(key) <= WITHIN for key in keys)
    assert not any(HERE.encode() in key for key in keys)
    town.world.redis.delete(*keys)  # a quarter of an hour later
    assert press(club, "/link/another/start") == 410


def test_forty_people_of_a_club_behind_one_address_are_not_locked_out(club: FlaskClient, town: Town) -> None:
    """Each presses an old link twice, and then the right one."""
    tokens = []
    for member in Letters(town).members(40):
        with town.world.sessions.begin() as session:
            session.add(member)
            token = linking.make_link(session, member, linking.LinkPurpose.GARMIN, town.clock())
            tokens.append(token)
    for token in tokens:
        club.delete_cookie("link")
        assert [press(club, f"/link/old{token}/start") for _ in range(2)] == [410, 410]
        assert press(club, f"/link/{token}/start") == 303


def test_misses_count_together_while_the_secret_key_is_changed(town: Town) -> None:
    first, second = town.world.settings.secret_key.get_secret_value(), "another secret key of 32 letters or more"
    ring = town.world.settings.data_keys.get_secret_value()
    before, during = (
        create_app(replace(town.world, vault=Vault.from_text(ring, *secrets))).test_client()
        for secrets in ((first, second), (second, first))
    )
    for number in range(MOST_MISSES):
        assert press(before if number % 2 else during, f"/link/guess{number}/start") == 410
    assert press(before, "/link/another/start") == press(during, "/link/another/start") == 429


def test_a_house_with_ipv6_has_many_addresses_and_is_one(club: FlaskClient) -> None:
    for number in range(MOST_MISSES):
        press(club, f"/link/guess{number}/start", f"2001:db8:0:7::{number:x}")
    assert press(club, "/link/another/start", "2001:db8:0:7:ffff::1") == 429
    assert press(club, "/link/another/start", "2001:db8:0:8::1") == 410


def test_without_redis_nobody_is_turned_away(town: Town) -> None:
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.1)
    browser = create_app(replace(town.world, redis=away)).test_client()
    assert press(browser, "/link/guess/start") == 410


def test_a_page_that_is_over_and_one_that_never_needs_a_token_are_no_guesses(club: FlaskClient, town: Town) -> None:
    club.get("/nothing/here", headers={"X-Forwarded-For": HERE})
    club.get("/link/garmin", headers={"X-Forwarded-For": HERE})
    assert town.world.redis.keys("misses:*") == []
