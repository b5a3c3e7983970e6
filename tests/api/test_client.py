"""A typed Python client, made from our specification: mypy checks it, and it is used against the app over HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.mounting import specification
from tests.imports import ROOT
from tests.patience import AT_MOST
from tests.town import Person, Town

NAME = "gruppetto_client"
# literal_enums: as Python enums, time zones such as GMT+0 and GMT-0 would have the same name.
SETTINGS = {"package_name_override": NAME, "project_name_override": NAME, "post_hooks": [], "literal_enums": True}
PROGRAM = '''
"""What a program does with the generated client: it signs in, and reads what its member may see."""

import json
import os
import sys
from collections.abc import Iterator
from datetime import date

from gruppetto_client import AuthenticatedClient, Client
from gruppetto_client.api.api_activities import list_activities, log_activity
from gruppetto_client.api.api_groups import start_group
from gruppetto_client.api.api_me import get_me
from gruppetto_client.api.api_play import list_leaderboard
from gruppetto_client.api.api_sign_in import ask_for_code, sign_in
from gruppetto_client.models import CodeWanted, NewActivityBody, NewGroupBody, SignInBody
from gruppetto_client.models import CodeAskedAnswer, TokensAnswer, MeAnswer, GroupAnswer
from gruppetto_client.models import ActivityAnswer, ActivityList, BoardRowList, Problem

client = Client(base_url=os.environ["BOT"])
asked = ask_for_code.sync(client=client, body=CodeWanted(number="+32470123456"))
assert isinstance(asked, CodeAskedAnswer)
print(json.dumps({"asked": True}), flush=True)
code = sys.stdin.readline().strip()
wrong = sign_in.sync(client=client, body=SignInBody(request=asked.data.request, code="x"))
assert isinstance(wrong, Problem) and wrong.status == 401
tokens = sign_in.sync(client=client, body=SignInBody(request=asked.data.request, code=code, device="a client"))
assert isinstance(tokens, TokensAnswer)
mine = AuthenticatedClient(base_url=os.environ["BOT"], token=tokens.data.access_token)
me = get_me.sync(client=mine)
assert isinstance(me, MeAnswer)
group = start_group.sync(client=mine, body=NewGroupBody(name="Sunday Legends"))
assert isinstance(group, GroupAnswer)
swim = NewActivityBody(sport="swim", date=date(2026, 11, 17), duration=1800.0, distance=1000.0)
made = log_activity.sync(client=mine, body=swim)
assert isinstance(made, ActivityAnswer)
listed = list_activities.sync(client=mine, limit=10)
assert isinstance(listed, ActivityList)
board = list_leaderboard.sync(group.data.id, client=mine, metric="distance")
assert isinstance(board, BoardRowList)
row = board.data[0]
print(json.dumps([me.data.name, len(listed.data), listed.data[0].distance, row.name, row.value, row.is_me]))
'''


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate the client, and return the folder that holds its package."""
    where = tmp_path_factory.mktemp("client")
    (where / "openapi.json").write_text(json.dumps(specification()))
    (where / "settings.json").write_text(json.dumps(SETTINGS))
    command = ["openapi_python_client", "generate", "--path", "openapi.json", "--config", "settings.json"]
    done = run([sys.executable, "-m", *command, "--meta", "none", "--fail-on-warning"], where)
    assert done.returncode == 0, done.stdout + done.stderr
    (where / "program.py").write_text(PROGRAM)
    return where


def run(command: list[str], where: Path, **more: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, check=False, cwd=where, capture_output=True, text=True, timeout=AT_MOST, **more)


def operations() -> Iterator[dict[str, Any]]:
    """Yield every operation. A path also lists the parameters that its operations share."""
    for path in specification()["paths"].values():
        yield from (each for each in path.values() if isinstance(each, dict))


def test_it_has_a_function_for_each_operation(client: Path) -> None:
    made = {each.stem for each in (client / NAME / "api").rglob("*.py")} - {"__init__"}
    named = {each["operationId"] for each in operations()}
    assert named == made


def test_its_types_fit_together_and_a_program_that_uses_it_is_checked(client: Path) -> None:
    done = run([sys.executable, "-m", "mypy", "--config-file=", "program.py", NAME], client)
    assert done.returncode == 0, done.stdout[-3_000:]
    (client / "wrong.py").write_text(PROGRAM.replace("row.is_me", "row.is_you"))
    wrong = run([sys.executable, "-m", "mypy", "--config-file=", "wrong.py"], client)
    assert 'has no attribute "is_you"' in wrong.stdout


def test_it_signs_in_and_reads_what_its_member_may_see(client: Path, town: Town) -> None:
    zoe = Person(town, town.phones.add("Zoë", "+32470123456"), "zoe@example.org")
    zoe.says("hi")
    environment = {"BOT": town.world.settings.base_url, "PYTHONPATH": str(client), "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(
        [sys.executable, "program.py"],
        cwd=client, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as program:  # fmt: skip
        assert program.stdin is not None
        assert program.stdout is not None
        assert json.loads(program.stdout.readline() or "{}") == {"asked": True}, program.communicate()
        town.rest()
        code = zoe.heard.split("*")[1]
        told, problem = program.communicate(f"{code}\n", timeout=AT_MOST)
    assert program.returncode == 0, problem
    assert json.loads(told) == ["Zoë", 1, 1000.0, "Zoë", 1000.0, True]
    assert ROOT not in client.parents, "nothing is generated into the project"
