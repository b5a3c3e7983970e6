"""Activity files from the chat: fetched, read, counted once, and always answered."""

import gzip
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from jobs import files as reading
from jobs.garmin import FILES, drain
from jobs.queue import run
from messages.message import units
from messages.render import Reader, words
from models import Activity, Member, OutboundMessage, SentFile
from providers.errors import Flaw, MessengerBroken, ReadingBroke
from providers.files import activity_files
from providers.files.reading_process import USUAL, read_apart
from services.data import erasure
from services.training import files, merging, syncing
from services.training.activities import has_twin
from simulator.twilio.server import Request
from tests.conftest import Servers
from tests.recordings import TCX, gpx, session, tcx
from tests.scenes import has_moved, november, runs, sent_before
from tests.town import LONG_AGO, Person, Town
from web.app import create_app


def sends(person: Person, data: bytes, content_type: str = TCX, name: str = "evening.tcx") -> str:
    """Send a file, wait until all work is done, and return the last message."""
    person.phone.sends_file(data, content_type, name)
    person.town.rest()
    return person.heard


def rows(town: Town) -> list[SentFile]:
    with town.world.sessions() as session:
        return list(session.scalars(select(SentFile).order_by(SentFile.id)))


def activities(town: Town) -> list[Activity]:
    with town.world.sessions() as session:
        return list(session.scalars(select(Activity).order_by(Activity.id)))


def fetched(town: Town) -> list[Request]:
    return [each for each in town.twilio.journal if "/Media/" in each.path]


def test_a_file_is_read_and_told_and_its_address_forgotten(town: Town, zoe: Person) -> None:
    heard = sends(zoe, tcx(session(november(18, 17))))
    assert [message.text for message in zoe.phone.heard[:-1]] == ["Reading your file … I'll write in a moment."]
    assert heard == "✅ Read and counted:\n🏃 Run 10.0 km in 1h 00m, Wed 18 Nov"
    assert zoe.buttons == ["My week"]
    (kept,) = rows(town)
    assert (kept.url, kept.leased_until, kept.problem, kept.tries) == (None, None, None, 1)
    assert (kept.done_at, kept.content_type) == (town.clock(), TCX)
    (activity,) = activities(town)
    assert activity.account_id is None
    assert activity.external_id < 0


def test_a_file_that_is_sent_twice_changes_nothing(town: Town, zoe: Person) -> None:
    data = tcx(session(november(18, 17)))
    sends(zoe, data)
    before = activities(town)
    assert sends(zoe, data) == "I know this already, so it counts once:\n🏃 Run 10.0 km in 1h 00m, Wed 18 Nov"
    assert [each.updated_at for each in activities(town)] == [each.updated_at for each in before]
    assert len(before) == 1


