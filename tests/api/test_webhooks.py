"""Webhooks through the API: adding them, what they are told, the list of what was sent, and who may do it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from fitness.sports import Sport
from models import Activity, ApiSession, Group, Member, Role, Scope, WebhookAttempt, WebhookEndpoint, WebhookMessage
from services.group import groups, joining, roles
from services.people.members import find_membership_in
from services.people.webhook_messages import MOST_BY_HAND
from services.people.webhooks import MOST, SUBSCRIBABLE
from services.training import entries
from tests.api.programs import Program, client_of, member_of, rows, script, signed_in, slug
from tests.receiver import Receiver, receiver
from tests.town import Town

EVERYTHING = [each.value for each in SUBSCRIBABLE]
SWIM = {"sport": "swim", "date": "2026-11-17", "duration": 1800, "distance": 1000}


@pytest.fixture
def program() -> Any:
    with receiver() as made:
        yield made


@pytest.fixture
def ann(town: Town) -> Program:
    return signed_in(town.world, member_of(town, "Ann").id)


def add(who: Program, program: Receiver, *events: str, **more: Any) -> dict[str, Any]:
    """Add a webhook for these events, or for all, and return the answer's data."""
    answer = who.post("/webhooks", {"url": program.url, "events": list(events) or EVERYTHING, **more})
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def deliveries(who: Program, hook: dict[str, Any]) -> list[dict[str, Any]]:
    return who.data(f"/webhooks/{hook['id']}/deliveries")


def test_a_program_is_told_what_becomes_of_an_activity_as_the_api_shows_it(
    town: Town, ann: Program, program: Receiver
) -> None:
    hook = add(ann, program, name="My plot")
    assert hook["secret"].startswith("whsec_")
    assert "secret" not in ann.data(f"/webhooks/{hook['id']}"), "it is shown once"
    made = ann.post("/activities", SWIM).json["data"]
    town.work()
    [got] = program.received
    assert got.told["type"] == "activity.created"
    assert got.is_signed_by(hook["secret"])
    shown = ann.data(f"/activities/{made['id']}")
    assert got.told["data"] == shown
    assert "raw_data" not in got.body
    ann.ask("PATCH", f"/activities/{made['id']}", {"is_excluded": True})
    ann.ask("PATCH", f"/activities/{made['id']}", {"distance": 900})
    town.work()
    assert program.types[1:] == ["activity.corrected"] * 2
    assert program.received[1].told["data"] == ann.data(f"/activities/{made['id']}"), "as it is when it is sent"
    ann.ask("DELETE", f"/activities/{made['id']}")
    town.work()
    assert program.of("activity.deleted") == [{"id": made["id"]}]
    listed = deliveries(ann, hook)
    assert [each["state"] for each in listed] == ["delivered"] * 4
    assert [each["id"] for each in listed] == [each.id for each in reversed(program.received)]
    one = ann.data(f"/webhooks/{hook['id']}/deliveries/{listed[0]['id']}")
    assert [(each["status"], each["problem"]) for each in one["attempts"]] == [(204, None)]
    assert one["attempts"][0]["milliseconds"] >= 0


def test_it_is_told_nothing_of_others_and_nothing_that_it_did_not_ask_for(
    town: Town, ann: Program, program: Receiver
) -> None:
    ben = signed_in(town.world, member_of(town, "Ben", 2).id)
    add(ann, program, "activity.deleted", "digest.sent")
    add(ben, program, "member.left")
    ben.post("/activities", SWIM)
    ann.post("/activities", SWIM)
    town.work()
    assert program.received == []
    assert rows(town.world, WebhookMessage) == []


def test_a_transaction_that_is_taken_back_tells_nothing(town: Town, ann: Program, program: Receiver) -> None:
    add(ann, program)
    with town.world.sessions() as session:
        member, day = session.get_one(Member, 1), date(2026, 11, 17)
        entries.log(session, member, Sport.SWIM, 1800, None, day, town.clock())
        session.flush()
        assert session.scalar(select(func.count()).select_from(WebhookMessage)) == 1
        session.rollback()
    assert rows(town.world, WebhookMessage) == rows(town.world, Activity) == []


