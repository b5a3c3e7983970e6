"""Garmin's activity types, with their ids and families, and what a watch records for each."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Family(Enum):
    """A family of types whose rows have the same additional keys."""

    RUN = "run"
    WALK = "walk"
    RIDE = "ride"
    POOL = "pool"
    WATER = "water"
    GYM = "gym"
    OTHER = "other"


@dataclass(frozen=True)
class ActivityType:
    """One type with Garmin's ids. `heart_rate` is a usual value for it."""

    type_id: int
    parent_id: int
    title: str
    family: Family
    heart_rate: int
    outdoors: bool = True
    trimmable: bool = True


def activity_type(type_key: str) -> ActivityType:
    """Return a type by its key. Raises ValueError for one that Garmin does not have."""
    if type_key not in TYPES:
        raise ValueError(f"the pretend Garmin knows no activity type {type_key!r}")
    return TYPES[type_key]


def type_row(type_key: str) -> dict[str, Any]:
    """Return a type in the form of an activity row."""
    kind = activity_type(type_key)
    return {
        "typeId": kind.type_id,
        "typeKey": type_key,
        "parentTypeId": kind.parent_id,
        "isHidden": False,
        "restricted": False,
        "trimmable": kind.trimmable,
    }


def sport_id(type_key: str) -> int:
    """Return the sport's number in FIT files, which Garmin sends besides its own type."""
    return FIT_SPORTS.get(type_key, FIT_FAMILIES[activity_type(type_key).family])


def belongs(row: dict[str, Any], wanted: str) -> bool:
    """Return whether Garmin's `activityType` filter includes this row: it has the type itself, or a child of it."""
    found = row["activityType"]
    return bool(found["typeKey"] == wanted or FAMILY_KEYS.get(found["parentTypeId"]) == wanted)


def _inside(type_id: int, parent_id: int, title: str, family: Family, heart_rate: int) -> ActivityType:
    return ActivityType(type_id, parent_id, title, family, heart_rate, outdoors=False)


def _still(type_id: int, parent_id: int, title: str, heart_rate: int, family: Family = Family.GYM) -> ActivityType:
    return ActivityType(type_id, parent_id, title, family, heart_rate, outdoors=False, trimmable=False)


FAMILY_KEYS = {
    1: "running",
    2: "cycling",
    3: "hiking",
    4: "other",
    9: "walking",
    17: "all",
    26: "swimming",
    29: "fitness_equipment",
    165: "winter_sports",
    206: "team_sports",
    219: "racket_sports",
    228: "water_sports",
}

# Type `sport` in Profile.xlsx of https://developer.garmin.com/fit/; recorded rows of three types agree
FIT_FAMILIES = {
    Family.RUN: 1,
    Family.WALK: 11,
    Family.RIDE: 2,
    Family.POOL: 5,
    Family.WATER: 5,
    Family.GYM: 10,
    Family.OTHER: 0,
}
FIT_SPORTS = {
    "hiking": 17,
    "rucking": 17,
    "snow_shoe_ws": 35,
    "stand_up_paddleboarding_v2": 37,
    "kayaking_v2": 41,
    "rowing_v2": 15,
    "sailing_v2": 32,
    "surfing_v2": 38,
    "rock_climbing": 31,
    "golf": 25,
    "inline_skating": 30,
    "horseback_riding": 27,
    "multi_sport": 18,
    "transition_v2": 3,
    "tennis_v2": 8,
    "soccer": 7,
    "basketball": 6,
    "resort_skiing": 13,
    "cross_country_skiing_ws": 12,
}

