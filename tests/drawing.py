"""The drawing of the house in CONTRIBUTING.md, made from the imports: `make plan`."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.floors import FLOORS, arrows
from tests.imports import ROOT, imports

PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- the drawing: written by `make plan` -->", "<!-- end of the drawing -->"
ROOMS = ("web", "bot", "jobs", "services", "world", "providers", "messages", "models", "fitness")
OPENED = ("bot", "services")  # the rooms that are drawn with what is in them

Graph = Mapping[str, set[str]]


def with_drawing(page: str) -> str:
    """Return the page with the drawing replaced by one of the imports as they are now."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n```mermaid\n{drawing(ROOT)}\n```\n{END}{rest.split(END)[1]}"


def drawing(root: Path) -> str:
    """Return a Mermaid flow chart: rooms from the top down, with an arrow to each room that is
    imported only directly.
    """
    lines = ["flowchart TD"]
    for house in OPENED:
        lines += [f"  subgraph {house}", *_inside(house, arrows(root)[house]), "  end"]
    lines += [f"  {one} --> {other}" for one, other in _needed(_house(root))]
    return "\n".join(lines)


def _inside(house: str, known: Graph) -> Iterator[str]:
    for floor in FLOORS[house]:
        yield from (f"    {_box(house, room)}" for room in floor.split())
    yield from (f"    {house}.{one} --> {house}.{other}" for one, other in _needed(known))


def _box(house: str, room: str) -> str:
    return f"{house}.{room}[{'its own files' if room == house else room}]"


def _house(root: Path) -> Graph:
    found: dict[str, set[str]] = {}
    for each in imports(root):
        if each.room in ROOMS and each.other in ROOMS and each.room != each.other:
            found.setdefault(each.room, set()).add(each.other)
    return found


def _needed(known: Graph) -> list[tuple[str, str]]:
    """Return the arrows that are not implied by two others: a room that imports another may
    import what that imports.
    """
    return sorted(
        (one, other)
        for one, others in known.items()
        for other in others
        if not any(_reaches(known, between, other) for between in others - {other})
    )


def _reaches(known: Graph, one: str, other: str) -> bool:
    return one == other or any(_reaches(known, each, other) for each in known.get(one, ()))


if __name__ == "__main__":
    PAGE.write_text(with_drawing(PAGE.read_text()))
