"""The architecture: which room may import which, which packages a module may import, and no circles of imports."""

import sys
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from itertools import permutations
from pathlib import Path

import pytest

from tests.drawing import PAGE, redraw
from tests.floors import FLOORS, find_arrows, find_climbing
from tests.imports import ROOT, Import, files, find_known_rooms, imports

# Imports only lead down. `providers` alone stands for its ports, values and errors, and for drawing an SVG and signing
# short texts, which belong to no vendor; only the world may import its adapters.
MAY_IMPORT = {
    "wsgi": {"web", "world"},
    "starting": {"config", "logs", "reporting", "version"},
    "reporting": {"logs"},
    "version": set(),
    "worker": {"bot", "jobs", "services", "world", "providers"},
    "web": {
        "api",
        "bot",
        "jobs",
        "services",
        "world",
        "providers",
        "messages",
        "models",
        "fitness",
        "logs",
        "starting",
        "version",
    },
    "api": {"jobs", "services", "world", "providers", "messages", "models", "fitness", "logs"},
    "bot": {"jobs", "services", "world", "providers", "messages", "models", "fitness", "logs"},
    "jobs": {"services", "world", "providers", "messages", "models", "fitness", "logs", "starting", "version"},
    "services": {"providers", "messages", "models", "fitness"},
    "world": {"providers", "models", "config"},
    "providers": {"messages", "fitness", "logs"},
    "migrations": {"models", "starting"},
    "messages": {"fitness"},
    "models": {"fitness"},
    "fitness": set(),
    "config": set(),
    "logs": set(),
}
ALL_ROOMS = {*MAY_IMPORT, "simulator"}
MAY_IMPORT |= {"simulator": {*MAY_IMPORT}, "bench": ALL_ROOMS, "tests": {*ALL_ROOMS, "bench"}, "ops": {"starting"}}

PORTS = {
    "alarm",
    "backup_store",
    "charts",
    "cards.drawing",
    "clock",
    "doorbell",
    "errors",
    "recordings",
    "sources",
    "group_transport",
    "messenger",
    "postgres_client",
    "reaching",
    "signing",
    "webhook_sender",
}
MAY_NAME_ADAPTERS = {"providers", "world", "simulator", "tests", "bench"}
FOR_THE_WORLD = {"base", "vault"}
PRETENDERS = ("simulator/*", "tests/*", "bench/*")
SPEAKS_WITH = {
    "flask": ("api/*", "web/*", "bot/webhook.py"),
    "werkzeug": ("api/*", "web/*"),
    "flask_cors": ("api/mounting.py",),
    "flask_limiter": ("api/limits.py",),
    "flask_smorest": ("api/mounting.py",),
    "marshmallow": ("api/*",),
    "jwt": ("api/declaring/tokens.py",),
    "schemathesis": (),
    "rq": ("jobs/queue.py", "jobs/pool.py", "worker.py"),
    "rq_scheduler": ("jobs/schedule.py",),
    "twilio": ("providers/twilio/*",),
    "garminconnect": ("providers/garmin/garmin_connect.py",),
    "curl_cffi": ("providers/garmin/garmin_connect.py",),
    "requests": ("providers/*",),
    "quickchart": ("providers/cards/quickchart.py",),
    "resvg_py": ("providers/cards/resvg.py",),
    "obstore": ("providers/s3/*",),
    "cryptography": ("models/vault.py", "models/backup_file.py"),
    "standardwebhooks": ("providers/webhooks/standard_sender.py",),
    "itsdangerous": ("providers/signing.py",),
    "limits": ("api/limits.py", "web/counters.py", "web/guesses.py", "web/feeds.py", "web/operator_page/entry.py"),
    "sentry_sdk": ("reporting.py",),
    "prometheus_client": ("web/metrics.py", "ops/gunicorn.conf.py"),
    "alembic": ("migrations/*", "jobs/restoring.py"),
    "psycopg2": (),
    "honcho": (),
    "hypothesis": (),
    "playwright": (),
    "sqlalchemy": (
        "api/*",
        "web/*",
        "bot/*",
        "jobs/*",
        "services/*",
        "models/*",
        "migrations/*",
        "world.py",
        "config.py",
    ),
}


def broken(root: Path) -> list[str]:
    """Return every breach of the rules, as a sentence."""
    breaches = [breach for each in imports(root) if (breach := _breach(each))]
    rooms = {each.room for each in imports(root)}
    breaches += [f"{room} is in no floor plan" for room in sorted(rooms - MAY_IMPORT.keys())]
    return breaches + find_climbing(root) + circles(root)


