"""The floors inside the folders that have folders of their own: each imports only those below it.

docs/decisions/0022-rooms-inside-rooms.md explains why they are in this order.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.imports import ROOT, Import, imports

# Every folder of `providers` is an adapter, and no adapter knows another one.
ADAPTERS = " ".join(sorted(path.parent.name for path in ROOT.glob("providers/*/__init__.py")))
# From the top down. Rooms on the same floor do not import each other. The name of the outer folder stands for the files
# that are directly in it.
FLOORS = {
    "api": ("api", "resources", "schemas", "declaring"),
    "services": ("data health webhooks", "digest", "play", "training group", "people", "delivery", "ground"),
    "services/digest": ("digest", "stories"),
    "bot": ("bot", "commands reading", "declaring", "arguments", "words", "languages"),
    "providers": (ADAPTERS, "providers"),
    "web": ("web", "dashboard operator_page", "common"),
    "simulator": ("simulator", "page", "garmin twilio"),
}


def find_climbing(root: Path) -> list[str]:
    """Find every import that does not lead down, as a sentence, and every folder of modules that is on no floor."""
    found = [f"{house}/{room} is on no floor" for house, room in _folders(root) if room not in _floors(house)]
    for house, each, mine, other in _inside(root):
        floors = _floors(house)
        if mine != other and mine in floors and other in floors and floors[mine] >= floors[other]:
            found.append(f"{each.path} imports {each.module}, but {other} is not below {mine}")
    return found


def find_arrows(root: Path) -> dict[str, dict[str, set[str]]]:
    """Return for each outer folder which of its rooms imports which others."""
    found: dict[str, dict[str, set[str]]] = {house: {} for house in FLOORS}
    for house, _, mine, other in _inside(root):
        if mine != other:
            found[house].setdefault(mine, set()).add(other)
    return found


def _inside(root: Path) -> Iterator[tuple[str, Import, str, str]]:
    """Yield each import between two modules of a house: the house, the import, its room, and the imported room."""
    for each in imports(root):
        for house in FLOORS:
            package = house.replace("/", ".")
            if each.path.startswith(f"{house}/") and f"{each.module}.".startswith(f"{package}."):
                module = each.module.removeprefix(package).removeprefix(".").replace(".", "/")
                yield (
                    house,
                    each,
                    _room_of(root, house, each.path.removeprefix(f"{house}/")),
                    _room_of(root, house, module),
                )


def _room_of(root: Path, house: str, path: str) -> str:
    first = path.split("/", 1)[0]
    return first if first and (root / house / first).is_dir() else house.rsplit("/", 1)[-1]


def _floors(house: str) -> dict[str, int]:
    """Return for each room how many floors it is below the top."""
    return {room: floor for floor, rooms in enumerate(FLOORS.get(house, ())) for room in rooms.split()}


def _folders(root: Path) -> Iterator[tuple[str, str]]:
    """Yield every package that is inside another one: the outer name, and its own name."""
    for path in sorted(root.rglob("*/*/__init__.py")):
        inside = path.relative_to(root).parent
        if len(inside.parts) > 1 and not inside.parts[0].startswith("."):
            yield inside.parent.as_posix(), inside.name
