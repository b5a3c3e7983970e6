"""Every access to somebody's data and every change of it is in the audit, or in a list of exceptions with the reason.

Walked through are all operations of the API, all forms and pages of the dashboard, all pages of the operator and all
commands for operators. A new one fails here until it is recorded or listed.
"""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import click
import pytest
from flask import Flask
from sqlalchemy import select, text

from api.declaring.endpoints import declared
from messages.render import Reader
from models import AuditEvent, FeedKind, Group, JoinRequest, Member, MessageState
from services.ground import breakers
from services.group import privacy, roles
from services.people import acts, feedback, feeds
from services.people.members import find_membership_in
from tests.api.programs import member_of, rows, signed_in
from tests.api.scene import ROLES, Scene, scene_of
from tests.api.test_matrix import ROWS, sent
from tests.town import Town
from tests.web.club import have_club
from tests.web.test_dashboard import Visitor
from tests.web.test_dashboard_schedule import WEEKLY
from tests.web.test_operator_page import BOTH, code_at, have_messages, sign_in, world_with
from web.app import create_app
from web.dashboard.routes import FORMS, PAGES
from web.operator_page.routes import OPERATOR_FORMS, OPERATOR_PAGES
from world import World

ROOT = Path(__file__).parents[2]

# Reading one's own data is not one row for each request: the first use of a session or token on a day is recorded, for
# all of that day. What others in a group show is not recorded either: they chose what the group sees.
API_WITHOUT_A_ROW = {
    "ask_for_code": "the number is nobody's here; a code that is sent is recorded (access.code_asked)",
    "sign_in": "the code is wrong here; a right one is recorded (access.signed_in)",
    "refresh": "the token is wrong here; a right one counts as a use of the session (access.used)",
    "verify": "says whether a token is good, and nothing about its member",
    "erase_me": "the code is wrong here; a right one is recorded (member.erased)",
    "give_kudos": "the kudos stays in a table of its own, and whoever gets it is told",
    "send_test_event": "sends nothing of a member; each attempt is listed with its webhook",
    "resend_delivery": "sends once more what was sent; each attempt is listed with its webhook",
    "end_personal_token": "there is none here; the dashboard's form, which calls the same, is walked through below",
}
BEFORE = {"close_shares": "share_digest", "leave_challenge": "join_challenge"}  # what has to be done first

COMMANDS_WITHOUT_A_ROW = {
    "backup list": "names of backups",
    "backup run": "makes an encrypted copy that nobody reads",
    "backup prune": "deletes encrypted copies",
    "backup check": "decrypts a copy to see that it is whole, and shows nothing of it",
    "backup key": "draws a key",
    "restore": "recorded by services/data/restoring.py (backup.restored)",
    "restore-drill": "restores into a database that is thrown away, and shows counts only",
    "doctor": "says nothing about a member",
    "groups create": "asks WhatsApp for a group, and changes nothing here",
    "groups list": "names of groups, which are not a person's",
    "keys generate": "draws a key",
    "keys rotate": "encrypts again what is encrypted, and shows counts only",
    "keys status": "counts only",
    "keys verify": "counts only",
    "member erased": "ids of people of whom nothing else is left",
    "operator test": "sends the operator a message",
    "operator totp": "draws a secret",
    "spent": "counts by group",
    "status": "says nothing about a member",
    "templates push": "says nothing about a member",
    "templates status": "says nothing about a member",
    "twilio configure": "says nothing about a member",
    "twilio show": "says nothing about a member",
    "understand": "reads a line that the operator typed",
    "version": "says nothing about a member",
}


@pytest.fixture
def scene(town: Town) -> Iterator[Scene]:
    with scene_of(town) as made:
        yield made


def found_in(world: World, after: int = 0) -> list[AuditEvent]:
    return [each for each in rows(world, AuditEvent) if each.id > after]


def last_of(world: World) -> int:
    return max((each.id for each in rows(world, AuditEvent)), default=0)