def in_a_group(town: Town, ann: Program, name: str = "Legends") -> tuple[int, Program]:
    """Start a group of Ann's that Ben joins. Returns its id and Ben's program."""
    ben = signed_in(town.world, member_of(town, "Ben", 2).id)
    group_id = ann.post("/groups", {"name": name}).json["data"]["id"]
    code = ann.post(f"/groups/{group_id}/invites").json["data"]["code"]
    assert ben.post("/groups/join", {"code": code, "agreed": True}).status_code == 201
    return group_id, ben


def test_who_joins_and_who_leaves_is_told_to_the_groups_members_only(
    town: Town, ann: Program, program: Receiver
) -> None:
    eve = signed_in(town.world, member_of(town, "Eve", 3).id)
    add(eve, program)
    hook = add(ann, program)
    group_id, ben = in_a_group(town, ann)
    town.work()
    group = {"id": group_id, "name": "Legends"}
    joined = program.of("member.joined")
    listed = ann.data(f"/groups/{group_id}/members")
    wanted = [{name: each[name] for name in ("id", "name", "role", "joined_at")} for each in listed]
    assert [each["member"] for each in joined] == wanted
    assert [each["group"] for each in joined] == [group, group]
    ben.ask("DELETE", f"/groups/{group_id}/membership")
    town.work()
    assert program.of("member.left") == [{"group": group, "member": {"id": listed[1]["id"]}}], "and no name"
    assert len(deliveries(ann, hook)) == len(program.received) == 3


def test_whoever_was_in_the_group_for_a_moment_only_is_not_named(town: Town, ann: Program, program: Receiver) -> None:
    hook = add(ann, program, "member.joined", "member.left")
    group_id, ben = in_a_group(town, ann)
    ben.ask("DELETE", f"/groups/{group_id}/membership")
    town.work()
    assert "Ben" not in "".join(each.body for each in program.received)
    assert [each["state"] for each in deliveries(ann, hook)] == ["delivered", "skipped", "delivered"]


def test_a_filter_by_group_holds_for_events_of_groups(town: Town, ann: Program, program: Receiver) -> None:
    first = ann.post("/groups", {"name": "First"}).json["data"]["id"]
    second, _ = in_a_group(town, ann, "Second")
    add(ann, program, group_ids=[first])
    with town.world.sessions.begin() as session:
        mine = find_membership_in(session, session.get_one(Member, 1), second)
        theirs = find_membership_in(session, session.get_one(Member, 2), second)
        roles.kick(session, mine, theirs, town.clock())
    ann.post("/activities", SWIM)
    town.tick()
    assert program.types == ["activity.created"]
    elsewhere = ann.post("/webhooks", {"url": program.url, "events": ["digest.sent"], "group_ids": [987]})
    assert (elsewhere.status_code, slug(elsewhere)) == (404, "not-found")


def test_who_has_left_a_group_is_told_nothing_more_of_it(town: Town, ann: Program, program: Receiver) -> None:
    group_id, ben = in_a_group(town, ann)
    hook = add(ben, program)
    cas = member_of(town, "Cas", 3)
    with town.world.sessions.begin() as session:
        group, member = session.get_one(Group, group_id), session.get_one(Member, cas.id)
        groups.add_member(session, group, member, Role.MEMBER, town.clock())
    ben.ask("DELETE", f"/groups/{group_id}/membership")
    town.tick()
    assert program.received == []
    assert [each["state"] for each in deliveries(ben, hook)] == ["skipped"]


def test_a_test_event_comes_whatever_is_subscribed(town: Town, ann: Program, program: Receiver) -> None:
    hook = add(ann, program, "digest.sent", name="Plot")
    answer = ann.post(f"/webhooks/{hook['id']}/test")
    assert (answer.status_code, answer.json["data"]["state"]) == (202, "waiting")
    town.work()
    assert program.of("webhook.test") == [{"webhook": hook["id"], "name": "Plot"}]
    for _ in range(MOST_BY_HAND - 1):
        assert ann.post(f"/webhooks/{hook['id']}/test").status_code == 202
    late = ann.post(f"/webhooks/{hook['id']}/test")
    assert (late.status_code, slug(late)) == (429, "enough-webhook-requests")
    assert 0 < int(late.headers["Retry-After"]) <= 3600


