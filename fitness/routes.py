"""Well-known ways for a group to travel together without leaving home, and how long they are.

Lengths as their keepers or the sources named beside them give them, in kilometres (a mile is 1.609344 km).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MILE = 1.609344


@dataclass(frozen=True)
class Facts:
    """One way: its length in kilometres, who says so, and how people type it."""

    km: float
    source: str
    typed: str


class Route(StrEnum):
    """A way whose length a group can cover together."""

    LEJOG = "lejog"
    PENNINE_WAY = "pennine-way"
    WEST_HIGHLAND_WAY = "west-highland-way"
    HADRIANS_WALL = "hadrians-wall"
    SOUTH_WEST_COAST = "south-west-coast-path"
    CAMINO = "camino"

    @property
    def facts(self) -> Facts:
        """All that is known of it."""
        return ROUTES[self]

    @property
    def metres(self) -> float:
        """Its length."""
        return ROUTES[self].km * 1000


ROUTES = {
    Route.LEJOG: Facts(
        874 * MILE,  # by road, as the signposts at both ends say
        "https://en.wikipedia.org/wiki/Land%27s_End_to_John_o%27_Groats",
        r"lejog|jogle|land'?s? end to john o'? ?'?groats",
    ),
    Route.PENNINE_WAY: Facts(
        268 * MILE,
        "https://www.nationaltrail.co.uk/en_GB/trails/pennine-way/",
        r"(the )?pennine way",
    ),
    Route.WEST_HIGHLAND_WAY: Facts(
        96 * MILE,
        "https://www.westhighlandway.org/",
        r"(the )?west highland way|whw",
    ),
    Route.HADRIANS_WALL: Facts(
        84 * MILE,
        "https://www.nationaltrail.co.uk/en_GB/trails/hadrians-wall-path/",
        r"hadrian'?s wall( path)?",
    ),
    Route.SOUTH_WEST_COAST: Facts(
        630 * MILE,
        "https://www.nationaltrail.co.uk/en_GB/trails/south-west-coast-path/",
        r"(the )?south west coast( path)?",
    ),
    Route.CAMINO: Facts(
        490 * MILE,
        "https://en.wikipedia.org/wiki/French_Way",
        r"camino( franc[eé]s)?( de santiago)?|way of st james",
    ),
}


def find_route(words: Sequence[str]) -> tuple[Route, range] | None:
    """A way in lower-case words, and the places of the words that named it."""
    plain = [word.replace("’", "'") for word in words]
    for length in range(min(8, len(plain)), 0, -1):
        for i in range(len(plain) - length + 1):
            said = " ".join(plain[i : i + length])
            for route, facts in ROUTES.items():
                if re.fullmatch(facts.typed, said):
                    return route, range(i, i + length)
    return None
