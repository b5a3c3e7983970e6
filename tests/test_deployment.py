"""The deployment files agree: settings, processes, queues, migrations, pinned packages, and the rooms' folders."""

import json
import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

import worker
from bot.declaring.command import list_commands
from config import Settings
from jobs import queue
from jobs.pool import QUEUES
from models import Base
from providers.cards.fonts import FACES, RARE_LATIN
from services.ground.bells import Bell
from services.health.findings import MENDS
from tests.conftest import Servers
from web.arrivals import LARGEST_BODY

ROOT = Path(__file__).parent.parent
FIELDS = {name.upper() for name in Settings.model_fields}
OF_THE_PLATFORM = {"TZ"}
OF_COMPOSE = {"POSTGRES_PASSWORD"}
COMPOSE, COMPOSE_FOR_DEVELOPERS = "docker-compose.yml", "docker-compose.dev.yml"
OURS = ("release", "web", "worker", "clock", "backup")  # services of compose that run our image
REQUIREMENTS = sorted(ROOT.glob("requirements*.txt"))


def processes() -> dict[str, str]:
    """Return the command of each process in the Procfile."""
    return dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


def services(file: str = COMPOSE) -> dict[str, dict]:
    """Return the services of docker compose."""
    return yaml.safe_load((ROOT / file).read_text())["services"]


def composed(service: str) -> str:
    """Return the command that docker compose runs as this service."""
    return str(services()[service]["command"])