def test_every_change_by_the_api_is_recorded_or_listed(scene: Scene) -> None:
    by_name = {each.name: each for each in declared}
    missing, needless = [], []
    for endpoint in declared:
        if endpoint.method == "GET":
            continue
        recorded = False
        for role, status in zip(ROLES, ROWS[endpoint.name][0], strict=True):
            if recorded or not 200 <= status < 300:
                continue
            with scene.taken_back():
                if endpoint.name in BEFORE:
                    sent(scene, role, by_name[BEFORE[endpoint.name]])
                before = last_of(scene.world)
                assert sent(scene, role, endpoint).status_code == status, endpoint.name
                recorded = any(each.way == "api" for each in found_in(scene.world, before))
        if not recorded and endpoint.name not in API_WITHOUT_A_ROW:
            missing.append(endpoint.name)
        if recorded and endpoint.name in API_WITHOUT_A_ROW:
            needless.append(endpoint.name)
    assert (missing, needless) == ([], [])


def test_the_first_use_of_a_day_is_recorded_whatever_is_read(scene: Scene) -> None:
    yesterday = "UPDATE {} SET last_used_at = last_used_at - interval '1 day'"
    missing = []
    for endpoint in declared:
        role = next((role for role, status in zip(ROLES, ROWS[endpoint.name][0], strict=True) if status < 300), None)
        if endpoint.method != "GET" or role is None:
            continue
        with scene.taken_back():
            scene.line.execute(text(yesterday.format("api_sessions")))
            before = last_of(scene.world)
            for _ in range(2):
                sent(scene, role, endpoint)
            used = [each for each in found_in(scene.world, before) if each.action == "access.used"]
            if [each.way for each in used] != ["api"]:
                missing.append(endpoint.name)
    assert missing == []


def test_every_form_of_the_dashboard_is_recorded(town: Town) -> None:
    with town.world.sessions.begin() as session:
        club = have_club(session, town.clock(), size=4, days=10)
        asking = [
            Member(name=name, address=f"whatsapp:{name}", timezone="UTC", last_inbound_at=town.clock())
            for name in ("Ada", "Bob")
        ]
        session.add_all(asking)
        session.flush()
        waiting = [JoinRequest(group_id=club.group, member_id=each.id, asked_at=town.clock()) for each in asking]
        session.add_all(waiting)
        session.flush()
        let_in, turned_down = (each.id for each in waiting)
        token = session.execute(text("SELECT id FROM personal_tokens LIMIT 1")).scalar_one()
        program = session.execute(text("SELECT id FROM api_sessions LIMIT 1")).scalar_one()
        feed, _ = feeds.make_feed(session, session.get_one(Member, club.member), FeedKind.CALENDAR, town.clock())
        feed_id = feed.id
    group = f"/groups/{club.group}"
    visitor = Visitor(town, club.member)
    steps: dict[str, tuple[str, dict[str, object]]] = {
        "leave_challenge": (f"{group}/challenges/{club.challenge}/leave", {}),
        "join_challenge": (f"{group}/challenges/{club.challenge}/join", {}),
        "choose_sharing": (f"{group}/sharing", {"field": ["points"], "appears": "hidden"}),
        "approve": (f"{group}/requests/{let_in}/approve", {}),
        "decline": (f"{group}/requests/{turned_down}/decline", {}),
        "make_invite": (f"{group}/invites", {}),
        "revoke_invites": (f"{group}/invites/revoke", {}),
        "ask_to_change": (f"{group}/members/{club.place}", {"what": "promote"}),
        "choose_schedule": (f"{group}/schedule", WEEKLY | {"weekday": "2"}),
        "sync": ("/me/sync", {}),
        "ask_for_token": ("/me/tokens", {"name": "my plot", "scope": "activities:read", "days": "30"}),
        "end_token": (f"/me/tokens/{token}/end", {}),
        "end_device": (f"/me/devices/{program}/end", {}),
        "make_calendar": ("/me/feeds/calendar", {}),
        "make_digest_feed": (f"/me/feeds/digests/{club.group}", {}),
        "end_feed": (f"/me/feeds/{feed_id}/end", {}),
        "export": ("/me/export", {}),
        "ask_to_erase": ("/me/erase/code", {}),
        "end_everything": ("/me/devices/end", {}),
    }
    not_walked = {
        "erase_me": "needs the code from the chat; it is the service of `delete me` (member.erased)",
        "confirm": "needs the code from the chat; then it does what the chat does (group.promoted, access.token_made)",
    }
    assert {*steps, *not_walked} == FORMS.keys(), "a new form needs a step here"
    missing = []
    for name, (path, values) in steps.items():
        if name == "leave_challenge":
            visitor.post(f"{group}/challenges/{club.challenge}/join")
        before = last_of(town.world)
        answer = visitor.post(path, **values)
        assert answer.status_code in {200, 303}, (name, answer.text)
        if not any(each.way == "page" for each in found_in(town.world, before)):
            missing.append(name)
    assert missing == []