def test_a_message_is_sent_again_with_its_own_id_and_what_may_be_seen_now(
    town: Town, ann: Program, program: Receiver
) -> None:
    hook = add(ann, program)
    ann.post("/activities", SWIM)
    town.work()
    [first] = deliveries(ann, hook)
    again = ann.post(f"/webhooks/{hook['id']}/deliveries/{first['id']}/resend")
    assert (again.status_code, again.json["data"]["state"]) == (202, "waiting")
    town.work()
    assert [each.id for each in program.received] == [first["id"]] * 2
    one = ann.data(f"/webhooks/{hook['id']}/deliveries/{first['id']}")
    assert (one["state"], len(one["attempts"])) == ("delivered", 2)
    other = add(ann, program)
    elsewhere = ann.post(f"/webhooks/{other['id']}/deliveries/{first['id']}/resend")
    assert (elsewhere.status_code, slug(elsewhere)) == (404, "not-found")


def test_a_new_secret_and_the_former_one_both_sign_for_a_day(town: Town, ann: Program, program: Receiver) -> None:
    hook = add(ann, program)
    made = ann.post(f"/webhooks/{hook['id']}/secret").json["data"]
    assert made["secret"] != hook["secret"]
    ann.post(f"/webhooks/{hook['id']}/test")
    town.work()
    assert all(program.received[0].is_signed_by(each) for each in (made["secret"], hook["secret"]))
    town.clock.travel(days=1, minutes=1)
    fresh = signed_in(town.world, 1)
    fresh.post(f"/webhooks/{hook['id']}/test")
    town.work()
    assert program.received[1].is_signed_by(made["secret"])
    assert not program.received[1].is_signed_by(hook["secret"])


def test_the_secret_and_the_address_are_kept_where_they_belong(town: Town, ann: Program, program: Receiver) -> None:
    hook = add(ann, program)
    [row] = rows(town.world, WebhookEndpoint)
    assert hook["secret"].encode() not in row.secret
    assert row.secret[2:4] == b"t1", "it is sealed by the ring of keys"


def test_who_may_add_one_and_who_may_not(town: Town, ann: Program, program: Receiver) -> None:
    body = {"url": program.url, "events": EVERYTHING}
    narrow = signed_in(town.world, 1, scopes=[Scope.ACCOUNT, Scope.GROUPS_READ])
    for events in (["activity.created"], ["digest.sent", "activity.deleted"]):
        refused = narrow.post("/webhooks", {**body, "events": events})
        assert (refused.status_code, refused.json["scope"]) == (403, "activities:read")
    assert narrow.post("/webhooks", {**body, "events": ["digest.sent"]}).status_code == 201
    everything = [each for each in Scope if each is not Scope.ACCOUNT]
    assert slug(script(town.world, 1, *everything).post("/webhooks", body)) == "scope-missing"
    with town.world.sessions.begin() as session:
        session.execute(update(ApiSession).values(signed_in_at=town.clock() - timedelta(minutes=16)))
    assert slug(ann.post("/webhooks", body)) == "sign-in-again"
    fresh = signed_in(town.world, 1)
    for _ in range(MOST - 1):
        add(fresh, program)
    full = fresh.post("/webhooks", body)
    assert (full.status_code, slug(full)) == (409, "too-many-webhooks")


def test_what_is_wrong_with_an_address_is_said(ann: Program) -> None:
    for url in (
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "https://user:pw@example.org/",
        "https://x y/",
        "ftp://x",
        "x",
    ):
        answer = ann.post("/webhooks", {"url": url, "events": EVERYTHING})
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "json:/url"), url
    for events in ([], ["webhook.test"], ["everything"]):
        answer = ann.post("/webhooks", {"url": "https://example.org", "events": events})
        assert slug(answer) == "not-valid"


def test_a_repeated_request_adds_one_and_shows_the_same_secret(town: Town, ann: Program, program: Receiver) -> None:
    body = {"url": program.url, "events": EVERYTHING}
    first, again = (ann.post("/webhooks", body, Idempotency_Key="k") for _ in range(2))
    assert first.json == again.json
    assert len(rows(town.world, WebhookEndpoint)) == 1


