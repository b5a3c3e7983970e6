"""How intense an activity is: MET values by Garmin's `typeKey`, and by speed or power where these show the effort.

Values are gross METs (1 MET = 3.5 ml of oxygen per kg and minute) from the Compendium of Physical Activities: edition
2024 (Herrmann et al., J Sport Health Sci 2024;13(1):6-12, https://pacompendium.com) or 2011 (Ainsworth et al., Med Sci
Sports Exerc 2011;43:1575-81). "proxy" marks the nearest published activity, which is our choice. docs/scoring.md says
which values were compared with the publications.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from fitness.garmin_types import PARENT_OF
from fitness.sports import NOT_SPORT, strip_key


@dataclass(frozen=True)
class Met:
    """A MET value, the Compendium's code for it ("" if we know none), and the edition."""

    value: float
    code: str
    edition: str = "2024"


Band = tuple[float, float, str]  # upper limit of the speed or power, METs up to that limit, the Compendium's code

# Up to km/h.
RUN: tuple[Band, ...] = (
    (6.76, 6.5, "12028"), (7.72, 7.8, "12029"), (8.37, 8.5, "12030"), (9.33, 9.0, "12045"), (10.14, 9.3, "12050"),
    (10.78, 10.5, "12060"), (11.27, 11.0, "12070"), (12.07, 11.8, "12080"), (12.87, 12.0, "12090"),
    (13.84, 12.5, "12100"), (14.48, 13.0, "12110"), (16.09, 14.8, "12120"), (17.70, 16.8, "12130"),
    (19.31, 18.5, "12132"), (20.92, 19.8, "12134"), (inf, 23.0, "12135"),
)  # fmt: skip
WALK: tuple[Band, ...] = (
    (3.20, 2.3, "17151"), (3.95, 2.8, "17152"), (4.45, 3.0, "17170"), (5.55, 3.8, "17190"), (6.35, 4.8, "17200"),
    (7.15, 5.5, "17220"), (inf, 7.0, "17230"),
)  # fmt: skip
SLOWEST_RUN = 5.9  # km/h; a slower run counts as a walk
# Metres a second: 138 and 105 seconds for 100 m. The limits are the midpoints between the published paces.
SWIM: tuple[Band, ...] = ((100 / 138, 5.8, "18240"), (100 / 105, 8.0, "18290"), (inf, 10.5, "18280"))
# Watts. The publication names single powers and ranges; the limits between them are our choice.
BIKE_POWER: tuple[Band, ...] = (
    (30, 3.5, ""), (50, 4.0, "01214"), (100, 6.0, "01220"), (125, 6.8, "01224"), (150, 8.0, "01228"),
    (inf, 10.3, "01232"),
)  # fmt: skip
ROW_POWER: tuple[Band, ...] = ((99.99, 5.0, "02071"), (149.99, 7.5, "02072"), (inf, 11.0, "02073"))
# Metres climbed per kilometre.
HIKE: tuple[Band, ...] = ((9.99, 5.3, "17082"), (inf, 6.0, "17080"))

