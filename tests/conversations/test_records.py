"""How an activity's points were computed, records, streaks, and activities that seem impossible."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import Member, Membership, RecordSet, Units
from services.group import privacy
from simulator.garmin.athletes import Athlete
from tests.scenes import has_moved, november, runs, start_group
from tests.town import Person, Town


def one_run(athlete: Athlete) -> None:
    """Upload 8.1 km in 47 minutes, with 80 intensity minutes."""
    athlete.upload(type_key="running", start=november(17), seconds=47 * 60, metres=8_100,
                   moderateIntensityMinutes=0, vigorousIntensityMinutes=40)  # fmt: skip


def test_why_prints_the_arithmetic_in_the_members_units(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    has_moved(zoe, one_run)
    heard = zoe.says("why")
    assert heard.startswith("*🏃 Run 8.1 km in 47 min, Tue 17 Nov*: *57.6 pts*\n")
    assert "Table: 10.5 MET × 47 min ÷ 6 = 82.2, at 10.3 km/h\n" in heard
    assert "Garmin's intensity minutes: 80 × 100 ÷ 150 = 53.3\n" in heard
    assert "The heart may move the table by 30 %, 57.6 to 106.9: so *57.6*." in heard
    assert "what the WHO asks of a week" in heard
    assert zoe.buttons == ["Last sessions", "My week"]
    with town.world.sessions.begin() as database:
        database.execute(update(Member).values(units=Units.IMPERIAL))
    assert "*🏃 Run 5.0 mi in 47 min, Tue 17 Nov*" in zoe.says("why last")
    assert "at 6.4 mph" in zoe.heard


def test_why_of_all_kinds_of_sessions(zoe: Person) -> None:
    def upload(athlete: Athlete) -> None:
        athlete.upload(type_key="yoga", start=november(10), seconds=3600, manualActivity=True)
        athlete.upload(type_key="yoga", start=november(11), seconds=200)
        athlete.upload(type_key="lap_swimming", start=november(12), seconds=3600, metres=2_000, averageHR=None,
                       moderateIntensityMinutes=None, vigorousIntensityMinutes=None)  # fmt: skip
        athlete.upload(type_key="road_biking", start=november(13), seconds=36_000, metres=250_000,
                       moderateIntensityMinutes=0, vigorousIntensityMinutes=400)  # fmt: skip

    zoe.says("hi")
    has_moved(zoe, upload)
    assert "One session earns 400 at most." in zoe.says("why")
    assert "it counts as it is" in zoe.heard
    assert "*20 pts*" not in zoe.says("why 2")
    assert "No heart rate was recorded, so the table alone counts." in zoe.heard
    assert "*0 pts*\nUnder 5 minutes nothing is earned." in zoe.says("why 3")
    assert "= 23\nWritten by hand: 70 % of that." in zoe.says("why 4")
    assert "I know only 4 of your sessions by that number." in zoe.says("why 5")
    listed = zoe.says("last 2")
    assert listed.startswith("*Your last 2 sessions*\n1. 🚴 Ride 250 km in 10h 00m, Fri 13 Nov: 400 pts\n2. 🏊 Swim")
    assert "✍️" in zoe.says("last")
    assert zoe.taps("Why?").startswith("*🚴 Ride")


@pytest.fixture
def three(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    """Zoë asks; José has runs in three weeks, the newest with a heart rate; Sara has none."""
    start_group(zoe, jose, sara)
    has_moved(jose, lambda athlete: (runs(3, 10)(athlete), one_run(athlete)))


@pytest.mark.parametrize("line", ["why @José", "why José", "why did José get so many points?", "explain @jose"])
def test_why_of_a_friend_tells_their_week_and_nothing_of_their_heart(zoe: Person, three: None, line: str) -> None:
    heard = zoe.says(line)
    assert heard.startswith("*José*: *58 pts*, from 47 min\n🏃 Run 58 pts\n_16–22 Nov.")
    assert "How each session came to its points only they can see" in heard
    for private in ("MET", "80", "vigorous", "8.1 km"):
        assert private not in heard
    assert zoe.buttons == ["Leaderboard", "My last session"]
    assert zoe.taps("My last session").startswith("I know no session of yours yet.")


def test_why_of_a_friend_tells_only_what_they_share(town: Town, zoe: Person, three: None) -> None:
    hides(town, "José", "time")
    assert zoe.says("why José").startswith("*José*: *58 pts*\n🏃 Run 58 pts")
    hides(town, "José", "sports")
    assert "Run" not in zoe.says("why José")
    assert "has no points in these days." in zoe.says("why @سارة")
    hides(town, "José", "points")
    assert zoe.says("why José") == "*José* keeps that private in this group."
    assert zoe.says("streak José") == zoe.heard


@pytest.mark.parametrize("way", ["hide", "be_anonymous"])
@pytest.mark.parametrize("line", ["why @José", "streak @José", "stats @José"])
def test_who_hides_or_is_anonymous_is_answered_for_like_who_shares_nothing(
    town: Town, zoe: Person, three: None, way: str, line: str
) -> None:
    with town.world.sessions.begin() as session:
        who = session.scalar(select(Membership).join(Member).where(Member.name == "José"))
        getattr(privacy, way)(session, who, town.clock(), on=True)
    assert zoe.says(line) == "*José* keeps that private in this group."
    assert "I know nobody called" in zoe.says(line.replace("José", "Bartholomew"))


@pytest.mark.parametrize("line", ["streak @José", "José's streak", "how long is José's streak?", "stats @José streak"])
def test_the_streak_of_a_friend_is_their_weeks(zoe: Person, three: None, line: str) -> None:
    assert zoe.says(line) == "🔥 *José*: *3 weeks* in a row.\n✅ This week is safe."
    assert zoe.buttons == ["Everybody's", "Mine"]
    assert "by weeks in a row" in zoe.taps("Everybody's")


@pytest.mark.parametrize("line", ["pb @José", "José's records", "records José"])
def test_records_of_a_friend_as_far_as_they_share_what_these_are_made_of(
    town: Town, zoe: Person, three: None, line: str
) -> None:
    town.tick()
    heard = zoe.says(line)
    assert heard.startswith("Records of *José*\n🏃 Run: ")
    assert "farthest" in heard
    assert "I know no record of *José* in 🏊 Swim that I may show." in zoe.says(f"{line} swim")
    hides(town, "José", "distance")
    assert zoe.says(line) == "*José* keeps that private in this group."
    assert zoe.says("pb").startswith("I know no record of yours yet.")


def test_a_streak_of_somebody_who_keeps_none(zoe: Person, sara: Person, three: None) -> None:
    heard = zoe.says("streak @سارة")
    assert "has no streak at the moment.\nThis week is not safe yet: it counts until Sun 22 Nov." in heard
    assert sara.says("streak @سارة").startswith("No streak yet.\nTo start one"), "of oneself, everything"


def test_weeks_that_stood_in_a_nameless_row_are_in_no_streak_with_a_name(town: Town, zoe: Person, three: None) -> None:
    with town.world.sessions.begin() as session:
        who = session.scalar(select(Membership).join(Member).where(Member.name == "José"))
        privacy.be_anonymous(session, who, town.clock() - timedelta(days=10), on=True)
        privacy.be_anonymous(session, who, town.clock() - timedelta(days=10), on=False)
    assert zoe.says("streak José").startswith("🔥 *José*: *2 weeks* in a row."), "named since Mon 9 Nov"
    town.tick()
    with town.world.sessions.begin() as session:
        session.execute(update(RecordSet).values(day=november(8).date()))
    assert zoe.says("pb José") == "I know no record of *José* that I may show."


def hides(town: Town, name: str, field: str) -> None:
    """Stop sharing a field of this member."""
    with town.world.sessions.begin() as session:
        who = session.scalar(select(Membership).join(Member).where(Member.name == name))
        privacy.share(session, who, field, town.clock(), on=False)


def test_who_has_no_session_is_told_so(zoe: Person) -> None:
    for line in ("why", "last"):
        assert zoe.says(line).startswith("I know no session of yours yet.")
    assert zoe.says("pb run").startswith("I know no record of yours in 🏃 Run yet.")
    assert zoe.says("streak").startswith(
        "No streak yet.\nTo start one: 30 points, or sessions on 2 days, by Sun 22 Nov."
    )
    assert zoe.says("check").startswith("Nothing of yours seems strange.")


def test_records_of_each_sport(zoe: Person) -> None:
    def upload(athlete: Athlete) -> None:
        athlete.upload(type_key="running", start=november(3), seconds=3600, metres=10_100, fastestSplit_1000=330.0,
                       fastestSplit_5000=1_700.0, elevationGain=80.0)  # fmt: skip
        athlete.upload(type_key="running", start=november(10), seconds=5400, metres=15_000, fastestSplit_1000=300.4,
                       fastestSplit_5000=1_750.0, elevationGain=60.0)  # fmt: skip
        athlete.upload(type_key="yoga", start=november(11), seconds=3600)

    zoe.connects_garmin(upload=upload)
    heard = zoe.says("pb")
    assert "🏃 Run: 1 km 5:00 · 1 mile 8:55 · 5 km 28:20 · 10 km 58:24 · farthest 15.0 km" in heard
    assert "🧘 Yoga: longest 1h 00m" in heard
    assert "Yoga" not in zoe.says("records run")


def test_a_streak_and_what_this_week_still_needs(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(2, 9, 18))
    has_moved(jose, runs(3, 10, minutes=61))
    assert zoe.says("streak").startswith("🔥 *3 weeks* in a row.\n✅ This week is safe.")
    assert "🤝 *Sunday Legends*: 2 weeks in a row with enough of you moving." in zoe.heard
    heard = jose.says("my streak")
    assert heard.startswith("🔥 *2 weeks* in a row.\nTo keep it: 30 points, or sessions on 2 days, by Sun 22 Nov.")
    assert "You have 0 pts and 0 days." in heard
    assert "by weeks in a row\n\n🥇 *Zoë* 3 weeks" in jose.says("lb streak")


def test_a_missed_week_is_frozen_once_in_eight(zoe: Person) -> None:
    zoe.says("hi")
    has_moved(zoe, runs(2, 16))
    assert zoe.says("streak").startswith("🔥 *2 weeks* in a row.")
    assert "A missed week was frozen lately" in zoe.heard


def car(athlete: Athlete) -> None:
    """Upload a drive home during which the watch still recorded a run; and a run."""
    athlete.upload(type_key="running", start=november(17), seconds=1800, metres=30_000)
    athlete.upload(type_key="running", start=november(16), seconds=3600, metres=10_000)


def test_what_seems_impossible_counts_only_when_its_owner_says_so(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    zoe.connects_garmin(upload=car)
    strange = next(each for each in reversed(zoe.phone.heard) if "seems impossible" in each.text)
    assert strange.text.startswith("⚠️ 🏃 Run 30.0 km in 30 min, Tue 17 Nov seems impossible: 60.0 km/h on average.")
    assert [label for label, _ in strange.buttons] == ["It's right", "Leave it out"]
    assert all("impossible" not in each.text for each in jose.phone.heard)
    assert "1 session · *1h 00m*" in zoe.says("me")
    assert "⚠️ *check*" in zoe.says("last")
    assert "does not count until you say that it is right" in zoe.says("why")
    assert zoe.says("check") == strange.text
    assert zoe.taps("Leave it out").startswith("Left out: 🏃 Run 30.0 km")
    assert zoe.says("check").startswith("Nothing of yours seems strange.")
    assert "left out" in zoe.says("last")
    number = strange.buttons[0][1].split()[-1]
    assert zoe.says(f"right {number}").startswith("✅ Counted: 🏃 Run 30.0 km")
    assert "2 sessions" in zoe.says("me")
    assert zoe.says("pb run").count("30.0 km") == 1
    assert jose.says(f"wrong {number}").startswith("Nothing of yours waits for your word.")


def test_the_question_reaches_who_was_silent_for_a_day(town: Town, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(16))
    town.travel(hours=30)
    athlete = town.garmin.athletes[zoe.email]
    athlete.upload(type_key="walking", start=november(19), seconds=3600, metres=20_000)
    town.travel(hours=7)
    assert "seems impossible and does not count yet. Is it right?" in zoe.heard
    assert zoe.taps("Show me").startswith("⚠️ 🚶 Walk 20.0 km")
    assert zoe.taps("It's right").startswith("✅ Counted")


def test_a_triathlon_on_the_watch_earns_what_its_parts_earn(town: Town, zoe: Person) -> None:
    def upload(athlete: Athlete) -> None:
        """Upload an hour and 40 minutes: 20 minutes of swimming, an hour of cycling, 20 minutes of running."""
        whole = athlete.upload(type_key="multi_sport", start=november(15, 9), seconds=6_000, metres=30_000, parent=True)
        legs = (("lap_swimming", 9, 20, 1_000), ("road_biking", 10, 60, 25_000), ("running", 11, 20, 4_000))
        for kind, hour, minutes, metres in legs:
            athlete.upload(type_key=kind, start=november(15, hour), seconds=60 * minutes, metres=metres, parentId=whole)

    zoe.says("hi")
    has_moved(zoe, upload)
    heard = zoe.says("why")
    assert "The sum of its parts:\nlap swimming 20 min: 18.7\nroad biking 60 min: 63.3\nrunning 20 min: 27.5" in heard
    assert len(zoe.says("last").splitlines()) < 6, "one session, not four"
