"""The two ways to connect Garmin, from opening the link to the last reminder; and what is
shown if one is not possible.
"""

import io
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

from jobs.garmin import remind
from messages.render import Reader, words
from models import Activity, GarminAccount, GarminMethod, GarminStatus, Member
from simulator.demo import Levers
from tests.accounts import asked, every, said
from tests.browsing import Browser
from tests.conftest import Servers
from tests.patience import AT_MOST
from tests.scenes import runs, start_group
from tests.town import START, Person, Town
from tests.web.test_link import attempts, every_column, every_value, written
from web.app import create_app

__all__ = ["written"]

PASSWORD = "canary-right-password"  # not secret, but searched for like a secret
DAY = timedelta(days=1)


@pytest.fixture
def browser(town: Town, zoe: Person) -> Browser:
    """The browser in which Zoë has opened her link; she has run twice this week."""
    runs(16, 17)(town.garmin.enrol("Zoë", zoe.email, PASSWORD))
    return again(town, zoe)


def again(town: Town, person: Person) -> Browser:
    """Return a new browser, with a new link."""
    opened = town.browser()
    opened.open_link(person.says("link garmin"))
    return opened


def by_key(town: Town, browser: Browser, key: str, lasts: str = "90") -> str:
    browser.use_key(key, lasts)
    return signed_in(town, browser)


def signed_in(town: Town, browser: Browser) -> str:
    """Return the page after Zoë has sent the code, if there is one."""
    town.rest()
    page = browser.again()
    return town.people["Zoë"].confirms(browser) if 'class="line"' in page else page


def account(town: Town) -> GarminAccount:
    (found,) = every(town, GarminAccount)
    return found


def counting(town: Town) -> int:
    with town.world.sessions() as session:
        return len(session.scalars(select(Activity.id).where(Activity.deleted_at.is_(None))).all())


def test_a_key_connects_and_reads(town: Town, zoe: Person, browser: Browser) -> None:
    assert "Connected ✓" in by_key(town, browser, town.garmin.make_key(zoe.email), "180")
    assert "Your Garmin is connected: I found *2* activities" in zoe.heard
    found = account(town)
    assert (found.method, found.garmin_email, found.password) == (GarminMethod.KEY, None, None)
    assert found.key_ends_at == START + 180 * DAY
    assert asked(town, "sign_in") == asked(town, "token") == [], "nobody signed in"
    assert "Your key is good until Mon 17 May" in zoe.says("status")
    town.travel(minutes=16)
    runs(18)(town.garmin.athletes[zoe.email])
    assert "Checked: *1* new activity." in zoe.says("sync")


def test_the_demo_offers_a_key_to_be_pasted(town: Town, zoe: Person, browser: Browser) -> None:
    on = SimpleNamespace(environment={"DATABASE_URL": town.world.settings.database_url}, garmin=town.garmin)
    levers = Levers(on)
    hint = levers.hint(zoe.phone)
    assert levers.hint(zoe.phone) == hint, "the page is drawn often, and shows one key"
    levers.database.dispose()
    assert "Connected ✓" in by_key(town, browser, hint.rsplit("or by key: ", 1)[1])


def test_the_page_says_what_a_key_is_and_what_garmin_says_of_it(browser: Browser) -> None:
    html = " ".join(browser.answer.text.split())
    assert html.index("With a key of your own") < html.index("With e-mail and password")
    assert "recommended" not in html, "unless the operator says so"
    assert "Pasting it here gives your key to whoever runs this bot. Garmin's terms may forbid that" in html
    assert "a key “must never be shared”" in html
    assert "not intended for commercial applications serving multiple end users" in html
    assert "https://connect.garmin.com/app/settings/personalApiToken" in html
    assert "Garmin has not approved this way" in html


@pytest.mark.parametrize("kind", ["unknown", "cut", "deleted", "over"])
def test_a_key_that_opens_nothing_is_asked_for_again(town: Town, zoe: Person, browser: Browser, kind: str) -> None:
    key = town.garmin.make_key(zoe.email, days=1)
    wrong = {"unknown": "k" * 64, "cut": key[:-1]}.get(kind, key)
    if kind == "deleted":
        town.garmin.delete_key(key)
    if kind == "over":
        town.clock.travel(days=2)
        browser = again(town, zoe)
    assert "this key is not valid" in by_key(town, browser, wrong)
    assert every(town, GarminAccount) == []
    assert "Connected ✓" in by_key(town, browser, town.garmin.make_key(zoe.email)), "the next one may be right"
    assert [each.problem for each in attempts(town.world)] == ["key_rejected", None]