def test_changing_one_and_switching_it_off_and_on(town: Town, ann: Program, program: Receiver) -> None:
    hook = add(ann, program)
    where = f"/webhooks/{hook['id']}"
    tag = ann.get(where).headers["ETag"]
    off = ann.ask("PATCH", where, {"is_on": False, "name": "Plot"}, If_Match=tag)
    assert (off.json["data"]["is_on"], off.json["data"]["off_why"]) == (False, "by_owner")
    assert ann.ask("PATCH", where, {"is_on": True}, If_Match=tag).status_code == 412
    ann.post("/activities", SWIM)
    assert slug(ann.post(f"{where}/test")) == "webhook-off"
    town.work()
    assert program.received == []
    ann.ask("PATCH", where, {"is_on": True, "events": ["activity.created"]})
    ann.post("/activities", SWIM)
    town.work()
    assert program.types == ["activity.created"]
    assert ann.ask("DELETE", where).status_code == 204
    assert ann.get(where).status_code == 404
    assert rows(town.world, WebhookMessage) == rows(town.world, WebhookAttempt) == []
    ann.post("/activities", SWIM)
    town.work()
    assert len(program.received) == 1


def test_somebody_elses_webhook_is_not_there(town: Town, ann: Program, program: Receiver) -> None:
    hook = add(ann, program)
    ann.post(f"/webhooks/{hook['id']}/test")
    [message] = deliveries(ann, hook)
    ben = signed_in(town.world, member_of(town, "Ben", 2).id)
    where, sent = f"/webhooks/{hook['id']}", f"/webhooks/{hook['id']}/deliveries/{message['id']}"
    for method, path, body in (
        ("GET", where, None), ("PATCH", where, {"is_on": False}), ("DELETE", where, None),
        ("POST", f"{where}/secret", {}),
        ("POST", f"{where}/test", {}), ("GET", f"{where}/deliveries", None), ("GET", sent, None),
        ("POST", f"{sent}/resend", {}), ("GET", f"/webhooks/{uuid4()}", None),
    ):  # fmt: skip
        answer = ben.ask(method, path, body)
        assert (answer.status_code, slug(answer)) == (404, "not-found"), path
    assert ben.data("/webhooks") == []


def test_where_the_operator_allows_none_there_are_none(town: Town, ann: Program, program: Receiver) -> None:
    hook = add(ann, program)
    ann.post(f"/webhooks/{hook['id']}/test")
    [message] = deliveries(ann, hook)
    off = replace(town.world, settings=town.world.settings.model_copy(update={"webhooks": False}))
    closed = Program(client_of(off), ann.access)
    for path, body in (
        ("/webhooks", {"url": program.url, "events": EVERYTHING}),
        (f"/webhooks/{hook['id']}/test", {}),
        (f"/webhooks/{hook['id']}/deliveries/{message['id']}/resend", {}),
    ):
        refused = closed.post(path, body)
        assert (refused.status_code, slug(refused)) == (403, "webhooks-off")
    assert [each["id"] for each in closed.data("/webhooks")] == [hook["id"]], "what is stored can be seen and deleted"
    assert closed.ask("DELETE", f"/webhooks/{hook['id']}").status_code == 204


def test_whoever_joins_after_approval_is_told_when_they_are_in(town: Town, ann: Program, program: Receiver) -> None:
    group_id, ben = in_a_group(town, ann)
    add(ben, program, "member.joined")
    ann.ask("PATCH", f"/groups/{group_id}", {"settings": {"approval": True}})
    code = ann.post(f"/groups/{group_id}/invites").json["data"]["code"]
    cas = member_of(town, "Cas", 3)
    with town.world.sessions.begin() as session:
        request = joining.join(session, session.get_one(Member, cas.id), code, town.clock())
        assert program.received == []
        place = find_membership_in(session, session.get_one(Member, 1), group_id)
        joining.approve(session, place, request, town.clock())
    town.tick()
    assert [each["member"]["name"] for each in program.of("member.joined")] == ["Cas"]
