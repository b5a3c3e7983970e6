"""Garmin's own list of activity types: each `typeKey`, without the suffix of its year, under its `parentTypeId`.

These are the names of the 152 types in https://github.com/pe-st/garmin-connect-export, json/activityTypes.json, at
5f2e287. An activity from Garmin's API names its parent; a file from a watch does not, and must earn the same points.
"""

_KEYS = {
    1: """
        indoor_running obstacle_run street_running track_running trail_running treadmill_running ultra_run
        virtual_run""",  # running
    2: """
        bmx cyclocross downhill_biking e_bike_fitness e_bike_mountain e_enduro_mtb enduro_mtb gravel_cycling
        hand_cycling indoor_cycling indoor_hand_cycling mountain_biking recumbent_cycling road_biking
        track_cycling virtual_ride""",  # cycling
    3: "rucking",  # hiking
    4: """
        archery atv auto_racing biketoruntransition boxing breathwork disc_golf driving_general e_sport
        floor_climbing flying golf hang_gliding horseback_riding hunting hunting_fishing inline_skating
        meditation mixed_martial_arts motocross motorcycling mountaineering overland rc_drone rock_climbing
        runtobiketransition sky_diving stop_watch swimtobiketransition transition whitewater_rafting_kayaking
        wind_kite_surfing wingsuit_flying""",  # other
    9: "casual_walking speed_walking",  # walking
    17: """
        cycling diving fitness_equipment hiking multi_sport other para_sports racket_sports running safety steps
        swimming team_sports walking water_sports winter_sports""",  # all: the families
    26: "lap_swimming open_water_swimming",  # swimming
    29: """
        bouldering dance elliptical hiit indoor_cardio indoor_climbing indoor_rowing jump_rope mobility
        onshore_grinding pilates stair_climbing strength_training yoga""",  # fitness equipment
    144: """
        apnea_diving apnea_hunting ccr_diving gauge_diving multi_gas_diving pool_apnea single_gas_diving""",  # diving
    157: "assistance incident_detected",  # safety
    165: """
        backcountry_skiing backcountry_skiing_snowboarding backcountry_snowboarding cross_country_skiing
        resort_skiing resort_skiing_snowboarding resort_snowboarding skate_skiing skating snow_shoe
        snowmobiling""",  # winter sports
    199: "wheelchair_push_run wheelchair_push_walk",  # para sports
    206: """
        american_football baseball basketball cricket field_hockey ice_hockey lacrosse rugby soccer softball
        ultimate_disc volleyball""",  # team sports
    219: "badminton paddelball pickleball platform_tennis racquetball squash table_tennis tennis",  # racket sports
    228: """
        boating fishing kayaking kiteboarding offshore_grinding paddling rowing sailing snorkeling
        stand_up_paddleboarding surfing wakeboarding wakesurfing water_tubing waterskiing whitewater_rafting
        windsurfing""",  # water sports
}

# "all" is missing here, because it is the root and has no parent.
PARENT_OF: dict[str, int] = {key: parent for parent, keys in _KEYS.items() for key in keys.split()}
LISTED = frozenset(PARENT_OF) | {"all"}
