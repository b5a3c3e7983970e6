"""Who is where on a board, and who moved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

# Sums of the same seconds or metres in another order differ by far less; any real difference is far more.
TIE = 1e-9


@dataclass(frozen=True)
class Place:
    """One line of a board."""

    place: int
    key: int
    value: float
    tied: bool


def rank(values: Mapping[int, float], order: Callable[[int], Any] = int) -> list[Place]:
    """Best first, by competition ranking (1, 2, 2, 4); `order` sorts the keys within a tie."""
    for key, value in values.items():
        if not isfinite(value):
            raise ValueError(f"{value} of {key} cannot be ranked.")
    places: list[Place] = []
    for keys in _ties(values):
        place = len(places) + 1
        places += [Place(place, key, values[key], tied=len(keys) > 1) for key in sorted(keys, key=order)]
    return places


def movers(now: Sequence[Place], before: Sequence[Place]) -> dict[int, int]:
    """How many places each one climbed (or, negative, fell) among those who are on both boards."""
    earlier = {place.key: place.place for place in before}
    return {place.key: earlier[place.key] - place.place for place in now if place.key in earlier}


def _ties(values: Mapping[int, float]) -> list[list[int]]:
    # Each is held against the first of its tie, not against its neighbour: a chain of tiny steps is no tie.
    ties: list[list[int]] = []
    for key in sorted(values, key=lambda key: -values[key]):
        if ties and values[ties[-1][0]] - values[key] <= TIE:
            ties[-1].append(key)
        else:
            ties.append([key])
    return ties
