from itertools import combinations

import pytest

from bot.words.metrics import BOARDS
from fitness.metrics import Metric
from fitness.sports import NOT_SPORT, Sport, Style, find_sport, is_sport

# From Garmin's own list of types: key, parentTypeId, and our family.
TYPES = [
    ("running", 17, Sport.RUN),
    ("trail_running", 1, Sport.RUN),
    ("treadmill_running", 1, Sport.RUN),
    ("virtual_run", 1, Sport.RUN),
    ("wheelchair_push_run", 199, Sport.RUN),
    ("gravel_cycling", 2, Sport.RIDE),
    ("e_bike_fitness", 2, Sport.RIDE),
    ("virtual_ride", 2, Sport.RIDE),
    ("open_water_swimming", 26, Sport.SWIM),
    ("snorkeling", 228, Sport.SWIM),
    ("casual_walking", 9, Sport.WALK),
    ("rucking", 3, Sport.HIKE),
    ("mountaineering", 4, Sport.HIKE),
    ("snow_shoe_ws", 165, Sport.HIKE),
    ("strength_training", 29, Sport.STRENGTH),
    ("pilates", 29, Sport.YOGA),
    ("indoor_rowing", 29, Sport.ROW),
    ("rowing_v2", 228, Sport.ROW),
    ("stand_up_paddleboarding_v2", 228, Sport.PADDLE),
    ("wind_kite_surfing", 4, Sport.PADDLE),
    ("resort_skiing_snowboarding_ws", 165, Sport.SKI),
    ("skating_ws", 165, Sport.SKI),
    ("tennis_v2", 219, Sport.RACKET),
    ("paddelball", 219, Sport.RACKET),
    ("ultimate_disc", 206, Sport.TEAM),
    ("floor_climbing", 4, Sport.CARDIO),
    ("mixed_martial_arts", 4, Sport.CARDIO),
    ("multi_sport", 17, Sport.MULTI),
    ("bouldering", 29, Sport.OTHER),
    ("apnea_diving", 144, Sport.OTHER),
    ("uncategorized", 17, Sport.OTHER),
]


@pytest.mark.parametrize(("key", "parent", "sport"), TYPES)
def test_garmins_types_fall_into_families(key, parent, sport):
    assert find_sport(key, parent) is sport
    assert find_sport(key) is sport


@pytest.mark.parametrize(
    ("parent", "sport"),
    [
        (1, Sport.RUN),
        (2, Sport.RIDE),
        (3, Sport.HIKE),
        (9, Sport.WALK),
        (26, Sport.SWIM),
        (29, Sport.CARDIO),
        (165, Sport.SKI),
        (206, Sport.TEAM),
        (219, Sport.RACKET),
        (228, Sport.PADDLE),
        (17, Sport.OTHER),
        (None, Sport.OTHER),
    ],
)
def test_a_type_nobody_has_heard_of_goes_where_its_parent_is(parent, sport):
    assert find_sport("backwards_unicycling_v3", parent) is sport


@pytest.mark.parametrize("key", ["kayaking", "kayaking_v2", "kayaking_v3", "KAYAKING_V2", " kayaking_ws_v2 "])
def test_suffixes_and_capitals_do_not_matter(key):
    assert find_sport(key, 26) is Sport.PADDLE


@pytest.mark.parametrize(
    "key", ["driving_general", "motorcycling_v2", "swimToBikeTransition_v2", "meditation", "snowmobiling_ws", "SAFETY"]
)
def test_what_an_engine_or_nobody_does_never_counts(key):
    assert not is_sport(key)


def test_sport_counts():
    assert [key for key, _, _ in TYPES if not is_sport(key)] == []


def test_keys_that_never_count_are_written_as_they_are_compared():
    assert all(not is_sport(key) and key == key.lower() for key in NOT_SPORT)


def test_each_word_belongs_to_one_sport_or_metric():
    said = {metric: [word for word, meant in BOARDS.items() if meant is metric] for metric in Metric}
    vocabularies = [*((sport, sport.words) for sport in Sport), *said.items()]
    for (one, words), (other, others) in combinations(vocabularies, 2):
        assert not set(words) & set(others), (one, other)


def test_words_are_single_and_lower_case_and_include_the_name():
    assert {"run", "ran", "running", "jog", "jogging"} <= set(Sport.RUN.words)
    for sport in set(Sport) - {Sport.TEAM}:  # a team may also be the group itself
        assert sport.value in sport.words
    for sport in Sport:
        assert all(word.isalpha() and word.islower() for word in sport.words)
        assert len(sport.words) == len(set(sport.words))


def test_icons_are_one_code_point_and_tell_sports_apart():
    icons = [sport.icon for sport in Sport]
    assert all(len(icon) == 1 for icon in icons)
    assert len(set(icons)) == len(icons)


def test_styles():
    assert [sport for sport in Sport if sport.style is Style.FOOT] == [Sport.RUN, Sport.WALK, Sport.HIKE]
    assert [sport for sport in Sport if sport.style is Style.SWIM] == [Sport.SWIM]
    assert Sport.RIDE.style is Style.WHEELS
    assert Sport.YOGA.style is Style.TIME


def test_a_sport_is_stored_and_read_back_by_its_name():
    assert Sport("ride") is Sport.RIDE  # type: ignore[call-arg]
    assert f"{Sport.RIDE}" == "ride"
    with pytest.raises(ValueError):
        Sport("curling")  # type: ignore[call-arg]
