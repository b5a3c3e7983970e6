"""Who moved how much: one's own numbers, and the group's board."""

import pytest

from simulator.garmin.athletes import Athlete
from tests.scenes import has_moved, november, runs, start_group
from tests.town import Person, Town


def mixed_week(athlete: Athlete) -> None:
    """This week: a run and a ride. Last week: a run. In October, and a year before: a swim each."""
    athlete.upload(type_key="running", start=november(16), seconds=3600, metres=10_000)
    athlete.upload(type_key="road_biking", start=november(18), seconds=7200, metres=60_000)
    athlete.upload(type_key="running", start=november(10), seconds=5400, metres=15_000)
    athlete.upload(type_key="lap_swimming", start=november(1).replace(month=10), seconds=1800, metres=1_500)
    athlete.upload(type_key="lap_swimming", start=november(25).replace(year=2025), seconds=1800, metres=1_500)


@pytest.fixture
def group(zoe: Person, jose: Person, sara: Person) -> None:
    """Three friends; Zoë rode far, José ran often, سارة has not moved."""
    start_group(zoe, jose, sara)
    has_moved(zoe, mixed_week)
    has_moved(jose, runs(9, 11, 16, 17, 18, minutes=45, metres=9_000))


def test_my_numbers_by_sport_and_period(zoe: Person, group: None) -> None:
    heard = zoe.says("me")
    assert "*You, 16–22 Nov*\n2 sessions · *3h 00m* · 70.0 km\n*206 pts* · ▲75% on the time before" in heard
    assert "🚴 Ride 2h 00m · 🏃 Run 1h 00m" in heard
    assert "You're 1st of 2 in your group by points." in heard
    assert zoe.buttons == ["Last week", "Leaderboard"]
    assert "*You, 9–15 Nov*\n1 session · *1h 30m* · 15.0 km" in zoe.taps("Last week")
    assert "*You, 16–22 Nov · 🏃 Run*\n1 session · *1h 00m* · 10.0 km" in zoe.says("me run")
    assert "*You, 1–31 Oct*\n1 session · *30 min* · 1.5 km" in zoe.says("stats last month")
    assert "*You, 1–31 Oct · 🏊 Swim*" in zoe.says("me october swim")
    assert "*You, 1 Oct – 18 Nov*\n4 sessions" in zoe.says("stats since 1 oct")
    assert "*You, 1–30 Nov 2025*\n1 session" in zoe.says("me november 2025")
    assert "*You, 16 Nov*\n1 session" in zoe.says("me monday")


def test_days_without_me(zoe: Person, group: None) -> None:
    assert zoe.says("me august") == "Nothing from you for 1–31 Aug."
    assert zoe.says("me swim") == "Nothing from you in 🏊 Swim for 16–22 Nov."
    assert zoe.says("me march 2025") == (
        "Nothing from you for 1–31 Mar 2025.\nWhat I know of you begins on 25 Nov 2025."
    )
    assert zoe.buttons == ["Sync now"]
    # days to come, and days that never come
    assert zoe.says("me next month") == (
        "That hasn't started yet: it begins on 1 Dec 2026. Try *this month* or *last week*."
    )
    assert "it begins on 1 Jan 2030" in zoe.says("lb 2030")
    assert zoe.says("me 31 february").startswith("There is no 31 February.\n\nThese work:\n• me")
    assert zoe.says("me between 9 and 3 nov").startswith("9 November comes after 3 November.")


def test_an_account_without_activities(zoe: Person) -> None:
    zoe.connects_garmin()
    assert zoe.says("me") == (
        "Nothing from you for 16–22 Nov.\nI know none of your activities yet; if that looks wrong, send *sync*."
    )


def test_the_board_and_where_its_buttons_lead(jose: Person, group: None) -> None:
    heard = jose.says("leaderboard")
    assert heard.startswith(
        "*Sunday Legends* · 16–22 Nov · by points\n\n🥇 *Zoë* 206 pts ▲1\n🥈 *José* 186 pts ▼1 ← you\n"
    )
    assert "Together: 392 pts (▲62% on the time before)" in heard
    assert jose.buttons == ["By time", "Last week", "My week"]
    assert "by time" in jose.taps("By time")
    assert "9–15 Nov · by time" in jose.taps("Last week")
    assert jose.buttons == ["By points", "This week", "My week"]
    assert jose.taps("My week").startswith("*You, 16–22 Nov*")


def test_the_board_by_other_figures_sports_and_periods(zoe: Person, group: None) -> None:
    assert "by sessions\n\n🥇 *José* 3×\n🥈 *Zoë* 2× ← you" in zoe.says("lb sessions")
    assert "· 🏃 Run · by distance\n\n🥇 *José* 27.0 km" in zoe.says("lb distance run")
    assert "*Sunday Legends* · 9–15 Nov · by time\n\n🥇 *José* 1h 30m\n🥇 *Zoë* 1h 30m ← you" in zoe.says(
        "lb time last week"
    )
    assert "1–30 Nov 2025 · 🏊 Swim · by time\n\n• *Zoë* 30 min ← you" in zoe.says("top time swim november 2025")
    # words may come in any order
    orders = ("distance run last week", "last week run distance", "run last week, distance!")
    said = {zoe.says(f"lb {words}") for words in orders}
    assert len(said) == 1
    assert "9–15 Nov · 🏃 Run · by distance" in said.pop()


def test_a_change_of_places_is_shown(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(9, 16, 17))
    has_moved(jose, runs(9, 10, 16))
    assert "🥇 *Zoë* 157 pts ▲1 ← you\n🥈 *José* 79 pts ▼1" in zoe.says("lb")


def test_a_board_of_nobody_invites(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert "Nobody has moved yet in these days. Who starts?" in jose.says("lb")
    assert "Together" not in jose.heard


def test_who_leaves_is_on_no_board(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(9, 16))
    has_moved(jose, runs(9, 16))
    jose.says("leave yes")
    assert "José" not in zoe.says("lb last week")
    assert zoe.says("me").count("in your group") == 0


def test_strange_words_are_named(zoe: Person) -> None:
    start_group(zoe)
    assert 'I know *leaderboard*, but not what "banana" means there.' in zoe.says("lb banana this week")
    assert zoe.says("leadrboard").startswith('_I read "leadrboard" as leaderboard._\n*Sunday Legends*')


def test_a_broken_link_keeps_the_history(town: Town, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(16))
    town.garmin.revoke(zoe.email)
    town.travel(hours=7)
    assert "1 session · *1h 00m* · 10.0 km" in zoe.says("me")
