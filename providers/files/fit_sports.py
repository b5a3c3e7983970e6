"""FIT's names of sports, and the names in `fitness.sports` for them."""

from providers.recordings import MULTISPORT

# For most sub-sports, the sport does not matter.
SUB_SPORTS = {
    "treadmill": "treadmill_running",
    "street": "street_running",
    "trail": "trail_running",
    "track": "track_running",
    "obstacle": "obstacle_run",
    "ultra": "ultra_run",
    "indoor_running": "indoor_running",
    "spin": "indoor_cycling",
    "indoor_cycling": "indoor_cycling",
    "road": "road_biking",
    "mountain": "mountain_biking",
    "downhill": "downhill_biking",
    "recumbent": "recumbent_cycling",
    "cyclocross": "cyclocross",
    "hand_cycling": "hand_cycling",
    "indoor_hand_cycling": "indoor_hand_cycling",
    "track_cycling": "track_cycling",
    "bmx": "bmx",
    "gravel_cycling": "gravel_cycling",
    "e_bike_fitness": "e_bike_fitness",
    "e_bike_mountain": "e_bike_mountain",
    "enduro": "enduro_mtb",
    "e_bike_enduro": "e_enduro_mtb",
    "indoor_rowing": "indoor_rowing",
    "elliptical": "elliptical",
    "stair_climbing": "stair_climbing",
    "lap_swimming": "lap_swimming",
    "open_water": "open_water_swimming",
    "flexibility_training": "mobility",
    "strength_training": "strength_training",
    "cardio_training": "indoor_cardio",
    "hiit": "hiit",
    "yoga": "yoga",
    "pilates": "pilates",
    "breathing": "breathwork",
    "indoor_walking": "indoor_walking",
    "casual_walking": "casual_walking",
    "speed_walking": "speed_walking",
    "backcountry": "backcountry_skiing",
    "skate_skiing": "skate_skiing",
    "whitewater": "whitewater_rafting_kayaking",
    "indoor_climbing": "indoor_climbing",
    "bouldering": "bouldering",
    "badminton": "badminton",
    "squash": "squash",
    "padel": "padel",
    "pickleball": "pickleball",
    "table_tennis": "table_tennis",
    "racquetball": "racquetball",
    "platform": "platform_tennis",
    "rucking": "rucking",
    "swim_to_bike_transition": "transition",
    "bike_to_run_transition": "transition",
    "run_to_bike_transition": "transition",
}
SPORTS = {
    "training": "indoor_cardio",
    "alpine_skiing": "resort_skiing",
    "snowboarding": "resort_snowboarding",
    "snowshoeing": "snow_shoe",
    "ice_skating": "skating",
    "hockey": "ice_hockey",
    "e_biking": "e_bike_fitness",
    "rafting": "whitewater_rafting",
    "kitesurfing": "kiteboarding",
    "water_skiing": "waterskiing",
    "racket": "racket_sports",
    "driving": "driving_general",
    "multisport": MULTISPORT,
    "generic": "other",
}
# Sub-sports that only say how a sport is done: these need the sport too.
PAIRS = {
    ("running", "virtual_activity"): "virtual_run",
    ("cycling", "virtual_activity"): "virtual_ride",
    ("rowing", "virtual_activity"): "indoor_rowing",
    ("running", "indoor_walking"): "indoor_running",
    ("cycling", "mixed_surface"): "gravel_cycling",
    ("cycling", "commuting"): "cycling",
    ("cross_country_skiing", "backcountry"): "cross_country_skiing",
    ("snowboarding", "backcountry"): "backcountry_snowboarding",
    ("e_biking", "mountain"): "e_bike_mountain",
    ("hiking", "trail"): "hiking",
    ("walking", "trail"): "walking",
    ("hockey", "field"): "field_hockey",
}


def find_fit_type(sport: str, sub_sport: str) -> str:
    """Return the type of activity for a FIT sport and sub-sport. A sport with the same name in both
    lists needs no entry here.
    """
    pair = PAIRS.get((sport, sub_sport))
    return pair or SUB_SPORTS.get(sub_sport) or SPORTS.get(sport) or sport or "other"
