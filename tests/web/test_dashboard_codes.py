"""What the dashboard does only with a code from the chat: changing roles, removing members, new personal tokens."""

import re
from collections.abc import Callable

import pytest

from models import ApiSession, AuditEvent, Confirmation, Member, Membership, OutboundMessage, PersonalToken, Role
from services.data import retention
from services.group import roles
from services.people import confirming
from simulator.forms import Form
from tests.api.programs import Program, client_of, member_of, rows
from tests.browsing import Browser
from tests.town import Person, Town
from tests.web.club import Club
from tests.web.visitor import Visitor

CHANGES = ("promote", "demote", "transfer", "kick", "ban")


@pytest.fixture
def browser(town: Town, zoe: Person, jose: Person) -> Browser:
    """The browser of Zoë, who runs a group in which José is."""
    zoe.says("hi")
    code = re.search(r"join(?:%20| )([A-Z2-9]{6})", zoe.says("new group Walkers") + zoe.says("invite"))[1]
    jose.says(f"join {code} yes")
    opened = town.browser()
    opened.open_dashboard(zoe.says("dashboard"))
    return opened


def place_of(town: Town, name: str) -> Membership:
    [member] = rows(town.world, Member, name=name)
    return rows(town.world, Membership, member_id=member.id)[0]


def press(browser: Browser, what: str) -> str:
    """Press the button of this change on the page of a member."""
    form = Form(browser.answer.text, having="csrf")
    token = next(each for each in re.findall(r'name="csrf" value="([^"]+)"', browser.answer.text))
    action = re.search(r'action="([^"]+/members/\d+)"', browser.answer.text)[1]
    assert form.fields
    browser.answer = browser.session.post(browser.base + action, data={"csrf": token, "what": what})
    return browser.answer.text


def code_in(heard: str) -> str:
    return re.search(r"\*(\d{6})\* confirms what was asked for on your dashboard", heard)[1]


def test_a_member_becomes_an_admin_with_a_code_from_the_chat(
    town: Town, zoe: Person, jose: Person, browser: Browser
) -> None:
    browser.get("/dashboard/run")
    place = place_of(town, "José")
    assert f'/groups/{place.group_id}/members/{place.id}"' in browser.answer.text
    page = browser.get(f"/dashboard/groups/{place.group_id}/members/{place.id}")
    assert "Make an admin" in page
    assert "Make a member again" not in page
    asks = press(browser, "promote")
    assert "José</bdi></strong> becomes an admin of <bdi>Walkers</bdi>" in asks
    town.rest()
    code = code_in(zoe.heard)
    assert "José becomes an admin of *Walkers*" in zoe.heard
    assert code not in asks
    assert place_of(town, "José").role is Role.MEMBER, "nothing happens before the code is typed"
    done = browser.submit(code=f"{code[:3]} {code[3:]}")
    assert "They are an admin now, and were told so." in done
    assert place_of(town, "José").role is Role.ADMIN
    town.rest()
    assert "You're an admin of *Walkers* now" in jose.heard
    noted = [each.action for each in rows(town.world, AuditEvent)]
    assert {"access.confirmation_asked", "group.promoted"} <= set(noted)


def test_a_wrong_code_changes_nothing_and_is_said_on_the_page(town: Town, zoe: Person, browser: Browser) -> None:
    place = place_of(town, "José")
    browser.get(f"/dashboard/groups/{place.group_id}/members/{place.id}")
    press(browser, "promote")
    town.rest()
    code = code_in(zoe.heard)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    said = browser.submit(code=wrong)
    assert browser.answer.status_code == 409
    assert 'role="alert">That is not the code. Nothing was changed. You have 4 tries left.' in said
    for _ in range(3):
        browser.submit(code=wrong)
    over = browser.submit(code=wrong)
    assert browser.answer.status_code == 410
    assert "There is nothing to confirm here" in over
    [asked] = rows(town.world, Confirmation)
    address = f"{browser.base}/dashboard/confirm/{asked.id}"
    csrf = Form(browser.get("/dashboard/me"), having="csrf").fields["csrf"]
    assert browser.session.post(address, data={"csrf": csrf, "code": code}).status_code == 410, "the right one is late"
    assert place_of(town, "José").role is Role.MEMBER