def packages(path: Path) -> dict[str, list[str]]:
    """Return each `name==version` of a requirements file, with its hashes."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().replace("\\\n", " ").splitlines():
        name, *hashes = line.split("#", 1)[0].split()[:1] + re.findall(r"--hash=(\S+)", line) or [""]
        found |= {name: hashes} if name else {}
    return found


def test_the_example_of_an_environment_names_every_setting() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    names = [line.lstrip("# ").split("=", 1)[0] for line in lines if re.match(r"(# ?)?[A-Z0-9_]+=", line)]
    assert sorted(names) == sorted(FIELDS | OF_COMPOSE)


def test_what_the_example_fills_in_are_the_defaults() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    filled = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z0-9_]+=.", line))
    assert len(filled) > 5
    for name, value in filled.items():
        default = Settings.model_fields[name.lower()].default
        assert value == (str(int(default)) if isinstance(default, bool) else str(default)), name


@pytest.mark.parametrize("behind", ["?a=1", "#rc=3", "/webhooks/twilio/inbound#rc=3&rp=5xx,ct,rt"])
def test_what_is_set_at_twilio_is_not_our_address(behind: str) -> None:
    given = {
        "database_url": "postgres://x",
        "redis_url": "redis://x",
        "secret_key": "s" * 32,
        "data_keys": "t1:" + "A" * 43 + "=",
        "twilio_account_sid": "AC" + "0" * 32,
        "twilio_auth_token": "t",
        "twilio_whatsapp_from": "whatsapp:+14155238886",
    }
    assert Settings(public_base_url="https://Bot.Example.org:443/", **given).base_url == "https://bot.example.org"
    with pytest.raises(ValueError, match=r"PUBLIC_BASE_URL wants no \? and no #"):
        Settings(public_base_url=f"https://bot.example.org{behind}", **given)


def test_the_manifests_values_are_settings_that_the_code_takes() -> None:
    """A default in app.json is the same as in the code."""
    values = {
        name: each["value"]
        for name, each in json.loads((ROOT / "app.json").read_text())["env"].items()
        if "value" in each
    }
    of_the_host = {"REDIS_SELF_SIGNED": "1", "TRUSTED_HOPS": "1", "TZ": "UTC"}
    assert values.items() >= of_the_host.items()
    for name, value in values.items() - of_the_host.items():
        assert value == str(Settings.model_fields[name.lower()].default), name


def test_what_has_no_default_is_asked_for_by_the_app_manifest() -> None:
    manifest = json.loads((ROOT / "app.json").read_text())
    assert manifest["env"].keys() <= FIELDS | OF_THE_PLATFORM
    required = {name.upper() for name, field in Settings.model_fields.items() if field.is_required()}
    assert required - {"DATABASE_URL", "REDIS_URL"} <= manifest["env"].keys(), "add-ons give the two addresses"
    assert manifest["formation"].keys() == processes().keys() - {"release"}


def test_the_processes_are_named_as_everywhere() -> None:
    assert processes().keys() == {"release", "web", "worker", "clock"}


def test_every_queue_has_its_workers() -> None:
    used = {work.queue for work in worker.WORK}
    assert used
    assert sorted(QUEUES) == sorted(used)
    assert processes()["worker"] == "python -m jobs.pool"


def test_docker_compose_runs_what_the_procfile_runs() -> None:
    assert composed("worker") == processes()["worker"]
    assert composed("web") == processes()["web"]
    assert composed("clock") == processes()["clock"]
    assert composed("release") == processes()["release"]


def test_docker_compose_has_no_password_that_everybody_knows() -> None:
    """Without a password it does not start, and says what is missing."""
    written = (ROOT / COMPOSE).read_text() + (ROOT / COMPOSE_FOR_DEVELOPERS).read_text()
    used = re.findall(r"\$\{(POSTGRES_PASSWORD[^}]*)\}", written)
    assert len(used) == 2
    assert all(re.fullmatch(r"POSTGRES_PASSWORD:\?set it in \.env, .+", each) for each in used)
    assert re.findall(r"\$\{(\w+):-([^}]*)\}", written) == [], "settings have their defaults in config.py only"


def test_docker_compose_runs_the_image_and_shows_no_container_the_working_tree() -> None:
    for name, service in services().items():
        binds = [each for each in service.get("volumes", []) if each.startswith((".", "/", "~"))]
        assert binds == (["./ops/Caddyfile:/etc/caddy/Caddyfile:ro"] if name == "caddy" else []), name
        assert "--reload" not in str(service.get("command", "")), name
        assert ("env_file" in service) == (name in OURS), name


def test_docker_compose_lets_nobody_in_but_through_the_proxy() -> None:
    composition = yaml.safe_load((ROOT / COMPOSE).read_text())
    assert [name for name, each in services().items() if "ports" in each] == ["caddy"]
    assert composition["networks"]["data"] == {"internal": True}
    assert [name for name, each in services().items() if each.get("networks") == ["data"]] == ["postgres", "valkey"]
    for name in OURS:
        assert (services()[name]["cap_drop"], services()[name]["environment"]["TRUSTED_HOPS"]) == (["ALL"], "1"), name


def test_what_developers_add_to_docker_compose_is_not_read_by_itself() -> None:
    """Compose reads docker-compose.override.yml wherever it is, on the deployed machine too."""
    assert not [*ROOT.glob("*compose.override*")]
    added = services(COMPOSE_FOR_DEVELOPERS)
    assert added.keys() == set(OURS)
    for name, service in added.items():
        assert service["volumes"] == [".:/app:ro", "/dev/null:/app/.env:ro"], name
    assert added["web"]["command"] == f"{processes()['web']} --reload"
    assert added["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_the_image_holds_no_secrets_tests_or_history() -> None:
    left_out = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".env", ".env.*", "**/secrets.env", ".git", "tests", "simulator", "bench", "docker-compose*.yml"} <= set(
        left_out
    )


def test_docker_compose_builds_the_image_once_and_our_containers_change_nothing_in_it() -> None:
    assert [name for name, each in services().items() if "build" in each] == ["release"]
    for name in OURS:
        each = services()[name]
        assert (each["image"], each["pull_policy"], each["read_only"]) == ("gruppetto", "never", True), name
        assert [place.split(":")[0] for place in each["tmpfs"]] == ["/tmp"], name


def test_every_container_may_end_in_peace_and_none_fills_the_disk_with_its_log() -> None:
    for name, each in services().items():
        assert each["logging"] == {"driver": "local"}, name
        assert name == "quickchart" or int(each["stop_grace_period"].removesuffix("s")) >= 30, name
    ends = re.search(r"grace_period (\d+)s", (ROOT / "ops" / "Caddyfile").read_text())
    assert ends
    assert int(ends[1]) < int(services()["caddy"]["stop_grace_period"].removesuffix("s"))


def test_the_image_keeps_the_fonts_that_pictures_use() -> None:
    kept = re.findall(r"! -name '?([^ ']+)'?", (ROOT / "Dockerfile").read_text())
    assert len(kept) == 2
    for names in (RARE_LATIN, *FACES.values()):
        assert any(fnmatchcase(names[0], pattern) for pattern in kept), names


def test_heroku_gets_neither_tests_nor_what_only_pretends() -> None:
    """Patterns of .slugignore begin with a slash: without one, deeper folders of that name would be left out too."""
    left_out = (ROOT / ".slugignore").read_text().splitlines()
    assert {"/tests", "/simulator", "/bench"} <= set(left_out)
    assert {each.strip("/") for each in left_out} <= set((ROOT / ".dockerignore").read_text().splitlines())


def test_the_same_fonts_are_installed_everywhere() -> None:
    """On Heroku the apt buildpack reads the Aptfile, and must run before Python's."""
    lines = [line.split("#")[0].strip() for line in (ROOT / "Aptfile").read_text().splitlines()]
    fonts = sorted(filter(None, lines))
    places = [
        (ROOT / "Dockerfile").read_text().replace("\\\n", "").split("apt-get install", 1)[1].split("&&")[0],
        MENDS["fonts"],
        re.findall(r"^\| `fonts` \|.*$", (ROOT / "docs" / "health.md").read_text(), re.MULTILINE)[0],
    ]
    assert [sorted(set(re.findall(r"fonts-[\w-]+", each))) for each in places] == [fonts] * 3
    assert [each["url"] for each in json.loads((ROOT / "app.json").read_text())["buildpacks"]] == [
        "heroku-community/apt", "heroku/python",
    ]  # fmt: skip