_TABLE = """
    running street_running track_running treadmill_running indoor_running virtual_run   9.3  12050
    trail_running ultra_run obstacle_run                                                9.3  12140
    wheelchair_push_run wheelchair_push_walk                                            4.0  -      proxy
    walking                                                                             3.5  17160
    indoor_walking                                                                      3.5  17160  proxy
    casual_walking                                                                      3.0  17170
    speed_walking                                                                       5.5  17220
    hiking                                                                              6.0  17080
    rucking                                                                             7.0  17010
    mountaineering                                                                      6.5  17045  proxy
    cycling road_biking gravel_cycling track_cycling recumbent_cycling hand_cycling     7.0  01014
    mountain_biking enduro_mtb cyclocross downhill_biking                               8.5  01009
    bmx                                                                                 8.5  01008
    indoor_cycling                                                                      6.8  01200
    virtual_ride                                                                        8.0  01228
    e_bike_fitness e_bike_mountain e_enduro_mtb                                         5.0  -      proxy
    swimming                                                                            6.0  18310
    lap_swimming                                                                        5.8  18240
    open_water_swimming                                                                 6.0  18300  2011
    strength_training                                                                   3.5  02054
    indoor_cardio fitness_equipment                                                     5.5  02060
    hiit                                                                                7.0  02210
    elliptical                                                                          5.0  02048
    stair_climbing                                                                      9.3  02065
    floor_climbing                                                                      6.8  17131
    indoor_rowing                                                                       5.0  02071
    jump_rope                                                                          11.8  15551
    yoga                                                                                2.3  02175
    pilates                                                                             2.8  02105
    mobility                                                                            2.3  02101
    dance                                                                               5.5  03030  proxy
    boxing                                                                              5.8  15110
    mixed_martial_arts                                                                  5.3  15425
    bouldering indoor_climbing                                                          5.8  15537
    rock_climbing                                                                       7.3  15535
    rowing paddling                                                                     5.8  18050
    kayaking                                                                            5.0  18100
    stand_up_paddleboarding                                                             6.5  18224
    surfing                                                                             3.0  18220
    windsurfing                                                                         5.0  18380
    kiteboarding                                                                       11.0  18385
    sailing                                                                             3.3  18140
    resort_skiing resort_snowboarding resort_skiing_snowboarding                        6.3  19160
    cross_country_skiing skate_skiing                                                   8.5  19090
    backcountry_skiing                                                                  8.5  19090  proxy
    snow_shoe                                                                           5.3  19190
    skating                                                                             7.0  19030
    inline_skating                                                                      7.5  15591
    tennis                                                                              6.8  15675
    badminton                                                                           5.5  15030
    squash                                                                              7.3  15652
    table_tennis                                                                        4.0  15660
    paddelball padel pickleball platform_tennis racquetball                             6.0  15500  proxy
    soccer                                                                              7.0  15610
    basketball                                                                          7.5  15055
    volleyball                                                                          4.0  15710
    golf                                                                                4.5  15255  proxy
    horseback_riding                                                                    5.8  15390
    winter_sports                                                                       6.3  19160  proxy
    team_sports                                                                         7.0  15610  proxy
    racket_sports                                                                       6.0  15500  proxy
    water_sports whitewater_rafting_kayaking                                            5.0  18100  proxy
    wind_kite_surfing                                                                   5.0  18380  proxy"""

UNKNOWN = Met(4.0, "", "proxy")  # IPAQ's value for a moderate effort


def find_met(
    type_key: str,
    parent_id: int | None = None,
    *,
    kmh: float | None = None,
    watts: float | None = None,
    climb_per_km: float | None = None,
) -> Met:
    """Return the MET value of a type: by its key, else by its parent's, else 4.0. It is zero for what is no sport.

    `kmh` is the mean speed, `watts` the mean power, `climb_per_km` the metres climbed per kilometre; None if unknown.
    """
    key = strip_key(type_key)
    if key in NOT_SPORT:
        return Met(0.0, "")
    banded = _banded(key, kmh, watts, climb_per_km)
    if parent_id is None:  # a file from a watch names no parent
        parent_id = PARENT_OF.get(key)
    return banded or TABLE.get(key) or PARENTS.get(parent_id or 0, UNKNOWN)


def _banded(key: str, kmh: float | None, watts: float | None, climb_per_km: float | None) -> Met | None:
    if key in RUNS and kmh:
        return _in(WALK if kmh < SLOWEST_RUN else RUN, kmh)
    if key in WALKS and kmh:
        return _in(WALK, kmh)
    if key in SWIMS and kmh:
        return _in(SWIM, kmh / 3.6)
    if key in POWERED and watts:
        return _in(POWERED[key], watts)
    if key == "hiking" and climb_per_km is not None:
        return _in(HIKE, climb_per_km)
    return None


def _in(bands: Sequence[Band], figure: float) -> Met:
    value, code = next((value, code) for limit, value, code in bands if figure <= limit)
    return Met(value, code)


def _read(line: str) -> dict[str, Met]:
    words = line.split()
    first = next(i for i, word in enumerate(words) if word[0].isdigit())
    made = Met(float(words[first]), words[first + 1].strip("-"), (words[first + 2 :] or ["2024"])[0])
    return dict.fromkeys(words[:first], made)


# Speed shows the effort only in flat running; a cyclist's speed depends on wind, drafting and descents.
RUNS = {"running", "street_running", "track_running", "treadmill_running", "indoor_running", "virtual_run"}
WALKS = {"walking", "indoor_walking"}
SWIMS = {"lap_swimming", "open_water_swimming"}
POWERED = {"indoor_cycling": BIKE_POWER, "virtual_ride": BIKE_POWER, "indoor_rowing": ROW_POWER}

TABLE: dict[str, Met] = {key: met for line in _TABLE.strip().splitlines() for key, met in _read(line).items()}

# By `parentTypeId`. The last four families have no value of their own: each gets the value of a typical member.
PARENTS: dict[int, Met] = {
    1: TABLE["running"],
    2: TABLE["cycling"],
    3: TABLE["hiking"],
    9: TABLE["walking"],
    26: TABLE["swimming"],
    29: TABLE["fitness_equipment"],
    165: TABLE["winter_sports"],
    206: TABLE["team_sports"],
    219: TABLE["racket_sports"],
    228: TABLE["water_sports"],
}
