"""Trying secret addresses that do not exist: it is limited, and never locks out a person with a real one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from redis import Redis

from api.declaring.networks import read_network
from models import LinkPurpose, Media
from models.vault import Vault
from services.digest import media
from services.training import one_time_links
from tests.letters import Letters
from tests.patience import AT_MOST
from tests.town import Town
from web.app import create_app
from web.guesses import MINUTES, MOST_OF_A_HOUSE, MOST_OF_ALL
from world import World

HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"


def behind(world: World, hops: int) -> FlaskClient:
    """Return a client of a web process whose settings say that this many proxies are in front of it."""
    settings = world.settings.model_copy(update={"trusted_hops": hops})
    return create_app(replace(world, settings=settings)).test_client()


@pytest.fixture
def club(town: Town) -> FlaskClient:
    """A client behind one proxy, as on Heroku; `X-Forwarded-For` says from which network it comes."""
    return behind(town.world, 1)


def press(browser: FlaskClient, path: str, where: str = HERE) -> int:
    return browser.post(path, headers={"X-Forwarded-For": where}).status_code


def links(town: Town, count: int) -> list[str]:
    """Return the tokens of new links, one for each of this many members."""
    tokens = []
    for member in Letters(town).members(count):
        with town.world.sessions.begin() as session:
            session.add(member)
            tokens.append(one_time_links.make_link(session, member, LinkPurpose.GARMIN, town.clock()))
    return tokens


def test_who_tries_a_hundred_addresses_is_slowed_and_nobody_elsewhere(club: FlaskClient, town: Town) -> None:
    for number in range(MOST_OF_A_HOUSE):
        assert press(club, f"/link/guess{number}/start" if number % 2 else f"/export/guess{number}") == 410
    assert press(club, "/link/another/start") == 429
    assert press(club, "/export/another") == 429
    for path in ("/s/another", "/s/another/card.png", "/m/another.png", "/health"):
        assert club.get(path, headers={"X-Forwarded-For": HERE}).status_code == 429, path
    assert press(club, "/link/another/start", f"{HERE}, {ELSEWHERE}") == 410, "the proxy's word counts, not the first"
    assert club.get("/livez", headers={"X-Forwarded-For": HERE}).status_code == 200
    answer = club.post("/link/another/start", headers={"X-Forwarded-For": HERE})
    assert "ask the bot in whatsapp for a new link" in " ".join(answer.text.split()).lower()
    assert (answer.headers["Retry-After"], answer.headers["Cache-Control"]) == (str(MINUTES * 60), "no-store")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    keys = town.world.redis.keys("misses:*")
    assert all(0 < town.world.redis.ttl(key) <= MINUTES * 60 for key in keys)
    assert not any(HERE.encode() in key for key in keys)
    town.world.redis.delete(*keys)  # 15 minutes later
    assert press(club, "/link/another/start") == 410


@pytest.mark.parametrize("hops", [0, 1, 5])
def test_a_stranger_locks_no_member_out_whatever_trusted_hops_says(town: Town, hops: int) -> None:
    """A hundred guesses come from what looks like the club's network, and then a member opens a real link there."""
    browser = behind(town.world, hops)
    [token] = links(town, 1)
    for number in range(MOST_OF_A_HOUSE + 5):
        press(browser, f"/link/guess{number}/start")
    assert press(browser, "/link/guess/start") == 429
    assert press(browser, f"/link/{token}/start") == 303
    assert browser.get("/link/garmin", headers={"X-Forwarded-For": HERE}).status_code == 200
    browser.delete_cookie("link")
    assert press(browser, f"/link/{token}/start") == 410, "it is over for another browser, and is no guess"


def test_an_operator_with_the_right_token_is_not_locked_out_of_health(town: Town) -> None:
    settings = town.world.settings.model_copy(update={"trusted_hops": 1, "health_token": "a token of 16 letters"})
    browser = create_app(replace(town.world, settings=type(town.world.settings)(**settings.model_dump()))).test_client()

    def asked(token: str) -> int:
        headers = {"X-Forwarded-For": HERE, "Authorization": f"Bearer {token}"}
        return browser.get("/health", headers=headers).status_code

    assert {asked(f"guess {number}") for number in range(MOST_OF_A_HOUSE)} == {404}
    assert asked("one more") == 429
    assert asked("a token of 16 letters") == 200


