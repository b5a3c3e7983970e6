"""docs/feeds.md: the recipes for other programs. Each request is sent to the app, as these programs would send it."""

import json
import re
from datetime import datetime
from typing import Any

import requests
import yaml
from jinja2.sandbox import SandboxedEnvironment

from models import Scope
from tests.api.programs import Program, member_of, script, signed_in
from tests.imports import ROOT
from tests.patience import AT_MOST
from tests.town import Town

PAGE = (ROOT / "docs" / "feeds.md").read_text()
BOT = "https://bot.example.org"
SECRET = "gruppetto_authorization"
READS = {"number": (int, float), "string": str}


class Secrets(yaml.SafeLoader):
    """Reads `!secret name` as the name."""


Secrets.add_constructor("!secret", lambda loader, node: loader.construct_scalar(node))


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.+?)\n```$", PAGE, re.MULTILINE | re.DOTALL)


def reader_with_a_week(town: Town, *scopes: Scope) -> tuple[Program, int]:
    """Return a script of a member who swam yesterday with a friend, and the id of their group."""
    member, friend = member_of(town, "Ann"), member_of(town, "Ben", 2)
    program, other = signed_in(town.world, member.id), signed_in(town.world, friend.id)
    group = program.post("/groups", {"name": "Sunday Legends"}).json["data"]["id"]
    code = program.post(f"/groups/{group}/invites").json["data"]["code"]
    assert other.post("/groups/join", {"code": code, "agreed": True}).status_code == 201
    swim = {"sport": "swim", "date": "2026-11-17", "duration": 1800, "distance": 1540}
    assert [each.post("/activities", swim).status_code for each in (program, other)] == [201, 201]
    return script(town.world, member.id, *scopes), group


def fetch(town: Town, url: str, token: str) -> Any:
    assert url.startswith(BOT), url
    address = town.world.settings.base_url + url.removeprefix(BOT)
    answer = requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=AT_MOST)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_home_assistant_shows_the_week(town: Town) -> None:
    helper, _ = reader_with_a_week(town, Scope.ACTIVITIES_READ)
    [written] = blocks("yaml")
    [rest] = yaml.load(written, Secrets)["rest"]
    assert rest["headers"] == {"Authorization": SECRET}
    assert f'`{SECRET}: "Bearer gtp_…"`' in PAGE
    answer = fetch(town, rest["resource"], helper.access)
    templates = SandboxedEnvironment()
    shown = {
        each["name"]: templates.from_string(each["value_template"]).render(value_json=answer) for each in rest["sensor"]
    }
    assert shown["Distance this week"] == "1.5"
    assert float(shown["Points this week"]) > 0
    assert rest["sensor"][1]["json_attributes_path"] == "$.data"
    assert set(rest["sensor"][1]["json_attributes"]) <= answer["data"].keys()
    assert rest["scan_interval"] >= 900


def test_grafana_gets_rows_for_each_column(town: Town) -> None:
    helper, group = reader_with_a_week(town, Scope.ACTIVITIES_READ, Scope.GROUPS_READ)
    queries = [json.loads(each) for each in blocks("json")]
    assert group == 1
    for query in queries:
        assert query["url_options"]["method"] == "GET"
        rows = fetch(town, query["url"], helper.access)[query["root_selector"]]
        assert rows
        for row in rows:
            for column in query["columns"]:
                value = row[column["selector"]]
                if column["type"] == "timestamp":
                    assert datetime.fromisoformat(value).tzinfo is not None
                else:
                    assert isinstance(value, READS[column["type"]]), (column, value)
    assert len(queries) == 2


def test_the_scopes_that_the_page_names_are_enough(town: Town) -> None:
    helper, _ = reader_with_a_week(town, Scope.ACTIVITIES_READ)
    assert helper.get("/activities/totals").status_code == 200
    assert helper.get("/activities?sort=-start&limit=100").status_code == 200
    assert helper.get("/groups/1/leaderboard?metric=points&limit=100").json["scope"] == "groups:read"
