"""The weekly digest: when it comes, what it says, and to whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import world as worlds
from providers.charts import Leaderboard
from providers.errors import ChartError
from tests.scenes import has_moved, november, runs, start_group
from tests.town import Person, Town

SUNDAY = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # 18:00 in Brussels


def runners(zoe: Person, jose: Person, *more: Person) -> None:
    """A group in which Zoë and José have run this week."""
    start_group(zoe, jose, *more)
    has_moved(zoe, runs(16, 18))
    has_moved(jose, runs(17))


def come_to_sunday(town: Town, *people: Person) -> None:
    """Let it be Sunday, everybody having written that day, and the digest be due."""
    town.travel_to(SUNDAY.replace(hour=15))
    for person in people:
        person.says("help")
    town.travel_to(SUNDAY)


def test_the_schedule_is_shown_and_only_those_who_run_the_group_are_told_how_to_change_it(
    zoe: Person, jose: Person
) -> None:
    start_group(zoe, jose)
    shown = "*Sunday Legends* gets its digest every Sunday at 18:00 (Europe/Brussels).\nNext: Sun 22 Nov."
    assert jose.says("schedule") == shown
    assert zoe.says("when").startswith(shown)
    assert "*schedule mon 08:00*" in zoe.heard


def test_the_schedule_is_changed_in_words(zoe: Person) -> None:
    start_group(zoe)
    assert zoe.says("schedule mon 08:00") == "✅ Every Monday at 08:00 (Europe/Brussels). Next: Mon 23 Nov."
    assert zoe.says("schedule 7pm") == "✅ Every Monday at 19:00 (Europe/Brussels). Next: Mon 23 Nov."
    assert zoe.says("schedule london") == "✅ Every Monday at 19:00 (Europe/London). Next: Mon 23 Nov."
    assert zoe.says("schedule new york wed 9:30") == "✅ Every Wednesday at 09:30 (America/New York). Next: Wed 25 Nov."
    assert zoe.says("schedule off").startswith("✅ *Sunday Legends* gets no digest any more.")
    assert zoe.says("schedule").startswith("The digest of *Sunday Legends* is off.")
    assert zoe.says("schedule sun 18:00").startswith("✅ Every Sunday at 18:00")


def test_a_schedule_that_makes_no_sense_is_explained(zoe: Person) -> None:
    start_group(zoe)
    assert zoe.says("schedule sun 25:00").startswith("“25:00” is not a time of day. I read times like 18:00 or 6pm.")
    assert 'I know *schedule*, but not what "funday" means there.' in zoe.says("schedule funday")
    assert "every Sunday at 18:00" in zoe.says("schedule")


def test_only_those_who_run_the_group_change_its_schedule(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert jose.says("schedule off") == "Only admins can do that (schedule). Admins: Zoë."
    assert "every Sunday at 18:00" in zoe.says("schedule")


def test_before_the_first_digest_there_is_the_week_so_far(zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    heard = jose.says("digest")
    assert heard.startswith(
        "🏁 *Sunday Legends* · 16–22 Nov\n3 sessions · *3h 00m* together · 30.0 km\n*235 pts*\n\n"
        "🥇 *Zoë* 157 pts · 2 sessions · 🏃 20.0 km\n🥈 *José* 78 pts · 1× · 🏃 10.0 km\n"
    )
    assert "*You* were 2nd of 2. Your sports: 🏃 Run 1h 00m." in heard
    assert jose.phone.heard[-1].picture_url is not None
    assert jose.says("digest last").startswith("*Sunday Legends* has no digest yet. *digest this week* shows")


def test_a_group_that_wants_no_digest_has_none(town: Town, zoe: Person) -> None:
    start_group(zoe)
    zoe.says("schedule off")
    assert zoe.says("digest").startswith("*Sunday Legends* has no digest yet.")
    assert zoe.says("digest this week").startswith("🏁 *Sunday Legends* · 16–22 Nov\nA quiet week")
    heard = zoe.count()
    town.travel_to(SUNDAY)
    assert zoe.count() == heard


def test_on_sunday_the_digest_comes_to_everybody_once(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    runners(zoe, jose, sara)
    come_to_sunday(town, zoe, jose, sara)
    lines = ("*You* were 1st of 2 👏", "*You* were 2nd of 2.", "Fewer of these: *mute*.")
    for person, line in zip((zoe, jose, sara), lines, strict=True):
        assert person.heard.startswith("🏁 *Sunday Legends* · 16–22 Nov\n3 sessions")
        assert line in person.heard
        assert person.phone.heard[-1].picture_url is not None
    heard = [person.count() for person in (zoe, jose, sara)]
    town.tick()
    town.travel(minutes=5)
    assert [person.count() for person in (zoe, jose, sara)] == heard
    assert zoe.says("digest last").startswith("🏁 *Sunday Legends* · 16–22 Nov")


def test_a_run_on_the_last_afternoon_is_in_the_digest(town: Town, zoe: Person) -> None:
    start_group(zoe)
    zoe.connects_garmin(upload=runs(16))
    town.travel_to(SUNDAY.replace(hour=15))
    zoe.says("me")
    town.garmin.athletes[zoe.email].upload(start=SUNDAY.replace(hour=16), seconds=1800, metres=5_000)
    town.travel_to(SUNDAY.replace(hour=16, minute=50))
    town.travel_to(SUNDAY)
    assert "2 sessions · *1h 30m* together · 15.0 km" in zoe.heard


def test_after_a_digest_the_newest_is_read_again_until_the_next(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    town.travel_to(SUNDAY)
    town.travel_to(november(24, 12))
    assert zoe.says("digest").startswith("🏁 *Sunday Legends* · 16–22 Nov")
    assert zoe.says("digest this week").startswith("🏁 *Sunday Legends* · 23–29 Nov\nA quiet week")
    assert zoe.says("report last week").startswith("🏁 *Sunday Legends* · 16–22 Nov")


def test_who_has_not_written_for_a_day_gets_the_approved_words(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    town.travel_to(SUNDAY)
    for person, line in ((zoe, "you came 1st with 157 points"), (jose, "you came 2nd with 78 points")):
        assert line in person.heard
        assert "Sunday Legends" in person.heard


def test_who_has_muted_the_digest_is_spared_until_it_ends(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    assert jose.says("mute 1 week").startswith("No digest of *Sunday Legends* for you until Wed 25 Nov.")
    assert jose.buttons == ["Undo"]
    heard = jose.count()
    town.travel_to(SUNDAY)
    assert jose.count() == heard
    assert "🥈" in zoe.says("digest")
    town.travel_to(SUNDAY.replace(day=29))
    assert jose.count() == heard + 1


def test_a_mute_may_be_undone(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    assert "until Wed 16 Dec." in jose.says("mute")
    assert jose.taps("Undo") == "You get the digest of *Sunday Legends* again."
    heard = jose.count()
    town.travel_to(SUNDAY)
    assert jose.count() == heard + 1


def test_the_stopped_and_the_gone_get_no_digest(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    runners(zoe, jose, sara)
    jose.says("stop")
    sara.says("leave yes")
    heard = [jose.count(), sara.count()]
    come_to_sunday(town, zoe)
    assert [jose.count(), sara.count()] == heard
    assert "🥈 *José*" in zoe.heard
    assert "Welcome back" in jose.says("start")
    town.travel_to(SUNDAY.replace(day=29))
    assert jose.count() == heard[0] + 2
    assert sara.count() == heard[1]


def test_a_quiet_week_has_no_picture(town: Town, zoe: Person) -> None:
    start_group(zoe)
    come_to_sunday(town, zoe)
    assert zoe.heard.startswith("🏁 *Sunday Legends* · 16–22 Nov\nA quiet week: no sessions to tell of.")
    assert zoe.phone.heard[-1].picture_url is None


class BrokenCharts:
    """Draws nothing, ever."""

    def draw(self, chart: Leaderboard) -> bytes:
        raise ChartError(chart.title)


def test_a_digest_whose_picture_fails_comes_without_it(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    worlds.use(replace(town.world, charts=BrokenCharts()))
    assert zoe.says("digest").startswith("🏁 *Sunday Legends* · 16–22 Nov\n3 sessions")
    come_to_sunday(town, jose)
    assert jose.heard.startswith("🏁 *Sunday Legends* · 16–22 Nov\n3 sessions")
    assert jose.phone.heard[-1].picture_url is None


def test_a_digest_that_could_not_be_made_in_time_is_said_to_those_who_run_the_group(
    town: Town, zoe: Person, jose: Person
) -> None:
    runners(zoe, jose)
    before = jose.count()
    town.travel_to(SUNDAY + timedelta(days=1, hours=2))
    assert "got no digest for 16–22 Nov: it was due on Sun 22 Nov" in zoe.heard
    assert "the next one comes on Sun 29 Nov" in zoe.heard
    assert zoe.buttons == ["Show me"], "more than 24 hours have passed"
    heard = zoe.taps("Show me")
    assert heard.startswith("🏁 *Sunday Legends* · 16–22 Nov\n3 sessions")
    assert jose.count() == before, "others are left in peace"
    town.travel_to(SUNDAY.replace(day=29))
    assert jose.count() == before + 1, "the next one comes, to everybody"
