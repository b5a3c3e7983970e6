"""The deployment that `app.json` and the Procfile describe: its processes and settings."""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from honcho.environ import parse_procfile

from simulator.stage import ROOT

RELEASE = "release"
# The variables that Heroku's Python buildpack sets by itself: see its vendor/python.gunicorn.sh and bin/compile.
OF_THE_HOST = {
    "FORWARDED_ALLOW_IPS": "*",
    "GUNICORN_CMD_ARGS": "--access-logfile -",
    "PYTHONUNBUFFERED": "true",
}


class NotDescribedError(Exception):
    """The description does not match what the drill provides. The message is one sentence."""


def environment(given: Mapping[str, str], pretend: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of every process. Nothing is inherited from the shell that starts the drill.

    `given` are the values that the deployer fills in and that the host adds for this app (addresses of the add-ons,
    PORT); `OF_THE_HOST` is added. `pretend` are settings that only the simulator needs; they are not in app.json.
    Secrets that app.json asks to generate are generated. Raises `NotDescribedError`.
    """
    asked_for = json.loads((ROOT / "app.json").read_text())["env"]
    defaults = {name: each["value"] for name, each in asked_for.items() if "value" in each}
    defaults |= {name: secrets.token_hex(32) for name, each in asked_for.items() if each.get("generator") == "secret"}
    needed = {name for name, each in asked_for.items() if each.get("required", True)}
    missing = sorted(needed - defaults.keys() - given.keys())
    if missing:
        raise NotDescribedError(f"app.json asks for {', '.join(missing)}, which the drill does not give")
    return {**_machine(), **OF_THE_HOST, **defaults, **given, **pretend}


def commands() -> tuple[str, dict[str, str]]:
    """Return the Procfile's `release` line, and the other lines by name. Raises `NotDescribedError`.

    app.json's formation must have one of each, because the drill runs one of each.
    """
    lines = dict(parse_procfile((ROOT / "Procfile").read_text()).processes)
    release = lines.pop(RELEASE)
    formation = json.loads((ROOT / "app.json").read_text())["formation"]
    if {name: each["quantity"] for name, each in formation.items()} != dict.fromkeys(lines, 1):
        raise NotDescribedError("app.json's formation is no longer one of each process of the Procfile")
    return release, lines


def _machine() -> dict[str, str]:
    """Return the variables that every process has on every machine."""
    found = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**found, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
