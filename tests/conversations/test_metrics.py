"""Boards, goals and questions about figures beyond those that are shared at first: calories and pace."""

import pytest

from simulator.garmin.athletes import Athlete
from tests.scenes import has_moved, november, runs, start_group
from tests.town import Person


def burns(*days: int, calories: float) -> object:
    """A watch with a session on each of these days that counted so many kilocalories."""

    def upload(athlete: Athlete) -> None:
        for day in days:
            one = athlete.upload(type_key="running", start=november(day), seconds=3600, metres=10_000)
            athlete.edit(one, calories=calories)

    return upload


@pytest.fixture
def burners(zoe: Person, jose: Person, sara: Person) -> None:
    """Three friends with 800, 1,500 and 900 kcal this week, of whom two share them."""
    start_group(zoe, jose, sara)
    has_moved(zoe, burns(9, 16, calories=800))
    has_moved(jose, burns(16, 17, calories=750))
    has_moved(sara, burns(16, calories=900))
    for each in (zoe, jose):
        assert "sees your calories from now on" in each.says("share calories on")


def test_calories_are_on_their_board_for_those_who_share_them(zoe: Person, jose: Person, burners: None) -> None:
    heard = zoe.says("leaderboard calories")
    assert "16–22 Nov · by calories\n\n🥇 *José* 1,500 kcal\n🥈 *Zoë* 800 kcal ▼1 ← you\n" in heard
    assert "Together: 2,300 kcal (▲188% on the time before)" in heard
    assert "سارة" not in heard
    assert jose.says("share calories off").startswith("✅ *Sunday Legends* no longer sees your calories")
    heard = zoe.says("lb kcal run")
    assert "🏃 Run · by calories\n\n• *Zoë* 800 kcal ← you" in heard
    assert "José" not in heard


def test_questions_about_calories(zoe: Person, sara: Person, burners: None) -> None:
    assert zoe.says("how many calories did I burn last week?").startswith("*800 kcal*\n")
    assert "_Calories, 9–15 Nov_" in zoe.heard
    assert zoe.says("compare me and José calories").startswith("*You*: *800 kcal*\n*José*: *1,500 kcal*")
    assert "Together: *2,300 kcal*, by 2 of you" in zoe.says("we calories")
    assert "keeps that private" in zoe.says("stats @سارة calories")
    assert sara.says("me calories").startswith("*900 kcal*\n1 session · 1h 00m · 10.0 km")


def test_a_goal_and_a_challenge_of_calories(zoe: Person, jose: Person, burners: None) -> None:
    assert "*Your goal: 5,000 kcal*" in zoe.says("goal 5,000 kcal month")
    assert "1,600 kcal so far (32%)" in zoe.heard
    assert "*Most calories*" in zoe.says("challenge new calories 16 to 29 nov")
    zoe.taps("Announce it")
    jose.says("challenge join 1")
    assert "🥇 *José* 1,500 kcal" in zoe.says("challenge")


def paced(*sessions: tuple[str, int, float, float]) -> object:
    """A watch with these sessions: type, day, minutes, metres."""

    def upload(athlete: Athlete) -> None:
        for kind, day, minutes, metres in sessions:
            athlete.upload(type_key=kind, start=november(day), seconds=60 * minutes, metres=metres)

    return upload


@pytest.fixture
def racers(zoe: Person, jose: Person, sara: Person) -> None:
    """Zoë runs 10 km evenly and 2 km faster; José ran slower; سارة sprinted once. Two ride, one swims."""
    start_group(zoe, jose, sara)
    run, ride, swim = "running", "road_biking", "lap_swimming"
    has_moved(zoe, paced((run, 16, 50, 10_000), (run, 17, 8, 2_000), (ride, 17, 120, 50_000), (run, 10, 36, 6_000)))
    has_moved(jose, paced((run, 16, 55, 10_000), (ride, 17, 60, 30_000), (swim, 17, 30, 1_500), (run, 10, 30, 6_000)))
    has_moved(sara, paced((run, 16, 1.5, 400)))


def test_the_faster_is_first_and_one_sprint_does_not_win(zoe: Person, jose: Person, racers: None) -> None:
    heard = zoe.says("leaderboard pace")
    assert "16–22 Nov · 🏃 Run · by pace\n\n🥇 *Zoë* 4:50 /km ▲1 ← you\n🥈 *José* 5:30 /km ▼1\n" in heard
    assert "سارة" not in heard
    assert "Together" not in heard
    assert "_Mean of all sessions, for whoever covered 5.0 km or more._" in heard
    zoe.says("units imperial")
    assert "🥇 *Zoë* 7:47 /mi" in zoe.says("lb pace run")


def test_each_sport_tells_speed_as_its_people_do(zoe: Person, racers: None) -> None:
    assert "· 🚴 Ride · by pace\n\n🥇 *José* 30.0 km/h\n🥈 *Zoë* 25.0 km/h ← you" in zoe.says("lb pace ride")
    assert "covered 20.0 km or more" in zoe.heard
    assert "· 🏊 Swim · by pace\n\n• *José* 2:00 /100 m" in zoe.says("lb pace swim")
    assert zoe.says("lb pace yoga").startswith("🧘 Yoga has no pace. Try")
    assert "Nobody has covered 5.0 km in these days yet. Who starts?" in zoe.says("lb pace hike")


def test_over_more_weeks_more_is_asked_for(zoe: Person, racers: None) -> None:
    heard = zoe.says("lb pace this year")
    assert "covered 20.0 km" in heard
    assert "Zoë" not in heard


def test_pace_is_only_of_those_who_share_what_it_is_made_of(zoe: Person, jose: Person, racers: None) -> None:
    jose.says("share distance off")
    assert "José" not in zoe.says("lb pace")
    assert zoe.says("compare me and José pace").startswith("*José* keeps")
    assert jose.says("my average pace").startswith("*5:30 /km*\n1 session · 55 min · 10.0 km")
    assert "_Running pace, 16–22 Nov_" in jose.heard


def test_pace_is_no_goal_and_no_challenge(zoe: Person, racers: None) -> None:
    assert zoe.says("challenge new pace next week").startswith("A challenge goes by time, distance, sessions,")
    assert "climbing or calories" in zoe.heard


def test_titles_are_shown_to_the_group_by_whoever_shares_them(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16))

    def titled(athlete: Athlete) -> None:
        for day, title in ((16, "Hills with Ben"), (17, "Garmin Support evil.example.com"), (18, "Easy")):
            one = athlete.upload(type_key="running", start=november(day), seconds=3600, metres=10_000)
            athlete.edit(one, activityName=title)

    has_moved(jose, titled)
    assert "Hills" not in zoe.says("stats @José")
    assert "sees your activity titles from now on" in jose.says("share titles on")
    heard = zoe.says("stats @José")
    assert "\n“Easy” · “Hills with Ben”\n" in heard
    assert "Support" not in heard
    jose.says("share titles off")
    assert "Hills" not in zoe.says("stats @José")