def _breach(each: Import) -> str | None:
    if each.other in MAY_IMPORT and each.other != each.room and each.other not in MAY_IMPORT.get(each.room, ()):
        return f"{each.path} imports {each.module}"
    inside = f"{each.module}..".split(".")[1]
    if each.other == "providers" and each.room not in MAY_NAME_ADAPTERS and not _is_port(each.module):
        return f"{each.path} names an adapter: {each.module}"
    if each.other == "models" and each.room == "world" and inside not in FOR_THE_WORLD:
        return f"{each.path} imports {each.module}"
    welcome = SPEAKS_WITH.get(each.other)
    if welcome is not None and not any(fnmatch(each.path, where) for where in (*welcome, *PRETENDERS)):
        return f"{each.path} speaks with {each.other}"
    return f"{each.path} imports relatively" if each.module.startswith(".") else None


def _is_port(module: str) -> bool:
    return any(f"{module}.".startswith(f"providers.{port}.") for port in PORTS)


def circles(root: Path) -> list[str]:
    """Return circles of imports: among rooms, among rooms inside a room, and among files."""
    graphs = [find_known_rooms(root, MAY_IMPORT), *find_arrows(root).values(), _files(root)]
    return [circle for graph in graphs for circle in _circle(graph)]


def _files(root: Path) -> dict[str, set[str]]:
    """Return which module imports which; a package stands for its `__init__.py`."""
    known = {_module(path.relative_to(root).as_posix()) for path in files(root)}
    found: dict[str, set[str]] = {}
    for each in imports(root):
        me, module = _module(each.path), each.module
        named = module if module in known else module.rsplit(".", 1)[0]
        if named in known and named != me and each.room not in {"tests", "bench"}:
            found.setdefault(me, set()).add(named)
    return found


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return ["a circle: " + " → ".join(error.args[1])]
    return []


def test_the_house_keeps_to_its_plan() -> None:
    assert broken(ROOT) == []
    assert len({each.path for each in imports(ROOT)}) > 150


def test_the_drawing_shows_the_house_as_it_is() -> None:
    assert redraw(PAGE.read_text()) == PAGE.read_text(), "run `make plan`"


def test_every_room_is_in_the_plan() -> None:
    stays = {"docs", "static", "templates", "site"}  # site: what `make docs` builds
    found = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))}
    assert found - stays <= MAY_IMPORT.keys()


def test_every_package_that_is_guarded_is_in_use() -> None:
    used = {each.other for each in imports(ROOT)}
    assert SPEAKS_WITH.keys() - used == set()
    assert not SPEAKS_WITH.keys() & sys.stdlib_module_names


def _write(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{line}\n")


@pytest.mark.parametrize(
    ("path", "line", "breach"),
    [
        ("fitness/x.py", "import models", "fitness/x.py imports models"),
        ("messages/x.py", "from services import groups", "messages/x.py imports services.groups"),
        ("models/x.py", "import messages.render", "models/x.py imports messages.render"),
        ("services/x.py", "from bot.turn import Turn", "services/x.py imports bot.turn.Turn"),
        ("services/x.py", "from world import World", "services/x.py imports world.World"),
        ("services/x.py", "def f():\n    import jobs.queue", "services/x.py imports jobs.queue"),
        ("jobs/x.py", "from bot import conversation", "jobs/x.py imports bot.conversation"),
        ("bot/x.py", "from web.app import create_app", "bot/x.py imports web.app.create_app"),
        ("providers/x.py", "import models.base", "providers/x.py imports models.base"),
        ("world.py", "from models.people import Member", "world.py imports models.people.Member"),
        ("web/x.py", "import simulator.story", "web/x.py imports simulator.story"),
        ("simulator/x.py", "import tests.town", "simulator/x.py imports tests.town"),
        ("bot/x.py", "from providers import twilio", "bot/x.py names an adapter: providers.twilio"),
        (
            "jobs/x.py",
            "from providers.cards.resvg import Resvg",
            "jobs/x.py names an adapter: providers.cards.resvg.Resvg",
        ),
        ("bot/x.py", "from flask import request", "bot/x.py speaks with flask"),
        ("jobs/tick.py", "import rq", "jobs/tick.py speaks with rq"),
        ("jobs/queue.py", "from rq_scheduler import Scheduler", "jobs/queue.py speaks with rq_scheduler"),
        ("services/x.py", "from twilio.rest import Client", "services/x.py speaks with twilio"),
        ("jobs/garmin.py", "import garminconnect", "jobs/garmin.py speaks with garminconnect"),
        ("providers/twilio/x.py", "import resvg_py", "providers/twilio/x.py speaks with resvg_py"),
        ("messages/x.py", "import sqlalchemy.orm", "messages/x.py speaks with sqlalchemy"),
        (
            "models/x.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from services import groups",
            "models/x.py imports services.groups",
        ),
        ("bot/x.py", "from . import turn", "bot/x.py imports relatively"),
        ("shed/x.py", "import os", "shed is in no floor plan"),
    ],
)
def test_a_breach_of_the_plan_is_noticed(tmp_path: Path, path: str, line: str, breach: str) -> None:
    _write(tmp_path / path, line)
    assert broken(tmp_path) == [breach]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("bot/webhook.py", "from flask import request"),
        ("web/x.py", "import flask"),
        ("providers/twilio/twilio_http.py", "import twilio.http"),
        ("services/x.py", "from providers.errors import ProviderError"),
        ("world.py", "from providers.twilio.twilio import Twilio\nfrom models.base import open_engine"),
        ("simulator/x.py", "import flask, rq, web.app, providers.twilio"),
        ("tests/x.py", "import simulator.story, twilio"),
    ],
)
def test_what_the_plan_allows_is_no_breach(tmp_path: Path, path: str, line: str) -> None:
    _write(tmp_path / path, line)
    assert broken(tmp_path) == []


