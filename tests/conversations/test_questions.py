"""Questions in plain language: first the answer, then how the question was understood."""

import pytest
from sqlalchemy import select

from models import Member, Membership
from services.group import privacy
from simulator.garmin.athletes import Athlete
from tests.scenes import has_moved, november, runs, start_group
from tests.town import Person, Town


def a_year(athlete: Athlete) -> None:
    """Upload two runs and a ride this week, a run last week, and a long ride in March."""
    athlete.upload(type_key="running", start=november(16), seconds=3600, metres=10_000)
    athlete.upload(type_key="running", start=november(17), seconds=1800, metres=5_000)
    athlete.upload(type_key="road_biking", start=november(18), seconds=7200, metres=60_000)
    athlete.upload(type_key="running", start=november(10), seconds=5400, metres=15_000)
    athlete.upload(type_key="road_biking", start=november(8).replace(month=3), seconds=14_400, metres=112_300)


@pytest.fixture
def friends(zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    has_moved(zoe, a_year)
    has_moved(jose, runs(9, 11, 16, 17, minutes=45, metres=9_000))


def keeps(town: Town, name: str, field: str | None) -> None:
    """Stop sharing a field of this member, or all fields."""
    with town.world.sessions.begin() as session:
        theirs = session.scalar(select(Membership).join(Member).where(Member.name == name))
        if field:
            privacy.share(session, theirs, field, town.clock(), on=False)
        else:
            privacy.hide(session, theirs, town.clock())


def test_my_own_figure_comes_first_and_says_what_it_is(zoe: Person, friends: None) -> None:
    heard = zoe.says("How far did I run this week?")
    assert heard.startswith("*15.0 km*\n2 sessions · 1h 30m")
    assert heard.endswith("_Running distance, 16–22 Nov_")
    assert zoe.says("how far have I cycled in march").endswith("_Riding distance, 1–31 Mar_")
    assert "*0.0 km*" in zoe.says("how far did I swim in 2025?")
    assert "_Running distance per week, 9–22 Nov_" in zoe.says("average km run per week between 9 and 22 nov")
    assert zoe.buttons == ["All my numbers", "Leaderboard"]


def test_who_and_we(zoe: Person, friends: None) -> None:
    heard = zoe.says("who ran furthest last week?")
    assert "by distance" in heard
    assert "🥇 *José* 18.0 km" in heard
    heard = zoe.says("how many times did we run this week")
    assert heard.startswith("Together: *4×*, by 2 of you")
    assert "Only what you share counts" in heard
    assert "Nobody in *Sunday Legends* has moved" in zoe.says("how far did we swim this month")


def test_another_one_as_far_as_they_share(zoe: Person, jose: Person, friends: None) -> None:
    assert zoe.says("how far did José run last week?").startswith("*José*: *18.0 km*")
    assert "*José*: 2 sessions · *" not in zoe.heard
    assert zoe.says("stats @jose").startswith("*José*: 2 sessions · 1h 30m · 18.0 km")
    assert zoe.buttons == ["Last week", "Compare with me"]
    assert "*You*" in zoe.taps("Compare with me")
    keeps(zoe.town, "José", "distance")
    assert zoe.says("how far did José run last week?") == "*José* keeps that private in this group."
    keeps(zoe.town, "José", None)
    assert zoe.says("stats José") == "*José* keeps that private in this group."
    assert "I know nobody called" in zoe.says("stats @Bartholomew")


def test_side_by_side(zoe: Person, friends: None) -> None:
    heard = zoe.says("compare me and José last week")
    assert "*You*: 1 session · *1h 30m* · 15.0 km" in heard
    assert "*José*: 2 sessions · *1h 30m* · 18.0 km" in heard
    assert "_All sports, 9–15 Nov_" in heard
    assert "I compare two of you" in zoe.says("compare José and José")
    assert zoe.says("did I beat last week?").startswith("Yes: *3h 30m*, against 1h 30m before.")
    assert zoe.says("compare swim").startswith("Nothing in either stretch yet")


def test_the_longest(zoe: Person, friends: None) -> None:
    assert zoe.says("my longest ride this year").startswith("🚴 Ride: *112 km*, 4h 00m, on 8 Mar 2026")
    assert "_Your longest ride, 1 Jan – 31 Dec_" in zoe.heard
    assert zoe.says("longest swim").startswith("I know no session of yours there.")


def test_a_month_alone_may_mean_two_things(zoe: Person, friends: None) -> None:
    assert '"March"' in zoe.says("March")
    assert zoe.buttons == ["Me march", "Me last 31 days", "Leaderboard march"]
    assert "112 km" in zoe.taps("Me march")


def test_where_nothing_is_certain_up_to_three_lines_are_offered_that_would_run(zoe: Person, friends: None) -> None:
    heard = zoe.says("ledrbord of banana march")
    assert "Did you mean" in heard
    assert "Leaderboard march" in zoe.buttons
    assert "by" in zoe.taps("Leaderboard march")