def test_who_claims_another_network_each_time_meets_the_limit_for_all_and_locks_nobody_out(town: Town) -> None:
    """TRUSTED_HOPS says that there is a proxy, but there is none: visitors write any header."""
    browser = behind(town.world, 1)
    [token] = links(town, 1)
    town.world.redis.set(f"misses:all/{MOST_OF_ALL}/{MINUTES}/minute", MOST_OF_ALL - 2, ex=60)
    answers = [press(browser, f"/link/guess{number}/start", f"198.51.100.{number}") for number in range(4)]
    assert answers == [410, 410, 429, 429]
    assert press(browser, f"/link/{token}/start", "198.51.100.1") == 303


def test_forty_people_of_a_club_behind_one_address_are_not_locked_out(club: FlaskClient, town: Town) -> None:
    """Each opens a wrong address twice, and then the right one."""
    for token in links(town, 40):
        club.delete_cookie("link")
        assert {press(club, f"/link/old{token}/start") for _ in range(2)} <= {410, 429}
        assert press(club, f"/link/{token}/start") == 303


def test_links_that_are_over_are_no_guesses(club: FlaskClient, town: Town) -> None:
    [token] = links(town, 1)
    with town.world.sessions.begin() as session:
        at = town.clock() - timedelta(minutes=1)
        session.add(Media(token_hash=media._hashed("old"), png=b"x", expires_at=at, created_at=at))
    assert club.get("/m/old.png", headers={"X-Forwarded-For": HERE}).status_code == 410
    town.clock.travel(hours=1)
    assert press(club, f"/link/{token}/start") == 410
    club.get("/nothing/here", headers={"X-Forwarded-For": HERE})
    club.get("/link/garmin", headers={"X-Forwarded-For": HERE})
    assert town.world.redis.keys("misses:*") == []


def test_misses_count_together_while_the_secret_key_is_changed(town: Town) -> None:
    first, second = town.world.settings.secret_key.get_secret_value(), "another secret key of 32 letters or more"
    ring = town.world.settings.data_keys.get_secret_value()
    before, during = (
        create_app(replace(town.world, vault=Vault.from_text(ring, *secrets))).test_client()
        for secrets in ((first, second), (second, first))
    )
    for number in range(MOST_OF_A_HOUSE):
        assert press(before if number % 2 else during, f"/link/guess{number}/start") == 410
    assert press(before, "/link/another/start") == press(during, "/link/another/start") == 429


def test_a_house_with_ipv6_has_many_addresses_and_is_one(club: FlaskClient) -> None:
    for number in range(MOST_OF_A_HOUSE):
        press(club, f"/link/guess{number}/start", f"2001:db8:0:7::{number:x}")
    assert press(club, "/link/another/start", "2001:db8:0:7:ffff::1") == 429
    assert press(club, "/link/another/start", "2001:db8:0:8::1") == 410


MALFORMED = [
    "",
    " ",
    ",",
    ",,,",
    "unknown",
    "_hidden",
    "for=192.0.2.7",
    "1.2.3",
    "999.1.1.1",
    "é",
    "[",
    "[::1",
    "::%",
    "x" * 5000,
]


@pytest.mark.parametrize("written", MALFORMED)
@pytest.mark.parametrize("hops", [0, 1, 2])
def test_a_malformed_address_is_no_error_of_ours(town: Town, written: str, hops: int) -> None:
    browser = behind(town.world, hops)
    for header in (written, f"{HERE}, {written}", f"{written}, {HERE}"):
        assert press(browser, "/link/guess/start", header.encode().decode("latin-1")) == 410


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("203.0.113.7:443", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[2001:db8:0:7::1]:443", "2001:db8:0:7::/64"),
        ("2001:db8:0:7::1%eth0", "2001:db8:0:7::/64"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.700", "no address"),
        (None, "no address"),
    ],
)
def test_an_address_is_read_as_proxies_write_it(written: str | None, same: str) -> None:
    assert read_network(written) == same


def test_addresses_of_ipv4_written_as_ipv6_are_not_one_house() -> None:
    assert read_network("::ffff:203.0.113.7") != read_network("::ffff:198.51.100.9")


def test_without_redis_nobody_is_turned_away(town: Town) -> None:
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=AT_MOST)
    browser = create_app(replace(town.world, redis=away)).test_client()
    assert press(browser, "/link/guess/start") == 410


def test_counting_takes_no_connection_of_its_own(town: Town) -> None:
    club = behind(town.world, 1)
    press(club, "/link/guess/start")
    before = len(town.world.redis.client_list())
    for number in range(20):
        press(club, f"/link/guess{number}/start")
    assert len(town.world.redis.client_list()) == before