@pytest.mark.parametrize(
    ("lines", "circle"),
    [
        ({"bot/a.py": "import bot.b", "bot/b.py": "from bot import a"}, {"bot.a", "bot.b"}),
        ({"bot/a.py": "import jobs.b", "jobs/b.py": "def f():\n    import bot.a"}, {"bot", "jobs"}),
        ({"bot/a/__init__.py": "import bot.b", "bot/b.py": "from bot.a import x"}, {"bot.a", "bot.b"}),
        (
            {"services/play/a.py": "import services.group.b", "services/group/c.py": "import services.play.d"},
            {"play", "group"},
        ),
        (
            {"bot/a.py": "import bot.b", "bot/b.py": "if TYPE_CHECKING:\n    import bot.a"},
            {"bot.a", "bot.b"},
        ),
    ],
)
def test_a_circle_is_noticed(tmp_path: Path, lines: dict[str, str], circle: set[str]) -> None:
    for path, line in lines.items():
        _write(tmp_path / path, line)
    found = [set(each.removeprefix("a circle: ").split(" → ")) for each in circles(tmp_path)]
    assert any(circle <= each for each in found)


def test_each_room_inside_a_room_is_on_one_floor() -> None:
    for house, floors in FLOORS.items():
        rooms = " ".join(floors).split()
        assert len(rooms) == len(set(rooms))
        assert all((ROOT / house / room).is_dir() for room in rooms if room != house.rsplit("/", 1)[-1])
        assert find_arrows(ROOT)[house], "no arrow was found at all"


@pytest.mark.parametrize("house", FLOORS)
def test_an_arrow_that_does_not_lead_down_is_noticed(tmp_path: Path, house: str) -> None:
    """In an invented project every room imports every other one: only imports that lead down are allowed."""
    floors = {room: floor for floor, rooms in enumerate(FLOORS[house]) for room in rooms.split()}
    for room in floors:
        _folder(tmp_path, house, room).mkdir(parents=True, exist_ok=True)
    for mine, other in permutations(floors, 2):
        module = (_folder(tmp_path, house, other) / f"of_{other}").relative_to(tmp_path)
        (_folder(tmp_path, house, mine) / f"of_{mine}_{other}.py").write_text(f"import {'.'.join(module.parts)}\n")
    upwards = {(mine, other) for mine, other in permutations(floors, 2) if floors[mine] >= floors[other]}
    told = [each.split(", but ")[1] for each in find_climbing(tmp_path)]
    assert sorted(told) == sorted(f"{other} is not below {mine}" for mine, other in upwards)


def _folder(root: Path, house: str, room: str) -> Path:
    return root / house / ("" if room == house.rsplit("/", 1)[-1] else room)


@pytest.mark.parametrize(
    ("path", "line", "breach"),
    [
        ("services/ground/x.py", "from services.data import undo", "services/ground/x.py imports services.data.undo"),
        (
            "services/group/x.py",
            "from services.training.y import z",
            "services/group/x.py imports services.training.y.z",
        ),
        ("providers/x.py", "import providers.twilio.y", "providers/x.py imports providers.twilio.y"),
        ("providers/meta/x.py", "import providers.twilio.y", "providers/meta/x.py imports providers.twilio.y"),
        (
            "bot/arguments/x.py",
            "if TYPE_CHECKING:\n    from bot.reading.y import Z",
            "bot/arguments/x.py imports bot.reading.y.Z",
        ),
        ("simulator/twilio/x.py", "from simulator import stage", "simulator/twilio/x.py imports simulator.stage"),
        (
            "services/digest/stories/x.py",
            "import services.digest.y",
            "services/digest/stories/x.py imports services.digest.y",
        ),
    ],
)
def test_one_turned_arrow_is_told_with_its_file(tmp_path: Path, path: str, line: str, breach: str) -> None:
    for house, floors in FLOORS.items():
        for room in " ".join(floors).split():
            _folder(tmp_path, house, room).mkdir(parents=True, exist_ok=True)
    _write(tmp_path / path, line)
    assert [each.split(", but ")[0] for each in broken(tmp_path)] == [breach]


def test_a_room_that_is_on_no_floor_is_noticed(tmp_path: Path) -> None:
    for folder in ("services/attic", "web/attic"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "__init__.py").write_text("")
    assert find_climbing(tmp_path) == ["services/attic is on no floor", "web/attic is on no floor"]
