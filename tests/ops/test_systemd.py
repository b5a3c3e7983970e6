"""The units of systemd run what the Procfile runs, as a user who can do little, and the page installs them."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest
from honcho.environ import parse_procfile

ROOT = Path(__file__).parent.parent.parent
UNITS = {path.name: path.read_text() for path in (ROOT / "ops" / "systemd").iterdir()}
SERVICES = sorted(name for name in UNITS if name.endswith(".service"))
PROGRAMS = "/opt/gruppetto/.venv/bin/"
BOUND = " --bind 127.0.0.1:8000"


def read(name: str) -> ConfigParser:
    made = ConfigParser(interpolation=None, delimiters="=")
    made.optionxform = str
    made.read_string(UNITS[name])
    return made


def test_each_process_of_the_procfile_has_its_unit() -> None:
    told = {name: read(f"gruppetto-{name}.service")["Service"]["ExecStart"] for name in processes()}
    assert {name: line.removeprefix(PROGRAMS).removesuffix(BOUND) for name, line in told.items()} == processes()
    assert told["web"].endswith(BOUND), "only nginx reaches it"


def test_the_target_starts_all_but_the_release_which_they_wait_for() -> None:
    others = {f"gruppetto-{name}.service" for name in processes() if name != "release"}
    assert set(read("gruppetto.target")["Unit"]["Wants"].split()) == others
    for name in others:
        unit = read(name)["Unit"]
        assert unit["Requires"] == "gruppetto-release.service"
        assert "gruppetto-release.service" in unit["After"].split()
        assert read(name)["Service"]["Restart"] == "always"


@pytest.mark.parametrize("name", SERVICES)
def test_each_runs_as_a_user_who_can_do_little(name: str) -> None:
    service = read(name)["Service"]
    assert service["User"] == "gruppetto"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert int(service["TimeoutStopSec"]) > 25, "each process ends within 25 s"


def test_nginx_passes_on_the_address_of_the_client_and_logs_no_address_of_ours() -> None:
    text = (ROOT / "ops" / "nginx" / "gruppetto.conf").read_text()
    assert "access_log off;" in text
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert re.search(r"server (\S+);", text)[1] == BOUND.rsplit(maxsplit=1)[-1]


def processes() -> dict[str, str]:
    return dict(parse_procfile((ROOT / "Procfile").read_text()).processes)
