"""Read every import from the source, for the tests of the architecture."""

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Import:
    """One import: the file that contains it, and the module that is imported."""

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
    """Return every import of every file, also those in a function or under `if TYPE_CHECKING`."""
    return tuple(
        Import(str(path.relative_to(root)), module)
        for path in files(root)
        for module in _modules(ast.parse(path.read_text()))
    )


def find_known_rooms(root: Path, rooms: Collection[str]) -> dict[str, set[str]]:
    """Return for each of these rooms at the top which others of them it imports."""
    found: dict[str, set[str]] = {}
    for each in imports(root):
        if each.room in rooms and each.other in rooms and each.other != each.room:
            found.setdefault(each.room, set()).add(each.other)
    return found


def files(root: Path) -> list[Path]:
    """Return every Python file of the project, without those in hidden folders such as the venv."""
    rooms = (path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    return sorted([*root.glob("*.py"), *(path for room in rooms for path in room.rglob("*.py"))])


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # "from jobs import delivery" may name a module of that room
            yield from (f"{node.module or '.'}.{alias.name}" for alias in node.names)
