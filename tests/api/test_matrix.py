"""Permissions: every endpoint, for each role in a group, an outsider, no token, and a token without the scope.

An endpoint without a row here fails, and so does a row without an endpoint.
"""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from api.declaring.endpoints import Endpoint, declared
from api.mounting import ROOT
from models import Scope
from tests.api.programs import slug
from tests.api.scene import ROLES, Scene, scene_of
from tests.town import Town

SWIM = {"sport": "swim", "date": "2026-11-17", "duration": 1800}
GOAL = {"metric": "time", "target": 100, "since": "2026-11-01", "until": "2026-11-30"}
CHALLENGE = {"contest": "most", "since": "2026-11-20", "until": "2026-11-30"}
PHONE = {"number": "+32470000099"}

# The statuses for the owner, an admin, a member and an outsider, and the body that they send. The group is the owner's;
# the membership is the member's; the activity, the file, the webhook and the session are the owner's.
ROWS: dict[str, tuple[tuple[int, int, int, int], Any]] = {
    "ask_for_code": ((202, 202, 202, 202), PHONE),
    "sign_in": ((401, 401, 401, 401), {"request": str(uuid4()), "code": "123456"}),
    "refresh": ((401, 401, 401, 401), {"refresh_token": "gtr_x"}),
    "verify": ((200, 200, 200, 200), {"token": "x"}),
    "list_sessions": ((200, 200, 200, 200), None),
    "end_all_sessions": ((200, 200, 200, 200), None),
    "end_session": ((204, 404, 404, 404), None),
    "list_personal_tokens": ((200, 200, 200, 200), None),
    "make_personal_token": ((201, 201, 201, 201), {"name": "x", "scopes": ["profile:read"]}),
    "end_personal_token": ((404, 404, 404, 404), None),
    "get_me": ((200, 200, 200, 200), None),
    "change_me": ((200, 200, 200, 200), {"units": "imperial"}),
    "list_my_acts": ((200, 200, 200, 200), None),
    "get_garmin": ((200, 404, 404, 404), None),
    "unlink_garmin": ((204, 404, 404, 404), None),
    "link_garmin": ((201, 201, 201, 201), {}),
    "sync_garmin": ((202, 404, 404, 404), {}),
    "export_me": ((202, 202, 202, 202), {}),
    "ask_to_be_erased": ((202, 202, 202, 202), {}),
    "erase_me": ((403, 403, 403, 403), {"code": 1234}),
    "read_consent": ((200, 200, 200, 200), None),
    "list_activities": ((200, 200, 200, 200), None),
    "log_activity": ((201, 201, 201, 201), SWIM),
    "get_activity": ((200, 404, 404, 404), None),
    "change_activity": ((200, 404, 404, 404), {"is_excluded": True}),
    "remove_activity": ((204, 404, 404, 404), None),
    "upload_file": ((202, 202, 202, 202), b"a file"),
    "list_files": ((200, 200, 200, 200), None),
    "get_file": ((200, 404, 404, 404), None),
    "get_totals": ((200, 200, 200, 200), None),
    "list_records": ((200, 200, 200, 200), None),
    "get_goal": ((200, 404, 404, 404), None),
    "set_goal": ((200, 200, 200, 200), GOAL),
    "drop_goal": ((204, 404, 404, 404), None),
    "list_groups": ((200, 200, 200, 200), None),
    "start_group": ((201, 201, 201, 201), {"name": "Moonlight"}),
    "join_group": ((409, 409, 409, 201), {"code": "CODE", "agreed": True}),
    "get_group": ((200, 200, 200, 404), None),
    "change_group": ((200, 200, 403, 404), {"description": "Long runs"}),
    "leave_group": ((409, 204, 204, 404), None),
    "list_members": ((200, 200, 200, 404), None),
    "get_member": ((200, 200, 200, 404), None),
    "change_role": ((200, 403, 403, 404), {"role": "admin"}),
    "remove_member": ((204, 204, 403, 404), None),
    "list_invites": ((200, 200, 403, 404), None),
    "invite": ((201, 201, 403, 404), {}),
    "revoke_invites": ((204, 204, 403, 404), None),
    "list_requests": ((200, 200, 403, 404), None),
    "answer_request": ((204, 204, 403, 404), {"answer": "approved"}),
    "list_acts": ((200, 200, 403, 404), None),
    "get_sharing": ((200, 200, 200, 404), None),
    "change_sharing": ((200, 200, 200, 404), {"hidden": True}),
    "list_leaderboard": ((200, 200, 200, 404), None),
    "get_group_goal": ((200, 200, 200, 404), None),
    "set_group_goal": ((200, 200, 403, 404), GOAL),
    "drop_group_goal": ((204, 204, 403, 404), None),
    "list_challenges": ((200, 200, 200, 404), None),
    "start_challenge": ((201, 201, 403, 404), CHALLENGE),
    "get_challenge": ((200, 200, 200, 404), None),
    "join_challenge": ((200, 200, 200, 404), None),
    "leave_challenge": ((204, 204, 204, 404), None),
    "end_challenge": ((204, 204, 403, 404), None),
    "list_rivalries": ((200, 200, 200, 404), None),
    "get_rivalry": ((404, 404, 409, 404), None),
    "get_season": ((200, 200, 200, 404), None),
    "give_kudos": ((201, 201, 409, 404), {"words": "What a ride"}),
    "list_kudos": ((200, 200, 200, 200), None),
    "get_absence": ((200, 404, 404, 404), None),
    "begin_absence": ((200, 200, 200, 200), {"until": "2026-11-30"}),
    "end_absence": ((204, 409, 409, 409), None),
    "list_feeds": ((200, 200, 200, 200), None),
    "make_feed": ((201, 201, 201, 404), {"kind": "digests", "group_id": "GROUP"}),
    "end_feed": ((204, 404, 404, 404), None),
    "send_digest": ((202, 202, 403, 404), {}),
    "list_digests": ((200, 200, 200, 404), None),
    "read_digest": ((200, 200, 200, 404), None),
    "preview_digest": ((200, 200, 403, 404), None),
    "get_schedule": ((200, 200, 200, 404), None),
    "change_schedule": ((200, 200, 403, 404), {"cron": "0 7 * * 1"}),
    "share_digest": ((201, 201, 403, 404), {"digest": "DIGEST"}),
    "close_shares": ((200, 200, 403, 404), None),
    "list_webhooks": ((200, 200, 200, 200), None),
    "add_webhook": ((201, 201, 201, 201), {"url": "https://example.org/hook", "events": ["activity.created"]}),
    "get_webhook": ((200, 404, 404, 404), None),
    "change_webhook": ((200, 404, 404, 404), {"is_on": False}),
    "remove_webhook": ((204, 404, 404, 404), None),
    "change_webhook_secret": ((201, 404, 404, 404), {}),
    "send_test_event": ((202, 404, 404, 404), {}),
    "list_deliveries": ((200, 404, 404, 404), None),
    "get_delivery": ((200, 404, 404, 404), None),
    "resend_delivery": ((202, 404, 404, 404), {}),
}
QUERIES = {"upload_file": "?format=fit"}


