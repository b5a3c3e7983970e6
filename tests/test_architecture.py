"""The floor plan: who may import whom, who may speak with whom outside, and that no two rooms hold each other."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Arrows only run down. `providers` alone stands for its ports, values and errors, and for the drawing of an SVG and the
# signing of short texts, which are no vendor's; its adapters belong to the world.
MAY_IMPORT = {
    "wsgi": {"web", "world"},
    "starting": {"config", "logs"},
    "worker": {"bot", "jobs", "services", "world", "providers"},
    "web": {"bot", "jobs", "services", "world", "providers", "messages", "models", "fitness", "logs", "starting"},
    "bot": {"jobs", "services", "world", "providers", "messages", "models", "fitness", "logs"},
    "jobs": {"services", "world", "providers", "messages", "models", "fitness", "logs", "starting"},
    "services": {"providers", "messages", "models", "fitness"},
    "world": {"providers", "models", "config"},
    "providers": {"messages", "fitness", "logs"},
    "migrations": {"models", "starting"},
    "messages": set(),
    "models": set(),
    "fitness": set(),
    "config": set(),
    "logs": set(),
}
ALL_ROOMS = {*MAY_IMPORT, "simulator"}
MAY_IMPORT |= {"simulator": {*MAY_IMPORT}, "bench": ALL_ROOMS, "tests": {*ALL_ROOMS, "bench"}, "ops": {"starting"}}

PORTS = {
    "charts",
    "cards.drawing",
    "clock",
    "doorbell",
    "errors",
    "garmin_accounts",
    "group_transport",
    "messenger",
    "signing",
}
MAY_NAME_ADAPTERS = {"providers", "world", "simulator", "tests", "bench"}
FOR_THE_WORLD = {"base", "vault"}
PRETENDERS = ("simulator/*", "tests/*", "bench/*")
SPEAKS_WITH = {
    "flask": ("web/*", "bot/webhook.py"),
    "werkzeug": ("web/*",),
    "rq": ("jobs/queue.py", "jobs/pool.py", "worker.py"),
    "rq_scheduler": ("jobs/schedule.py",),
    "twilio": ("providers/twilio/*",),
    "garminconnect": ("providers/garmin/garmin_connect.py",),
    "curl_cffi": ("providers/garmin/garmin_connect.py",),
    "requests": ("providers/*",),
    "quickchart": ("providers/cards/quickchart.py",),
    "resvg_py": ("providers/cards/resvg.py",),
    "cryptography": ("models/vault.py",),
    "itsdangerous": ("providers/signing.py",),
    "limits": ("web/guesses.py",),
    "alembic": ("migrations/*",),
    "psycopg2": (),
    "honcho": (),
    "hypothesis": (),
    "playwright": (),
    "sqlalchemy": ("web/*", "bot/*", "jobs/*", "services/*", "models/*", "migrations/*", "world.py", "config.py"),
}


@dataclass(frozen=True)
class Import:
    """One import: the file it stands in, and the module that is imported."""

    path: str
    module: str

    @property
    def room(self) -> str:
        return self.path.split("/", 1)[0].removesuffix(".py")

    @property
    def other(self) -> str:
        return self.module.split(".", 1)[0]


@cache
def imports(root: Path) -> tuple[Import, ...]:
    """Every import that runs, wherever in the file it stands."""
    return tuple(
        Import(str(path.relative_to(root)), module)
        for path in files(root)
        for module in _modules(ast.parse(path.read_text()))
    )


def files(root: Path) -> list[Path]:
    """Every Python file that is ours."""
    rooms = (path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    return sorted([*root.glob("*.py"), *(path for room in rooms for path in room.rglob("*.py"))])


def _modules(tree: ast.Module) -> Iterator[str]:
    only_for_types = {id(node) for guard in ast.walk(tree) if _is_type_guard(guard) for node in ast.walk(guard)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and id(node) not in only_for_types:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and id(node) not in only_for_types:
            # "from jobs import delivery" may name a module of that room
            yield from (f"{node.module or '.'}.{alias.name}" for alias in node.names)


def _is_type_guard(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def broken(root: Path) -> list[str]:
    """Every breach of the floor plan, as a sentence."""
    breaches = [breach for each in imports(root) if (breach := _breach(each))]
    rooms = {each.room for each in imports(root)}
    breaches += [f"{room} is in no floor plan" for room in sorted(rooms - MAY_IMPORT.keys())]
    return breaches + circles(root)


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
    """Rooms that hold each other, and files that do."""
    known = {str(path.relative_to(root).with_suffix("")).replace("/", ".") for path in files(root)}
    by_room: dict[str, set[str]] = {}
    by_file: dict[str, set[str]] = {}
    for each in imports(root):
        me, module = each.path.removesuffix(".py").replace("/", "."), each.module
        named = module if module in known else module.rsplit(".", 1)[0]
        if named in known and named != me and each.room not in {"tests", "bench"}:
            by_file.setdefault(me, set()).add(named)
        if each.other in MAY_IMPORT and each.other != each.room:
            by_room.setdefault(each.room, set()).add(each.other)
    return [circle for graph in (by_room, by_file) for circle in _circle(graph)]


def _circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return ["a circle: " + " → ".join(error.args[1])]
    return []


def test_the_house_keeps_to_its_plan() -> None:
    assert broken(ROOT) == []
    assert len({each.path for each in imports(ROOT)}) > 150


def test_every_room_is_in_the_plan() -> None:
    stays = {"docs", "static", "templates"}
    found = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))}
    assert found - stays <= MAY_IMPORT.keys()


def test_every_package_that_is_guarded_is_in_use() -> None:
    used = {each.other for each in imports(ROOT)}
    assert SPEAKS_WITH.keys() - used == set()
    assert not SPEAKS_WITH.keys() & sys.stdlib_module_names


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
        ("bot/x.py", "from . import turn", "bot/x.py imports relatively"),
        ("shed/x.py", "import os", "shed is in no floor plan"),
    ],
)
def test_a_breach_of_the_plan_is_noticed(tmp_path: Path, path: str, line: str, breach: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(f"{line}\n")
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
        ("models/x.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from services import groups"),
    ],
)
def test_what_the_plan_allows_is_no_breach(tmp_path: Path, path: str, line: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(f"{line}\n")
    assert broken(tmp_path) == []


@pytest.mark.parametrize(
    ("lines", "circle"),
    [
        ({"bot/a.py": "import bot.b", "bot/b.py": "from bot import a"}, {"bot.a", "bot.b"}),
        ({"bot/a.py": "import jobs.b", "jobs/b.py": "def f():\n    import bot.a"}, {"bot", "jobs"}),
    ],
)
def test_a_circle_is_noticed(tmp_path: Path, lines: dict[str, str], circle: set[str]) -> None:
    for path, line in lines.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(f"{line}\n")
    found = circles(tmp_path)
    assert found
    assert circle <= set(found[0].removeprefix("a circle: ").split(" → "))
