"""A member's name, language, units, time zone and quiet hours."""

import re

import pytest

from simulator.garmin.athletes import Athlete
from tests.scenes import has_moved, runs, start_group
from tests.town import Person


def test_a_name_is_chosen_and_taken_back(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert jose.says("call me *Pepe* 🚴") == "You're *Pepe 🚴* here now."
    assert "• Pepe 🚴" in zoe.says("members")
    assert jose.taps("Undo").startswith("↩️ Taken back")
    assert "• José" in zoe.says("members")
    assert jose.says("name").startswith("What would you like?")
    assert jose.says("Pepito") == "You're *Pepito* here now."


def test_lengths_are_read_in_miles(zoe: Person) -> None:
    has_moved_alone(zoe)
    assert "10.0 km" in zoe.says("me")
    assert zoe.says("units imperial") == "You read lengths in miles from now on."
    assert "6.2 mi" in zoe.says("me")


def test_times_are_those_of_a_city(zoe: Person) -> None:
    assert zoe.says("timezone").startswith("Your times are those of Europe/Brussels, where it is 20:0")
    assert zoe.says("timezone Leeds").startswith('I know no time zone "Leeds".')
    assert zoe.says("tz new york").startswith("✅ Your times are those of America/New York, where it is 14:0")


def test_the_languages_that_there_are_are_told(zoe: Person) -> None:
    assert re.fullmatch(r"I write .*\bEnglish\b.*\.", zoe.says("language"))
    assert zoe.says("language ENGLISH") == "✅ From now on I write to you in English."
    assert re.fullmatch(r'I don\'t write "Klingon" yet, only .*\bEnglish\b.*\.', zoe.says("language Klingon"))


@pytest.mark.parametrize("line", ["quiet 22:00-08:00", "quiet 10pm to 8am"])
def test_quiet_hours_are_chosen_and_ended(zoe: Person, line: str) -> None:
    assert "between 21:30 and 07:30 (Europe/Brussels)" in zoe.says("quiet")
    assert "between 22:00 and 08:00" in zoe.says(line)
    assert zoe.says("quiet off").startswith("No quiet hours")
    assert zoe.says("undo").startswith("↩️ Taken back")
    assert "between 22:00 and 08:00" in zoe.says("quiet")


def test_what_is_private_at_garmin_counts_only_where_one_wants_it(zoe: Person) -> None:
    def upload(athlete: Athlete) -> None:
        runs(16)(athlete)
        runs(17, minutes=30)(athlete)
        athlete.activities[-1]["privacy"] = {"typeId": 2, "typeKey": "private"}

    zoe.says("new group Sunday Legends")
    has_moved(zoe, upload)
    assert "1 session" in zoe.says("me")
    assert "1 of your activities is private at Garmin and left out" in zoe.says("privacy")
    assert zoe.says("set private include").startswith("Activities that are private at Garmin count")
    assert "2 sessions" in zoe.says("me")
    zoe.says("undo")
    assert "1 session" in zoe.says("me")


def has_moved_alone(person: Person) -> None:
    person.says("hi")
    has_moved(person, runs(16))
