"""Well-known routes that a group can cover together without leaving home, and their lengths.

The lengths are in kilometres (a mile is 1.609344 km), as given by the route's operator or by the source
named beside it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MILE = 1.609344


@dataclass(frozen=True)
class Facts:
    """A route: its length in kilometres, the source of that figure, and the words that people type for it."""

    km: float
    source: str
    typed: str


class Route(StrEnum):
    """A route whose length a group can cover together."""

    LEJOG = "lejog"
    PENNINE_WAY = "pennine-way"
    WEST_HIGHLAND_WAY = "west-highland-way"
    HADRIANS_WALL = "hadrians-wall"
    SOUTH_WEST_COAST = "south-west-coast-path"
    CAMINO = "camino"

    @property
    def facts(self) -> Facts:
        """The facts about this route."""
        return ROUTES[self]

    @property
    def metres(self) -> float:
        """Its length in metres."""
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
    """Find a route in lower-case words. Returns it and the places of its words, or None."""
    plain = [word.replace("’", "'") for word in words]
    for length in range(min(8, len(plain)), 0, -1):
        for i in range(len(plain) - length + 1):
            said = " ".join(plain[i : i + length])
            for route, facts in ROUTES.items():
                if re.fullmatch(facts.typed, said):
                    return route, range(i, i + length)
    return None
