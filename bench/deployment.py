"""The product as `app.json` and the Procfile describe it: which processes run, and with which settings."""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from honcho.environ import parse_procfile

from simulator.stage import ROOT

RELEASE = "release"
# What Heroku's Python buildpack sets when a dyno starts, unasked: vendor/python.gunicorn.sh and bin/compile there.
OF_THE_HOST = {
    "FORWARDED_ALLOW_IPS": "*",
    "GUNICORN_CMD_ARGS": "--access-logfile -",
    "PYTHONUNBUFFERED": "true",
}


class NotDescribedError(Exception):
    """The description and what we have to give do not fit together: one sentence."""


def environment(given: Mapping[str, str], pretend: Mapping[str, str]) -> dict[str, str]:
    """The environment of every process: nothing is inherited from whoever starts the drill.

    `given` is what the deployer fills in and what the host adds for this app (addresses of the add-ons, PORT);
    `OF_THE_HOST` comes besides. `pretend` is what only the pretend world needs; these settings stand outside app.json.
    Secrets that app.json has generated are drawn anew. Raises `NotDescribedError`.
    """
    asked_for = json.loads((ROOT / "app.json").read_text())["env"]
    defaults = {name: each["value"] for name, each in asked_for.items() if "value" in each}
    defaults |= {name: secrets.token_hex(32) for name, each in asked_for.items() if each.get("generator") == "secret"}
    missing = sorted(asked_for.keys() - defaults.keys() - given.keys())
    if missing:
        raise NotDescribedError(f"app.json asks for {', '.join(missing)}, which the drill does not give")
    return {**_machine(), **OF_THE_HOST, **defaults, **given, **pretend}


def commands() -> tuple[str, dict[str, str]]:
    """The Procfile's `release` line, and the other lines by name. Raises `NotDescribedError`.

    app.json's formation says how many of each run: the drill knows one of each.
    """
    lines = dict(parse_procfile((ROOT / "Procfile").read_text()).processes)
    release = lines.pop(RELEASE)
    formation = json.loads((ROOT / "app.json").read_text())["formation"]
    if {name: each["quantity"] for name, each in formation.items()} != dict.fromkeys(lines, 1):
        raise NotDescribedError("app.json's formation is no longer one of each process of the Procfile")
    return release, lines


def _machine() -> dict[str, str]:
    """What any process has on any machine."""
    found = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**found, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
