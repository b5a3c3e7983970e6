"""The dashboard: how one gets in, what each page shows, what its forms do, and what nobody else can do with it."""

import io
import logging
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import update

import logs
from models import (
    Activity,
    Answer,
    ApiSession,
    AuditEvent,
    Feed,
    Group,
    Identity,
    Invite,
    JoinRequest,
    Member,
    Membership,
    OneTimeLink,
)
from providers.cards.themes import COLOURS, DARK_COLOURS
from services.group import invites
from services.people import dashboard_links
from simulator.forms import Form
from tests import town as towns
from tests.api.programs import client_of, member_of, rows
from tests.api.test_statements import counted
from tests.browsing import Browser
from tests.town import Person, Town
from tests.web.club import Club, have_club
from tests.web.visitor import Visitor
from web.app import create_app
from web.dashboard.routes import FORMS, PAGES

CSS = (Path(__file__).parents[2] / "static" / "dashboard.css").read_text()
SCREENS = ("/", "/year", "/records", "/group", "/on", "/run", "/me")
MOST_STATEMENTS = 45


def link_in(message: str) -> str:
    return re.search(r"https?://\S+/dashboard/enter/\S+", message)[0]


def path_of(url: str) -> str:
    return url[url.index("/dashboard/") :]


@pytest.fixture
def browser(town: Town, zoe: Person) -> Browser:
    """Zoë's browser, signed in."""
    zoe.says("hi")
    opened = town.browser()
    opened.open_dashboard(zoe.says("dashboard"))
    return opened


# Getting in.