def test_three_wrong_keys_are_enough(town: Town, browser: Browser) -> None:
    for _ in range(3):
        html = by_key(town, browser, "k" * 64)
    assert "no more tries" in html
    assert len(asked(town, "key")) == 3


def test_a_key_that_ends_is_said_three_times_and_renewed_without_loss(
    town: Town, zoe: Person, browser: Browser
) -> None:
    by_key(town, browser, town.garmin.make_key(zoe.email, 30), "30")
    assert heard_on(town, zoe, START, (10, 15.9, 16, 16.1, 20, 27, 27.5, 29, 29.9, 30, 30.1, 30.5, 31, 35)) == [
        (16, "Your Garmin key ends in 14 days"),
        (27, "Your Garmin key ends in 3 days"),
        (30, "Your Garmin key has ended, so I see no new activities"),
    ], "and no second message about the same key"
    assert account(town).status is GarminStatus.NEEDS_RELINK
    runs(15)(town.garmin.athletes[zoe.email])
    kept = {(each.id, each.external_id) for each in every(town, Activity)}
    assert "Your history stays" in zoe.says("link garmin")
    renewed = town.browser()
    renewed.open_link(zoe.heard)
    assert "Connected ✓" in by_key(town, renewed, town.garmin.make_key(zoe.email, 30), "30")
    assert kept < {(each.id, each.external_id) for each in every(town, Activity)}
    assert counting(town) == 3
    assert account(town).status is GarminStatus.LINKED
    renewed_at = town.clock()
    heard = heard_on(town, zoe, renewed_at, (1, 15, 16, 17))
    assert heard == [(16, "Your Garmin key ends in 14 days")], "the new key has reminders of its own"


def heard_on(town: Town, zoe: Person, start: datetime, days: tuple[float, ...]) -> list[tuple[float, str]]:
    """Return what is sent at the ticks of these days, and again an hour later, while she keeps writing to the bot."""
    told = []
    for day in days:
        for hours in (0, 1):
            town.clock.travel_to(start + day * DAY + timedelta(hours=hours))
            zoe.phone.last_inbound_at = town.clock()
            with town.world.sessions.begin() as session:
                session.execute(update(Member).values(last_inbound_at=town.clock()))
            before = zoe.count()
            town.tick()
            told += [(day, each.text.split(".")[0]) for each in zoe.phone.heard[before:]]
    return told


def test_a_key_that_was_renewed_in_time_is_not_spoken_of(town: Town, zoe: Person, browser: Browser) -> None:
    by_key(town, browser, town.garmin.make_key(zoe.email, 30), "30")
    town.clock.travel(days=12)
    by_key(town, again(town, zoe), town.garmin.make_key(zoe.email, 90), "90")
    for days in (17, 28, 31):
        town.clock.travel_to(START + days * DAY)
        assert remind.body(town.world) == 0


def test_from_password_to_key_and_back_the_history_stays(town: Town, zoe: Person, browser: Browser) -> None:
    browser.sign_in(zoe.email, PASSWORD)
    signed_in(town, browser)
    before = [each.id for each in every(town, Activity)]
    for way in (GarminMethod.KEY, GarminMethod.PASSWORD):
        town.travel(hours=1)
        page = again(town, zoe)
        if way is GarminMethod.KEY:
            by_key(town, page, town.garmin.make_key(zoe.email))
        else:
            page.sign_in(zoe.email, PASSWORD)
            signed_in(town, page)
        assert account(town).method is way
        assert account(town).last_error is None
        assert [each.id for each in every(town, Activity)] == before
    assert account(town).key_ends_at is None


def test_another_persons_key_does_not_get_this_history(town: Town, zoe: Person, browser: Browser) -> None:
    by_key(town, browser, town.garmin.make_key(zoe.email))
    runs(15)(town.garmin.enrol("Ann", "ann@example.org", "x"))
    town.travel(hours=1)
    by_key(town, again(town, zoe), town.garmin.make_key("ann@example.org"))
    assert [each.local_date.day for each in every(town, Activity)] == [17, 16], "asked about first"
    zoe.says("replace")
    assert [each.local_date.day for each in every(town, Activity)] == [15]


