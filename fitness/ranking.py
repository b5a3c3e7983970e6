"""The places on a board, and how they have changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

# Smaller differences come from adding the same values in another order; real differences are far larger.
TIE = 1e-9


class RankedPlace(NamedTuple):
    """One line of a board."""

    place: int
    key: int
    value: float
    tied: bool


def rank(values: Mapping[int, float], order: Callable[[int], Any] = int) -> list[RankedPlace]:
    """Return the places, best first, by competition ranking (1, 2, 2, 4). `order` sorts people with the same place."""
    places: list[RankedPlace] = []
    for keys in _ties(values):
        place, tied = len(places) + 1, len(keys) > 1
        if tied:
            keys.sort(key=order)
        places += [RankedPlace(place, key, values[key], tied) for key in keys]
    return places


def find_movers(now: Sequence[RankedPlace], before: Sequence[RankedPlace]) -> dict[int, int]:
    """Return by how many places each person on both boards has risen; a negative number means they have fallen."""
    earlier = {place.key: place.place for place in before}
    return {place.key: earlier[place.key] - place.place for place in now if place.key in earlier}


def _ties(values: Mapping[int, float]) -> Iterator[list[int]]:
    if not all(map(isfinite, values.values())):
        key, value = next(each for each in values.items() if not isfinite(each[1]))
        raise ValueError(f"{value} of {key} cannot be ranked.")
    # Each value is compared with the first of its tie, not with its neighbour, so that many tiny steps make no tie.
    tie: list[int] = []
    first = 0.0
    for key in sorted(values, key=values.__getitem__, reverse=True):
        if tie and first - values[key] <= TIE:
            tie.append(key)
            continue
        if tie:
            yield tie
        tie, first = [key], values[key]
    if tie:
        yield tie
