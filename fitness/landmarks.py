"""Compares a distance with a well-known one: a running track, the way between two cities, around the
Earth, to the Moon.
"""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

TRACK = 400.0  # metres of one lap on the inner lane; World Athletics, Technical Rules, rule 14
MARATHON = 42_195.0  # World Athletics, Technical Rules, rule 55
EQUATOR = 40_075_017.0  # WGS 84: 2π × 6,378,137 m
MOON = 384_400_000.0  # the Moon's mean distance, NASA's Moon fact sheet
RADIUS = 6_371_008.8  # the Earth's mean radius R1, IUGG 1980

# Degrees north and east of each city's centre, to two decimals (about a kilometre), from GeoNames.
PLACES = {
    "Amsterdam": (52.37, 4.89),
    "Antwerp": (51.22, 4.40),
    "Athens": (37.98, 23.73),
    "Barcelona": (41.39, 2.16),
    "Berlin": (52.52, 13.41),
    "Brighton": (50.83, -0.14),
    "Brussels": (50.85, 4.35),
    "Cape Town": (-33.93, 18.42),
    "Copenhagen": (55.68, 12.57),
    "Edinburgh": (55.95, -3.20),
    "Geneva": (46.20, 6.15),
    "Istanbul": (41.01, 28.95),
    "Leeds": (53.80, -1.55),
    "Lisbon": (38.72, -9.13),
    "London": (51.51, -0.13),
    "Los Angeles": (34.05, -118.24),
    "Lyon": (45.75, 4.85),
    "Madrid": (40.42, -3.70),
    "Munich": (48.14, 11.58),
    "New York": (40.71, -74.01),
    "Paris": (48.86, 2.35),
    "Rome": (41.89, 12.48),
    "Rotterdam": (51.92, 4.48),
    "Singapore": (1.29, 103.85),
    "Sydney": (-33.87, 151.21),
    "Tokyo": (35.69, 139.69),
    "Vienna": (48.21, 16.37),
}
WAYS = (
    ("Amsterdam", "Rotterdam"), ("London", "Brighton"), ("Geneva", "Lyon"), ("Brussels", "Amsterdam"),
    ("Paris", "London"), ("Leeds", "Edinburgh"), ("Berlin", "Munich"), ("London", "Edinburgh"), ("Paris", "Berlin"),
    ("Leeds", "Rome"), ("Berlin", "Lisbon"), ("Lisbon", "Athens"), ("London", "Istanbul"), ("New York", "Los Angeles"),
    ("London", "New York"), ("Paris", "Los Angeles"), ("London", "Cape Town"), ("London", "Singapore"),
    ("London", "Sydney"),
)  # fmt: skip


@dataclass(frozen=True)
class Landmark:
    """A distance that people can imagine: "track", "marathon", "way" (with its two ends), "earth" or "moon"."""

    kind: str
    metres: float
    start: str = ""
    end: str = ""


def measure_distance(start: str, end: str) -> float:
    """Return the distance in metres between two places on the great circle (haversine formula, on a sphere)."""
    (north1, east1), (north2, east2) = (tuple(map(radians, PLACES[place])) for place in (start, end))
    half = sin((north2 - north1) / 2) ** 2 + cos(north1) * cos(north2) * sin((east2 - east1) / 2) ** 2
    return 2 * RADIUS * asin(sqrt(half))


LANDMARKS = sorted(
    (
        Landmark("track", TRACK),
        Landmark("marathon", MARATHON),
        Landmark("earth", EQUATOR),
        Landmark("moon", MOON),
        *(Landmark("way", measure_distance(start, end), start, end) for start, end in WAYS),
    ),
    key=lambda each: each.metres,
)


def find_farthest_reached(metres: float) -> tuple[Landmark, int] | None:
    """Return the longest landmark that fits into these metres, and how often it fits; None for less than a lap."""
    reached = [each for each in LANDMARKS if each.metres <= metres]
    return (reached[-1], int(metres // reached[-1].metres)) if reached else None