def test_the_first_page_of_a_day_is_recorded(town: Town) -> None:
    with town.world.sessions.begin() as session:
        club = have_club(session, town.clock(), size=3, days=10)
    visitor = Visitor(town, club.member)
    facts = {
        "int:group_id": club.group,
        "int:digest_id": club.digest,
        "int:place_id": club.place,
        "uuid:asked_id": uuid4(),
    }
    missing = []
    for name, (path, _) in PAGES.items():
        town.clock.travel(days=1)
        before = last_of(town.world)
        address = path
        for fact, value in facts.items():
            address = address.replace(f"<{fact}>", str(value))
        for _ in range(2):
            status = visitor.client.get(f"/dashboard{address}").status_code
            assert status == (410 if name == "confirmation" else 200), name  # nothing waits to be confirmed
        used = [each.way for each in found_in(town.world, before) if each.action == "access.used"]
        if used != ["page"]:
            missing.append(name)
    assert missing == []


def test_everything_the_operator_opens_is_recorded(town: Town) -> None:
    world = world_with(town, **BOTH)
    have_messages(town, 1, state=MessageState.FAILED)
    with world.sessions.begin() as session:
        breakers.shut(session, "garmin", town.clock(), timedelta(hours=1), "429")
    client = create_app(world).test_client()
    assert sign_in(client, code=code_at(world)).status_code == 303
    csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/operator/").text)[1]
    missing = []
    for name, (path, _) in (*OPERATOR_PAGES.items(), *OPERATOR_FORMS.items()):
        before = last_of(world)
        address = "/operator" + path.replace("<which>", "failed").replace("<name>", "garmin")
        answer = client.post(address, data={"csrf": csrf}) if name in OPERATOR_FORMS else client.get(address)
        assert answer.status_code in {200, 303}, name
        if not any(each.way == "operator" for each in found_in(world, before)):
            missing.append(name)
    assert missing == []


def test_every_command_of_the_operator_is_recorded_or_listed(town: Town, tmp_path: Path) -> None:
    member = member_of(town, "Ada", 1, doubted_at=town.clock())
    other = member_of(town, "Bob", 2)
    with town.world.sessions.begin() as session:
        feedback.give(session, session.get_one(Member, other.id), "Lovely", town.clock())
        session.add(Group(name="Legends", timezone="UTC"))
        session.flush()
        group = session.scalars(select(Group.id)).one()
    erased = tmp_path / "erased.tsv"
    erased.write_text(f"{other.id}\t{other.created_at.isoformat()}\n")
    steps: dict[str, list[str]] = {
        "feedback": [],
        "member doubted": [],
        "member export": [str(member.id), str(tmp_path / "copy.zip")],
        "member confirm": [str(member.id)],
        "member erase": [str(member.id), "--yes"],
        "member reapply": [str(erased)],
        "groups disconnect": [str(group)],
    }
    not_walked = {"groups connect": "needs Meta; it writes operator.group_connected beside what it changes"}
    app = create_app(town.world)
    commands = set(list_commands(app))
    assert commands == {*steps, *not_walked, *COMMANDS_WITHOUT_A_ROW}, "a new command needs a step or a reason here"
    missing = []
    for name, arguments in steps.items():
        before = last_of(town.world)
        done = app.test_cli_runner().invoke(args=[*name.split(), *arguments])
        assert done.exit_code == 0, (name, done.output)
        if not any(each.way == "operator" for each in found_in(town.world, before)):
            missing.append(name)
    assert missing == []


