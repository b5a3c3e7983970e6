"""Draws the rooms for CONTRIBUTING.md from the imports: `make plan`."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.floors import FLOORS, find_arrows
from tests.imports import ROOT, find_known_rooms

PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- the drawing: written by `make plan` -->", "<!-- end of the drawing -->"
ROOMS = ("web", "api", "bot", "jobs", "services", "world", "providers", "messages", "models", "fitness")
OPENED = ("bot", "services")  # these rooms are drawn with the rooms inside them

Graph = Mapping[str, set[str]]


def redraw(page: str) -> str:
    """Return the page with a drawing of the current imports."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n```mermaid\n{draw(ROOT)}\n```\n{END}{rest.split(END)[1]}"


def draw(root: Path) -> str:
    """Draw a Mermaid flow chart of the rooms, from the top down, without the arrows that follow from others."""
    lines = ["flowchart TD"]
    for house in OPENED:
        lines += [f"  subgraph {house}", *_inside(house, find_arrows(root)[house]), "  end"]
    lines += [f"  {one} --> {other}" for one, other in _needed(find_known_rooms(root, ROOMS))]
    return "\n".join(lines)


def _inside(house: str, known: Graph) -> Iterator[str]:
    for floor in FLOORS[house]:
        yield from (f"    {_box(house, room)}" for room in floor.split())
    yield from (f"    {house}.{one} --> {house}.{other}" for one, other in _needed(known))


def _box(house: str, room: str) -> str:
    return f"{house}.{room}[{'its own files' if room == house else room}]"


def _needed(known: Graph) -> list[tuple[str, str]]:
    """Return the arrows that do not follow from others: A → C follows from A → B and B → C."""
    return sorted(
        (one, other)
        for one, others in known.items()
        for other in others
        if not any(_reaches(known, between, other) for between in others - {other})
    )


def _reaches(known: Graph, one: str, other: str) -> bool:
    return one == other or any(_reaches(known, each, other) for each in known.get(one, ()))


if __name__ == "__main__":
    PAGE.write_text(redraw(PAGE.read_text()))