def test_the_proxy_of_docker_compose_waits_for_slow_clients_and_hangs_up_before_web_does() -> None:
    web, proxy = services()["web"], (ROOT / "ops" / "Caddyfile").read_text()
    assert f"reverse_proxy web:{web['environment']['PORT']} {{" in proxy
    assert "PUBLIC_BASE_URL" in services()["caddy"]["environment"]
    for limit in ("max_size", "request_buffers"):
        assert f"{limit} {LARGEST_BODY // 1024}KiB" in proxy, "a whole request is there before it goes on"
    idle = re.search(r"^keepalive = (\d+)$", (ROOT / "ops" / "gunicorn.conf.py").read_text(), re.MULTILINE)
    proxy_idle = re.search(r"^\s*keepalive (\d+)s$", proxy, re.MULTILINE)
    assert idle
    assert proxy_idle
    assert int(proxy_idle[1]) < int(idle[1])


def test_the_worker_knows_every_job_and_every_bell_is_answered() -> None:
    declared = {
        f"{path.parent.name}.{path.stem}.{name}"
        for room in ("bot", "jobs")
        for path in (ROOT / room).glob("*.py")
        for name in re.findall(r"^@job\(.*\)\ndef (\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert {work.name for work in worker.WORK} == declared
    assert queue.answering.keys() == set(Bell)
    assert set(queue.answering.values()) <= set(worker.WORK)


def test_migrations_are_numbered_without_a_gap_and_named_as_their_files() -> None:
    files = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    assert [path.name[:5] for path in files] == [f"{number:04}_" for number in range(1, len(files) + 1)]
    script = ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini")))
    chain = [revision.revision for revision in script.walk_revisions()]
    assert chain == [path.stem for path in reversed(files)]
    assert script.get_heads() == [files[-1].stem]


def test_the_migrations_make_what_the_models_say(servers: Servers) -> None:
    engine = create_engine(servers.database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        checks = text("SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace")
        assert len(_declared_checks()) > 2
        assert _declared_checks() == set(connection.scalars(checks))
    engine.dispose()


def _declared_checks() -> set[str]:
    """Return the names of the declared CHECK constraints, because Alembic does not compare them."""
    constraints = (each for table in Base.metadata.tables.values() for each in table.constraints)
    return {str(each.name) for each in constraints if each.__visit_name__.endswith("check_constraint")}


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_package_is_pinned_with_its_hashes(path: Path) -> None:
    """As soon as one line has a hash, pip refuses a file with another hash, and a package that is not listed."""
    assert packages(path)
    for name, hashes in packages(path).items():
        assert re.fullmatch(r"[a-zA-Z0-9._\[\]-]+==[^\s=;]+", name), name
        assert hashes, name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), name


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_file_of_pins_comes_from_a_file_of_wishes(path: Path) -> None:
    wished = re.findall(r"^[a-zA-Z0-9._-]+", path.with_suffix(".in").read_text(), re.MULTILINE)
    named = {re.split(r"[\[=]", each)[0].lower().replace(".", "-") for each in packages(path)}
    assert {each.lower().replace(".", "-") for each in wished} - {"-r"} <= named
    assert f"--output-file {path.name} {path.with_suffix('.in').name}" in (ROOT / "Makefile").read_text()


def test_no_host_that_packages_come_from_is_named() -> None:
    for path in REQUIREMENTS:
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links|--trusted-host", path.read_text()), path.name


def test_hashes_are_asked_for_wherever_packages_are_installed() -> None:
    for name in ("Makefile", "Dockerfile"):
        installs = re.findall(r"^.*--requirement requirements.*$", (ROOT / name).read_text(), re.MULTILINE)
        assert installs
        assert [line for line in installs if "--require-hashes" not in line] == [], name


def test_what_is_deployed_is_what_is_tested() -> None:
    deployed, tested = packages(ROOT / "requirements.txt"), packages(ROOT / "requirements-dev.txt")
    assert deployed.items() <= tested.items()


def test_one_python_everywhere() -> None:
    assert (ROOT / ".python-version").read_text().strip() == "3.13"
    assert "FROM python:3.13-slim" in (ROOT / "Dockerfile").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["requires-python"] == ">=3.12"


def test_every_topic_has_its_commands_its_words_and_its_story() -> None:
    topics = {path.stem for path in (ROOT / "bot" / "commands").glob("*.py")} - {"__init__"}
    stories = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "conversations").glob("test_*.py")}
    words = {path.name for path in (ROOT / "templates" / "en" / "chat").iterdir()}
    assert topics == stories == {each.topic for each in list_commands()}
    assert words - topics == {"refusals", "words"}
    assert topics - words == set()