def test_the_link_signs_one_browser_in_and_looking_at_it_changes_nothing(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    link = link_in(zoe.says("dashboard"))
    preview, own, other = town.browser(), town.browser(), town.browser()
    assert "Open your dashboard" in preview.get(link)
    assert rows(town.world, ApiSession) == []
    own.get(link)
    assert "<h1>This week" in own.submit()
    assert own.answer.url.endswith("/dashboard/"), "the token has left the address"
    other.get(link)
    assert "This link no longer works" in other.submit()
    assert other.answer.status_code == 410
    assert len(rows(town.world, ApiSession)) == 1


def test_pressing_the_button_twice_in_one_browser_opens_the_same_pages(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    link, browser = link_in(zoe.says("dashboard")), town.browser()
    for _ in range(2):
        browser.get(link)
        assert "<h1>This week" in browser.submit()
    assert len(rows(town.world, ApiSession)) == 1


@pytest.mark.parametrize("minutes", [15, 60])
def test_a_link_that_is_too_old_opens_nothing(town: Town, zoe: Person, minutes: int) -> None:
    zoe.says("hi")
    link = link_in(zoe.says("dashboard"))
    town.clock.travel(minutes=minutes)
    browser = town.browser()
    browser.get(link)
    assert "This link no longer works" in browser.submit()


def test_a_newer_link_ends_the_older_one(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    older, newer = link_in(zoe.says("dashboard")), link_in(zoe.says("dashboard"))
    browser = town.browser()
    browser.get(older)
    assert "This link no longer works" in browser.submit()
    browser.get(newer)
    assert "<h1>This week" in browser.submit()


def test_a_link_is_good_for_its_own_purpose_only(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    dashboard = link_in(zoe.says("dashboard")).rsplit("/", 1)[1]
    garmin = re.search(r"/link/(\S+)", zoe.says("link garmin"))[1]
    client = client_of(town.world)
    assert client.post(f"/link/{dashboard}/start").status_code == 410
    assert client.post(f"/dashboard/enter/{garmin}").status_code == 410
    assert client.get("/dashboard/").status_code == 401
    assert client.post(f"/dashboard/enter/{dashboard}").status_code == 303


def test_a_browser_stays_signed_in_for_thirty_days_and_no_longer(town: Town, browser: Browser) -> None:
    town.clock.travel(days=29, hours=23)
    assert "<h1>This week" in browser.get("/dashboard/")
    town.clock.travel(hours=1)
    assert "You are not signed in" in browser.get("/dashboard/")


def test_a_new_link_in_the_same_browser_leaves_one_session(town: Town, zoe: Person, browser: Browser) -> None:
    before = browser.session.cookies["dashboard"]
    browser.open_dashboard(zoe.says("dashboard"))
    assert len([each for each in rows(town.world, ApiSession) if each.ended_at is None]) == 1
    stale = town.browser()
    stale.session.cookies["dashboard"] = before
    assert "You are not signed in" in stale.get("/dashboard/")


def test_while_it_is_in_doubt_whose_number_it_is_nothing_is_shown(town: Town, zoe: Person, browser: Browser) -> None:
    link = link_in(zoe.says("dashboard"))
    with town.world.sessions.begin() as session:
        session.get_one(Member, 1).doubted_at = town.clock()
    assert "It has to be made sure first that your number is still yours" in browser.get("/dashboard/me")
    assert browser.answer.status_code == 401
    fresh = town.browser()
    fresh.get(link)
    assert "This link no longer works" in fresh.submit()


def test_only_hashes_are_stored_and_nothing_secret_is_logged(town: Town, zoe: Person) -> None:
    said = io.StringIO()
    logs.configure("json", said)
    handler = logging.StreamHandler(said)
    logging.getLogger().addHandler(handler)
    try:
        zoe.says("hi")
        link, browser = link_in(zoe.says("dashboard")), town.browser()
        browser.get(link)
        browser.submit()
        browser.get("/dashboard/me")
    finally:
        logging.getLogger().removeHandler(handler)
    secrets = {link.rsplit("/", 1)[1], browser.session.cookies["dashboard"]}
    [device], [made] = rows(town.world, ApiSession), rows(town.world, OneTimeLink)
    assert {device.browser_hash, made.session_hash, made.token_hash} & secrets == set()
    assert device.browser_hash == made.session_hash
    assert not [secret for secret in secrets if secret in said.getvalue()]
    assert not [each for each in rows(town.world, AuditEvent) if any(secret in str(each.detail) for secret in secrets)]


@pytest.mark.parametrize("is_https", [False, True])
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(town: Town, zoe: Person, is_https: bool) -> None:
    zoe.says("hi")
    path = path_of(link_in(zoe.says("dashboard")))
    now = town.world.settings
    base = "https://bot.example.org" if is_https else now.base_url
    world = replace(town.world, settings=towns.settings(now.database_url, now.redis_url, base, "http://127.0.0.1:9"))
    client = client_of(world)
    answer = client.post(path, headers={"Origin": base}, base_url=base)
    assert answer.status_code == 303, answer.text
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-dashboard=" if is_https else "dashboard=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={30 * 86400}"} <= set(cookie.split("; "))
    assert ("Secure" in cookie.split("; ")) is is_https
    assert client.get("/dashboard/", base_url=base).status_code == 200


def test_addresses_that_do_not_exist_are_counted_as_guesses(town: Town) -> None:
    client = client_of(town.world)
    answers = [client.post(f"/dashboard/enter/{number:043}").status_code for number in range(102)]
    assert answers[:100] == [410] * 100
    assert answers[100:] == [429, 429]


# The pages.


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_needs_a_browser_that_is_signed_in(town: Town, screen: str) -> None:
    answer = client_of(town.world).get(f"/dashboard{screen}")
    assert answer.status_code == 401
    assert "You are not signed in" in answer.text


def test_somebody_new_sees_what_to_do_on_every_page(browser: Browser) -> None:
    said = {screen: browser.get(f"/dashboard{screen}") for screen in SCREENS}
    assert "Nothing recorded yet this week." in said["/"]
    assert "No sessions in 2026." in said["/year"]
    assert "No records yet" in said["/records"]
    assert "You are in no group" in said["/group"]
    assert "You are in no group" in said["/run"]
    assert "<strong>goal 120 km run month</strong> sets one" in said["/on"]
    assert "You are in no group, so nobody sees anything" in said["/me"]


def test_the_pages_show_a_club(town: Town, visitor: Visitor, club: Club) -> None:
    week, year, records = (visitor.get(path) for path in ("/", "/year", "/records"))
    assert re.search(r"<strong>\d+\w\w</strong> of \d+ by points", week)
    [session, *_] = rows(town.world, Activity, member_id=club.member, name="Intervals <6 × 800 m>")
    assert "Intervals &lt;6 × 800 m&gt;" in visitor.get(f"/?week={session.local_date}"), "titles are text"
    assert re.search(r'<rect class="s-run"', week)
    assert len(re.findall(r'<rect class="level-\d', year)) == 365
    assert "<caption>Points by month</caption>" in year
    assert "5 km" in records
    assert records.count("<li class=") == 26
    group = visitor.get("/group")
    assert "Sunday Legends" in group
    assert "(you)" in group
    assert "سارة" in group
    on = visitor.get("/on")
    assert "Pennine Way" in on
    assert "you take part" in on
    me = visitor.get("/me")
    assert "laptop script" in me
    assert "home assistant" in me
    assert "a test</bdi></strong> (this one)" in me


def test_the_board_is_by_any_metric_sport_and_days(visitor: Visitor) -> None:
    board = visitor.get("/group?metric=distance&sport=ride&period=this-month")
    assert '<option value="distance" selected>' in board
    assert "This month, 1–30 Nov, ride" in board
    assert re.search(r"<strong>[\d,.]+ km</strong>", board)
    assert "Show" in visitor.get("/group?metric=pace&period=all-time")
    answer = visitor.client.get("/dashboard/group?metric=pace&sport=yoga")
    assert answer.status_code == 400
    assert "That did not work" in answer.text
    assert '<option value="points" selected>' in visitor.get("/group?metric=nonsense&period=never&sport=chess")


def test_weeks_and_years_gone_by_can_be_looked_at(visitor: Visitor) -> None:
    week = visitor.get("/?week=2026-11-04")
    assert "2–8 Nov" in week
    assert "week=2026-11-09" in week
    assert "week=2026-10-26" in week
    assert "16–22 Nov" in visitor.get("/?week=2090-01-01"), "no week to come"
    assert "This week" in visitor.get("/?week=yesterday")
    assert "October 2026" in visitor.get("/year?month=2026-10-01")
    assert "My year <small>2026</small>" in visitor.get("/year?year=1900")


def test_a_digest_is_told_as_in_the_chat(visitor: Visitor, club: Club) -> None:
    text = visitor.get(f"/digests/{club.digest}")
    assert "<strong>Sunday Legends</strong> · 9–15 Nov" in text


def test_what_belongs_to_others_is_not_found(town: Town, visitor: Visitor, club: Club) -> None:
    with town.world.sessions.begin() as session:
        session.get_one(Group, club.other_group).is_active = False
    for path in (
        f"/?group={club.other_group}",
        "/group?group=999999",
        "/digests/999999",
        "/digests/99999999999999999999",
    ):
        assert visitor.client.get(f"/dashboard{path}").status_code == 404, path
    stranger = Visitor(town, club.member + 1)
    assert visitor.post(f"/me/devices/{stranger.session}/end").status_code == 404
    assert visitor.post(f"/groups/{club.other_group}/sharing").status_code == 404
    with town.world.sessions.begin() as session:
        session.query(Membership).filter_by(member_id=club.member, group_id=club.group).update(
            {"left_at": town.clock()}
        )
    assert visitor.client.get(f"/dashboard/digests/{club.digest}").status_code == 404


def test_no_page_sends_a_statement_for_each_row(town: Town) -> None:
    with town.world.sessions.begin() as session:
        few = have_club(session, town.clock(), size=5, days=30)
    small = _count_statements(Visitor(town, few.member), few)
    with town.world.sessions.begin() as session:
        session.execute(update(Identity).values(value=Identity.value + "0"))  # the next club has the same numbers
        many = have_club(session, town.clock(), size=50, days=200)
    large = _count_statements(Visitor(town, many.member), many)
    assert {screen: (small[screen], large[screen]) for screen in small if large[screen] > small[screen]} == {}
    assert max(large.values()) <= MOST_STATEMENTS, large


def _count_statements(visitor: Visitor, club: Club) -> dict[str, int]:
    found = {}
    for name, path in _list_pages(club).items():
        visitor.get(path)
        with counted() as sent:
            visitor.get(path)
        found[name] = len(sent)
    return found


def _list_pages(club: Club) -> dict[str, str]:
    """The address of every page that stands there without a code from the chat, by its name."""
    facts = {"int:group_id": club.group, "int:place_id": club.place, "int:digest_id": club.digest}
    pages = {name: path for name, (path, _) in PAGES.items() if name != "confirmation"}
    return {name: re.sub(r"<([^>]+)>", lambda each: str(facts[each[1]]), path) for name, path in pages.items()}


# The forms.


def test_these_are_all_the_addresses(town: Town) -> None:
    rules = [each for each in create_app(town.world).url_map.iter_rules() if each.endpoint.startswith("dashboard.")]
    changing = {each.rule for each in rules if "POST" in each.methods}
    assert changing == {
        "/dashboard/enter/<token>",
        "/dashboard/sign-out",
        *(f"/dashboard{path}" for path, _ in FORMS.values()),
    }
    assert len(rules) == len(PAGES) + len(FORMS) + 3


@pytest.fixture
def forms(club: Club, visitor: Visitor) -> list[str]:
    """The addresses of all forms, filled in."""
    facts = {
        "int:group_id": club.group,
        "int:number": club.challenge,
        "uuid:session_id": visitor.session,
        "int:request_id": 1,
        "int:place_id": club.place,
    }
    facts["uuid:token_id"] = facts["uuid:feed_id"] = facts["uuid:asked_id"] = visitor.session
    paths = [path for path, _ in FORMS.values()]
    return [re.sub(r"<([^>]+)>", lambda each: str(facts[each[1]]), path) for path in (*paths, "/sign-out")]


def test_no_form_is_taken_without_our_token_or_from_another_site(
    town: Town, visitor: Visitor, forms: list[str], club: Club
) -> None:
    csrf = Form(visitor.get("/me"), having="csrf").fields["csrf"]
    other = Form(Visitor(town, club.member + 1).get("/me"), having="csrf").fields["csrf"]
    anybody = client_of(town.world)
    for path in forms:
        address = f"/dashboard{path}"
        for wrong in ({}, {"csrf": ""}, {"csrf": "x" * 43}, {"csrf": other}):
            assert visitor.client.post(address, data=wrong).status_code == 400, path
        evil = {"Origin": "https://evil.example"}
        assert visitor.client.post(address, data={"csrf": csrf}, headers=evil).status_code == 403, path
        assert (
            visitor.client.post(address, data={"csrf": csrf}, headers={"Sec-Fetch-Site": "cross-site"}).status_code
            == 403
        )
        assert anybody.post(address, data={"csrf": csrf}).status_code == 401, path
        assert visitor.client.get(address).status_code in {405, 200, 410}, path
    assert rows(town.world, ApiSession, id=visitor.session)[0].ended_at is None


def test_a_field_that_is_switched_off_leaves_the_groups_board(town: Town, visitor: Visitor, club: Club) -> None:
    other = Visitor(town, club.member + 1)
    assert "Zoë" in other.get("/group?metric=distance&period=this-month")
    fields = ["sports", "time", "count", "points"]
    answer = visitor.post(f"/groups/{club.group}/sharing", field=fields, appears="named")
    assert answer.status_code == 303
    assert "Saved. The group’s boards follow this" in visitor.client.get(answer.headers["Location"]).text
    assert "Zoë" not in other.get("/group?metric=distance&period=this-month")
    assert "Zoë" in other.get("/group?metric=points&period=this-month")
    visitor.post(f"/groups/{club.group}/sharing", field=fields, appears="hidden")
    assert "Zoë" not in other.get("/group?metric=points&period=this-month")
    [place] = rows(town.world, Membership, member_id=club.member, group_id=club.group)
    assert (place.shares, place.hidden) == (fields, True)
    visitor.post(f"/groups/{club.group}/sharing", field=fields, appears="anonymous")
    [place] = rows(town.world, Membership, member_id=club.member, group_id=club.group)
    assert (place.hidden, place.anonymous) == (False, True)


def test_what_was_chosen_on_the_page_can_be_undone_in_the_chat(town: Town, zoe: Person, browser: Browser) -> None:
    zoe.says("new group Walkers")
    browser.get("/dashboard/me")
    group_id = rows(town.world, Group)[0].id
    browser.submit(field="points", appears="named", csrf=Form(browser.answer.text, having="csrf").fields["csrf"])
    form = Form(browser.get("/dashboard/me"), having="appears")
    browser.session.post(f"{browser.base}{form.action}", data={"csrf": form.fields["csrf"], "field": "points"})
    assert rows(town.world, Membership, group_id=group_id)[0].shares == ["points"]
    zoe.says("undo")
    assert "distance" in rows(town.world, Membership, group_id=group_id)[0].shares


def test_joining_and_leaving_a_challenge(town: Town, visitor: Visitor, club: Club) -> None:
    path = f"/groups/{club.group}/challenges/{club.challenge}"
    answer = visitor.post(f"{path}/leave")
    assert "You no longer take part." in visitor.client.get(answer.headers["Location"]).text
    answer = visitor.post(f"{path}/join")
    assert "You take part." in visitor.client.get(answer.headers["Location"]).text
    refused = visitor.post(f"/groups/{club.group}/challenges/99/join")
    assert refused.status_code == 409
    assert "That did not work" in refused.text


def test_devices_are_signed_out_one_by_one_or_all(town: Town, visitor: Visitor, club: Club) -> None:
    other = Visitor(town, club.member)
    answer = visitor.post(f"/me/devices/{other.session}/end")
    assert "That device is signed out." in visitor.client.get(answer.headers["Location"]).text
    assert other.client.get("/dashboard/").status_code == 401
    third = Visitor(town, club.member)
    assert "You are signed out" in visitor.post("/me/devices/end").text
    assert [each.client.get("/dashboard/").status_code for each in (visitor, third)] == [401, 401]


def test_addresses_for_calendars_and_feed_readers_are_made_shown_once_and_ended(
    town: Town, visitor: Visitor, club: Club
) -> None:
    pages = [visitor.post("/me/feeds/calendar"), visitor.post(f"/me/feeds/digests/{club.group}")]
    urls = [re.search(r'<p class="line">(http[^<]+)</p>', each.text)[1] for each in pages]
    assert [each.request.path for each in pages] == [
        "/dashboard/me/feeds/calendar",
        f"/dashboard/me/feeds/digests/{club.group}",
    ]
    assert 'href="webcal://' in pages[0].text
    paths = [url.removeprefix(town.world.settings.base_url) for url in urls]
    assert [visitor.client.get(path).status_code for path in paths] == [200, 200]
    listed = visitor.get("/me")
    assert not any(path in listed for path in paths)
    assert "Digests of <bdi>Sunday Legends</bdi>" in listed
    found = {each.kind: each for each in rows(town.world, Feed, member_id=club.member)}
    stranger = Visitor(town, club.member + 1)
    assert stranger.post(f"/me/feeds/{found['calendar'].id}/end").status_code == 404
    assert stranger.post(f"/me/feeds/digests/{club.other_group}").status_code == 404
    answer = visitor.post(f"/me/feeds/{found['calendar'].id}/end")
    assert "That address shows nothing any more." in visitor.client.get(answer.headers["Location"]).text
    assert [visitor.client.get(path).status_code for path in paths] == [410, 200]
    visitor.post("/me/devices/end")
    assert visitor.client.get(paths[1]).status_code == 410, "signing out everywhere ends them too"


def test_signing_out_ends_this_browser_and_takes_its_cookie(town: Town, visitor: Visitor) -> None:
    answer = visitor.post("/sign-out")
    assert "You are signed out" in answer.text
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert rows(town.world, ApiSession, id=visitor.session)[0].ended_at == town.clock()


def test_a_copy_is_asked_for_on_the_page_and_its_link_comes_in_the_chat(
    town: Town, zoe: Person, browser: Browser
) -> None:
    form = Form(browser.get("/dashboard/me"), having="csrf")
    browser.answer = browser.session.post(f"{browser.base}/dashboard/me/export", data=form.fields)
    assert "A copy is being made. Its link comes in the chat" in browser.answer.text
    town.rest()
    assert "/export/" in zoe.heard
    assert "/export/" not in browser.answer.text.replace("/me/export", "")


def test_erasing_needs_the_code_from_the_chat(town: Town, zoe: Person, browser: Browser) -> None:
    token = Form(browser.get("/dashboard/me"), having="csrf").fields
    browser.answer = browser.session.post(f"{browser.base}/dashboard/me/erase/code", data=token)
    town.rest()
    code = re.search(r"DELETE (\d{4})", zoe.heard)[1]
    assert code not in browser.answer.text
    wrong = str((int(code) + 1) % 9000 + 1000)
    browser.answer = browser.session.post(f"{browser.base}/dashboard/me/erase", data={**token, "code": wrong})
    assert 'role="alert">That is not the code, or it is older than ten minutes.' in browser.answer.text
    assert rows(town.world, Member) != []
    assert "Everything is erased" in browser.submit(code=f"DELETE {code}")
    assert "You are not signed in" in browser.get("/dashboard/")
    assert rows(town.world, ApiSession) == []


def test_codes_to_erase_cannot_be_guessed(town: Town, zoe: Person, browser: Browser) -> None:
    token = Form(browser.get("/dashboard/me"), having="csrf").fields
    browser.session.post(f"{browser.base}/dashboard/me/erase/code", data=token)
    town.rest()
    code = int(re.search(r"DELETE (\d{4})", zoe.heard)[1])
    for guess in range(5):
        answer = browser.session.post(
            f"{browser.base}/dashboard/me/erase", data={**token, "code": str(code - guess - 1)}
        )
        assert answer.status_code == 409
    right = browser.session.post(f"{browser.base}/dashboard/me/erase", data={**token, "code": str(code)})
    assert right.status_code == 409
    assert rows(town.world, Member) != []


# Running a group.


@pytest.fixture
def asker(town: Town, club: Club) -> int:
    """The id of a request to join of somebody who waits."""
    asking = member_of(town, "Wim", 900)
    with town.world.sessions.begin() as session:
        request = JoinRequest(group_id=club.group, member_id=asking.id, asked_at=town.clock())
        session.add(request)
        session.flush()
        return request.id


def test_who_runs_the_group_sees_everybody_and_lets_people_in(
    town: Town, visitor: Visitor, club: Club, asker: int
) -> None:
    page = visitor.get("/run")
    assert "Wim" in page
    assert "It comes every Sunday at 18:00 (Europe/Brussels)." in page
    assert "Maximiliane-Theodora" in page
    answer = visitor.post(f"/groups/{club.group}/requests/{asker}/approve")
    assert "They are in, and were told so." in visitor.client.get(answer.headers["Location"]).text
    assert rows(town.world, JoinRequest)[0].answer is Answer.APPROVED
    again = visitor.post(f"/groups/{club.group}/requests/{asker}/decline")
    assert again.status_code == 409
    assert "The next digest" in visitor.get(f"/groups/{club.group}/preview")


def test_somebody_is_turned_down_on_the_page(town: Town, visitor: Visitor, club: Club, asker: int) -> None:
    answer = visitor.post(f"/groups/{club.group}/requests/{asker}/decline")
    assert "They were told that it was declined" in visitor.client.get(answer.headers["Location"]).text
    assert rows(town.world, JoinRequest)[0].answer is Answer.DECLINED


def test_an_invite_is_shown_once_as_a_link_and_a_qr_code(town: Town, visitor: Visitor, club: Club) -> None:
    page = visitor.post(f"/groups/{club.group}/invites").text
    code = re.search(r"join%20([A-Z2-9]{6})", page)[1]
    assert '<path stroke="#0b3b3c"' in page
    assert code not in visitor.get("/run")
    with town.world.sessions() as session:
        newcomer = session.get_one(Member, member_of(town, "Wim", 900).id)
        assert invites.lock_invite(session, newcomer, code, town.clock()).group_id == club.group
    answer = visitor.post(f"/groups/{club.group}/invites/revoke")
    assert "No invite is good any more." in visitor.client.get(answer.headers["Location"]).text
    assert rows(town.world, Invite)[0].revoked_at == town.clock()


def test_nobody_else_runs_the_group(town: Town, visitor: Visitor, club: Club, asker: int) -> None:
    member = Visitor(town, club.member + 1)
    assert "Run the group" in visitor.get("/")
    assert "Run the group" not in member.get("/")
    for path in ("/run", f"/groups/{club.group}/preview"):
        refused = member.client.get(f"/dashboard{path}")
        assert refused.status_code == 403
        assert "Wim" not in refused.text
    for path in (f"/requests/{asker}/approve", f"/requests/{asker}/decline", "/invites", "/invites/revoke"):
        assert member.post(f"/groups/{club.group}{path}").status_code == 403, path
    outsider = Visitor(town, member_of(town, "Rosa", 901).id)
    for path in (f"/requests/{asker}/approve", f"/requests/{asker}/decline", "/invites", "/invites/revoke", "/sharing"):
        assert outsider.post(f"/groups/{club.group}{path}").status_code == 404, path
    assert visitor.post(f"/groups/{club.other_group}/requests/{asker}/approve").status_code == 404
    assert rows(town.world, JoinRequest)[0].answer is None
    assert rows(town.world, Invite) == []


# How it is made.


def test_every_sport_has_its_colour_in_both_lights() -> None:
    light, dark = CSS.split("@media (prefers-color-scheme: dark)", 1)
    for colours, part in ((COLOURS, light), (DARK_COLOURS, dark)):
        assert {sport: re.search(rf"--{sport}: (#\w+);", part)[1] for sport in colours} == dict(colours)
    assert all(f".s-{sport} {{" in CSS for sport in COLOURS)


def test_pages_keep_to_the_policy_and_say_what_they_are(visitor: Visitor, club: Club) -> None:
    for screen in _list_pages(club).values():
        answer = visitor.client.get(f"/dashboard{screen}")
        html = answer.text
        assert "script" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script|style=|\son\w+=|javascript:", html), screen
        assert html.count("<h1") == 1, screen
        assert '<html lang="en">' in html
        ids = re.findall(r'\sid="([^"]+)"', html)
        assert len(ids) == len(set(ids)), screen
        named = re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"|<label for="([^"]+)"', html)
        assert {label or field for label, field in named} <= set(ids), screen
        headings = [int(each) for each in re.findall(r"<h([1-6])", html)]
        assert all(after <= before + 1 for before, after in pairwise(headings)), (screen, headings)


def test_a_link_is_deleted_with_its_member(town: Town, club: Club) -> None:
    with town.world.sessions.begin() as session:
        token = dashboard_links.make_dashboard_link(session, session.get_one(Member, club.member), town.clock())
        assert dashboard_links.was_made_for_dashboard(session, token)
        session.delete(session.get_one(OneTimeLink, 1))
        session.flush()
        assert not dashboard_links.was_made_for_dashboard(session, token)


def test_that_a_browser_was_used_is_noted_at_most_once_an_hour(town: Town, visitor: Visitor) -> None:
    began = town.clock()
    town.clock.travel(minutes=59)
    visitor.get("/")
    assert rows(town.world, ApiSession, id=visitor.session)[0].last_used_at == began
    town.clock.travel(minutes=1)
    visitor.get("/")
    assert rows(town.world, ApiSession, id=visitor.session)[0].last_used_at == began + timedelta(hours=1)