@pytest.mark.parametrize("way", ["", *GarminMethod])
def test_a_way_is_called_recommended_where_the_operator_says_so(
    town: Town, servers: Servers, browser: Browser, way: str
) -> None:
    settings = town.world.settings.model_copy(update={"garmin_recommended": str(way)})
    servers.app.app = create_app(replace(town.world, settings=settings))
    html = browser.again()
    assert html.count("recommended") == bool(way)
    headings = {"personal_key": "With a key of your own", "password": "With e-mail and password"}
    for method, heading in headings.items():
        assert (f'{heading} <span class="tag">recommended</span>' in html) == (method == way)


def test_the_page_tells_what_the_group_sees_in_the_words_of_the_consent(zoe: Person, browser: Browser) -> None:
    shown = " ".join(re.sub(r"<[^>]+>", "", browser.answer.text).split())
    consent = words("groups/consent_sees", Reader()).replace("*", "")
    for line in consent.splitlines():
        assert line in shown
    assert consent in zoe.says("new group Sunday Legends").replace("*", "")


@pytest.mark.parametrize("only", list(GarminMethod))
def test_the_operator_chooses_the_ways(
    town: Town, servers: Servers, zoe: Person, browser: Browser, only: GarminMethod
) -> None:
    both = browser.answer
    settings = town.world.settings.model_copy(update={"garmin_link_methods": only.value})
    servers.app.app = create_app(replace(town.world, settings=settings))
    html = browser.again()
    fields = {GarminMethod.KEY: 'name="key"', GarminMethod.PASSWORD: 'name="password"'}
    assert [field in html for field in fields.values()] == [way is only for way in fields]
    assert "There are two ways" not in html
    assert "recommended" not in html
    posts = {
        GarminMethod.KEY: {"key": town.garmin.make_key(zoe.email), "lasts": "90"},
        GarminMethod.PASSWORD: {"email": zoe.email, "password": PASSWORD},
    }
    for way, filled in posts.items():
        browser.answer = both
        browser.submit(**filled)
        assert browser.answer.status_code == (200 if way is only else 404)
    signed_in(town, browser)
    assert account(town).method is only


@pytest.mark.parametrize(
    ("ticked", "allowed", "code"),
    [(True, True, None), (False, True, None), (True, False, None), (True, True, "314159")],
    ids=["kept", "not asked for", "forbidden", "of no use"],
)
def test_a_password_is_kept_when_asked_for_allowed_and_of_use(
    town: Town, servers: Servers, zoe: Person, ticked: bool, allowed: bool, code: str | None
) -> None:
    town.garmin.enrol("Zoë", zoe.email, PASSWORD, code=code)
    settings = town.world.settings.model_copy(update={"garmin_keep_password": allowed})
    servers.app.app = create_app(replace(town.world, settings=settings))
    browser = again(town, zoe)
    assert ("Keep me signed in" in browser.answer.text) == allowed
    assert "checked" not in browser.answer.text, "off, until it is ticked"
    browser.submit(email=zoe.email, password=PASSWORD, **({"keep": "yes"} if ticked else {}))
    town.rest()
    browser.again()
    if code:
        browser.submit(code=code)
    assert "Connected ✓" in signed_in(town, browser)
    assert (account(town).password is not None) == (ticked and allowed and code is None)


def test_connecting_again_without_the_tick_forgets_the_password(town: Town, zoe: Person, browser: Browser) -> None:
    for ticked in ({"keep": "yes"}, {}):
        browser.submit(email=zoe.email, password=PASSWORD, **ticked)
        signed_in(town, browser)
        assert (account(town).password is not None) == bool(ticked)
        browser = again(town, zoe)


def test_a_kept_password_mends_a_link_without_a_word(town: Town, zoe: Person, browser: Browser) -> None:
    browser.submit(email=zoe.email, password=PASSWORD, keep="yes")
    signed_in(town, browser)
    heard = zoe.count()
    town.garmin.revoke(zoe.email)
    runs(18)(town.garmin.athletes[zoe.email])
    town.travel(hours=7)
    assert counting(town) == 3
    assert zoe.count() == heard
    tries = len(asked(town, "sign_in"))
    town.garmin.revoke(zoe.email)
    town.travel(hours=7)
    assert len(asked(town, "sign_in")) == tries, "once a day"
    assert account(town).status is GarminStatus.NEEDS_RELINK
    assert said(town, "relink") == 1