# Ids and parents: json/activityTypes.json of https://github.com/pe-st/garmin-connect-export
TYPES = {
    "running": ActivityType(1, 17, "Running", Family.RUN, 150),
    "street_running": ActivityType(7, 1, "Street Running", Family.RUN, 150),
    "track_running": ActivityType(8, 1, "Track Running", Family.RUN, 158),
    "trail_running": ActivityType(6, 1, "Trail Running", Family.RUN, 148),
    "ultra_run": ActivityType(181, 1, "Ultra Run", Family.RUN, 138),
    "obstacle_run": ActivityType(154, 1, "Obstacle Racing", Family.RUN, 152),
    "treadmill_running": _inside(18, 1, "Treadmill Running", Family.RUN, 148),
    "indoor_running": _inside(156, 1, "Indoor Running", Family.RUN, 148),
    "virtual_run": _inside(153, 1, "Virtual Running", Family.RUN, 148),
    "walking": ActivityType(9, 17, "Walking", Family.WALK, 105),
    "casual_walking": ActivityType(15, 9, "Casual Walking", Family.WALK, 98),
    "speed_walking": ActivityType(16, 9, "Speed Walking", Family.WALK, 122),
    "hiking": ActivityType(3, 17, "Hiking", Family.WALK, 122),
    "rucking": ActivityType(257, 3, "Rucking", Family.WALK, 128),
    "snow_shoe_ws": ActivityType(167, 165, "Snowshoeing", Family.WALK, 128),
    "cycling": ActivityType(2, 17, "Cycling", Family.RIDE, 134),
    "road_biking": ActivityType(10, 2, "Road Cycling", Family.RIDE, 136),
    "mountain_biking": ActivityType(5, 2, "Mountain Biking", Family.RIDE, 140),
    "gravel_cycling": ActivityType(143, 2, "Gravel Cycling", Family.RIDE, 136),
    "cyclocross": ActivityType(19, 2, "Cyclocross", Family.RIDE, 152),
    "e_bike_fitness": ActivityType(176, 2, "eBiking", Family.RIDE, 112),
    "indoor_cycling": _inside(25, 2, "Indoor Cycling", Family.RIDE, 138),
    "virtual_ride": _inside(152, 2, "Virtual Cycling", Family.RIDE, 140),
    "swimming": ActivityType(26, 17, "Swimming", Family.WATER, 128),
    "lap_swimming": _still(27, 26, "Pool Swim", 130, Family.POOL),
    "open_water_swimming": ActivityType(28, 26, "Open Water Swimming", Family.WATER, 130),
    "fitness_equipment": _inside(29, 17, "Gym & Fitness Equipment", Family.GYM, 118),
    "strength_training": _still(13, 29, "Strength", 112),
    "indoor_cardio": _inside(11, 29, "Cardio", Family.GYM, 132),
    "elliptical": _inside(30, 29, "Elliptical", Family.GYM, 130),
    "stair_climbing": _inside(31, 29, "Stair Stepper", Family.GYM, 138),
    "indoor_rowing": _inside(32, 29, "Indoor Rowing", Family.GYM, 140),
    "hiit": _still(180, 29, "HIIT", 142),
    "yoga": _still(163, 29, "Yoga", 88),
    "pilates": _still(160, 29, "Pilates", 92),
    "mobility": _still(255, 29, "Mobility", 86),
    "dance": _still(253, 29, "Dance", 126),
    "jump_rope": _still(254, 29, "Jump Rope", 152),
    "bouldering": _still(174, 29, "Bouldering", 118),
    "indoor_climbing": _still(173, 29, "Indoor Climbing", 118),
    "rock_climbing": ActivityType(139, 4, "Rock Climbing", Family.OTHER, 120, trimmable=False),
    "other": ActivityType(4, 17, "Other", Family.OTHER, 110),
    "boxing": _inside(246, 4, "Boxing", Family.GYM, 144),
    "breathwork": _still(164, 4, "Breathwork", 66),
    "meditation": _still(202, 4, "Meditation", 62),
    "golf": ActivityType(88, 4, "Golf", Family.OTHER, 98, trimmable=False),
    "inline_skating": ActivityType(63, 4, "Inline Skating", Family.OTHER, 132),
    "horseback_riding": ActivityType(44, 4, "Horseback Riding", Family.OTHER, 104),
    "driving_general": ActivityType(49, 4, "Driving", Family.OTHER, 76),
    "multi_sport": ActivityType(89, 17, "Multisport", Family.OTHER, 146),
    "transition_v2": ActivityType(189, 4, "Transition", Family.OTHER, 130),
    "tennis_v2": ActivityType(227, 219, "Tennis", Family.OTHER, 134),
    "badminton": _inside(224, 219, "Badminton", Family.OTHER, 132),
    "squash": _inside(223, 219, "Squash", Family.OTHER, 150),
    "table_tennis": _inside(220, 219, "Table Tennis", Family.OTHER, 112),
    "pickleball": _inside(225, 219, "Pickleball", Family.OTHER, 122),
    "paddelball": _inside(226, 219, "Padel", Family.OTHER, 132),
    "soccer": ActivityType(215, 206, "Soccer/Football", Family.OTHER, 146),
    "basketball": _inside(217, 206, "Basketball", Family.OTHER, 144),
    "volleyball": _inside(212, 206, "Volleyball", Family.OTHER, 120),
    "stand_up_paddleboarding_v2": ActivityType(239, 228, "Stand Up Paddleboarding", Family.WATER, 109),
    "kayaking_v2": ActivityType(231, 228, "Kayaking", Family.WATER, 116),
    "rowing_v2": ActivityType(237, 228, "Rowing", Family.WATER, 134),
    "sailing_v2": ActivityType(238, 228, "Sailing", Family.WATER, 92),
    "surfing_v2": ActivityType(240, 228, "Surfing", Family.WATER, 116, trimmable=False),
    "resort_skiing": ActivityType(251, 165, "Resort Skiing", Family.OTHER, 112),
    "cross_country_skiing_ws": ActivityType(171, 165, "Cross Country Classic Skiing", Family.OTHER, 142),
}
