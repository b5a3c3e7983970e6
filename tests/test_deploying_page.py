"""The commands of docs/deploying.md can be typed as they are: run with stand-ins for foreign programs, they make all
settings that the product needs. And no page names a command or a setting that does not exist.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from types import MappingProxyType

import click
import pytest
import yaml
from flask import Flask
from honcho.environ import parse_procfile

from config import Settings
from services.health.findings import MENDS
from tests.test_deployment import FIELDS, OF_COMPOSE, OF_THE_PLATFORM
from tests.town import Town
from web import operator

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "deploying.md").read_text()
PAGES = {str(path.relative_to(ROOT)): path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]}
MANIFEST = json.loads((ROOT / "app.json").read_text())
# Settings that a page may name although the product does not have them: a host or a shell sets them itself.
OF_THE_HOST = {"GUNICORN_CMD_ARGS", "FORWARDED_ALLOW_IPS"}
STOOD_IN_FOR = (
    *("heroku", "git", "docker", "curl"),
    *("apt-get", "useradd", "runuser", "python3", "chown", "systemctl", "nginx", "certbot"),
)
WEB_URL = "https://bot-1234567890ab.herokuapp.com/"
STAND_IN = f"""#!/bin/sh
printf '%s\\037' "$(basename "$0")" "$@" >> "$CALLS"
printf '\\n' >> "$CALLS"
[ "$*" != "apps:info --shell" ] || printf 'region=eu\\nweb_url={WEB_URL}\\nstack=heroku-24\\n'
"""


def section(title: str) -> str:
    return re.split(rf"^## {title}$", PAGE, flags=re.MULTILINE)[1].split("\n## ")[0]


def typed(title: str, folder: Path, moved: Mapping[str, str] = MappingProxyType({})) -> list[list[str]]:
    """Run all blocks of a section in one shell, in a new folder. Returns each command that the stand-ins got.

    `moved` gives other places for folders that the section names.
    """
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", section(title), re.MULTILINE | re.DOTALL)
    assert len(blocks) > 3
    lines = [re.sub(r"^   ", "", line) for block in blocks for line in block.splitlines()]
    lines = [reduce(lambda text, each: text.replace(*each), moved.items(), line) for line in lines]
    places = folder / "bin"
    places.mkdir()
    for name in STOOD_IN_FOR:
        (places / name).write_text(STAND_IN)
        (places / name).chmod(0o755)
    environment = {"PATH": f"{places}{os.pathsep}{os.environ['PATH']}", "CALLS": str(folder / "calls")}
    done = subprocess.run(
        ["/bin/sh", "-eu"],
        input="\n".join(lines),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [call.split("\037")[:-1] for call in (folder / "calls").read_text().splitlines()]


def settings(given: dict[str, str]) -> Settings:
    return Settings.model_validate({name.lower(): value for name, value in given.items()})


def test_heroku_by_git_push_sets_up_what_the_manifest_describes(tmp_path: Path) -> None:
    calls = typed("Heroku, by git push", tmp_path)
    create, *buildpacks = [call for call in calls if call[1].split(":")[0] in ("apps", "buildpacks")][:3]
    assert create == ["heroku", "apps:create", "--stack", MANIFEST["stack"]]
    assert buildpacks == [["heroku", "buildpacks:add", each["url"]] for each in MANIFEST["buildpacks"]]
    assert [call[2:5] for call in calls if call[1] == "addons:create"] == [
        [each["plan"], "--as", each["as"]] for each in MANIFEST["addons"]
    ]
    [config] = [call[2:] for call in calls if call[1] == "config:set"]
    given = dict(each.split("=", 1) for each in config)
    assert given.keys() == {name for name, each in MANIFEST["env"].items() if each.get("required", True)}
    assert {name: given[name] for name, each in MANIFEST["env"].items() if "value" in each} == {
        name: each["value"] for name, each in MANIFEST["env"].items() if "value" in each
    }
    assert (
        settings(given | {"DATABASE_URL": "postgres://u:p@h/n", "REDIS_URL": "rediss://:p@h:1"}).base_url
        == WEB_URL[:-1]
    )
    [scaled] = [call[2:] for call in calls if call[1] == "ps:scale"]
    assert scaled == [f"{name}={each['quantity']}:{each['size']}" for name, each in MANIFEST["formation"].items()]
    order = [call[1] for call in calls]
    assert order.index("config:set") < order.index("push") < order.index("ps:scale") < order.index("run")


def test_docker_compose_gets_all_settings_that_it_lacks(tmp_path: Path) -> None:
    calls = typed("One small server, with docker compose", tmp_path)
    file = tmp_path / ".env"
    assert file.stat().st_mode & 0o077 == 0
    given = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert given.pop("POSTGRES_PASSWORD").isalnum()
    assert settings(given | {"DATABASE_URL": "postgres://u:p@h/n", "REDIS_URL": "redis://h"}).health_token
    assert given.keys() <= FIELDS
    assert [call[1:3] for call in calls if call[0] == "docker"] == [["compose", each] for each in ("up", "ps", "exec")]
    assert f"Authorization: Bearer {given['HEALTH_TOKEN']}" in calls[-1]


def test_systemd_gets_all_settings_and_all_units(tmp_path: Path) -> None:
    program, units, nginx = (tmp_path / name for name in ("program", "units", "nginx"))
    for path in (program / ".venv" / "bin", units, nginx / "sites-available", nginx / "sites-enabled"):
        path.mkdir(parents=True)
    (program / "ops").symlink_to(ROOT / "ops")
    (program / ".venv" / "bin" / "python").write_text(STAND_IN)
    (program / ".venv" / "bin" / "python").chmod(0o755)
    moved = {"/opt/gruppetto": str(program), "/etc/systemd/system": str(units), "/etc/nginx": str(nginx)}
    calls = typed("One small server, without containers", tmp_path, moved)
    file = program / ".env"
    assert file.stat().st_mode & 0o777 == 0o640
    assert ["chown", "root:gruppetto", ".env"] in calls
    given = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert settings(given).trusted_hops == 1
    assert given.keys() <= FIELDS
    assert {path.name for path in units.iterdir()} == {path.name for path in (ROOT / "ops" / "systemd").iterdir()}
    assert "server_name bot.example.org;" in (nginx / "sites-enabled" / "gruppetto").read_text()
    assert [call[1] for call in calls if call[0] == "systemctl"] == ["daemon-reload", "enable", "--no-pager", "reload"]
    assert f"Authorization: Bearer {given['HEALTH_TOKEN']}" in calls[-1]


def test_the_buttons_form_is_told_of_whole() -> None:
    button = section("Heroku, by button")
    required = {name: each for name, each in MANIFEST["env"].items() if each.get("required", True)}
    asked = {name for name, each in required.items() if not each.keys() & {"value", "generator"}}
    from_twilio = {name for name in asked if name.startswith("TWILIO_")}
    assert len(from_twilio) == 3, "the page says three"
    assert asked - from_twilio == set(re.findall(r"\*([A-Z_]+)\*: ", button))


def test_the_key_that_openssl_makes_is_told_wherever_one_is_asked_for() -> None:
    command = 'echo "k1:$(openssl rand -base64 32)"'
    places = [PAGE, (ROOT / ".env.example").read_text(), MANIFEST["env"]["DATA_KEYS"]["description"]]
    assert all(command in each for each in places)
    with pytest.raises(ValueError, match=re.escape(command)):
        settings({"DATA_KEYS": "nonsense"})
    made = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True).stdout.strip()
    assert settings(WHOLE | {"DATA_KEYS": made}).data_keys.get_secret_value() == made


def test_every_command_of_flask_exists(town: Town) -> None:
    app = Flask("commands")
    operator.add_commands(app, town.world)
    told = {(page, command) for page, text in everywhere() for command in flask_commands(text)}
    assert len(told) > 20
    assert {(page, command) for page, command in told if not exists(app.cli, command.split())} == set()


def test_what_is_run_at_heroku_keeps_its_options_to_itself() -> None:
    """`heroku run flask --app wsgi` would look for an app at Heroku that is called wsgi."""
    runs = [line for _, text in everywhere() for line in re.findall(r"heroku run\b.*", text)]
    assert runs
    assert all(line.startswith("heroku run --") for line in runs)


def test_every_command_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {command for _, text in everywhere() for command in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)}
    assert len(told) > 8
    assert told <= targets


@pytest.mark.parametrize("page", ["README.md", "docs/deploying.md", "docs/connections.md", "docs/keys.md"])
def test_every_setting_that_a_page_names_exists(page: str) -> None:
    codes = re.findall(r"`[^`\n]+`|^ *```.*?^ *```", PAGES[page], re.MULTILINE | re.DOTALL)
    named = {name for code in codes for name in re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", code)}
    assert len(named) > 3
    assert named - FIELDS - OF_THE_PLATFORM - OF_COMPOSE - OF_THE_HOST == set()


def test_every_process_and_service_that_the_page_names_exists() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].keys()
    told = re.findall(r"docker compose (?:exec|logs) (\w+)", PAGE)
    assert {"web", "release", "caddy"} <= set(told) <= services
    assert set(parse_procfile((ROOT / "Procfile").read_text()).processes) <= services


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_page_that_is_linked_is_there(page: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, place = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE) if place else []
        assert not place or place in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}, link


WHOLE = {
    "DATABASE_URL": "postgres://u:p@h/n",
    "REDIS_URL": "redis://h",
    "PUBLIC_BASE_URL": "https://bot.example.org",
    "SECRET_KEY": "s" * 32,
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "t",
    "TWILIO_WHATSAPP_FROM": "whatsapp:+14155238886",
}


def everywhere() -> Iterator[tuple[str, str]]:
    """Yield each text with commands for operators, with its name. The guide is left out: it has lines for the chat."""
    yield from ((name, text) for name, text in PAGES.items() if name != "docs/guide.md")
    for name in (".env.example", "app.json", "Makefile"):
        yield name, (ROOT / name).read_text()
    yield "health", "\n".join(f"`{each}`" for each in MENDS.values())
    yield "keys --help", operator.KEYS_HELP


def flask_commands(text: str) -> Iterator[str]:
    """Yield the command after each `flask`, with its subcommand; a|b|c are three."""
    for first, others in re.findall(r"\bflask (?:--app wsgi )?([a-z]+)(?: ([a-z]+(?:\|[a-z]+)*))?", text):
        yield from (f"{first} {each}".strip() for each in others.split("|"))


def exists(group: click.Group, words: list[str]) -> bool:
    command = group.commands.get(words[0]) if words else None
    return command is not None and (not isinstance(command, click.Group) or exists(command, words[1:]))