def asked_for(visitor: Visitor, club: Club, what: str = "promote") -> str:
    """Ask for a change of the second member of the club. Returns the path of the page that asks for the code."""
    answer = visitor.post(f"/groups/{club.group}/members/{club.place}", what=what)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].removeprefix("/dashboard")


def code_of(town: Town, number: int = 0) -> str:
    """The code in the text that waits in the outbox, the newest first."""
    with town.world.sessions() as session:
        found = [each for each in session.query(OutboundMessage) if each.dedupe_key.startswith("confirm:")]
        newest = sorted(found, key=lambda each: each.created_at, reverse=True)[number]
        return code_in(town.world.vault.open("message", newest.id, newest.content))


def test_a_code_is_good_once_for_ten_minutes_and_in_its_own_browser(town: Town, visitor: Visitor, club: Club) -> None:
    path = asked_for(visitor, club)
    code, other = code_of(town), Visitor(town, club.member)
    assert other.client.get(f"/dashboard{path}").status_code == 410
    assert other.post(path, code=code).status_code == 410
    assert rows(town.world, Membership, id=club.place)[0].role is Role.MEMBER
    assert "They are an admin now" in visitor.follow(visitor.post(path, code=code))
    assert visitor.post(path, code=code).status_code == 410
    late = asked_for(visitor, club, "demote")
    town.clock.travel(minutes=10)
    assert visitor.post(late, code=code_of(town)).status_code == 410
    assert rows(town.world, Membership, id=club.place)[0].role is Role.ADMIN


@pytest.mark.parametrize(
    ("what", "then"),
    [
        ("demote", lambda place: place.role is Role.MEMBER),
        ("transfer", lambda place: place.role is Role.OWNER),
        ("kick", lambda place: place.left_at is not None),
        ("ban", lambda place: place.left_at is not None),
    ],
)
def test_every_change_of_a_member_is_done(
    town: Town, visitor: Visitor, club: Club, what: str, then: Callable[[Membership], bool]
) -> None:
    if what == "demote":
        with town.world.sessions.begin() as session:
            session.get_one(Membership, club.place).role = Role.ADMIN
    path = asked_for(visitor, club, what)
    assert not then(rows(town.world, Membership, id=club.place)[0])
    visitor.follow(visitor.post(path, code=code_of(town)))
    [place] = rows(town.world, Membership, id=club.place)
    assert then(place)
    told = [each.dedupe_key for each in rows(town.world, OutboundMessage, member_id=place.member_id)]
    assert any(key.startswith(("role:", "removed:")) for key in told)


def test_what_is_not_allowed_is_refused_before_a_code_is_sent(town: Town, visitor: Visitor, club: Club) -> None:
    with town.world.sessions.begin() as session:
        admin = session.query(Membership).filter_by(member_id=club.member + 2, group_id=club.group).one()
        admin.role = Role.ADMIN
        admins_place = admin.id
    path = f"/groups/{club.group}/members/{club.place}"
    member, outsider = Visitor(town, club.member + 1), Visitor(town, member_of(town, "Rosa", 901).id)
    assert member.client.get(f"/dashboard{path}").status_code == 403
    assert outsider.client.get(f"/dashboard{path}").status_code == 404
    for what in CHANGES:
        assert member.post(path, what=what).status_code == 403, what
        assert outsider.post(path, what=what).status_code == 404, what
    helper = Visitor(town, club.member + 2)
    for what in ("promote", "demote", "transfer"):
        assert helper.post(path, what=what).status_code == 403, what
    assert "Remove from the group" in helper.get(path)
    assert "Make an admin" not in helper.get(path)
    assert "Nobody changes their own role" in helper.get(f"/groups/{club.group}/members/{admins_place}")
    assert visitor.post(path, what="erase").status_code == 400
    assert visitor.post(f"/groups/{club.group}/members/999999", what="kick").status_code == 404
    assert visitor.post(f"/groups/{club.other_group}/members/{club.place}", what="kick").status_code == 404
    assert rows(town.world, Confirmation) == []