BY_PASSWORD: list[tuple[dict[str, Any], str, str]] = [
    ({}, "wrong_password", "know this e-mail and password together"),
    ({"sign_in_status": 429}, "throttled", "Garmin is holding back sign-ins for your account at the moment"),
    ({"sign_in_status": 427}, "throttled", "for some hours up to a day"),
    ({"data_status": 429}, "throttled", "so no password goes there before "),
    ({"sign_in_html": True}, "blocked", "bot check turned us away. That has nothing to do with your account"),
    ({"sign_in_status": 403}, "blocked", "try again in an hour, or use a key"),
    ({"sign_in_status": 503}, "unavailable", "answer at the moment. Please try again in a few minutes"),
    ({"data_status": 404}, "unavailable", "answer at the moment"),
]
OF_A_KEY: list[tuple[dict[str, Any], str, str]] = [
    ({}, "key_rejected", "Garmin says that this key is not valid"),
    ({"key_status": 429}, "throttled", "holding back"),
    ({"key_html": True}, "blocked", "bot check"),
    ({"key_status": 500}, "unavailable", "answer at the moment"),
    ({"key_status": 503}, "unavailable", "answer at the moment"),
]


def faulty(town: Town, faults: dict[str, Any]) -> None:
    town.garmin.faults.clear()
    for name, value in faults.items():
        setattr(town.garmin.faults, name, value)


def test_each_bad_sign_in_has_one_sentence(town: Town, zoe: Person, browser: Browser) -> None:
    for faults, problem, sentence in BY_PASSWORD:
        faulty(town, faults)
        browser = again(town, zoe)
        browser.sign_in(zoe.email, PASSWORD if faults else "wrong")
        town.rest()
        tries = len(asked(town, "sign_in"))
        said_so(town, browser, problem, sentence)
        town.travel(minutes=5)
        assert len(asked(town, "sign_in")) == tries, "never tried again by itself"
        if problem == "throttled":
            refused_too_early(town, again(town, zoe), zoe.email)
            assert len(asked(town, "sign_in")) == tries, "nor by the member, before it is time"
        town.travel(hours=25)


def test_after_six_passwords_within_an_hour_there_is_a_pause(town: Town, zoe: Person, browser: Browser) -> None:
    for number in range(6):
        browser = again(town, zoe) if number % 3 == 0 else browser
        browser.sign_in(zoe.email, "wrong")
        town.rest()
        town.clock.travel(minutes=1)
        browser.again()
    refused_too_early(town, again(town, zoe), zoe.email)
    assert len(attempts(town.world)) == 6
    assert "before Wednesday 21:00. A key works at once." in again(town, zoe).again()
    town.travel(minutes=55)
    browser = again(town, zoe)
    browser.sign_in(zoe.email, PASSWORD)
    assert "Connected ✓" in signed_in(town, browser)


def refused_too_early(town: Town, browser: Browser, email: str) -> None:
    """Open another link before Garmin accepts sign-ins again: the page says when, and does not accept a password."""
    html = browser.again()
    assert 'name="password"' not in html
    assert "so no password goes there before " in html
    assert 'name="key"' in html
    csrf = re.search(r'name="csrf" value="([\w-]+)"', html)[1]
    url = f"{town.world.settings.base_url}/link/garmin/sign-in"
    browser.session.post(url, data={"csrf": csrf, "email": email, "password": PASSWORD}, timeout=AT_MOST)
    town.rest()
    assert "so no password goes there before " in browser.again()


def test_each_bad_key_has_one_sentence(town: Town, zoe: Person, browser: Browser) -> None:
    for faults, problem, sentence in OF_A_KEY:
        faulty(town, {})
        key = town.garmin.make_key(zoe.email) if faults else "k" * 64
        faulty(town, faults)
        browser = again(town, zoe)
        browser.use_key(key)
        town.rest()
        said_so(town, browser, problem, sentence)


def said_so(town: Town, browser: Browser, problem: str, sentence: str) -> None:
    html = browser.again().replace("&#39;", "'")
    assert attempts(town.world)[-1].problem == problem
    assert html.count('role="alert"') == 1
    assert html.count(sentence) == 1, sentence
    assert every(town, GarminAccount) == []


