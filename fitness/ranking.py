"""Who is where on a board, and who moved."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

# Sums of the same seconds or metres in another order differ by far less; any real difference is far more.
TIE = 1e-9


class Place(NamedTuple):
    """One line of a board."""

    place: int
    key: int
    value: float
    tied: bool


def rank(values: Mapping[int, float], order: Callable[[int], Any] = int) -> list[Place]:
    """Best first, by competition ranking (1, 2, 2, 4); `order` sorts the keys within a tie."""
    places: list[Place] = []
    for keys in _ties(values):
        place, tied = len(places) + 1, len(keys) > 1
        if tied:
            keys.sort(key=order)
        places += [Place(place, key, values[key], tied) for key in keys]
    return places


def movers(now: Sequence[Place], before: Sequence[Place]) -> dict[int, int]:
    """How many places each one climbed (or, negative, fell) among those who are on both boards."""
    earlier = {place.key: place.place for place in before}
    return {place.key: earlier[place.key] - place.place for place in now if place.key in earlier}


def _ties(values: Mapping[int, float]) -> Iterator[list[int]]:
    if not all(map(isfinite, values.values())):
        key, value = next(each for each in values.items() if not isfinite(each[1]))
        raise ValueError(f"{value} of {key} cannot be ranked.")
    # Each is held against the first of its tie, not against its neighbour: a chain of tiny steps is no tie.
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