def test_a_session_that_garmin_has_too_counts_once(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    has_moved(zoe, runs(18))
    heard = sends(zoe, tcx(session(november(18, 9, 1), minutes=58, metres=9_800)))
    assert heard.endswith("Another device or Garmin recorded it too: what was done once counts once.")
    assert "1 session · *1h 00m* · 10.0 km" in zoe.says("me")
    garmin, file = activities(town)
    assert (garmin.twin_of, file.twin_of) == (None, garmin.id)


def test_a_file_that_recorded_longer_than_garmin_counts_instead(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    has_moved(zoe, runs(18, minutes=50))
    assert "recorded it too" in sends(zoe, tcx(session(november(18, 9))))
    assert "1 session · *1h 00m*" in zoe.says("me")


def test_two_sessions_that_are_not_one_both_count(zoe: Person) -> None:
    zoe.says("hi")
    has_moved(zoe, runs(18))
    assert "recorded" not in sends(zoe, tcx(session(november(18, 17))))
    assert "2 sessions · *2h 00m*" in zoe.says("me")


def test_a_sync_does_not_take_a_file_for_deleted(town: Town, zoe: Person) -> None:
    zoe.connects_garmin(upload=runs(16))
    sends(zoe, tcx(session(november(17))))
    town.travel(hours=6, minutes=1)
    assert "2 sessions" in zoe.says("me")


def test_many_sessions_in_one_file_are_told_shortly(zoe: Person) -> None:
    heard = sends(zoe, tcx(*(session(november(day)) for day in range(2, 10))))
    assert heard.count("🏃 Run") == 5
    assert heard.endswith("… and 3 more")


def test_the_year_is_told_where_it_is_another(zoe: Person) -> None:
    assert "Tue 18 Nov 2025" in sends(zoe, tcx(session(november(18).replace(year=2025))))


def test_more_sessions_of_five_minutes_than_anybody_does_are_not_counted(town: Town, zoe: Person) -> None:
    """Neither in one file nor in several; other activities of the same member count."""
    second = timedelta(seconds=5)
    half = [session(november(17) + number * second, minutes=0.05, metres=5) for number in range(26)]
    other = [session(november(17) + number * second, minutes=0.05, metres=5) for number in range(26, 51)]
    assert "can't be right" in sends(zoe, tcx(*half, *other))
    assert sends(zoe, tcx(*half)).startswith("✅")
    assert "can't be right" in sends(zoe, tcx(*other))
    assert len(activities(town)) == len(half)
    assert sends(zoe, tcx(*half)).startswith("I know"), "what is known is known"
    assert sends(zoe, tcx(*other[:-1])).startswith("✅"), "fifty"
    assert sends(zoe, tcx(session(november(18)))).startswith("✅"), "another day"


def test_so_many_sessions_of_one_member_are_kept_and_no_more(town: Town, zoe: Person, jose: Person) -> None:
    zoe.says("hi")
    last = tcx(session(november(17)))
    assert sends(zoe, last).startswith("✅")
    sent_before(zoe, merging.MOST_KEPT - 2, november(1).replace(year=1990), timedelta(minutes=7))
    assert sends(zoe, tcx(session(november(18)))).startswith("✅")
    assert sends(zoe, tcx(session(november(16)))).startswith("I keep as many of your files' activities as I can")
    assert sends(zoe, last).startswith("I know this already")
    assert sends(jose, tcx(session(november(16)))).startswith("✅"), "it is each member's own"


def test_a_file_that_knows_no_zone_is_read_in_its_senders(town: Town, sara: Person) -> None:
    at = datetime(2026, 11, 16, 21, 0, tzinfo=UTC)  # one o'clock the next day in Dubai
    assert "Tue 17 Nov" in sends(sara, gpx((at, 0), (at + timedelta(minutes=40), 8_000)), "application/gpx+xml")
    (activity,) = activities(town)
    assert activity.utc_offset == 4 * 3600
    assert not {"startLatitude", "startLongitude"} & activity.raw_data.keys()


@pytest.mark.parametrize(
    ("data", "content_type", "flaw", "words_of_it"),
    [
        (b"%PDF-1.7", "application/pdf", Flaw.UNKNOWN_KIND, "ends in .fit, .tcx or .gpx"),
        (b"\x0e\x10 nothing", "application/vnd.ant.fit", Flaw.DAMAGED, "Export it once more"),
        (gzip.compress(b"x", mtime=0), "application/gzip", Flaw.PACKED, "Unpack it"),
        (b"\0" * (reading.MOST_BYTES + 1), TCX, Flaw.TOO_LARGE, "up to 10 MB"),
        (tcx("<Activity/>"), TCX, Flaw.NO_TIMES, "planned route"),
        (tcx(session(november(18), sport="meditation")), TCX, Flaw.NO_ACTIVITY, "no activity in that file"),
        (tcx(session(november(20))), TCX, Flaw.IMPOSSIBLE, "can't be right"),
        (tcx(*[session(november(18))] * 101), TCX, Flaw.TOO_MANY, "too many"),
    ],
)
def test_a_file_that_cannot_be_counted_is_told_why(
    town: Town, zoe: Person, data: bytes, content_type: str, flaw: Flaw, words_of_it: str
) -> None:
    assert words_of_it in sends(zoe, data, content_type)
    (kept,) = rows(town)
    assert (kept.problem, kept.url, kept.tries) == (flaw, None, 1)
    assert activities(town) == []
    assert zoe.count() == 2


@pytest.mark.parametrize("problem", [*Flaw, reading.GONE, reading.GIVEN_UP])
def test_there_are_words_for_every_problem(problem: str) -> None:
    assert 40 < units(words("garmin/file_not_read", Reader(), problem=problem)) < 200


def test_we_fetch_no_more_than_we_read() -> None:
    assert reading.MOST_BYTES == activity_files.LARGEST
    assert reading.ENDINGS == activity_files.ENDINGS


def test_a_file_that_twilio_keeps_no_more_is_not_tried_again(town: Town, zoe: Person) -> None:
    zoe.phone._post(
        {"MessageType": "document", "NumMedia": "1"},
        {"MediaUrl0": "http://169.254.169.254/latest/meta-data/", "MediaContentType0": TCX},
    )
    town.rest()
    assert zoe.heard.startswith("I couldn't get that file from WhatsApp any more.")
    assert fetched(town) == []
    (kept,) = rows(town)
    assert (kept.problem, kept.tries, kept.url) == ("gone", 1, None)


def test_a_file_that_fails_is_tried_again_and_given_up_with_a_sentence(town: Town, zoe: Person) -> None:
    broken = replace(town.world, messenger=_Refusing(town.world.messenger))
    zoe.phone.sends_file(tcx(session(november(18))), TCX)
    for tries in (1, 2):
        run(drain, broken)
        (kept,) = rows(town)
        assert (kept.tries, kept.problem, kept.done_at) == (tries, "MessengerBroken", None)
        assert not reading.read_next_file(broken), "a minute passes first"
        town.clock.travel(seconds=61)
    run(drain, broken)
    town.rest()
    assert zoe.heard.startswith("I tried three times and couldn't read your file.")
    (kept,) = rows(town)
    assert (kept.tries, kept.problem, kept.url) == (3, "given_up", None)
    assert not reading.read_next_file(town.world)


def test_a_file_is_read_at_the_second_try(town: Town, zoe: Person) -> None:
    broken = replace(town.world, messenger=_Refusing(town.world.messenger))
    zoe.phone.sends_file(tcx(session(november(18))), TCX)
    run(drain, broken)
    town.travel(seconds=61)  # the tick rings for it
    assert zoe.heard.startswith("✅ Read and counted:")


def test_a_reader_that_breaks_is_no_end_of_the_others(
    town: Town, zoe: Person, jose: Person, capfd: pytest.CaptureFixture[str]
) -> None:
    """After a bug in reading one file, the next one is read, and the log contains nothing of either."""

    def breaks(data: bytes, name: str, zone: Any) -> list[dict[str, Any]]:
        if b"Biking" in data:
            raise KeyError(data)
        return town.world.read_activity(data, name, zone)

    zoe.phone.sends_file(tcx(session(november(18), sport="Biking")), TCX, "home to work.tcx")
    jose.phone.sends_file(tcx(session(november(18))), TCX, "work to home.tcx")
    run(drain, replace(town.world, read_activity=breaks))
    assert [each.problem for each in rows(town)] == ["KeyError", None]
    said = "".join(capfd.readouterr())
    assert "file put off" in said
    assert "file read" in said
    assert not any(word in said for word in ("Biking", "Lap", ".tcx", "https:", "/Media/"))


def test_a_reader_that_dies_each_time_is_not_let_near_a_fourth_time(town: Town, zoe: Person) -> None:
    zoe.phone.sends_file(tcx(session(november(18))), TCX)
    for _ in range(files.MOST_TRIES):
        with town.world.sessions.begin() as session_:
            assert files.take(session_, town.clock()) is not None
            assert files.take(session_, town.clock()) is None, "it is leased"
            session_.execute(update(SentFile).values(leased_until=LONG_AGO))
    town.tick()
    assert zoe.heard.startswith("I tried three times")
    assert fetched(town) == []


def test_two_workers_with_one_file_answer_once(town: Town, zoe: Person) -> None:
    """The first worker's lease ended while it read: both read the file, and one result counts."""
    zoe.phone.sends_file(tcx(session(november(18))), TCX)
    with town.world.sessions.begin() as session_:
        slow = files.take(session_, town.clock())
        assert slow is not None
        session_.execute(update(SentFile).values(leased_until=LONG_AGO))
    assert reading.read_next_file(town.world)
    reading._read(town.world, slow)
    reading._not_read(town.world, slow, "damaged")
    with town.world.sessions() as session_:
        answers = select(func.count()).where(OutboundMessage.dedupe_key.like("file:%"))
        assert session_.scalar(answers) == 1
    assert len(activities(town)) == 1


def test_files_do_not_wait_for_garmin(town: Town, zoe: Person, jose: Person) -> None:
    zoe.connects_garmin(upload=runs(16))
    town.garmin.faults.data_status = 503
    town.travel(hours=7)
    assert sends(jose, tcx(session(november(18)))).startswith("✅")


def test_members_take_turns_with_their_files(town: Town, zoe: Person, jose: Person, sara: Person) -> None:
    """A member who sent many files first does not delay the others until all of them are read."""
    for sender, count in ((zoe, 4), (jose, 2), (sara, 1)):
        for _ in range(count):
            sender.phone.sends_file(tcx(session(november(18))), TCX)
    order = []
    with town.world.sessions.begin() as session_:
        while (taken := files.take(session_, town.clock())) is not None:
            order.append(taken.member_id)
            files.note_done(session_, taken, town.clock())
    one, other, third = dict.fromkeys(order)
    assert order == [one, other, third, one, other, one, one]


def test_files_and_accounts_take_turns(town: Town, zoe: Person, jose: Person) -> None:
    jose.connects_garmin(upload=runs(16))
    for _ in range(3):
        zoe.phone.sends_file(tcx(session(november(18))), TCX)
    town.clock.travel(hours=7)  # José's account is due
    waiting_account = []

    def notes(data: bytes, name: str, zone: Any) -> list[dict[str, Any]]:
        with town.world.sessions() as session_:
            waiting_account.append(session_.scalar(select(syncing.has_due_account(town.clock()))))
        return town.world.read_activity(data, name, zone)

    assert run(drain, replace(town.world, read_activity=notes)) == 4
    assert waiting_account == [True, False, False]


def test_accounts_are_read_while_another_worker_reads_a_file(town: Town, zoe: Person, jose: Person) -> None:
    jose.connects_garmin(upload=runs(16))
    town.clock.travel(hours=7)
    zoe.phone.sends_file(tcx(session(november(18))), TCX)
    with town.world.sessions() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": FILES})
        assert run(drain, town.world) == 1
        assert not other.scalar(select(syncing.has_due_account(town.clock())))
    assert [each.done_at for each in rows(town)] == [None]
    assert run(drain, town.world) == 1
    town.rest()
    assert zoe.heard.startswith("✅")


def test_so_many_files_a_day_are_read_and_the_rest_is_told(
    town: Town, zoe: Person, jose: Person, servers: Servers
) -> None:
    stingy = town.world.settings.model_copy(update={"files_a_day": 2})
    servers.app.app = create_app(replace(town.world, settings=stingy))
    data = tcx(session(november(18)))
    assert sends(zoe, data).startswith("✅")
    town.clock.travel(hours=1)
    assert sends(zoe, data).startswith("I know this already")
    assert sends(zoe, data).startswith("I have read 2 of your files within a day")
    assert sends(jose, data).startswith("✅"), "the limit is each member's"
    assert len(rows(town)) == 3
    town.clock.travel(hours=23)
    assert sends(zoe, data).startswith("I know this already")


def test_of_files_in_one_message_those_are_read_that_a_day_allows(town: Town, zoe: Person, servers: Servers) -> None:
    stingy = town.world.settings.model_copy(update={"files_a_day": 2})
    servers.app.app = create_app(replace(town.world, settings=stingy))
    media = {
        f"Media{what}{n}": value
        for n in range(3)
        for what, value in (("Url", "http://127.0.0.1/nothing"), ("ContentType", TCX))
    }
    zoe.phone._post({"MessageType": "document", "NumMedia": "3"}, media)
    town.rest()
    assert "send the other 1 again tomorrow" in zoe.phone.heard[0].text
    assert len(rows(town)) == 2


def test_a_file_that_costs_too_much_is_told_at_once(town: Town, zoe: Person) -> None:
    """It is not tried again, because it would cost the same each time."""
    busy = (
        sys.executable,
        "-c",
        "from providers.files.reading_process import *; hold_to(Bounds(cpu_seconds=1))\nwhile 1: pass",
    )

    def is_kept_busy(data: bytes, name: str, zone: Any) -> list[dict[str, Any]]:
        return read_apart(data, name, zone, USUAL, busy)

    zoe.phone.sends_file(b"<gpx/>", "application/gpx+xml")
    run(drain, replace(town.world, read_activity=is_kept_busy))
    town.rest()
    assert zoe.heard.startswith("That file holds far more than an activity needs")
    (kept,) = rows(town)
    assert (kept.problem, kept.tries) == (Flaw.TOO_MUCH, 1)


def test_a_file_whose_reader_was_killed_is_tried_again(
    town: Town, zoe: Person, capfd: pytest.CaptureFixture[str]
) -> None:
    killed = (sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")

    def is_killed(data: bytes, name: str, zone: Any) -> list[dict[str, Any]]:
        return read_apart(data, name, zone, USUAL, killed)

    zoe.phone.sends_file(tcx(session(november(18))), TCX)
    run(drain, replace(town.world, read_activity=is_killed))
    (kept,) = rows(town)
    assert (kept.problem, kept.tries, kept.done_at) == ("ReadingBroke: it ended with -9", 1, None)
    assert "ReadingBroke: it ended with -9" in "".join(capfd.readouterr()), "an operator can tell why"
    town.travel(seconds=61)
    assert zoe.heard.startswith("✅")


@pytest.mark.parametrize("breaks", [True, False])
def test_a_sender_who_erases_everything_while_the_file_is_read_stops_nobody(
    town: Town, zoe: Person, jose: Person, breaks: bool
) -> None:
    def meanwhile(data: bytes, name: str, zone: Any) -> list[dict[str, Any]]:
        if b"Biking" not in data:
            return town.world.read_activity(data, name, zone)
        with town.world.sessions.begin() as session_:
            erasure.erase(session_, session_.scalars(select(Member).where(Member.name == "Zoë")).one(), town.clock())
        if breaks:
            raise ReadingBroke("it took too long")
        return town.world.read_activity(data, name, zone)

    zoe.phone.sends_file(tcx(session(november(18), sport="Biking")), TCX)
    jose.phone.sends_file(tcx(session(november(18))), TCX)
    assert run(drain, replace(town.world, read_activity=meanwhile)) == 2
    assert len(rows(town)) == len(activities(town)) == 1, "Zoë's is gone"
    town.rest()
    assert jose.heard.startswith("✅")
    assert not zoe.heard.startswith("✅")


def test_what_counts_on_a_board_is_what_is_told(town: Town, zoe: Person) -> None:
    sends(zoe, tcx(session(november(18)), session(november(18, 9, 2), minutes=57)))
    assert "recorded some of them too" in zoe.heard
    with town.world.sessions() as session_:
        counted = select(Activity).where(Activity.twin_of.is_(None))
        assert len(session_.scalars(counted).all()) == 1
        assert has_twin(session_, session_.scalars(counted).all())


class _Refusing:
    """A messenger that fails to download."""

    def __init__(self, messenger: object) -> None:
        self._messenger = messenger

    def __getattr__(self, name: str) -> object:
        return getattr(self._messenger, name)

    def download(self, url: str, most: int) -> bytes:
        raise MessengerBroken(f"refused {most}")
