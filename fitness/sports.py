"""The sports that people talk about, and the sport of each of Garmin's activity types."""

import re
from enum import Enum, StrEnum, auto
from typing import Self


class Style(Enum):
    """The way in which the speed of a sport is shown."""

    FOOT = auto()  # minutes per kilometre
    SWIM = auto()  # minutes per 100 metres
    WHEELS = auto()  # kilometres per hour, for everything that rolls or glides
    TIME = auto()  # no speed is shown


class Sport(StrEnum):
    """A sport, which is a family of activities: its icon, how its speed is shown, and the words that people
    type for it.
    """

    icon: str
    style: Style
    words: tuple[str, ...]

    def __new__(cls, name: str, icon: str, style: Style, words: str) -> Self:
        sport = str.__new__(cls, name)
        sport._value_ = name
        sport.icon, sport.style, sport.words = icon, style, tuple(words.split())
        return sport

    RUN = "run", "🏃", Style.FOOT, "run runs ran running runner jog jogs jogged jogging"
    RIDE = (
        "ride",
        "🚴",
        Style.WHEELS,
        ("ride rides rode riding bike bikes biked biking cycle cycles cycled cycling spin spinning"),
    )
    SWIM = "swim", "🏊", Style.SWIM, "swim swims swam swum swimming"
    WALK = "walk", "🚶", Style.FOOT, "walk walks walked walking stroll strolls strolled strolling"
    HIKE = "hike", "🥾", Style.FOOT, "hike hikes hiked hiking trek treks trekked trekking"
    STRENGTH = "strength", "💪", Style.TIME, "strength gym lift lifts lifted lifting weights weightlifting"
    YOGA = "yoga", "🧘", Style.TIME, "yoga pilates stretch stretched stretching mobility"
    ROW = "row", "🚣", Style.WHEELS, "row rows rowed rowing erg"
    PADDLE = (
        "paddle",
        "🛶",
        Style.WHEELS,
        (
            "paddle paddles paddled paddling kayak kayaked kayaking canoe canoed canoeing sup"
            " surf surfed surfing windsurfing kitesurfing sail sailed sailing"
        ),
    )
    SKI = "ski", "🎿", Style.WHEELS, "ski skis skied skiing snowboard snowboarded snowboarding skate skated skating"
    RACKET = "racket", "🎾", Style.TIME, "racket racquet tennis padel badminton squash pickleball"
    TEAM = "team", "⚽", Style.TIME, "football soccer basketball volleyball hockey rugby cricket baseball handball"
    CARDIO = "cardio", "🤸", Style.TIME, "cardio hiit elliptical boxing boxed dance danced dancing aerobics"
    MULTI = "multi", "🎽", Style.TIME, "multi multisport triathlon triathlons tri duathlon"
    OTHER = "other", "⭐", Style.TIME, "other"


def find_sport(type_key: str, parent_id: int | None = None) -> Sport:
    """Return the sport of a Garmin `typeKey`; for an unknown one, the sport of its `parentTypeId`, or OTHER."""
    known = _FAMILIES.get(strip_key(type_key))
    if known is not None:
        return known
    return Sport.OTHER if parent_id is None else _PARENTS.get(parent_id, Sport.OTHER)


def is_sport(type_key: str) -> bool:
    """Return whether an activity of this type counts as sport."""
    return strip_key(type_key) not in NOT_SPORT


def strip_key(type_key: str) -> str:
    """Return a `typeKey` in lower case and without its version suffix."""
    # Garmin gives a type a new suffix (kayaking → kayaking_v2) when it moves it to another parent, and its official
    # API writes the same keys in capitals.
    return re.sub(r"(_v\d+|_ws)+$", "", type_key.strip().lower())


# Types in which an engine or gravity does the work or nobody does any, and those that only measure time.
_NO_KEYS = """
    auto_racing driving_general motorcycling motocross atv overland snowmobiling boating
    flying rc_drone sky_diving hang_gliding wingsuit_flying water_tubing
    fishing hunting_fishing e_sport breathwork meditation stop_watch steps
    transition swimtobiketransition biketoruntransition runtobiketransition
    safety assistance incident_detected"""
NOT_SPORT = frozenset(_NO_KEYS.split())

_KEYS = {
    Sport.RUN: """
        running street_running track_running trail_running treadmill_running indoor_running virtual_run
        obstacle_run ultra_run wheelchair_push_run""",
    Sport.RIDE: """
        cycling road_biking mountain_biking gravel_cycling cyclocross downhill_biking track_cycling bmx enduro_mtb
        recumbent_cycling indoor_cycling virtual_ride hand_cycling indoor_hand_cycling
        e_bike_fitness e_bike_mountain e_enduro_mtb""",
    Sport.SWIM: "swimming lap_swimming open_water_swimming snorkeling",
    Sport.WALK: "walking casual_walking speed_walking indoor_walking wheelchair_push_walk",
    Sport.HIKE: "hiking rucking mountaineering snow_shoe",
    Sport.STRENGTH: "strength_training",
    Sport.YOGA: "yoga pilates mobility",
    Sport.ROW: "rowing indoor_rowing",
    Sport.PADDLE: """
        water_sports paddling kayaking stand_up_paddleboarding whitewater_rafting whitewater_rafting_kayaking
        surfing windsurfing kiteboarding wind_kite_surfing wakeboarding wakesurfing waterskiing sailing
        offshore_grinding""",
    Sport.SKI: """
        winter_sports resort_skiing resort_snowboarding resort_skiing_snowboarding backcountry_skiing
        backcountry_snowboarding backcountry_skiing_snowboarding cross_country_skiing skate_skiing skating""",
    Sport.RACKET: """
        racket_sports tennis table_tennis platform_tennis badminton squash racquetball pickleball paddelball padel""",
    Sport.TEAM: """
        team_sports soccer american_football basketball volleyball baseball softball cricket rugby
        ice_hockey field_hockey lacrosse ultimate_disc""",
    Sport.CARDIO: """
        fitness_equipment indoor_cardio hiit elliptical stair_climbing floor_climbing jump_rope dance boxing
        mixed_martial_arts onshore_grinding""",
    Sport.MULTI: "multi_sport",
    Sport.OTHER: """
        all other uncategorized para_sports golf disc_golf horseback_riding inline_skating archery hunting
        rock_climbing indoor_climbing bouldering
        diving single_gas_diving multi_gas_diving gauge_diving ccr_diving apnea_diving apnea_hunting pool_apnea""",
}
_FAMILIES = {key: sport for sport, keys in _KEYS.items() for key in keys.split()}
KNOWN = frozenset(_FAMILIES) | NOT_SPORT

_PARENTS = {
    1: Sport.RUN,
    2: Sport.RIDE,
    3: Sport.HIKE,
    9: Sport.WALK,
    26: Sport.SWIM,
    29: Sport.CARDIO,
    165: Sport.SKI,
    206: Sport.TEAM,
    219: Sport.RACKET,
    228: Sport.PADDLE,
}
