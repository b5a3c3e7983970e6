"""docs/ways.md is true: code in the files of each way runs, in that order."""

import re

from tests.conversations.test_digest import SUNDAY, runners
from tests.entered import note_entered
from tests.imports import ROOT
from tests.scenes import has_moved, november, runs, start_group
from tests.town import Person, Town


def read_way(heading: str) -> list[str]:
    """Return the files in the table below this heading."""
    section = (ROOT / "docs/ways.md").read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def compare(heading: str, paths: list[str]) -> None:
    """Fail with the list of files that ran, if a file of the table did not run, or not in that order."""
    told = read_way(heading)
    assert told
    whole = "\n".join(["this is the way:", *paths])
    assert [path for path in told if path not in paths] == [], whole
    assert told == sorted(told, key=paths.index), whole


def test_a_lines_way(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(jose, runs(9, 16))
    with note_entered() as paths:
        heard = zoe.says("leaderboard")
    assert "*José*" in heard
    compare("A line's way", paths)


def test_an_activitys_way(town: Town, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(9, 16))
    town.travel(hours=1)
    town.garmin.athletes[zoe.email].upload(start=november(18, 10), seconds=1800, metres=5_000)
    with note_entered() as paths:
        zoe.says("sync")
    assert "5.0 km" in zoe.says("last")
    compare("An activity's way", paths)


def test_a_digests_way(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    runners(zoe, jose, sara)
    town.travel_to(SUNDAY.replace(hour=15))
    for person in (zoe, jose, sara):  # WhatsApp accepts free text and pictures for a day after their last line
        person.says("me")
    town.travel_to(SUNDAY.replace(hour=16, minute=55))
    with note_entered() as paths:
        town.travel_to(SUNDAY)
    assert "Sunday Legends" in zoe.heard
    compare("A digest's way", paths)
