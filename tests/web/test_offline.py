"""`flask …` without any settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def flask(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "SECRET_KEY": "canary"}
    environment |= {"ENV_FILE": "", "FLASK_SKIP_DOTENV": "1"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_line_is_explained_and_what_is_missing_is_named() -> None:
    done = flask("understand", "lb distance run march", "leave", "ζζζζ")
    assert done.returncode == 0
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert (first["command"], first["arguments"]["metric"]) == ("leaderboard", "distance")
    assert (second["command"], second["guessed"]) == ("leave", None)
    assert (third["command"], third["choices"]) == (None, [])
    assert "DATABASE_URL" in done.stderr
    assert "canary" not in done.stderr


def test_a_key_can_be_made_before_there_is_one() -> None:
    assert flask("keys", "generate", "k9").stdout.startswith("k9:")


def test_anything_else_needs_its_settings() -> None:
    done = flask("templates", "push")
    assert done.returncode != 0
    assert "TWILIO_AUTH_TOKEN" in done.stderr


def test_the_doctor_names_what_is_missing_and_what_it_is_for() -> None:
    done = flask("doctor", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["well"]) == (1, False)
    mends = {each["name"]: each["mend"] for each in told["found"]}
    assert mends["SECRET_KEY"] == "Set SECRET_KEY: Signs forms and receipts: 32 characters or more"
    assert {"DATABASE_URL", "REDIS_URL", "DATA_KEYS", "TWILIO_ACCOUNT_SID", "TWILIO_WHATSAPP_FROM"} <= mends.keys()
    assert "canary" not in done.stdout
    assert flask("version").stdout.startswith("gruppetto\t")
