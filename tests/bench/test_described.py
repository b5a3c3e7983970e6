"""The drill runs exactly the environment and the processes of app.json and the Procfile."""

import json

import pytest

from bench import deployment
from bench.deployment import NotDescribedError
from simulator.stage import ROOT

ASKED_FOR = json.loads((ROOT / "app.json").read_text())["env"]
GIVEN = {name: f"a {name}" for name, each in ASKED_FOR.items() if not each.keys() & {"value", "generator"}}


def test_the_defaults_of_the_manifest_hold():
    found = deployment.environment(GIVEN, {"TWILIO_API_BASE_URL": "http://127.0.0.1:1"})
    assert found["REDIS_SELF_SIGNED"] == "1"
    assert found["TRUSTED_HOPS"] == "1"
    assert found["TWILIO_API_BASE_URL"] == "http://127.0.0.1:1"
    assert found["DATA_KEYS"] == "a DATA_KEYS"
    assert len(found["SECRET_KEY"]) == 64
    assert found["SECRET_KEY"] != deployment.environment(GIVEN, {})["SECRET_KEY"]


def test_what_the_host_sets_unasked_is_there_and_gives_way_to_what_the_deployer_sets():
    found = deployment.environment(GIVEN, {})
    assert found["GUNICORN_CMD_ARGS"] == "--access-logfile -"
    assert found["FORWARDED_ALLOW_IPS"] == "*"
    assert (
        deployment.environment(GIVEN | {"GUNICORN_CMD_ARGS": "--workers 3"}, {})["GUNICORN_CMD_ARGS"] == "--workers 3"
    )


def test_nothing_is_inherited_from_whoever_starts_it(monkeypatch):
    monkeypatch.setenv("LEASE_SECONDS", "15")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody-else")
    assert not {"LEASE_SECONDS", "DATABASE_URL"} & deployment.environment(GIVEN, {}).keys()


def test_a_setting_that_the_manifest_asks_for_must_be_given():
    short = {name: value for name, value in GIVEN.items() if name != "DATA_KEYS"}
    with pytest.raises(NotDescribedError, match=r"app\.json asks for DATA_KEYS"):
        deployment.environment(short, {})


def test_the_release_is_one_line_and_the_processes_are_the_rest():
    release, lines = deployment.commands()
    assert release.startswith("alembic upgrade head")
    assert lines.keys() == {"web", "worker", "clock"}
