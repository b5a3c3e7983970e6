"""A member's own figures, and the group's board."""

import pytest

from simulator.garmin.athletes import Athlete
from tests.scenes import has_moved, november, runs, start_group
from tests.town import Person, Town


def mixed_week(athlete: Athlete) -> None:
    """Upload a run and a ride this week, a run last week, a swim in October, and one a year before."""
    athlete.upload(type_key="running", start=november(16), seconds=3600, metres=10_000)
    athlete.upload(type_key="road_biking", start=november(18), seconds=7200, metres=60_000)
    athlete.upload(type_key="running", start=november(10), seconds=5400, metres=15_000)
    athlete.upload(type_key="lap_swimming", start=november(1).replace(month=10), seconds=1800, metres=1_500)
    athlete.upload(type_key="lap_swimming", start=november(25).replace(year=2025), seconds=1800, metres=1_500)


@pytest.fixture
def group(zoe: Person, jose: Person, sara: Person) -> None:
    """Three friends; Zoë rode far, José ran often, سارة has no activity."""
    start_group(zoe, jose, sara)
    has_moved(zoe, mixed_week)
    has_moved(jose, runs(9, 11, 16, 17, 18, minutes=45, metres=9_000))


def test_my_numbers_by_sport_and_period(zoe: Person, group: None) -> None:
    heard = zoe.says("me")
    assert "*You, 16–22 Nov*\n2 sessions · *3h 00m* · 70.0 km\n*206 pts* · ▲75% on the time before" in heard
    assert "🚴 Ride 2h 00m · 🏃 Run 1h 00m" in heard
    assert "You're 1st of 2 in your group by points." in heard
    assert zoe.buttons == ["Last week", "Leaderboard", "Dashboard"]
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
    # days in the future, and days that do not exist
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


def burns(*days: int, calories: float) -> object:
    """Return a function that uploads an activity with these kilocalories on each of these days."""

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
    """Return a function that uploads these activities: type, day, minutes, metres."""

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
    assert jose.says("share pace off").startswith(
        "There is no setting for your pace: a group that sees your time, distance"
    )
    assert "sees your points sees it too" in jose.says("share streak on")
    assert zoe.says("compare me and José pace").startswith("*José* keeps")
    assert jose.says("my average pace").startswith("*5:30 /km*\n1 session · 55 min · 10.0 km")
    assert "_Running pace, 16–22 Nov_" in jose.heard


def test_pace_is_no_goal_and_no_challenge(zoe: Person, racers: None) -> None:
    assert zoe.says("challenge new pace next week").startswith("A challenge goes by time, distance, sessions,")
    assert "climbing or calories" in zoe.heard
