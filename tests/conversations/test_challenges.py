"""Challenges, from announcing one to the result; and seasons."""

from datetime import UTC, datetime

from sqlalchemy import select

from models import Challenge, Group
from simulator.garmin.athletes import Athlete
from tests.scenes import has_moved, hide, november, runs, start_group
from tests.town import Person, Town

AFTER = datetime(2026, 11, 30, 11, 0, tzinfo=UTC)  # noon in Brussels, the day after the 29th


def distance_this_week(zoe: Person, jose: Person, *more: Person) -> None:
    """Start a challenge by distance from Monday to Sunday, in which Zoë and José take part."""
    start_group(zoe, jose, *more)
    has_moved(zoe, runs(23))
    has_moved(jose, runs(24, 25))
    assert zoe.says("challenge new distance run 23 to 29 nov ok").startswith("📣 *Most distance · 🏃 Run*")
    jose.says("challenge join 1")


def test_a_challenge_from_the_idea_to_the_result(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    heard = zoe.says("challenge new distance run")
    assert heard.startswith("When? *1 to 14 dec*")
    heard = zoe.says("23 to 29 nov")
    assert heard.startswith("🏁 *Most distance · 🏃 Run*\n23–29 Nov\n\nWhoever has most by the end wins.")
    assert zoe.buttons == ["Announce it", "No, thanks"]
    heard = jose.count()
    assert zoe.says("ok").startswith("📣 *Most distance · 🏃 Run* is challenge 1 of *Sunday Legends*. You're in")
    assert jose.count() == heard + 1
    assert jose.heard.startswith("🏁 Zoë has set up a challenge: *Most distance · 🏃 Run*, 23–29 Nov.")
    assert jose.taps("Join").startswith("You're in: *Most distance · 🏃 Run*, 23–29 Nov.")
    assert jose.says("challenge join").startswith("You're in already:")
    assert "It begins on Mon 23 Nov." in zoe.says("challenge")
    has_moved(zoe, runs(23))
    has_moved(jose, runs(24, 25))
    has_moved(sara, runs(24, 25, 26))
    town.travel_to(november(26, 12))
    assert zoe.says("challenge").splitlines() == [
        "🏁 *Most distance · 🏃 Run* · 23–29 Nov",
        "4 days left.",
        "",
        "🥇 *José* 20.0 km",
        "🥈 *Zoë* 10.0 km ← you",
    ]
    assert "*challenge join 1* takes part." in sara.says("challenge 1")
    town.travel_to(november(30, 8))
    assert "is over" not in zoe.heard
    before = [person.count() for person in (zoe, jose, sara)]
    for person in (zoe, jose):
        person.says("help")
    town.travel_to(AFTER)
    assert zoe.heard.splitlines() == [
        "🏁 *Most distance · 🏃 Run* is over · 23–29 Nov",
        "",
        "🥇 *José* 20.0 km",
        "🥈 *Zoë* 10.0 km ← you",
    ]
    assert [person.count() - n for person, n in zip((zoe, jose, sara), before, strict=True)] == [2, 2, 0]
    town.travel(minutes=5)
    assert [person.count() - n for person, n in zip((zoe, jose, sara), before, strict=True)] == [2, 2, 0]
    assert "It is over." in zoe.says("challenge 1")
    assert "Over: 1. Most distance · 🏃 Run" in zoe.says("challenge list")


def test_whoever_has_not_written_for_a_day_gets_the_result_as_a_template(town: Town, zoe: Person, jose: Person) -> None:
    distance_this_week(zoe, jose)
    town.travel_to(AFTER)
    assert "news about your group Sunday Legends" in jose.heard
    assert "The challenge *Most distance · 🏃 Run* is over: you came 1st of 2." in jose.heard
    assert jose.taps("Show me").startswith("🏁 *Most distance · 🏃 Run* · 23–29 Nov\nIt is over.")


def test_a_group_reaches_something_together(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16, 17))
    has_moved(jose, runs(18, minutes=180, metres=30_000))
    zoe.says("challenge new 60 km from 16 nov until 29 nov called Tour of the Lakes")
    assert zoe.heard.startswith(
        "🏁 *Tour of the Lakes*\n16–29 Nov · to reach: 60.0 km\n\nEverybody's counts, and nobody"
    )
    zoe.says("ok")
    jose.says("challenge join")
    assert zoe.says("challenge").splitlines() == [
        "🏁 *Tour of the Lakes* · 16–29 Nov",
        "12 days left.",
        "",
        "🤝 *50.0 km* of 60.0 km (83%), 2 people",
        "At this pace: about Tue 24 Nov.",
    ]
    assert "José" not in zoe.heard
    zoe.says("challenge leave 1")
    assert "*30.0 km* of 60.0 km (50%), 1 person" in zoe.says("challenge")
    assert zoe.says("challenge join 1").startswith("You're in")
    town.travel_to(AFTER.replace(hour=8))
    zoe.says("hi")
    town.travel_to(AFTER)
    assert "*50.0 km* of 60.0 km together: 83% of the way." in zoe.heard