def list_commands(app: Flask) -> Iterator[str]:
    """Yield the full names of all commands."""
    context = click.Context(app.cli)
    for name in app.cli.list_commands(context):
        command = app.cli.get_command(context, name)
        if isinstance(command, click.Group):
            yield from (f"{name} {each}" for each in command.list_commands(context))
        else:
            yield name


# What a member sees of it.


def told(town: Town, member: Member) -> dict[str, str]:
    with town.world.sessions() as session:
        found = acts.list_acts_about(session, session.get_one(Member, member.id), Reader(), 100)
    return {each.action: each.text for each in found}


def test_a_member_sees_what_the_operator_opened_and_who_acted_but_not_which_admin(town: Town) -> None:
    with town.world.sessions.begin() as session:
        club = have_club(session, town.clock(), size=3, days=2)
        mine, theirs = club.member, club.member + 1
        owner, place = (
            find_membership_in(session, session.get_one(Member, each), club.group) for each in (mine, theirs)
        )
        privacy.share(session, place, "points", town.clock(), on=False)
        roles.kick(session, owner, place, town.clock())
        name = owner.member.name
        member = place.member
    run = create_app(town.world).test_cli_runner()
    assert run.invoke(args=["member", "export", str(theirs), "-"]).exit_code == 0
    lines = told(town, member)
    assert lines["export.by_operator"].endswith("a copy of all your data was made. By the operator")
    assert lines["group.kicked"].endswith("a member was removed (Sunday Legends). By somebody who runs the group")
    assert "privacy.unshared" in lines
    assert name not in "".join(lines.values())
    assert "export.by_operator" not in told(town, owner.member)


def test_the_page_and_the_api_show_the_same_lines(town: Town) -> None:
    member = member_of(town, "Ada")
    program, visitor = signed_in(town.world, member.id), Visitor(town, member.id)
    assert program.ask("PATCH", "/me", {"units": "imperial"}).status_code == 200
    by_api = program.data("/me/audit")
    assert by_api[0]["action"] == "member.units"
    assert by_api[0]["text"].endswith("your units were changed. By you, through the API")
    page = visitor.get("/me/audit")
    assert all(each["text"] in page for each in by_api)
    assert 'href="/dashboard/me/audit"' in visitor.get("/me")


def test_nobody_sees_the_audit_of_somebody_else(town: Town) -> None:
    ada, bob = member_of(town, "Ada", 1), member_of(town, "Bob", 2)
    signed_in(town.world, ada.id).ask("PATCH", "/me", {"units": "imperial"})
    actions = [each["action"] for each in signed_in(town.world, bob.id).data("/me/audit")]
    assert actions == ["access.signed_in"]


def test_each_act_has_its_sentence() -> None:
    named = re.findall(r'^  "([a-z.]+[a-z_]+)":', (ROOT / "templates/en/chat/data/act.txt").read_text(), re.MULTILINE)
    noted = {each for path in (*ROOT.glob("services/**/*.py"), *ROOT.glob("web/**/*.py")) for each in noted_in(path)}
    never_about_a_member = {
        "backup.restored",
        "member.erased",  # nobody is left who could read it
        "operator.group_connected",
        "operator.group_disconnected",
        "operator.link_made",
        "operator.signed_in",
        "operator.signed_out",
    }
    assert noted - set(named) - never_about_a_member == set()


def noted_in(path: Path) -> Iterator[str]:
    """Yield the actions that this file notes with a name that stands in the code as a whole."""
    for call in ast.walk(ast.parse(path.read_text())):
        name = call.func if isinstance(call, ast.Call) else None
        called = name.attr if isinstance(name, ast.Attribute) else name.id if isinstance(name, ast.Name) else ""
        if called in {"note", "_note"}:
            for part in ast.walk(call):
                if isinstance(part, ast.Constant) and re.fullmatch(r"[a-z]+\.[a-z_]+", str(part.value)):
                    yield str(part.value)
