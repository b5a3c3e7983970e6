"""The page of a one-time link: what a member may do there, what an attacker may not, and what it leaves behind."""

import io
import json
import logging
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from http.cookiejar import Cookie
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import func, select
from werkzeug.test import TestResponse

import logs
from models import AttemptStep, AuditEvent, Base, GarminAccount, LinkAttempt, OneTimeLink
from models.base import make_sessions, open_engine
from simulator.forms import Form
from tests import town as towns
from tests.browsing import Browser
from tests.conftest import Servers
from tests.patience import AT_MOST
from tests.town import Person, Town
from web.app import create_app
from world import World

PASSWORD, CODE = "canary-pass-wörd 🔑", "730914"
CSS = (Path(__file__).parents[2] / "static" / "gruppetto.css").read_text()
HTTPS = "https://bot.example.org"
THE_FORM = "Password at Garmin"


ACTIONS = ("/link/garmin/sign-in", "/link/garmin/key", "/link/garmin/code", "/link/garmin/stop")


def test_these_are_all_the_actions_of_the_page(town: Town) -> None:
    rules = create_app(town.world).url_map.iter_rules()
    taken = {rule.rule for rule in rules if rule.endpoint.startswith("link.") and "POST" in rule.methods}
    assert taken == {"/link/<token>/start", *ACTIONS}


def link_in(message: str) -> str:
    return re.search(r"https?://\S+/link/\S+", message)[0]


def token_of(url: str) -> str:
    return url.rsplit("/", 1)[1]


@pytest.fixture
def url(zoe: Person) -> str:
    """The address of a link that Zoë has just requested."""
    return link_in(zoe.says("link garmin"))


@pytest.fixture
def browser(town: Town, url: str) -> Browser:
    """The browser in which Zoë has pressed Continue."""
    opened = town.browser()
    opened.get(url)
    opened.submit()
    assert THE_FORM in opened.answer.text
    return opened


def enrol(zoe: Person, **more: Any) -> None:
    zoe.town.garmin.enrol("Zoë", zoe.email, PASSWORD, **more)