def test_a_journey_without_leaving_home(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(17, 18, minutes=240, metres=40_000))
    heard = zoe.says("challenge new land's end to john o'groats from 16 nov until 2027-03-31")
    assert heard.startswith("🏁 *Land's End to John o' Groats*\n16 Nov 2026 – 31 Mar 2027 · to reach: 1,407 km")
    zoe.says("ok")
    assert "🤝 *80.0 km* of 1,407 km (5%), 1 person" in zoe.says("challenge")


def test_the_most_improved_wins_and_not_the_strongest(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    weeks = (5, 12, 19)
    october = [each for first in weeks for each in (first, first + 1)]
    has_moved(zoe, lambda athlete: [_run(athlete, 10, day, 60) for day in october] + [_run(athlete, 11, 17, 90)])
    has_moved(jose, lambda athlete: [_run(athlete, 10, day, 30) for day in weeks] + [_run(athlete, 11, 17, 80)])
    zoe.says("challenge new most improved from 16 nov until 22 nov yes")
    jose.says("challenge join")
    town.travel_to(november(22, 20))
    lines = zoe.says("challenge").splitlines()
    assert lines[0] == "🏁 *Most improved* · 16–22 Nov"
    assert lines[3].startswith("🥇 *José* +")
    assert lines[4].startswith("🥈 *Zoë* −")


def _run(athlete: Athlete, month: int, day: int, minutes: float) -> None:
    start = datetime(2026, month, day, 9, tzinfo=UTC)
    athlete.upload(type_key="running", start=start, seconds=60 * minutes, metres=160 * minutes)


def test_a_streak_of_weeks_stands_still_while_away(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert zoe.says("challenge new streak next week").startswith("A streak counts whole weeks")
    has_moved(zoe, runs(2, 3, 16, 17))
    has_moved(jose, runs(2, 3, 9, 10))
    jose.says("away since 9 nov")
    zoe.says("challenge new streak from 2 nov until 22 nov yes")
    jose.says("challenge join")
    assert zoe.says("challenge").splitlines()[3:] == ["🥇 *José* 1 week", "🥇 *Zoë* 1 week ← you"]


def test_only_those_who_may_set_one_up_and_end_it(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    assert jose.says("challenge new distance next week").startswith("Only admins can do that (new challenges).")
    assert "*challenge new" not in jose.says("challenge list")
    zoe.says("challenge new distance next week ok")
    jose.says("challenge join")
    assert jose.says("challenge end 1").startswith("Only admins can do that (end challenges).")
    assert zoe.says("challenge end 1").startswith("End *Most distance* now?")
    heard, sara_heard = jose.count(), sara.count()
    assert zoe.says("yes") == "🏁 *Most distance* is over · 23 Nov\n\nNothing to tell of this time."
    assert jose.count() == heard + 1
    assert sara.count() == sara_heard
    assert zoe.says("challenge end 1").startswith("No challenge is open.")
    town.travel_to(AFTER)
    assert jose.count() == heard + 1


def test_which_challenge_is_asked_where_there_are_several(zoe: Person) -> None:
    start_group(zoe)
    assert zoe.says("challenge").startswith("*Sunday Legends* has no challenge at the moment.")
    assert zoe.says("challenge join").startswith("No challenge is open.")
    zoe.says("challenge new distance next week ok")
    zoe.says("challenge new time ride in december ok")
    assert zoe.says("challenge leave").startswith("Which one? 1 is *Most distance*, 2 is *Most time · 🚴 Ride*.")
    assert zoe.says("challenge 7").startswith("There is no challenge 7 to speak of. Open: 1, 2.")
    assert zoe.says("challenge").startswith("*Challenges of Sunday Legends*\n1. *Most distance* · 23–29 Nov\n2. *Most")
    assert zoe.taps("Challenge 2").startswith("🏁 *Most time · 🚴 Ride* · 1–31 Dec\nIt begins on Tue 1 Dec.")


def test_a_challenge_that_makes_no_sense_is_explained(zoe: Person) -> None:
    start_group(zoe)
    assert zoe.says("challenge new together next week").startswith("How much together?")
    assert zoe.says("challenge new distance 1 to 7 nov 2024").startswith("A challenge begins within the last month")
    assert zoe.says("challenge new distance for 99 weeks").startswith("A challenge begins within the last month")
    for number in range(5):
        zoe.says(f"challenge new distance for {number + 2} weeks ok")
    assert zoe.says("challenge new time for 2 weeks").startswith("5 challenges are open, and more nobody could follow.")


def test_whoever_hides_is_in_no_challenge(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    distance_this_week(zoe, jose, sara)
    has_moved(sara, runs(24, minutes=600, metres=99_000))
    sara.says("challenge join 1")
    town.travel_to(november(26))
    assert "سارة" in zoe.says("challenge")
    hide(sara)
    assert "سارة" not in zoe.says("challenge")
    assert "99" not in zoe.heard
    assert "you don't count" in sara.says("challenge join 1")
    sara.says("help")
    town.travel_to(AFTER)
    assert "سارة" not in jose.heard


def test_a_season_gives_medals_week_by_week(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(17, 24, 25))
    has_moved(jose, runs(17, 18, 23))
    assert "0 of 12 weeks are over." in zoe.says("season")
    town.travel_to(november(30, 12))
    assert zoe.says("season").splitlines() == [
        "🏅 *Season 1 of Sunday Legends* · 16 Nov 2026 – 7 Feb 2027",
        "2 of 12 weeks are over. Each week's first three by points get 3, 2 and 1.",
        "",
        "🥇 *José* 5",
        "🥇 *Zoë* 5",
    ]
    town.travel_to(datetime(2027, 1, 4, 12, tzinfo=UTC))
    zoe.says("season")  # after 45 days without a line the bot would ask who she is
    town.travel_to(datetime(2027, 2, 8, 12, tzinfo=UTC))
    assert "Season 2" in zoe.says("season")
    assert "All time: José 5 · Zoë 5" in zoe.heard


def test_a_button_is_about_the_group_that_it_was_under(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    start_group(zoe, jose, name="Office swim")
    zoe.says("challenge new 300 km until 20 december")
    zoe.says("yes")
    zoe.says("use Sunday Legends")
    zoe.says("challenge new run distance next week")
    zoe.says("yes")  # both have number 1 in their group
    heard = jose.taps("Join")  # of the newer one, while the other group is his current one
    assert heard.startswith("You're in")
    assert "300 km" not in heard
    zoe.says("challenge end 1")
    zoe.says("use Office swim")
    zoe.taps("Yes, end it")
    with town.world.sessions() as session:
        names = dict(session.execute(select(Group.name, Challenge.ended_at).join(Challenge.group)).all())
        assert names["Office swim"] is None
        assert names["Sunday Legends"] is not None


def test_what_is_logged_by_hand_counts_as_on_the_boards(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    zoe.says("settings manual 0")
    zoe.says("challenge new points this week")
    zoe.says("yes")
    zoe.says("log run 60 min")
    assert "Zoë" not in jose.says("leaderboard")
    assert "Zoë" not in jose.says("challenge 1")
    nothing = zoe.says("group goal 500 points month")
    zoe.says("settings manual 100")
    assert "Zoë" in jose.says("challenge 1")
    assert zoe.says("group goal") != nothing
