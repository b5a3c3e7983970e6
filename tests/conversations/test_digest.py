"""The weekly digest: when it is sent, its text, and its readers."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

import world as worlds
from models import GarminAccount, Group, Identity, Member, Membership
from providers.charts import Leaderboard
from providers.errors import ChartError
from providers.garmin.activity_rows import read_page
from services.ground import group_settings
from services.training import syncing
from services.training.syncing import Errand
from simulator.garmin.athletes import Athlete
from tests.scenes import has_moved, november, runs, start_group
from tests.town import Person, Town

SUNDAY = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # 18:00 in Brussels


def runners(zoe: Person, jose: Person, *more: Person) -> None:
    """Start a group in which Zoë and José have run this week."""
    start_group(zoe, jose, *more)
    has_moved(zoe, runs(16, 18))
    has_moved(jose, runs(17))


def come_to_sunday(town: Town, *people: Person) -> None:
    """Move to Sunday, on which these people have written, and let the digest be sent."""
    town.travel_to(SUNDAY.replace(hour=15))
    for person in people:
        person.says("help")
    town.travel_to(SUNDAY)


def come_to(town: Town, instant: datetime, *people: Person) -> None:
    """Move to this time; these people have written two hours before."""
    town.travel_to(instant - timedelta(hours=2))
    for person in people:
        person.says("help")
    town.travel_to(instant)


def syncs_late(person: Person, upload: Callable[[Athlete], None]) -> None:
    """Upload more activities to an account that is connected already."""
    town = person.town
    athlete = town.garmin.athletes[person.email]
    upload(athlete)
    with town.world.sessions.begin() as session:
        account = session.scalar(
            select(GarminAccount).join(Member).join(Identity).where(Identity.value == person.phone.number)
        )
        errand = Errand(
            account.id,
            account.member_id,
            account.source,
            account.method,
            "none",
            date.min,
            date.max,
            is_first=True,
            was_asked=False,
            steps_since=None,
        )
        syncing.store(session, errand, read_page(athlete.activities, last=True), "none")


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


def test_a_digest_may_come_every_month_or_by_any_cron_line(zoe: Person) -> None:
    start_group(zoe)
    monthly = "✅ On the 1st of every month at 08:00 (Europe/Brussels). Next: Tue 1 Dec."
    assert zoe.says("schedule monthly 1 08:00") == monthly
    assert zoe.says("schedule monthly last 8pm").startswith("✅ On the last day of every month at 20:00")
    assert zoe.says("schedule every month 15th").startswith("✅ On the 15th of every month at 20:00")
    assert zoe.says("schedule cron 30 7 * * 1,4") == "✅ By cron 30 7 * * 1,4 (Europe/Brussels). Next: Thu 19 Nov."
    assert zoe.says("schedule london") == "✅ By cron 30 7 * * 1,4 (Europe/London). Next: Thu 19 Nov."
    assert "by cron 30 7 * * 1,4 (Europe/London)" in zoe.says("schedule")
    assert zoe.says("schedule weekly fri 17:00").startswith("✅ Every Friday at 17:00")
    assert zoe.says("schedule cron 0 17 * * 5").startswith("✅ Every Friday at 17:00")


def test_a_rhythm_that_cannot_be_kept_is_explained(zoe: Person) -> None:
    start_group(zoe)
    assert zoe.says("schedule cron 0 * * * *").startswith("That would come more than once a day.")
    assert zoe.says("schedule cron 0 8 30 2 *").startswith("That is not a cron line.")
    assert zoe.says("schedule cron").startswith("That is not a cron line.")
    assert zoe.says("schedule monthly 31 08:00").startswith("A day of every month is 1 to 28, or last.")
    assert "every Sunday at 18:00" in zoe.says("schedule")


def test_a_monthly_digest_tells_of_the_month(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(2, 3, 16))
    has_moved(jose, runs(17))
    zoe.says("schedule monthly 1 08:00")
    town.travel_to(datetime(2026, 11, 30, 15, tzinfo=UTC))
    zoe.says("help")
    town.travel_to(datetime(2026, 12, 1, 7, tzinfo=UTC))
    assert zoe.heard.startswith("🏁 *Sunday Legends* · November 2026\n4 sessions · *4h 00m* together")
    assert "November" not in jose.heard, "it is still night where José is"
    town.travel(minutes=40)
    assert "November 2026 is ready" in jose.heard


def test_a_digest_by_cron_tells_of_the_days_since_the_one_before(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(18, 19, 20, 21))
    has_moved(jose, runs(20))
    zoe.says("schedule cron 30 7 * * 1,4")
    town.travel_to(november(22, 18))
    zoe.says("help")
    town.travel_to(november(23, 6, 30))
    assert zoe.heard.startswith("🏁 *Sunday Legends* · 19–22 Nov\n4 sessions")


def test_a_digest_may_be_told_as_a_story(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    heard = zoe.says("digest this story")
    assert heard.startswith("📖 *Sunday Legends* · 16–22 Nov\n3 sessions")
    assert "🥇" not in heard
    assert zoe.says("digest this table").startswith("🏁 *Sunday Legends* · 16–22 Nov")
    assert "told as a story" in zoe.says("schedule story")
    come_to_sunday(town, jose)
    assert jose.heard.startswith("📖 *Sunday Legends* · 16–22 Nov")


def test_a_repeat_is_the_same_word_for_word(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    come_to_sunday(town, zoe, jose)
    heard = zoe.heard
    assert zoe.says("digest last") == heard
    town.travel(days=1)
    assert zoe.says("digest last") == heard


def test_a_group_without_ranking_is_cheered_from_a_to_z(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    with town.world.sessions.begin() as session:
        group_settings.change(session.scalar(select(Group)), "ranking", value=False)
    heard = jose.says("digest")
    assert heard.startswith("🙌 *Sunday Legends* · 16–22 Nov\n3 sessions")
    assert heard.index("• *José* 79 pts") < heard.index("• *Zoë* 157 pts")
    assert "*You:* 79 pts in 1 session 👏" in heard
    assert not re.search("🥇|🥈|▲|▼|1st|2nd", heard)
    town.travel_to(SUNDAY)
    assert "and thanks for keeping the streak alive. Tap below" in jose.heard


def test_only_admins_see_the_next_digest_before_it_comes(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    heard = jose.count()
    assert zoe.says("preview").startswith("_Preview, only you see this:_\n🏁 *Sunday Legends* · 16–22 Nov\n3 sessions")
    assert zoe.phone.heard[-1].picture_url is not None
    assert jose.count() == heard
    assert jose.says("preview").startswith("Only admins can do that (preview).")


def test_a_tap_on_the_approved_message_brings_text_and_picture(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    town.travel_to(SUNDAY)
    assert jose.buttons == ["Show digest", "My week", "Mute 4 weeks"]
    assert jose.taps("Show digest").startswith("🏁 *Sunday Legends* · 16–22 Nov\n3 sessions")
    assert jose.phone.heard[-1].picture_url is not None
    assert zoe.taps("My week").startswith("*You, 16–22 Nov*")


def test_what_late_data_changed_is_corrected_in_the_next_digest(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    come_to_sunday(town, zoe, jose)
    assert "🥇 *Zoë*" in jose.heard
    syncs_late(jose, runs(18, 19, 20))
    town.travel_to(november(25, 12))  # two days after the end of the week it is frozen
    has_moved_more = runs(23)
    syncs_late(zoe, has_moved_more)
    come_to(town, SUNDAY.replace(day=29), zoe, jose)
    correction = "✏️ _Correction:_ late data changed 16–22 Nov: *José* 1st, *Zoë* 2nd."
    assert correction in zoe.heard
    come_to(town, datetime(2026, 12, 6, 17, tzinfo=UTC), zoe)
    assert "Correction" not in zoe.heard, "it is said once"


def test_data_that_come_after_the_freezing_correct_nothing(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    come_to_sunday(town, zoe, jose)
    town.travel_to(november(25, 12))
    syncs_late(jose, runs(18, 19, 20))
    syncs_late(zoe, runs(23))
    come_to(town, SUNDAY.replace(day=29), zoe, jose)
    assert "Correction" not in zoe.heard


def test_who_hides_is_not_named_in_a_correction(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    runners(zoe, jose, sara)
    has_moved(sara, runs(20))
    come_to_sunday(town, zoe, jose)
    syncs_late(jose, runs(18, 19, 20))
    town.travel_to(november(25, 12))
    with town.world.sessions.begin() as session:
        session.scalar(select(Membership).join(Member).where(Member.name == "José")).hidden = True
    syncs_late(zoe, runs(23))
    come_to(town, SUNDAY.replace(day=29), zoe, jose)
    assert "Correction" not in zoe.heard, "among those who are left nothing changed"
    assert "José" not in zoe.heard


def test_who_hides_is_gone_from_a_digest_that_waits_for_the_morning(
    town: Town, zoe: Person, jose: Person, sara: Person
) -> None:
    runners(zoe, jose, sara)
    has_moved(sara, runs(20))
    zoe.says("schedule mon 08:00")
    come_to(town, november(22, 20), zoe, jose, sara)
    town.travel_to(november(23, 7))
    assert "*Zoë* 157 pts" in zoe.heard
    waits, heard = jose.count(), zoe.count()
    zoe.says("hide me")
    town.travel(minutes=40)
    assert jose.count() == waits + 1
    assert "2 sessions" in jose.heard, "those of Zoë are in no sum"
    assert "Zoë" not in jose.heard
    assert zoe.count() == heard + 1, "whoever has the digest gets no second one"


def test_a_schedule_that_makes_no_sense_is_explained(zoe: Person) -> None:
    start_group(zoe)
    assert zoe.says("schedule sun 25:00").startswith("“25:00” is not a time of day. I read times like 18:00 or 6pm.")
    assert 'I know *schedule*, but not what "blorp" means there.' in zoe.says("schedule blorp")
    assert "every Sunday at 18:00" in zoe.says("schedule")


def test_only_those_who_run_the_group_change_its_schedule(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert jose.says("schedule off") == "Only admins can do that (schedule). Admins: Zoë."
    assert "every Sunday at 18:00" in zoe.says("schedule")


def test_before_the_first_digest_there_is_the_week_so_far(zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    heard = jose.says("digest")
    assert heard.startswith(
        "🏁 *Sunday Legends* · 16–22 Nov\n3 sessions · *3h 00m* together · 30.0 km\n*236 pts*\n\n"
        "🥇 *Zoë* 157 pts · 2 sessions · 🏃 20.0 km\n🥈 *José* 79 pts · 1× · 🏃 10.0 km\n"
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
    for person, line in ((zoe, "you came 1st with 157 points"), (jose, "you came 2nd with 79 points")):
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


def test_weeks_in_a_row_are_celebrated_when_there_are_enough_and_their_number_may_be_seen(
    town: Town, zoe: Person, jose: Person
) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(1, 3, 10, 17))
    has_moved(jose, runs(1, 2, 3, 10, 11, 17, 18))
    jose.says("share sessions off")
    heard = zoe.says("digest this week")
    assert re.search(r"🔥 .*(\*Zoë\*.* 4 weeks|4 weeks .*\*Zoë\*)", heard), heard
    assert not re.search(r"🔥.*José", heard)
    town.travel_to(november(29, 12))
    assert "🔥" not in zoe.says("digest this week"), "five are no number, and this week is not kept yet"


class BrokenCharts:
    """Always fails to draw."""

    lacks = ()

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


def test_an_admin_sends_the_digest_of_the_days_so_far_to_all(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    before = zoe.count(), jose.count()
    assert jose.says("digest to all").startswith("Only admins can do that (digest to all). Admins: Zoë.")
    asked = zoe.says("digest to all")
    assert asked.startswith("Shall I send the digest of Mon 16 Nov to Wed 18 Nov to 2 people in *Sunday Legends* now?")
    assert jose.count() == before[1] + 1, "nobody is told before the yes"
    zoe.taps("Yes, send it")
    heard = [each.text for each in zoe.phone.heard]
    assert any(each.startswith("📨 The digest of *Sunday Legends* about Mon 16 Nov to Wed 18 Nov") for each in heard)
    for person in (zoe, jose):
        assert "🏁 *Sunday Legends* · 16–18 Nov" in person.heard
    again = zoe.says("digest to all yes")
    assert again.startswith("*Sunday Legends* has its digest of Mon 16 Nov to Wed 18 Nov already: each is sent once.")
    assert "Zoë had the digest sent at once" in zoe.says("audit")
    come_to_sunday(town, zoe, jose)
    assert "🏁 *Sunday Legends* · 16–22 Nov" in jose.heard, "the next one still comes"


def test_a_digest_that_would_be_about_the_same_days_does_not_come_again(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    town.travel_to(SUNDAY.replace(hour=9))
    jose.says("hi")
    zoe.says("digest to all yes")
    assert "🏁 *Sunday Legends* · 16–22 Nov" in jose.heard
    assert "Sun 29 Nov" in zoe.says("schedule")
    before = jose.count()
    town.travel_to(SUNDAY + timedelta(hours=1))
    assert jose.count() == before
