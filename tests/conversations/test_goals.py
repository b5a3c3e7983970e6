"""Goals of a member and of a group, and when they will be reached."""

from tests.scenes import has_moved, hide, november, runs, start_group
from tests.town import Person, Town


def test_a_goal_from_setting_to_reaching_it(town: Town, zoe: Person) -> None:
    has_moved_first(zoe)
    assert zoe.says("goal").startswith("You have no goal. *goal 120 km run month*")
    heard = zoe.says("goal 120 km run month")
    assert heard.startswith("🎯 *Your goal: 120 km* · 🏃 Run · 1–30 Nov\n80.0 km so far (66%), 13 days left.")
    assert "At the pace of the last 4 weeks: about Wed 2 Dec, 2 days late." in heard
    assert zoe.says("goal 90 km run month").splitlines()[2] == "At the pace of the last 4 weeks: about Sun 22 Nov."
    assert "Not at this pace: about 114 km by Mon 30 Nov." in zoe.says("goal 300 km run month")
    assert zoe.says("goal 80 km month").splitlines()[1] == "Reached: 80.0 km 🎉"
    town.travel_to(november(30, 12))
    zoe.says("goal 300 km month")
    town.travel_to(november(30, 12).replace(month=12))
    assert zoe.says("goal").splitlines()[1] == "It ended at 80.0 km, 26% of the way."
    assert zoe.taps("Drop it").startswith("That goal is gone.")
    assert zoe.says("goal off").startswith("There is no goal to drop. *goal 120 km run month* sets one.")


def has_moved_first(person: Person) -> None:
    """Upload eight runs of ten kilometres and an hour in November."""
    person.says("hi")
    has_moved(person, runs(2, 4, 6, 9, 11, 13, 16, 18))


def test_a_goal_may_be_so_many_times_or_hours(zoe: Person) -> None:
    has_moved_first(zoe)
    assert zoe.says("goal 12 runs in november").startswith("🎯 *Your goal: 12×* · 🏃 Run · 1–30 Nov\n8× so far (66%)")
    assert zoe.says("goal 10 hours").startswith("🎯 *Your goal: 10h 00m* · 1–30 Nov\n8h 00m so far (80%)")
    assert zoe.says("goal 50 mi until 24 dec").startswith("🎯 *Your goal: 80.5 km* · 18 Nov – 24 Dec\n10.0 km so far")
    assert zoe.says("goal 1,000 points this year").startswith("🎯 *Your goal: 1,000 pts* · 1 Jan – 31 Dec\n")


def test_a_goal_yet_to_begin_says_so(zoe: Person) -> None:
    assert zoe.says("goal 100 km december").splitlines() == [
        "🎯 *Your goal: 100 km* · 1–31 Dec",
        "It begins on Tue 1 Dec.",
    ]


def test_a_goal_that_makes_no_sense_is_explained(zoe: Person) -> None:
    assert zoe.says("goal 9000 steps today").startswith("I can't make a goal of that.")
    assert zoe.says("goal 10 km from 1 oct 2024 until 5 oct 2024").startswith("I can't make a goal of that.")


def test_a_group_goal_is_everybodys_and_ranks_nobody(zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    has_moved(zoe, runs(2, 4))
    has_moved(jose, runs(9))
    has_moved(sara, runs(10, 11, minutes=300, metres=50_000))
    assert jose.says("group goal").startswith("*Sunday Legends* has no goal. Admins can set one")
    assert jose.says("group goal 200 km month").startswith("Only admins can do that (group goal).")
    heard = zoe.says("group goal 200 km month")
    assert heard.startswith("🎯 *Together: 200 km* · 1–30 Nov\n130 km so far (65%), 13 days left.")
    assert "José" not in heard
    assert jose.says("group goal").startswith("🎯 *Together: 200 km* · 1–30 Nov\n130 km so far")
    assert jose.buttons == ["Leaderboard"]
    assert zoe.taps("Drop it").startswith("That goal is gone.")


def test_whoever_hides_is_in_no_group_goal(zoe: Person, jose: Person, sara: Person) -> None:
    start_group(zoe, jose, sara)
    has_moved(zoe, runs(2, 4))
    has_moved(sara, runs(10, minutes=480, metres=77_000))
    zoe.says("group goal 200 km month")
    hide(sara)
    assert zoe.says("group goal").splitlines()[1].startswith("20.0 km so far (10%)")
    hide(sara, field="distance")
    assert zoe.says("group goal").splitlines()[1].startswith("20.0 km so far (10%)")


def test_a_digest_tells_of_the_goal_and_of_a_challenge(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(*range(2, 19), minutes=60))
    has_moved(jose, runs(16, 17))
    zoe.says("group goal 300 km month")
    zoe.says("challenge new distance 16 to 22 nov")
    zoe.says("ok")
    jose.says("challenge join")
    heard = zoe.says("digest this week")
    assert "goal:* 190 of 300 km by Mon 30 Nov: 12.2 km a day will do\n" in heard
    assert "🏁 *Most distance:* *Zoë* leads, " in heard