def every_row(world: World) -> dict[str, list[dict[str, Any]]]:
    """Return the whole contents of Postgres."""
    with world.sessions() as session:
        return {
            table.name: [dict(row._mapping) for row in session.execute(table.select().order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def attempts(world: World) -> list[LinkAttempt]:
    with world.sessions() as session:
        return list(session.scalars(select(LinkAttempt).order_by(LinkAttempt.number)))


def is_linked(world: World) -> bool:
    with world.sessions() as session:
        return session.scalar(select(func.count()).select_from(GarminAccount)) == 1


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run the same function in many threads that start at the same moment."""
    gate = Barrier(count)

    def go(number: int) -> Any:
        gate.wait(AT_MOST)
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(go, range(count)))


def test_a_hundred_previews_change_nothing_and_tell_nothing(town: Town, zoe: Person, url: str) -> None:
    before = every_row(town.world)
    stranger = requests.get(url.replace(token_of(url), "no-such-token"), timeout=AT_MOST)
    agents = ("WhatsApp/2.26", "facebookexternalhit/1.1", "TwilioProxy/1.1", "Mozilla/5.0")
    with requests.Session() as looking:
        for number in range(100):
            headers = {"User-Agent": agents[number % len(agents)]}
            answer = looking.get(url, headers=headers, timeout=AT_MOST)
            assert answer.status_code == 200
            assert answer.text.replace(token_of(url), "no-such-token") == stranger.text
            assert not answer.cookies
            head = looking.head(url, headers=headers, timeout=AT_MOST)
            assert (head.status_code, head.text, len(head.cookies)) == (200, "", 0)
    assert "Zoë" not in stranger.text
    assert "og:" not in stranger.text
    assert every_row(town.world) == before
    assert THE_FORM in zoe.town.browser().open_link(url)


def test_the_token_leaves_the_address_bar_with_the_first_press(town: Town, url: str) -> None:
    browser = town.browser()
    browser.get(url)
    html = browser.submit()
    assert browser.answer.url.endswith("/link/garmin")
    assert [each.status_code for each in browser.answer.history] == [303]
    assert token_of(url) not in html


def test_another_browser_is_turned_away_once_one_has_begun(town: Town, url: str, browser: Browser) -> None:
    thief = town.browser()
    thief.get(url)
    assert "This link no longer works" in thief.submit()
    assert thief.answer.status_code == 410
    assert "This link no longer works" in thief.again()
    assert THE_FORM in browser.again()


def test_the_same_browser_may_press_again(url: str, browser: Browser) -> None:
    cookie = browser.session.cookies["link"]
    browser.get(url)
    assert THE_FORM in browser.submit()
    assert browser.session.cookies["link"] == cookie


def test_of_many_browsers_at_once_one_gets_the_link(town: Town, url: str) -> None:
    headers = {"Origin": town.world.settings.base_url}
    answers = at_once(
        12, lambda _: requests.post(f"{url}/start", headers=headers, allow_redirects=False, timeout=AT_MOST).status_code
    )
    assert sorted(answers) == [303] + [410] * 11


def test_a_form_sent_twice_signs_in_once(town: Town, zoe: Person, browser: Browser) -> None:
    enrol(zoe)
    form = Form(browser.answer.text, having="password")
    filled = {**form.fields, "email": zoe.email, "password": PASSWORD}
    cookies = dict(browser.session.cookies)
    headers = {"Origin": browser.base}
    answers = at_once(
        8,
        lambda _: (
            requests.post(
                browser.base + form.action, data=filled, cookies=cookies, headers=headers, timeout=AT_MOST
            ).status_code
        ),
    )
    assert answers == [200] * 8
    assert len(attempts(town.world)) == 1
    town.rest()
    assert len(town.garmin.requests("token")) == 1
    zoe.confirms(browser)
    assert is_linked(town.world)


def test_two_tabs_share_one_sign_in(town: Town, zoe: Person, browser: Browser) -> None:
    enrol(zoe, code=CODE)
    other = town.browser()
    other.session.cookies.update(browser.session.cookies)
    other.again()
    browser.sign_in(zoe.email, PASSWORD)
    assert "Signing in to Garmin" in other.sign_in(zoe.email, "something else")
    town.rest()
    assert "Enter the code" in browser.again()
    assert "Enter the code" in other.again()
    other.submit(code=CODE)
    assert "Signing in to Garmin" in browser.submit(code="000000")
    town.rest()
    assert "Connected ✓" in zoe.confirms(browser)
    assert len(attempts(town.world)) == 1


def test_a_tab_left_behind_does_not_say_that_all_is_over(town: Town, zoe: Person, browser: Browser) -> None:
    """A code is sent from an old tab, after the sign-in has failed in another one."""
    enrol(zoe, code=CODE)
    browser.sign_in(zoe.email, PASSWORD)
    town.rest()
    browser.again()
    stale = browser.answer
    for _ in range(3):
        browser.submit(code="000000")
        town.rest()
        browser.again()
    browser.answer = stale
    html = browser.submit(code="?")
    assert "no more tries" not in html
    assert "That code was wrong three times" in html


def test_an_expired_link_is_over_at_both_ends(town: Town, url: str, browser: Browser) -> None:
    town.clock.travel(minutes=15)
    assert "This link no longer works" in browser.again()
    assert browser.answer.status_code == 410
    other = town.browser()
    other.get(url)
    assert "This link no longer works" in other.submit()


def test_a_used_link_is_over_for_everybody_else(town: Town, zoe: Person, url: str, browser: Browser) -> None:
    enrol(zoe)
    form = browser.answer
    browser.sign_in(zoe.email, PASSWORD)
    town.rest()
    assert "Connected ✓" in zoe.confirms(browser)
    browser.answer = form
    assert "Connected ✓" in browser.sign_in(zoe.email, PASSWORD)
    town.rest()
    assert len(attempts(town.world)) == 1
    for again in (town.browser(), browser):
        again.get(url)
        assert "This link no longer works" in again.submit()


def test_a_new_link_ends_the_old_one_also_where_it_was_begun(
    town: Town, zoe: Person, url: str, browser: Browser
) -> None:
    enrol(zoe)
    form = browser.answer
    newer = link_in(zoe.says("link garmin"))
    assert newer != url
    browser.answer = form
    assert "This link no longer works" in browser.sign_in(zoe.email, PASSWORD)
    late = town.browser()
    late.get(url)
    assert "This link no longer works" in late.submit()
    assert attempts(town.world) == []
    assert THE_FORM in town.browser().open_link(newer)


def test_tokens_cannot_be_guessed_or_bent(town: Town, url: str) -> None:
    token = token_of(url)
    with town.world.sessions() as session:
        hashed = session.scalars(select(OneTimeLink.token_hash)).one()
    bent = [token[:-1], token + "=", token + "%00", token.swapcase(), "%20" + token, token + "%0a", hashed, "%00"]
    bent += ["../" + token, "a" * 8_000, "%F0%9F%94%91", "%ff", "' OR 1=1 --", "garmin", "None", "*", "%25"]
    assert len(token) == 43
    before = every_row(town.world)
    with requests.Session() as guesser:
        guesser.headers["Origin"] = town.world.settings.base_url
        codes = Counter[int]()
        for each in [*bent, *(f"{number:043d}" for number in range(150))]:
            answer = guesser.post(f"{town.world.settings.base_url}/link/{each}/start", timeout=AT_MOST)
            codes[answer.status_code] += 1
            assert not guesser.cookies
        assert codes.keys() <= {404, 410, 429}, codes
        assert codes[429] >= 50, "whoever goes on guessing is slowed"
    assert every_row(town.world) == before


def test_a_form_without_its_token_is_refused(town: Town, zoe: Person, browser: Browser) -> None:
    enrol(zoe)
    for token in (None, "", "0" * 64, "é"):
        filled = {"email": zoe.email, "password": PASSWORD, "code": CODE, "csrf": token}
        for path in ACTIONS:
            assert browser.session.post(browser.base + path, data=filled, timeout=AT_MOST).status_code == 400, token
    assert attempts(town.world) == []


def test_a_form_of_another_browser_is_refused(town: Town, zoe: Person, jose: Person, browser: Browser) -> None:
    other = town.browser()
    other.open_link(jose.says("link garmin"))
    foreign = Form(other.answer.text, having="password").fields["csrf"]
    assert browser.submit(csrf=foreign, email=zoe.email, password=PASSWORD)
    assert browser.answer.status_code == 400
    assert attempts(town.world) == []


FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
]
HONEST: list[dict[str, str | None]] = [
    # Browsers send this from a page with `Referrer-Policy: no-referrer`
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    {"Origin": None},
    {"Sec-Fetch-Site": "none"},
]


def test_a_form_on_another_site_cannot_post_here(town: Town, zoe: Person, url: str, browser: Browser) -> None:
    filled = {
        **Form(browser.answer.text, having="password").fields,
        "email": zoe.email,
        "password": PASSWORD,
        "code": CODE,
    }
    for headers in FOREIGN:
        for address in (f"{url}/start", *(browser.base + path for path in ACTIONS)):
            assert browser.session.post(address, data=filled, headers=headers, timeout=AT_MOST).status_code == 403, (
                headers
            )
    assert attempts(town.world) == []


def test_an_honest_browser_is_let_through(town: Town, zoe: Person, browser: Browser) -> None:
    filled = {**Form(browser.answer.text, having="password").fields, "email": zoe.email, "password": PASSWORD}
    for headers in HONEST:
        answer = browser.session.post(
            browser.base + ACTIONS[0], data=filled, headers=headers, timeout=AT_MOST, allow_redirects=False
        )
        assert (answer.status_code, answer.headers["Location"]) == (303, "/link/garmin"), headers
    assert len(attempts(town.world)) == 1


def test_a_planted_cookie_is_replaced_by_a_secret_of_our_own(town: Town, url: str) -> None:
    victim = town.browser()
    victim.session.cookies.set("link", "planted", domain="127.0.0.1", path="/")
    victim.get(url)
    assert THE_FORM in victim.submit()
    assert victim.session.cookies["link"] != "planted"
    thief = town.browser()
    thief.session.cookies.set("link", "planted")
    assert "This link no longer works" in thief.again()


def test_an_attackers_own_cookie_does_not_get_a_members_garmin(town: Town, zoe: Person, jose: Person, url: str) -> None:
    enrol(zoe)
    attacker, victim = town.browser(), town.browser()
    attacker.open_link(jose.says("link garmin"))
    victim.session.cookies.update(attacker.session.cookies)
    victim.get(url)
    victim.submit()
    victim.sign_in(zoe.email, PASSWORD)
    town.rest()
    assert "Connected ✓" in zoe.confirms(victim)
    assert THE_FORM in attacker.again()
    assert zoe.says("status").startswith("Garmin ✅")
    assert not jose.says("status").startswith("Garmin ✅")


def test_a_wrong_password_may_be_tried_three_times(town: Town, zoe: Person, browser: Browser) -> None:
    enrol(zoe)
    form = browser.answer
    for left in (2, 1, 0):
        browser.answer = form
        browser.sign_in(zoe.email, "wrong")
        town.rest()
        html = browser.again()
        assert "know this e-mail and password together" in html
        assert ("try again" in html) == ('name="password"' in html) == (left > 0)
    assert "no more tries" in html
    browser.answer = form
    assert "no more tries" in browser.sign_in(zoe.email, PASSWORD)
    town.rest()
    assert len(attempts(town.world)) == 3
    assert len(town.garmin.requests("sign_in", zoe.email)) == 3
    assert not is_linked(town.world)


def test_a_wrong_code_may_be_tried_three_times(town: Town, zoe: Person, browser: Browser) -> None:
    enrol(zoe, code=CODE)
    browser.sign_in(zoe.email, PASSWORD)
    town.rest()
    assert "Garmin has sent you an e-mail with a code." in browser.again()
    for _ in range(2):
        browser.submit(code="000000")
        town.rest()
        assert "That code was wrong or too old" in browser.again()
    browser.submit(code="000000")
    town.rest()
    assert "That code was wrong three times" in browser.again()
    assert [each.state for each in attempts(town.world)] == [None]
    browser.sign_in(zoe.email, PASSWORD)
    town.rest()
    browser.again()
    browser.submit(code=f" {CODE[:3]} {CODE[3:]} ")
    town.rest()
    assert "Connected ✓" in zoe.confirms(browser)


def test_a_code_that_comes_too_late_ends_the_sign_in(town: Town, zoe: Person, browser: Browser) -> None:
    enrol(zoe, code=CODE)
    town.clock.travel(minutes=1)
    browser.sign_in(zoe.email, PASSWORD)
    town.rest()
    browser.again()
    town.clock.travel(minutes=10)
    assert "Signing in to Garmin" in browser.submit(code=CODE), "no second form that leads nowhere"
    assert "Signing in to Garmin" in browser.again()
    town.tick()
    assert "That took too long" in browser.again()
    assert len(town.garmin.requests("sign_in", zoe.email)) == 1
    assert [each.secret for each in attempts(town.world)] == [None]


def test_the_cookie_lasts_as_long_as_the_link_may(town: Town, zoe: Person, browser: Browser) -> None:
    """Every password and every code prolongs the link by ten minutes, so it may be valid for longer
    than its first 15 minutes.
    """
    enrol(zoe, code=CODE)
    for wait in (14, 9, 9):
        town.clock.travel(minutes=wait)
        browser.sign_in(zoe.email, "wrong" if wait == 14 else PASSWORD)
        town.rest()
        browser.again()
        if "Enter the code" in browser.answer.text:
            break
    town.clock.travel(minutes=9)
    with town.world.sessions() as session:
        link = session.scalars(select(OneTimeLink)).one()
        opened = session.scalars(select(AuditEvent.at).where(AuditEvent.action == "link.opened")).one()
    (cookie,) = list[Cookie](browser.session.cookies)
    age = timedelta(seconds=cookie.expires) - timedelta(seconds=int(browser.answer.elapsed.total_seconds()))
    assert town.clock() > opened + timedelta(minutes=30)
    browser.submit(code=CODE)
    town.rest()
    assert "Connected ✓" in zoe.confirms(browser)
    lasts = age.total_seconds() - time.time()
    assert lasts > (link.expires_at - opened).total_seconds()


def test_a_link_ends_an_hour_after_it_was_made_whatever_is_tried_through_it(
    town: Town, zoe: Person, browser: Browser
) -> None:
    """Three passwords, a late worker, and Garmin's code, each ten seconds before it would be too late."""
    enrol(zoe, code=CODE)
    for wait, password in ((14, "wrong"), (9, "wrong"), (9, PASSWORD)):
        town.clock.travel(minutes=wait, seconds=50)
        browser.sign_in(zoe.email, password)
        if password == "wrong":
            town.rest()
            browser.again()
    town.clock.travel(minutes=9, seconds=50)
    town.rest()
    browser.again()
    town.clock.travel(minutes=9, seconds=50)
    browser.submit(code=CODE)
    town.rest()
    assert "One more step" in browser.again(), "54 minutes and 10 seconds: the code is good for ten minutes more"
    line = browser.line
    town.clock.travel(minutes=5)
    assert "One more step" in browser.again()
    town.clock.travel(minutes=1)
    assert "This link no longer works" in browser.again()
    assert "✅" in zoe.says(line), "the code was shown in time, and is still good in the chat"


NO_SIGN_IN = [
    ("zoë@example.org", "p" * 10_240),
    ("z" * 10_240 + "@example.org", "p"),
    ("zoë@example.org", ""),
    ("", "p"),
    ("no address", "p"),
    ("a\x00@example.org", "p"),
    ("a\n@example.org", "p"),
    ("zoë@example.org", "p\x00q"),
    ("zoë@example.org", "p\r\nq"),
]
NO_KEY = ["", " ", "k\x00", "k" * 4_097, "two\nlines"]
NO_CODE = ["", " ", "\x00", "12\x0034", "1" * 13, "1" * 10_240, "12-34", "<b>", "🔑"]


def test_what_cannot_be_an_address_or_a_password_is_asked_for_again(town: Town, browser: Browser) -> None:
    for email, password in NO_SIGN_IN:
        html = browser.sign_in(email, password)
        assert browser.answer.status_code == 400, (email[:20], password[:20])
        assert "Please fill in your e-mail address and your password." in html
    assert attempts(town.world) == []


def test_what_cannot_be_a_code_is_asked_for_again(town: Town, zoe: Person, browser: Browser) -> None:
    enrol(zoe, code=CODE)
    browser.sign_in(zoe.email, PASSWORD)
    town.rest()
    browser.again()
    for code in NO_CODE:
        html = browser.submit(code=code)
        assert browser.answer.status_code == 400, code[:20]
        assert "Please type the code that Garmin sent you." in html
    assert [each.step for each in attempts(town.world)] == [AttemptStep.CODE]


def test_what_cannot_be_a_key_is_asked_for_again(town: Town, browser: Browser) -> None:
    for key, lasts in [*((key, "90") for key in NO_KEY), ("k", ""), ("k", "7"), ("k", "-30"), ("k", "９０")]:
        html = browser.use_key(key, lasts)
        assert browser.answer.status_code == 400, (key[:20], lasts)
        assert "Please paste your key, all of it." in html
    assert attempts(town.world) == []


def test_ways_that_the_operator_forbids_are_neither_shown_nor_taken(
    town: Town, servers: Servers, zoe: Person, browser: Browser
) -> None:
    enrol(zoe)
    both = browser.answer
    strict = {"garmin_link_methods": "password", "garmin_keep_password": False}
    servers.app.app = create_app(replace(town.world, settings=town.world.settings.model_copy(update=strict)))
    html = browser.again()
    assert THE_FORM in html
    assert 'name="key"' not in html
    assert 'name="keep"' not in html
    browser.answer = both
    browser.use_key("a-key-pasted-all-the-same")
    assert browser.answer.status_code == 404
    assert attempts(town.world) == []
    browser.answer = both
    browser.submit(email=zoe.email, password=PASSWORD, keep="yes")
    town.rest()
    assert "Connected ✓" in zoe.confirms(browser)
    with town.world.sessions() as session:
        assert session.scalars(select(GarminAccount)).one().password is None


def test_markup_in_an_address_stays_text(town: Town, browser: Browser) -> None:
    nasty = '"><script>alert(1)</script>{{7*7}}@x'
    shown = "&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}@x"
    assert shown in browser.sign_in(nasty, "")
    browser.sign_in(nasty, "wrong")
    town.rest()
    html = browser.again()
    assert shown in html
    assert "<script" not in html


def test_pages_without_a_begun_link_are_over(town: Town, url: str) -> None:
    base, headers = town.world.settings.base_url, {"Origin": town.world.settings.base_url}
    assert requests.get(f"{base}/link/garmin", timeout=AT_MOST).status_code == 410
    for path in ACTIONS:
        for cookies in ({}, {"link": ""}, {"link": token_of(url)}, {"link": "\x7f"}):
            filled = {"email": "a@b", "password": "p", "code": "1"}
            answer = requests.post(base + path, data=filled, headers=headers, cookies=cookies, timeout=AT_MOST)
            assert answer.status_code == 410
            assert "This link no longer works" in answer.text


def test_a_code_that_nobody_asked_for_is_not_taken(town: Town, browser: Browser) -> None:
    filled = {**Form(browser.answer.text, having="password").fields, "code": CODE}
    answer = browser.session.post(f"{browser.base}/link/garmin/code", data=filled, timeout=AT_MOST)
    assert THE_FORM in answer.text
    assert attempts(town.world) == []


def test_wrong_methods_are_told_which_are_right(town: Town, url: str) -> None:
    base = town.world.settings.base_url
    for method, address, allowed in (
        ("GET", f"{url}/start", {"POST", "OPTIONS"}),
        ("PUT", url, {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", f"{base}/link/garmin", {"GET", "HEAD", "OPTIONS"}),
        ("GET", f"{base}/link/garmin/code", {"POST", "OPTIONS"}),
    ):
        answer = requests.request(method, address, timeout=AT_MOST)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == allowed


def test_a_large_body_is_refused_before_anything_is_done(town: Town, url: str, browser: Browser) -> None:
    large = {
        **Form(browser.answer.text, having="password").fields,
        "email": "z@example.org",
        "password": "p",
        "code": "1" * 65 * 1024,
    }
    for address in (f"{url}/start", *(browser.base + path for path in ACTIONS)):
        answer = browser.session.post(address, data=large, timeout=AT_MOST)
        assert answer.status_code == 413, address
    assert attempts(town.world) == []


def test_a_forged_host_does_not_get_into_a_page(town: Town, url: str) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    headers |= {"Origin": town.world.settings.base_url}
    assert "evil" not in requests.get(url, headers=headers, timeout=AT_MOST).text
    answer = requests.post(f"{url}/start", headers=headers, timeout=AT_MOST, allow_redirects=False)
    assert answer.headers["Location"] == "/link/garmin"
    assert "Domain" not in answer.headers["Set-Cookie"]


@pytest.fixture
def https(town: Town) -> Iterator[FlaskClient]:
    """The same town behind a proxy that uses HTTPS."""
    now = town.world.settings
    settings = towns.settings(now.database_url, now.redis_url, HTTPS, "http://127.0.0.1:9")
    with create_app(replace(town.world, settings=settings)).test_client() as client:
        yield client


def test_with_https_the_cookie_cannot_leave_its_host_or_be_read(https: FlaskClient, url: str) -> None:
    address = f"{HTTPS}/link/{token_of(url)}"
    started = https.post(f"{address}/start", headers={"Origin": HTTPS}, base_url=HTTPS)
    name, _, rest = started.headers["Set-Cookie"].partition("=")
    secret, *flags = rest.split("; ")
    assert name == "__Host-link"
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(flags)
    assert not [flag for flag in flags if flag.startswith("Domain")]
    assert len(secret) == 43
    assert THE_FORM in https.get("/link/garmin", base_url=HTTPS).text
    https.delete_cookie("__Host-link", domain="bot.example.org")
    https.set_cookie("link", secret, domain="bot.example.org", secure=True)
    assert https.get("/link/garmin", base_url=HTTPS).status_code == 410, "a cookie without the prefix is not ours"


def test_hsts_is_sent_with_https_only(https: FlaskClient, town: Town, url: str) -> None:
    sent = https.get(f"/link/{token_of(url)}", base_url=HTTPS).headers["Strict-Transport-Security"]
    assert int(re.fullmatch(r"max-age=(\d+)", sent)[1]) >= 31_536_000
    assert "Strict-Transport-Security" not in requests.get(url, timeout=AT_MOST).headers


def test_plain_http_has_a_cookie_that_works_there(browser: Browser) -> None:
    (cookie,) = list[Cookie](browser.session.cookies)
    assert (cookie.name, cookie.secure, cookie.path) == ("link", False, "/")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Strict"


class Reader(HTMLParser):
    """The parts of a page that a screen reader reads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: dict[str, str] = {}
        self.open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs} | {"within": self.open}))
        self.open = tag if tag != "input" else self.open

    def handle_endtag(self, tag: str) -> None:
        self.open = ""

    def handle_data(self, data: str) -> None:
        self.words[self.open] = self.words.get(self.open, "") + data.strip()

    def fields(self) -> list[dict[str, str]]:
        return [attrs for attrs in self.all("input", "select", "textarea") if attrs.get("type") != "hidden"]

    def all(self, *names: str) -> list[dict[str, str]]:
        return [attrs for tag, attrs in self.tags if tag in names]


def as_answer(answer: requests.Response | TestResponse) -> tuple[int, str, Any]:
    return answer.status_code, answer.text, answer.headers


@pytest.fixture(scope="module")
def pages(servers: Servers) -> dict[str, tuple[int, str, Any]]:
    """All pages as they are sent; collected once, in a town of its own."""
    town = towns.build(servers.database_url, servers.redis_url, servers.app, servers.simulator)
    try:
        return every_page(town, town.person("Zoë", "+32470000001"))
    finally:
        towns.empty(town.world)
        town.twilio.close()
        town.world.sessions.kw["bind"].dispose()
        town.world.redis.close()


def every_page(town: Town, zoe: Person) -> dict[str, tuple[int, str, Any]]:
    url = link_in(zoe.says("link garmin"))
    return pages_on_the_way(town, zoe, url) | stopped_pages(town, zoe) | pages_beside_it(town, url)


def pages_on_the_way(town: Town, zoe: Person, url: str) -> dict[str, tuple[int, str, Any]]:
    """Return the pages from the first to the last, with every mistake on the way."""
    enrol(zoe, code=CODE)
    browser, seen = town.browser(), {}

    def see(name: str) -> None:
        seen[name] = as_answer(browser.answer)

    browser.get(url)
    see("welcome")
    browser.submit()
    see("form")
    browser.sign_in("", "")
    see("incomplete")
    browser.use_key("")
    see("no key")
    browser.use_key("no-such-key")
    town.rest()
    browser.again()
    see("wrong key")
    browser.sign_in(zoe.email, "wrong")
    see("wait")
    town.rest()
    browser.again()
    see("wrong password")
    browser.sign_in(zoe.email, PASSWORD)
    town.rest()
    browser.again()
    see("code")
    browser.submit(code="?")
    see("no code")
    browser.submit(code="000000")
    town.rest()
    browser.again()
    see("wrong code")
    browser.submit(code=CODE)
    town.rest()
    browser.again()
    see("confirm")
    zoe.confirms(browser)
    see("done")
    browser.get(url)
    browser.submit()
    see("over")
    return seen


def stopped_pages(town: Town, zoe: Person) -> dict[str, tuple[int, str, Any]]:
    """Return the pages after a sign-in through a forwarded link was ended, by a code from another
    chat or by the button.
    """
    ben, seen = town.person("Ben", "+32470000009"), {}
    town.garmin.enrol("Ben", ben.email, PASSWORD)
    for name in ("elsewhere", "stopped"):
        browser = town.browser()
        browser.open_link(zoe.says("link garmin"))
        browser.sign_in(ben.email, PASSWORD)
        town.rest()
        browser.again()
        if name == "elsewhere":
            ben.says(browser.line)
            browser.again()
        else:
            browser.submit()
        seen[name] = as_answer(browser.answer)
    return seen


def pages_beside_it(town: Town, url: str) -> dict[str, tuple[int, str, Any]]:
    """Return the pages for wrong addresses, and the files that pages need."""
    base, seen = town.world.settings.base_url, {}
    seen["404"] = as_answer(requests.get(f"{base}/nothing/here", timeout=AT_MOST))
    seen["405"] = as_answer(requests.get(f"{url}/start", timeout=AT_MOST))
    seen["403"] = as_answer(requests.post(f"{url}/start", headers={"Origin": "https://evil.example"}, timeout=AT_MOST))
    away = make_sessions(open_engine("postgresql://u@127.0.0.1:9/none"), town.world.vault, town.clock)
    with create_app(replace(town.world, sessions=away)).test_client() as client:
        client.set_cookie("link", "anything")
        seen["500"] = as_answer(client.get("/link/garmin"))
    for name in ("static/gruppetto.css", "static/icon.svg", "livez", "readyz"):
        seen[name] = as_answer(requests.get(f"{base}/{name}", timeout=AT_MOST))
    return seen


LEADS_TO = r"https://(wa\.me/14155238886(\?text=link%20garmin%20[A-Z]{6})?$|connect\.garmin\.com/)"
STATUS = {"incomplete": 400, "no key": 400, "no code": 400, "over": 410, "404": 404, "405": 405, "403": 403, "500": 500}


def test_every_answer_carries_the_headers_that_protect_it(pages: dict[str, tuple[int, str, Any]]) -> None:
    assert {name: status for name, (status, _, _) in pages.items() if status != 200} == STATUS
    for name, (_, _, headers) in pages.items():
        policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
        assert policy.pop("default-src") == "'none'", name
        assert policy.pop("frame-ancestors") == policy.pop("base-uri") == "'none'", name
        assert set(policy) == {"style-src", "img-src", "form-action"}, name
        assert set(policy.values()) == {"'self'"}, name
        assert headers["Referrer-Policy"] == "no-referrer", name
        assert headers["X-Content-Type-Options"] == "nosniff", name
        assert headers["X-Frame-Options"] == "DENY", name
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert headers["X-Robots-Tag"] == "noindex, nofollow", name
        assert "camera=()" in headers["Permissions-Policy"], name
        assert headers["Cache-Control"] == ("no-cache" if name.startswith("static") else "no-store"), name


def test_every_page_needs_no_script_and_nobody_elses_file(pages: dict[str, tuple[int, str, Any]]) -> None:
    for name, html in html_of(pages):
        page = Reader(html)
        assert page.all("script", "iframe", "object", "style") == [], name
        for attrs in page.all("link", "img", "form"):
            address = attrs.get("href", attrs.get("src", attrs.get("action", "")))
            assert address.startswith("/"), name
        assert not [attrs for _, attrs in page.tags if any(each.startswith(("on", "style")) for each in attrs)], name
        for attrs in page.all("a"):
            assert re.match(LEADS_TO, attrs["href"]), name


def html_of(pages: dict[str, tuple[int, str, Any]]) -> list[tuple[str, str]]:
    found = [(name, text) for name, (_, text, headers) in pages.items() if "html" in headers["Content-Type"]]
    assert len(found) == 19
    return found


def test_every_page_can_be_read_aloud(pages: dict[str, tuple[int, str, Any]]) -> None:
    for name, html in html_of(pages):
        page = Reader(html)
        assert [attrs["lang"] for attrs in page.all("html")] == ["en"], name
        assert len(page.all("h1")) == len(page.all("main")) == 1, name
        assert page.words["title"].endswith(" · Gruppetto"), name
        assert "width=device-width" in html, name
        assert "user-scalable" not in html, name
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), name
        labelled = {attrs["for"] for attrs in page.all("label") if "for" in attrs}
        for field in page.fields():
            assert field.get("id") in labelled or field["within"] == "label", name
            assert "autocomplete" in field or field.get("type") not in ("text", "email", "password"), name
        pointers = ("aria-describedby", "aria-labelledby", "for")
        for _, attrs in page.tags:
            assert {attrs[each] for each in pointers if each in attrs} <= set(ids), name


def test_a_problem_is_announced_and_tied_to_its_field(pages: dict[str, tuple[int, str, Any]]) -> None:
    for name in ("incomplete", "wrong password", "no key", "wrong key", "no code", "wrong code"):
        page = Reader(pages[name][1])
        (problem,) = [attrs for _, attrs in page.tags if attrs.get("role") == "alert"]
        wrong = [field for field in page.all("input") if "aria-invalid" in field]
        assert [field["aria-describedby"] for field in wrong] == [problem["id"]], name
    for calm in ("form", "code", "confirm", "done"):
        assert 'role="alert"' not in pages[calm][1]


def colours(text: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", text))


LIGHT = colours(CSS.partition("@media (prefers-color-scheme: dark)")[0])
DARK = LIGHT | colours(CSS.partition("@media (prefers-color-scheme: dark)")[2])


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    digits = colour.lstrip("#") if len(colour) == 7 else "".join(2 * digit for digit in colour.lstrip("#"))
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, brighter = sorted((luminance(one), luminance(other)))
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_everything_can_be_told_from_its_ground(scheme: dict[str, str]) -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    texts = [("ink", "page"), ("ink", "card"), ("quiet", "card"), ("on-green", "green"), ("red", "red-wash")]
    texts += [("green", "card")]  # links
    edges = [("quiet", "card"), ("red", "card"), ("red", "page"), ("green", "card"), ("focus", "card")]
    for front, ground in texts:
        assert contrast(scheme[front], scheme[ground]) >= 4.5, (front, ground)
    for front, ground in edges:
        assert contrast(scheme[front], scheme[ground]) >= 3, (front, ground)


def test_the_style_sheet_uses_its_own_colours_only() -> None:
    assert set(DARK) == set(LIGHT)
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS))
    assert used == set(LIGHT)
    rules = re.sub(r"--[\w-]+: #[0-9a-f]+;", "", CSS)
    assert not re.search(r"#[0-9a-f]{3,6}\b|url\(|@import", rules)


@pytest.fixture
def written(town: Town) -> Iterator[io.StringIO]:
    """All that is logged, by us and by libraries, in production's format."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    logging.getLogger().addHandler(handler)
    logs.configure("json", to=kept)
    yield kept
    logging.getLogger().removeHandler(handler)
    logs.configure("console")


def every_value(redis: Redis) -> str:
    """Return the whole contents of Redis, including keys; packed values are unpacked too."""
    found: list[bytes] = []
    read: dict[bytes, Callable[[bytes], Any]] = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"stream": redis.xrange,
    }
    for key in redis.scan_iter():
        value = read[redis.type(key)](key)
        flat = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        found += [key, *([flat] if isinstance(flat, bytes) else flat)]
    unpacked = []
    for each in found:
        try:
            unpacked.append(zlib.decompress(each))
        except (zlib.error, TypeError):
            continue
    return "\n".join(
        each.decode("utf-8", "replace") if isinstance(each, bytes) else repr(each) for each in found + unpacked
    )


def every_column(world: World) -> str:
    """Return the whole contents of Postgres as text, including columns of bytes."""
    shown: list[str] = []
    for rows in every_row(world).values():
        for row in rows:
            for value in row.values():
                text = bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)
                shown.append(json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else text)
    return "\n".join(shown)


def test_secrets_are_left_nowhere(town: Town, zoe: Person, written: io.StringIO) -> None:
    """The secrets are searched for at every step: while a sign-in waits, while the code is expected,
    after success and after failure.
    """
    enrol(zoe, code=CODE)
    url = link_in(zoe.says("link garmin"))
    token, browser, html = token_of(url), town.browser(), ""
    secrets = [PASSWORD, CODE, token, "canary-wrong-password", "canary-key", "canary-wrong-code", "canarywrong1"]
    places: list[str] = []

    def look() -> None:
        nonlocal html
        html += browser.answer.text
        places.append(every_column(town.world) + every_value(town.world.redis))

    places.append(every_column(town.world) + every_value(town.world.redis))
    browser.get(url)
    browser.submit()
    browser.sign_in(zoe.email, "canary-wrong-password")
    look()
    town.rest()
    browser.again()
    browser.use_key("canary-key-0123456789")
    look()
    town.rest()
    browser.again()
    browser.sign_in(zoe.email, PASSWORD)
    secrets.append(browser.session.cookies["link"])
    look()
    assert [each.secret is not None for each in attempts(town.world)] == [False, False, True]
    town.rest()
    browser.again()
    browser.submit(code="canary-wrong-code")
    look()
    browser.again()
    browser.submit(code="canarywrong1")
    look()
    town.rest()
    browser.again()
    browser.submit(code=CODE)
    look()
    town.rest()
    browser.again()
    look()
    zoe.confirms(browser)
    look()
    assert "Connected ✓" in html
    secrets += tokens_of(town.world)
    places.append(every_column(town.world) + every_value(town.world.redis))
    logged = written.getvalue()
    assert zoe.email in places[-1], "the search sees what is there"
    assert "rq:" in places[1]
    assert "sign-in step done" in logged
    for secret in secrets:
        assert secret not in "\n".join(places) + logged + html, f"secret number {secrets.index(secret)}"


def test_a_password_that_is_kept_is_kept_sealed(
    town: Town, zoe: Person, browser: Browser, written: io.StringIO
) -> None:
    enrol(zoe)
    browser.submit(email=zoe.email, password=PASSWORD, keep="yes")
    town.rest()
    assert "Connected ✓" in zoe.confirms(browser)
    everything = every_column(town.world) + every_value(town.world.redis) + written.getvalue()
    assert zoe.email in everything
    assert PASSWORD not in everything
    with town.world.sessions() as session:
        account = session.scalars(select(GarminAccount)).one()
    assert town.world.vault.open("kept-password", account.member_id, account.password) == PASSWORD


def tokens_of(world: World) -> list[str]:
    """Return Garmin's tokens, decrypted."""
    with world.sessions() as session:
        account = session.scalars(select(GarminAccount)).one()
        tokens = session.info["vault"].open("garmin-tokens", account.member_id, account.tokens)
    return [json.loads(tokens)["di_token"], json.loads(tokens)["di_refresh_token"]]


def test_a_page_that_breaks_tells_the_log_and_not_the_visitor(
    town: Town, written: io.StringIO, browser: Browser
) -> None:
    away = make_sessions(open_engine("postgresql://u:canary-db@127.0.0.1:9/none"), town.world.vault, town.clock)
    with create_app(replace(town.world, sessions=away)).test_client() as client:
        logs.configure("json", to=written)
        client.set_cookie("link", browser.session.cookies["link"])
        answer = client.get("/link/garmin")
    assert answer.status_code == 500
    assert "It is not your doing" in answer.text
    assert "OperationalError" in written.getvalue()
    assert "OperationalError" not in answer.text
    assert browser.session.cookies["link"] not in written.getvalue()
    assert "canary-db" not in written.getvalue()