@pytest.fixture
def scene(town: Town) -> Iterator[Scene]:
    with scene_of(town) as made:
        yield made


def asked(scene: Scene, role_or_scope: str | Scope, endpoint: Endpoint) -> Any:
    """Return the answer to a request; its changes are rolled back."""
    with scene.taken_back():
        return sent(scene, role_or_scope, endpoint)


def sent(scene: Scene, role_or_scope: str | Scope, endpoint: Endpoint) -> Any:
    """Return the answer to a request."""
    where = scene.scripts if isinstance(role_or_scope, Scope) else scene.programs
    program, body = where[role_or_scope], ROWS[endpoint.name][1]
    known = scene.ids | {"session_id": scene.programs["owner"].session, "token_id": uuid4()}
    path = re.sub(r"<[^<>]*:(\w+)>", lambda each: str(known[each[1]]), endpoint.path)
    stands_for = {"CODE": scene.ids["code"], "DIGEST": scene.ids["digest_id"], "GROUP": scene.ids["group_id"]}
    if isinstance(body, dict):
        body = {name: stands_for.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
    return program.ask(endpoint.method, path + QUERIES.get(endpoint.name, ""), body)


def test_every_address_has_its_row() -> None:
    assert {each.name for each in declared} == ROWS.keys()


def test_no_address_is_served_that_is_not_declared(scene: Scene) -> None:
    rules = [
        (method, rule.rule.removeprefix(ROOT))
        for rule in scene.programs["nobody"].client.application.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api")
    ]
    documents = [("GET", "/openapi.json"), ("GET", "/docs")]
    assert sorted(rules) == sorted([*((each.method, each.path) for each in declared), *documents])


def test_each_gets_what_is_theirs_and_nothing_else(scene: Scene) -> None:
    wrong = {}
    for endpoint in declared:
        for role, expected in zip(ROLES, ROWS[endpoint.name][0], strict=True):
            answer = asked(scene, role, endpoint)
            if answer.status_code != expected:
                wrong[endpoint.name, role] = (answer.status_code, answer.text[:200])
            if expected == 404 and answer.status_code == 404 and endpoint.name not in OF_SERVICES:
                assert slug(answer) == "not-found", endpoint.name
    assert wrong == {}


# Endpoints whose service itself answers that the member has nothing like this.
OF_SERVICES = {"get_garmin", "unlink_garmin", "sync_garmin", "drop_goal"}


def test_nobody_gets_anything_without_a_token_or_its_scope(scene: Scene) -> None:
    let_in = {}
    for endpoint in declared:
        if endpoint.scope is None:
            continue
        for who, expected in (("nobody", 401), (endpoint.scope, 403)):
            answer = asked(scene, who, endpoint)
            if answer.status_code != expected:
                let_in[endpoint.name, who] = answer.status_code
            elif expected == 403:
                assert (slug(answer), answer.json["scope"]) == ("scope-missing", endpoint.scope.value)
    assert let_in == {}
    assert {each.name for each in declared if each.scope is None} == {"ask_for_code", "sign_in", "refresh", "verify"}