IN_THE_CHAT: list[tuple[dict[str, Any], str | None, str]] = [
    ({"data_status": 429, "data_retry_after": 60}, "SourceThrottled", "Garmin didn't answer lately; I try again at"),
    ({"data_html": True}, "SourceBlocked", "Garmin didn't answer lately; I try again at"),
    ({"data_status": 403}, "SourceBlocked", "you need not do anything"),
    ({"data_status": 503}, "SourceUnavailable", "you need not do anything"),
    ({"data_status": 427}, "SourceThrottled", "you need not do anything"),
    ({"data_status": 404}, "SourceUnavailable", "you need not do anything"),
    ({"data_status": 500}, "SourceUnavailable", "you need not do anything"),
    ({"truncate_lists": True}, "SourceUnavailable", "you need not do anything"),
    ({"data_status": 401}, "LinkBroken", "Garmin didn't answer lately; I try again at"),
    ({}, None, "Garmin ✅ last sync"),
]


WHY_AWAY = {
    "SourceThrottled": "Garmin asks me to slow down. I try again at",
    "SourceBlocked": "Garmin's bot check turned me away; that has nothing to do with your account. I try again at",
    "SourceUnavailable": "Garmin doesn't answer at the moment, so I can't tell what is new. I try again at",
}


def test_each_bad_answer_has_one_sentence_in_the_chat(town: Town, zoe: Person, browser: Browser) -> None:
    by_key(town, browser, town.garmin.make_key(zoe.email))
    for faults, why, sentence in IN_THE_CHAT:
        town.clock.travel(hours=7)
        faulty(town, faults)
        zoe.says("sync")
        assert account(town).last_error == why
        if why not in (None, "LinkBroken"):
            assert zoe.heard.startswith(WHY_AWAY[why])
            assert "show your data up to Wed 18 Nov, 20:00." in zoe.heard
        status = zoe.says("status")
        assert status.count(sentence) == 1, faults
        assert account(town).status is GarminStatus.LINKED
    assert "didn't answer" not in status, "after one good answer all is well"


def test_a_board_says_that_garmin_is_silent_and_then_no_more(town: Town, zoe: Person, browser: Browser) -> None:
    by_key(town, browser, town.garmin.make_key(zoe.email))
    start_group(zoe)
    town.garmin.faults.data_status = 503
    town.travel(hours=7)
    assert "_Garmin hasn't answered lately: data up to Wed 18 Nov, 20:00._" in zoe.says("leaderboard")
    town.garmin.faults.clear()
    town.travel(hours=1)
    assert "hasn't answered" not in zoe.says("leaderboard")


def everything(town: Town) -> str:
    return every_column(town.world) + every_value(town.world.redis)


def test_a_key_is_left_nowhere(town: Town, zoe: Person, browser: Browser, written: io.StringIO) -> None:
    right = town.garmin.make_key(zoe.email)
    wrong = "canary-" + right
    places = [browser.answer.text]
    for key in (wrong, right):
        places += [browser.use_key(key), everything(town)]
        town.rest()
        places += [browser.again(), everything(town)]
        places += [signed_in(town, browser), everything(town)]
    assert "Connected ✓" in browser.answer.text
    town.travel(hours=25)
    with town.world.sessions() as session:
        tokens = json.loads(session.info["vault"].open("garmin-tokens", account(town).member_id, account(town).tokens))
    assert tokens["key"] == right
    town.garmin.delete_key(right)
    town.travel(hours=7)
    places += [everything(town), written.getvalue()]
    kept = "\n".join(places)
    assert "sign-in step done" in kept
    assert "tokens refused" in kept
    for secret in (right, wrong, tokens["jwt"], browser.session.cookies["link"]):
        assert secret not in kept


def test_a_kept_password_is_left_nowhere_even_when_it_is_used(
    town: Town,
    zoe: Person,
    browser: Browser,
    written: io.StringIO,
) -> None:
    places = [browser.submit(email=zoe.email, password=PASSWORD, keep="yes"), everything(town)]
    town.rest()
    places += [browser.again(), everything(town)]
    places += [signed_in(town, browser), everything(town)]
    for trouble in ("revoked", "wrong"):
        if trouble == "wrong":
            town.garmin.change_password(zoe.email, "another")
        town.garmin.revoke(zoe.email)
        town.travel(hours=30)
        places.append(everything(town))
    assert account(town).status is GarminStatus.NEEDS_RELINK
    kept = "\n".join([*places, written.getvalue()])
    assert "kept password did not help" in kept
    assert PASSWORD not in kept
