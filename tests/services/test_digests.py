"""The digest: exactly one for each group and week, whatever happens in between, with a text that can always be sent."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

import world as worlds
from fitness.periods import Dates
from jobs import digests as making
from jobs.tick import open_digests, tick
from messages.message import Message, units
from messages.words import clean_name
from models import DigestRun, Group, Member, Membership, MessageKind, MessageState, RunStatus
from providers.charts import Charts, Leaderboard
from providers.errors import ChartError
from services.digest import digests
from services.digest.stories import saying, scenes
from services.digest.stories.text import Me, Teller
from services.ground.bells import list_timed
from services.group import digest_times
from tests.letters import Letters, deliver
from tests.town import Town

SUNDAY = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
SUNDAYS = "0 17 * * 0"
TUESDAY = date(2026, 11, 17)


@pytest.fixture
def letters(town: Town) -> Letters:
    """It is Sunday, an hour before the digests."""
    town.clock.travel_to(SUNDAY - timedelta(hours=1))
    return Letters(town)


def club(letters: Letters, count: int = 3, **more: object) -> tuple[Group, list[Member]]:
    """Return a group whose digest is due on Sunday. All but the last member have run this week, the first one most."""
    members = [letters.with_phone(number) for number in range(1, count + 1)]
    for number, member in enumerate(members[: max(count - 1, 1)]):
        letters.moved(member, TUESDAY, 3600 * (count - number))
    return letters.group(*members, digest_schedule=SUNDAYS, next_digest_at=SUNDAY, **more), members


def come(letters: Letters, instant: datetime = SUNDAY) -> None:
    """Move the clock to this time, and make and send everything that is due."""
    letters.town.clock.travel_to(instant)
    tick()
    making.make()
    deliver(letters.town)


def runs(letters: Letters) -> list[DigestRun]:
    with letters.town.world.sessions() as session:
        return list(session.scalars(select(DigestRun).order_by(DigestRun.id)))


def heard(letters: Letters) -> list[list[str]]:
    """Return the texts on each phone."""
    return [[message.text for message in phone.heard] for phone in letters.town.phones.by_number.values()]


def counts(letters: Letters) -> list[int]:
    return [len(texts) for texts in heard(letters)]


def due(letters: Letters, group: Group) -> datetime | None:
    return letters.see(group).next_digest_at


def membership(letters: Letters, member: Member) -> Membership:
    with letters.town.world.sessions() as session:
        return session.scalar(select(Membership).where(Membership.member_id == member.id))


def test_everybody_gets_one_digest_and_the_run_tells_of_it(letters: Letters) -> None:
    group, members = club(letters)
    come(letters)
    [run] = runs(letters)
    assert (run.period_start, run.period_end) == (date(2026, 11, 16), date(2026, 11, 22))
    assert (run.status, run.due_at, run.generated_at) == (RunStatus.SENT, SUNDAY, SUNDAY)
    assert run.content["places"] == {str(members[0].id): 1, str(members[1].id): 2}
    assert (run.content["seconds"], run.content["sessions"]) == (5 * 3600, 2)
    assert counts(letters) == [1, 1, 1]
    assert due(letters, group) == SUNDAY + WEEK


def test_many_ticks_and_makers_at_once_make_one(letters: Letters) -> None:
    first, _ = club(letters)
    second = letters.group(*letters.members(2, 10), digest_schedule=SUNDAYS, next_digest_at=SUNDAY)
    letters.town.clock.travel_to(SUNDAY)

    def work(number: int) -> None:
        (tick if number % 2 else making.make)()
        making.make()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    making.make()
    deliver(letters.town)
    assert sorted((run.group_id, run.status) for run in runs(letters)) == [
        (first.id, RunStatus.SENT),
        (second.id, RunStatus.SENT),
    ]
    assert len(letters.rows()) == 5
    assert counts(letters) == [1, 1, 1]


def test_a_run_that_two_makers_hold_is_posted_once(letters: Letters) -> None:
    _, members = club(letters)
    letters.town.clock.travel_to(SUNDAY)
    open_digests(letters.town.world)
    [run] = runs(letters)
    places = [membership(letters, member).id for member in members]
    for after, following in ((0, places[1]), (0, places[1]), (places[1], None), (0, None)):
        with letters.town.world.sessions.begin() as session:
            teller = digests.make_teller(session, run.id)
            assert digests.post_some(session, run.id, teller, after, letters.now, most=2) == following
    assert sorted(row.member_id for row in letters.rows()) == sorted(member.id for member in members)
    assert runs(letters)[0].status is RunStatus.SENT


@pytest.mark.parametrize(
    ("late", "status"),
    [
        (timedelta(hours=23), RunStatus.SENT),
        (timedelta(hours=24), RunStatus.SENT),
        (timedelta(hours=25), RunStatus.SKIPPED),
        (timedelta(days=22), RunStatus.SKIPPED),
    ],
)
def test_a_missed_hour_is_made_up_for_within_a_day(letters: Letters, late: timedelta, status: RunStatus) -> None:
    group, _ = club(letters)
    come(letters, SUNDAY + late)
    [run] = runs(letters)
    assert (run.status, run.period_end) == (status, SUNDAY.date())
    assert counts(letters) == ([1, 1, 1] if status is RunStatus.SENT else [1, 0, 0]), (
        "its owner is told that it was late"
    )
    coming = due(letters, group)
    assert timedelta() < coming - letters.now <= WEEK
    assert coming.weekday() == SUNDAY.weekday()


def test_after_a_skipped_week_the_next_one_comes(letters: Letters) -> None:
    _, members = club(letters)
    come(letters, SUNDAY + timedelta(days=2))
    for member in members:
        letters.change(member, last_inbound_at=SUNDAY + WEEK - timedelta(hours=1))
    come(letters, SUNDAY + WEEK)
    assert [run.status for run in runs(letters)] == [RunStatus.SKIPPED, RunStatus.SENT]


def test_a_schedule_changed_before_the_hour_holds_at_once(letters: Letters) -> None:
    group, _ = club(letters)
    with letters.town.world.sessions.begin() as session:
        digest_times.reschedule(session, session.get_one(Group, group.id), "0 8 * * 1", letters.now)
        assert list_timed(session) == {group.id: datetime(2026, 11, 23, 8, tzinfo=UTC)}
    come(letters)
    assert runs(letters) == []
    come(letters, datetime(2026, 11, 23, 8, tzinfo=UTC))
    [run] = runs(letters)
    assert (run.status, run.period_end) == (RunStatus.SENT, SUNDAY.date())


def test_a_schedule_changed_between_the_hour_and_the_making_gives_no_second_digest(letters: Letters) -> None:
    group, _ = club(letters)
    letters.town.clock.travel_to(SUNDAY)
    open_digests(letters.town.world)
    with letters.town.world.sessions.begin() as session:
        digest_times.reschedule(session, session.get_one(Group, group.id), "0 8 * * 1", letters.now)
    making.make()
    deliver(letters.town)
    assert counts(letters) == [1, 1, 1]
    come(letters, datetime(2026, 11, 23, 8, tzinfo=UTC))
    assert counts(letters) == [1, 1, 1], "it would be about the same week"
    assert [(run.status, run.generated_at) for run in runs(letters)] == [(RunStatus.SENT, SUNDAY)]
    come(letters, datetime(2026, 11, 30, 8, tzinfo=UTC))
    assert [run.period_end.day for run in runs(letters)] == [22, 29]


def test_a_digest_turned_off_is_not_due(letters: Letters) -> None:
    group, _ = club(letters)
    with letters.town.world.sessions.begin() as session:
        digest_times.reschedule(session, session.get_one(Group, group.id), None, letters.now)
    come(letters)
    assert (runs(letters), due(letters, group)) == ([], None)


def test_a_group_without_a_schedule_does_not_keep_the_tick_busy(letters: Letters) -> None:
    group, _ = club(letters)
    letters.change(group, digest_schedule=None)
    letters.town.clock.travel_to(SUNDAY)
    assert open_digests(letters.town.world) == 1
    assert open_digests(letters.town.world) == 0
    assert (runs(letters), due(letters, group)) == ([], None)


def test_a_group_that_is_no_more_gets_none(letters: Letters) -> None:
    club(letters, is_active=False)
    come(letters)
    assert runs(letters) == []
    with letters.town.world.sessions() as session:
        assert digest_times.list_scheduled(session) == []


def before_making(letters: Letters, happens: Callable[[], object]) -> None:
    """Open the digest, and call `happens` before it is made."""
    letters.town.clock.travel_to(SUNDAY)
    open_digests(letters.town.world)
    happens()
    making.make()
    deliver(letters.town)


def test_who_leaves_before_it_is_made_is_not_in_it_and_gets_none(letters: Letters) -> None:
    _, members = club(letters)
    place = membership(letters, members[1])
    before_making(letters, lambda: letters.change(place, left_at=SUNDAY))
    assert counts(letters) == [1, 0, 1]
    assert not any("Friend 2" in text for texts in heard(letters) for text in texts)


def test_who_hides_is_in_no_text_and_on_no_picture_and_still_reads_it(letters: Letters) -> None:
    _, members = club(letters)
    place = membership(letters, members[1])
    drawn = watched(letters)
    before_making(letters, lambda: letters.change(place, hidden=True))
    assert counts(letters) == [1, 1, 1]
    others = [texts[0] for number, texts in enumerate(heard(letters)) if number != 1]
    assert not any("Friend 2" in text or "120 pts" in text for text in others)
    assert "*You* (only you see this): 120 pts in 1 session. Your sports: 🏃 Run 2h 00m." in heard(letters)[1][0]
    assert runs(letters)[0].content["places"] == {str(members[0].id): 1}
    assert [[bar.name for bar in chart.bars] for chart in drawn] == [["Friend 1"]]


class Watched(Charts):
    """Draws, and records which charts."""

    lacks = ()

    def __init__(self, charts: Charts) -> None:
        self.charts, self.drawn = charts, []

    def draw(self, chart: Leaderboard) -> bytes:
        self.drawn.append(chart)
        return self.charts.draw(chart)


def watched(letters: Letters) -> list[Leaderboard]:
    """Return the list of charts that are drawn from now on."""
    charts = Watched(letters.town.world.charts)
    worlds.use(replace(letters.town.world, charts=charts))
    return charts.drawn


def pictures(letters: Letters) -> list[bool]:
    """Return, for each member who got a message, whether it had a picture."""
    phones = letters.town.phones.by_number.values()
    return [phone.heard[-1].picture is not None for phone in phones if phone.heard]


def test_who_opts_out_before_it_is_made_gets_none(letters: Letters) -> None:
    _, members = club(letters)
    before_making(letters, lambda: letters.change(members[0], opted_out_at=SUNDAY))
    assert counts(letters) == [0, 1, 1]
    assert pictures(letters) == [True, True]
    assert len(letters.rows()) == 2


def test_who_leaves_or_opts_out_after_it_was_posted_gets_none(letters: Letters) -> None:
    _, members = club(letters)
    letters.town.clock.travel_to(SUNDAY)
    open_digests(letters.town.world)
    making.make()
    letters.change(membership(letters, members[0]), left_at=SUNDAY)
    letters.change(members[1], opted_out_at=SUNDAY)
    deliver(letters.town)
    assert counts(letters) == [0, 0, 1]
    assert sorted(row.state for row in letters.rows()) == [
        MessageState.READ,
        MessageState.SUPPRESSED,
        MessageState.SUPPRESSED,
    ]


def test_mutes_and_their_ends_are_kept(letters: Letters) -> None:
    _, members = club(letters)
    letters.change(membership(letters, members[0]), muted_until=SUNDAY + timedelta(seconds=1))
    letters.change(membership(letters, members[1]), muted_until=SUNDAY)
    come(letters)
    assert counts(letters) == [0, 1, 1]


class NoCharts(Charts):
    """Fails to draw."""

    lacks = ()

    def draw(self, chart: Leaderboard) -> bytes:
        raise ChartError(chart.title)


def test_without_a_picture_the_text_goes_alone(letters: Letters) -> None:
    club(letters)
    worlds.use(replace(letters.town.world, charts=NoCharts()))
    come(letters)
    assert counts(letters) == [1, 1, 1]
    assert pictures(letters) == [False] * 3


def test_the_picture_is_drawn_once_and_is_what_all_get(letters: Letters) -> None:
    club(letters)
    drawn = watched(letters)
    come(letters)
    assert len(drawn) == 1
    urls = {phone.heard[-1].media_url for phone in letters.town.phones.by_number.values()}
    assert len(urls) == 1
    [phone, *_] = letters.town.phones.by_number.values()
    kind, png = letters.town.twilio.pictures.find(phone.heard[-1].picture)
    assert kind == "image/png"
    assert png.startswith(b"\x89PNG")


def test_a_group_of_one_is_not_ranked(letters: Letters) -> None:
    club(letters, 1)
    come(letters)
    [[text]] = heard(letters)
    assert "1 session · *1h 00m* together" in text
    assert "*You* were" not in text


def test_a_week_of_nothing_is_told_without_a_picture(letters: Letters) -> None:
    members = [letters.with_phone(number) for number in (1, 2)]
    letters.group(*members, digest_schedule=SUNDAYS, next_digest_at=SUNDAY)
    come(letters)
    assert all("A quiet week: no sessions to tell of." in text for [text] in heard(letters))
    assert pictures(letters) == [False, False]
    assert runs(letters)[0].content["places"] == {}


def test_a_maker_that_died_leaves_its_run_to_the_next_but_not_for_ever(letters: Letters) -> None:
    club(letters)
    letters.town.clock.travel_to(SUNDAY)
    open_digests(letters.town.world)
    for attempt in range(1, digests.MOST_ATTEMPTS + 2):
        with letters.town.world.sessions.begin() as session:
            run = digests.take_run(session)
            assert digests.take_run(session) is None
        assert run.attempts == attempt
        letters.change(run, leased_until=SUNDAY - timedelta(days=400))
    assert run.status is RunStatus.FAILED
    with letters.town.world.sessions.begin() as session:
        assert digests.take_run(session) is None
        assert not session.scalar(select(digests.has_unmade_run()))


ODD = [
    "سارة بنت عبد الله آل سعيد الطويلة جداً",
    "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦 the whole family",
    "{{1}} {{2}} {{6}}",
    "two\nlines\tand    four spaces",
    "\\1 $& %s {name}",
    "*bold* _and_ ~gone~ `code`",
    "W" * 60,
    "\u202eturned around",
    "क्षत्रिय ज्ञानेश्वरी",
    "Zoë-Ann O'Neill-Łukasiewicz the Third of It",
]


@pytest.mark.parametrize("away", [False, True])
def test_odd_names_long_weeks_and_all_units_fit_into_every_form(letters: Letters, away: bool) -> None:
    """The longest digest: ten members with the longest names, large sums, several sports, and changed places."""
    members = []
    for number, typed in enumerate(ODD, 1):
        member = letters.with_phone(number, units="imperial" if number % 2 else "metric")
        letters.change(member, name=clean_name(typed), last_inbound_at=None if away else SUNDAY)
        for week, rank in ((0, number), (7, 11 - number)):
            for sport in ("run", "ride", "swim", "walk", "strength"):
                letters.moved(member, TUESDAY - timedelta(days=week), 80_000 + 4_000 * rank, 1_234_567, sport)
        members.append(member)
    letters.group(*members, name=clean_name(ODD[0]), digest_schedule=SUNDAYS, next_digest_at=SUNDAY)
    come(letters)
    letters.town.clock.travel(seconds=10)
    deliver(letters.town)
    assert [run.status for run in runs(letters)] == [RunStatus.SENT]
    assert counts(letters) == [1] * len(ODD)
    for row in letters.rows():
        assert (row.state, row.said_as) == (MessageState.READ, "digest_ready" if away else "picture")


def test_the_longest_digest_fits_under_a_picture_and_its_reader_finds_their_own_line(letters: Letters) -> None:
    members = letters.members(12, units="imperial", name="W" * 40)
    for number, member in enumerate(members, 1):
        letters.change(member, name="و" * 40 if number % 2 else "W" * 40)
        for week, rank in ((0, number), (7, 13 - number)):
            for sport in ("run", "ride", "strength"):
                for _ in range(2):
                    letters.moved(member, TUESDAY - timedelta(days=week), 40_000 + 2_000 * rank, 1_234_567, sport)
    group = letters.group(*members, name="و" * 40)
    with letters.town.world.sessions() as session:
        dates = Dates(date(2026, 11, 16), date(2026, 11, 22))
        scene = scenes.make_scene(session, session.get_one(Group, group.id), dates)
        scene = replace(scene, board=replace(scene.board, silent_since=SUNDAY))
        mine = scene.row_of(members[0].id)
        message = saying.write_message(Teller(scene), Me(session.get_one(Member, members[0].id), mine.totals))
    assert isinstance(message, Message)
    assert units(message.text) <= 900, "a note and a forwarder's word find room"
    assert f"12. *\u2068{'و' * 40}\u2069*" in message.text
    assert re.search(r"… and \d more", message.text)
    assert "*You:* 4,200 pts in 6 sessions." in message.text


def test_kinds_and_keys_are_those_of_digests(letters: Letters) -> None:
    group, members = club(letters)
    come(letters)
    [run] = runs(letters)
    assert {(row.kind, row.group_id, row.dedupe_key) for row in letters.rows()} == {
        (MessageKind.DIGEST, group.id, f"digest:{run.id}:{member.id}") for member in members
    }