def test_who_lost_the_right_meanwhile_changes_nothing_with_the_code(town: Town, visitor: Visitor, club: Club) -> None:
    path = asked_for(visitor, club)
    with town.world.sessions.begin() as session:
        mine = session.query(Membership).filter_by(member_id=club.member, group_id=club.group).one()
        other = session.query(Membership).filter_by(member_id=club.member + 3, group_id=club.group).one()
        roles.transfer(session, mine, other, town.clock())
    assert visitor.post(path, code=code_of(town)).status_code == 403
    assert rows(town.world, Membership, id=club.place)[0].role is Role.MEMBER


def test_codes_are_limited(town: Town, visitor: Visitor, club: Club) -> None:
    for _ in range(3):
        asked_for(visitor, club)
    refused = visitor.post(f"/groups/{club.group}/members/{club.place}", what="promote")
    assert refused.status_code == 409
    assert "Too many codes were asked for" in refused.text
    assert len(rows(town.world, Confirmation)) == 3


@pytest.mark.parametrize("why", ["asleep", "stopped"])
def test_no_code_is_promised_that_would_not_arrive(town: Town, visitor: Visitor, club: Club, why: str) -> None:
    with town.world.sessions.begin() as session:
        member = session.get_one(Member, club.member)
        if why == "stopped":
            member.opted_out_at = town.clock()
    if why == "asleep":
        town.clock.travel(hours=24)
    for path, more in ((f"/groups/{club.group}/members/{club.place}", {"what": "kick"}), ("/me/erase/code", {})):
        refused = visitor.post(path, **more)
        assert refused.status_code == 409
        assert "WhatsApp lets me send that only within 24 hours" in refused.text
    assert rows(town.world, Confirmation) == []
    assert rows(town.world, Member, id=club.member)[0].erase_code is None


def test_a_token_is_made_with_a_code_and_shown_once(town: Town, zoe: Person, browser: Browser) -> None:
    page = browser.get("/dashboard/me/tokens/new")
    assert "Read your activities, records, totals and goal" in page
    browser.submit(name="my <plot>", scope="activities:read", days="30")
    town.rest()
    assert "a new personal token *my <plot>* for a script" in zoe.heard
    assert rows(town.world, PersonalToken) == []
    shown = browser.submit(code=code_in(zoe.heard))
    assert "my &lt;plot&gt;" in shown
    token = re.search(r"gtp_[\w-]+", shown)[0]
    [row] = rows(town.world, PersonalToken)
    assert row.scopes == ["activities:read"]
    assert (row.expires_at - row.made_at).days == 30
    assert token not in browser.get("/dashboard/me")
    program = Program(client_of(town.world), token)
    assert program.ask("GET", "/activities").status_code == 200
    assert program.ask("GET", "/groups").status_code == 403


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "", "scope": "activities:read"}, "Give it a name, so that you know later what it is for."),
        ({"name": " \t", "scope": "activities:read"}, "Give it a name, so that you know later what it is for."),
        ({"name": "plot"}, "Tick at least one thing that it may do."),
        ({"name": "plot", "scope": "account"}, "Tick at least one thing that it may do."),
    ],
)
def test_what_a_new_token_lacks_is_said_beside_the_field(
    town: Town, visitor: Visitor, form: dict[str, str], said: str
) -> None:
    answer = visitor.post("/me/tokens", **form, days=90)
    assert answer.status_code == 400
    assert f'role="alert">{said}' in answer.text
    assert re.search(r'aria-describedby="no-(name|scope)"', answer.text)
    assert visitor.post("/me/tokens", name="plot", scope="activities:read", days=4000).status_code == 400
    assert rows(town.world, Confirmation) == []


def test_codes_are_forgotten_with_their_browser_and_after_a_day(town: Town, visitor: Visitor, club: Club) -> None:
    asked_for(visitor, club)
    [asked] = rows(town.world, Confirmation)
    code = code_of(town)
    assert code not in {asked.code_hash, str(asked.act)}
    with town.world.sessions.begin() as session:
        device = session.get_one(ApiSession, visitor.session)
        assert confirming.find_waiting(session, device, asked.id, town.clock()).id == asked.id
    visitor.post("/sign-out")
    assert visitor.client.get(f"/dashboard/confirm/{asked.id}").status_code == 401
    town.clock.travel(days=1, minutes=11)
    with town.world.sessions.begin() as session:
        retention.sweep_old(session, town.clock())
    assert rows(town.world, Confirmation) == []
