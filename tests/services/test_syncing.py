"""Our rows equal Garmin's after every kind of change, and nothing is lost when Garmin has a problem."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from fitness.sports import is_sport
from jobs.syncing import sync_next
from models import Activity, Breaker, GarminAccount, GarminMethod, GarminStatus, Member, MessageKind, OutboundMessage
from providers.garmin.activity_rows import read_page
from providers.sources import OpenAccount, Page
from services.ground.refusals import LinkNeedsRenewing, NotLinked, SyncedJustNow
from services.training import accounts, syncing
from simulator.garmin.athletes import RUNNER, Athlete, Habits
from tests.letters import Letters
from tests.town import START, Town

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LIST = "/activitylist-service/activities/search/activities"


@dataclass
class Runner:
    """A member with a Garmin account, and the account's activities at Garmin."""

    letters: Letters
    member: Member
    athlete: Athlete

    @property
    def account(self) -> GarminAccount:
        with self.letters.town.world.sessions() as session:
            return session.scalar(select(GarminAccount).where(GarminAccount.member_id == self.member.id))

    def rows(self) -> list[Activity]:
        with self.letters.town.world.sessions() as session:
            query = select(Activity).where(Activity.member_id == self.member.id).order_by(Activity.external_id)
            return list(session.scalars(query))

    def ours(self) -> dict[int, tuple[object, ...]]:
        """Return those of our rows that count."""
        return {row.external_id: told(row.raw_data) for row in self.rows() if row.deleted_at is None}

    def truth(self) -> dict[int, tuple[object, ...]]:
        """Return Garmin's activities since a year before the account was connected."""
        first = (START - 365 * DAY).date().isoformat()
        return {
            row["activityId"]: told(row)
            for row in self.athlete.activities
            if row["startTimeLocal"][:10] >= first and is_sport(row["activityType"]["typeKey"])
        }

    def upload(self, days_ago: float = 1, **more: Any) -> int:
        start = self.letters.now - days_ago * DAY
        return self.athlete.upload(**{"start": start, "seconds": 3600, "metres": 10_000, **more})

    def lists(self) -> int:
        """Return how often the list of activities was requested."""
        return sum(1 for each in self.letters.town.garmin.requests(email=self.athlete.email) if each.path == LIST)


def told(row: dict[str, Any]) -> tuple[object, ...]:
    return row["activityType"]["typeKey"], row["duration"], row.get("distance"), row["startTimeLocal"]


@pytest.fixture
def letters(town: Town) -> Letters:
    return Letters(town)


@pytest.fixture
def ann(letters: Letters) -> Runner:
    """A member who has just connected an empty account."""
    return connected(letters)


def connected(letters: Letters, number: int = 1, habits: Habits | None = None, zone: str = "Europe/London") -> Runner:
    member, email = letters.member(number), f"runner{number}@example.org"
    athlete = letters.town.garmin.enrol(member.name, email, "right", habits=habits, zone=zone, seed=number)
    signed_in = letters.town.world.garmin.sign_in(email, "right")
    with letters.town.world.sessions.begin() as session:
        account = GarminAccount(
            member_id=member.id,
            method=GarminMethod.PASSWORD,
            garmin_id=signed_in.profile.id,
            display_name=signed_in.profile.display_name,
            linked_at=letters.now,
            next_sync_at=letters.now,
        )
        accounts.keep_tokens(session, account, signed_in.tokens)
        session.add(account)
    letters.town.garmin.journal.clear()
    return Runner(letters, member, athlete)


def sync(runner: Runner, *, after: timedelta = timedelta()) -> None:
    """Let time pass, and synchronise the account."""
    runner.letters.town.clock.travel(seconds=after.total_seconds())
    runner.letters.change(runner.account, next_sync_at=runner.letters.now)
    assert sync_next(runner.letters.town.world)


def said(letters: Letters, kind: MessageKind) -> int:
    with letters.town.world.sessions() as session:
        return session.query(OutboundMessage).filter_by(kind=kind).count()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_any_changes_our_rows_are_garmins_truth(letters: Letters, seed: int) -> None:
    ann, draw = connected(letters, habits=RUNNER), Random(seed)
    sync(ann)
    assert len(ann.ours()) > 100
    for _ in range(8):
        recent = [row["activityId"] for row in ann.athlete.activities[:12]]
        for change in draw.sample(range(6), 4):
            one = recent.pop(draw.randrange(len(recent)))
            match change:
                case 0:
                    ann.upload(draw.uniform(0, 30), seconds=draw.randint(600, 9000))
                case 1:
                    ann.athlete.edit(one, duration=draw.randint(600, 9000) + 0.5, activityName="renamed")
                case 2:
                    ann.athlete.delete(one)
                case 3:
                    ann.athlete.edit(one, activityType={"typeKey": "cycling", "typeId": 2, "parentTypeId": 17})
                case 4:
                    ann.athlete.edit(one, startTimeLocal="2026-11-01 06:30:00", startTimeGMT="2026-11-01 06:30:00")
                case 5:
                    ann.upload(20, type_key="yoga", metres=None, manualActivity=True)
        sync(ann, after=7 * HOUR)
        assert ann.ours() == ann.truth()
    assert len({row.external_id for row in ann.rows()}) == len(ann.rows())


def test_each_kind_of_change_is_taken_over_whole(ann: Runner) -> None:
    edited, deleted, retyped = ann.upload(3), ann.upload(4), ann.upload(5)
    sync(ann)
    before = {row.external_id: row for row in ann.rows()}
    ann.athlete.edit(edited, duration=1800.0, distance=5000.0, activityName="Shorter")
    ann.athlete.delete(deleted)
    ann.athlete.edit(retyped, activityType={"typeKey": "lap_swimming", "typeId": 27, "parentTypeId": 26})
    late = ann.upload(20)
    sync(ann, after=6 * HOUR)
    after = {row.external_id: row for row in ann.rows()}
    assert after.keys() == {edited, deleted, retyped, late}
    assert (after[edited].duration, after[edited].distance, after[edited].name) == (1800, 5000, "Shorter")
    assert after[edited].processed_metrics["minutes"] == 30
    assert after[edited].id == before[edited].id
    assert after[deleted].deleted_at == ann.letters.now
    assert (after[retyped].sport, after[retyped].type) == ("swim", "lap_swimming")
    assert after[late].local_date == (ann.letters.now - 20 * DAY - 6 * HOUR).date()


def test_what_is_no_session_any_more_counts_no_more(ann: Runner) -> None:
    ids = [ann.upload(days) for days in (1, 2, 3, 4, 5, 6, 7)]
    sync(ann)
    ann.athlete.edit(ids[0], activityType={"typeKey": "breathwork", "typeId": 164, "parentTypeId": 17})
    ann.athlete.edit(ids[1], parentId=ids[2])
    sync(ann, after=6 * HOUR)
    assert ann.ours().keys() == set(ids[2:])


def test_a_row_that_cannot_be_read_for_once_is_not_taken_for_deleted(ann: Runner) -> None:
    ids = [ann.upload(days) for days in (1, 2)]
    sync(ann)
    ann.athlete.edit(ids[0], startTimeGMT=None)
    sync(ann, after=6 * HOUR)
    assert ann.ours().keys() == set(ids)


def test_one_session_on_two_devices_counts_once(ann: Runner) -> None:
    watch, phone = ann.upload(1), ann.upload(1, seconds=3500, manualActivity=True)
    sync(ann)
    twin = {row.external_id: row.twin_of is not None for row in ann.rows()}
    assert twin == {watch: False, phone: True}
    ann.athlete.delete(watch)
    sync(ann, after=6 * HOUR)
    assert [row.twin_of for row in ann.rows() if row.external_id == phone] == [None]


def test_what_comes_back_counts_again(ann: Runner) -> None:
    ids = [ann.upload(days) for days in (1, 2, 3, 4)]
    sync(ann)
    row = ann.athlete.activity(ids[0])
    ann.athlete.delete(ids[0])
    sync(ann, after=6 * HOUR)
    assert ids[0] not in ann.ours()
    ann.athlete._keep([row])
    sync(ann, after=6 * HOUR)
    assert ann.ours() == ann.truth()


@pytest.mark.parametrize("lever", [{"truncate_lists": True}, {"data_status": 500}, {"data_html": True}])
def test_a_list_that_cannot_be_had_deletes_nothing(ann: Runner, lever: dict[str, Any]) -> None:
    ids = [ann.upload(days) for days in (1, 2, 3)]
    sync(ann)
    ann.athlete.delete(ids[0])
    for name, value in lever.items():
        setattr(ann.letters.town.garmin.faults, name, value)
    sync(ann, after=6 * HOUR)
    assert ann.ours().keys() == set(ids)
    assert ann.account.failures == 1
    ann.letters.town.garmin.faults.clear()
    sync(ann, after=6 * HOUR)
    assert ann.ours().keys() == set(ids[1:])
    assert ann.account.failures == 0


class Interrupted:
    """A Garmin that goes down after the first page."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def open(self, tokens: str) -> OpenAccount:
        account = self.town.world.garmin.open(tokens)
        pages = account.activities

        def first_page(start: date, end: date) -> Iterator[Page]:
            for page in pages(start, end):
                yield page
                self.town.garmin.faults.data_status = 503

        account.activities = first_page
        return account


def test_a_reading_that_broke_off_is_resumed_and_deletes_nothing(ann: Runner) -> None:
    ids = [ann.upload(days / 3) for days in range(1, 61)]
    sync(ann)
    town = ann.letters.town
    town.garmin.faults.max_page = 45
    ann.athlete.delete(ids[50])
    ann.athlete.edit(ids[0], duration=60.0)
    town.clock.travel(hours=6)
    ann.letters.change(ann.account, next_sync_at=town.clock())
    assert sync_next(replace(town.world, garmin=Interrupted(town)))
    assert ann.ours().keys() == set(ids)
    assert ann.ours()[ids[0]][1] == 60, "what was read is kept"
    town.garmin.faults.data_status = None
    sync(ann, after=HOUR)
    assert ann.ours() == ann.truth()


class Forgetful:
    """A Garmin whose list leaves out all but some of its rows."""

    def __init__(self, town: Town, listed: int) -> None:
        self.town, self.listed = town, listed

    def open(self, tokens: str) -> OpenAccount:
        account = self.town.world.garmin.open(tokens)
        read = account.activities
        account.activities = lambda start, end: (
            replace(page, recordings=page.recordings[: self.listed]) for page in read(start, end)
        )
        return account


@pytest.mark.parametrize(("there", "listed", "left"), [(10, 7, 7), (10, 6, 10), (1, 0, 0), (2, 0, 2), (80, 59, 80)])
def test_too_many_gone_at_once_are_not_believed(ann: Runner, there: int, listed: int, left: int) -> None:
    for number in range(there):
        ann.upload(1 + number / 4)
    sync(ann)
    town = ann.letters.town
    ann.letters.change(ann.account, next_sync_at=START)
    town.garmin.journal.clear()
    assert sync_next(replace(town.world, garmin=Forgetful(town, listed)))
    assert len(ann.ours()) == left
    assert len(town.garmin.requests("data")) == (2 if left == there else 1), "one question, and the answer is clear"


def test_very_many_gone_at_once_are_believed_when_garmin_says_so_of_some(ann: Runner) -> None:
    ids = [ann.upload(days) for days in range(1, 31)]
    sync(ann)
    for one in ids[:25]:
        ann.athlete.delete(one)
    ann.letters.town.garmin.journal.clear()
    sync(ann, after=6 * HOUR)
    assert ann.ours().keys() == set(ids[25:])
    assert len(ann.letters.town.garmin.requests("data")) <= 4


def test_outside_the_window_nothing_is_touched(ann: Runner) -> None:
    old, edge, inside = ann.upload(60), ann.upload(34.5), ann.upload(20)
    more = [ann.upload(days) for days in (5, 6, 7)]
    sync(ann)
    ann.letters.change(ann.account, whole_year_at=ann.letters.now)
    for one in (old, edge):
        ann.athlete.edit(one, duration=60.0)
    sync(ann, after=6 * HOUR)
    assert {one: ann.ours()[one][1] for one in (old, edge, inside)} == {old: 3600, edge: 60, inside: 3600}
    ann.athlete.delete(old)
    sync(ann, after=8 * DAY)
    assert ann.ours().keys() == {edge, inside, *more}, "once a week the whole year is read"


@pytest.mark.parametrize(("zone", "ahead"), [("Pacific/Kiritimati", 1), ("Pacific/Pago_Pago", -1)])
def test_days_that_are_not_utcs_are_read_too(letters: Letters, zone: str, ahead: int) -> None:
    letters.town.clock.travel_to(datetime(2026, 11, 18, 12 if ahead > 0 else 6, tzinfo=UTC))
    far = connected(letters, zone=zone)
    one = far.upload(0.02)
    sync(far)
    [row] = far.rows()
    assert row.local_date == date(2026, 11, 18) + ahead * DAY
    assert row.utc_offset == {1: 14, -1: -11}[ahead] * 3600
    for _ in range(3):
        sync(far, after=6 * HOUR)
    assert far.ours().keys() == {one}
    far.athlete.delete(one)
    sync(far, after=DAY)
    assert far.ours() == {}


def test_no_place_is_kept_in_any_column(letters: Letters) -> None:
    ann = connected(letters, habits=RUNNER, zone="Europe/Madrid")
    ann.upload(1, activityName="Madrid Running", locationName="Madrid")
    sync(ann)
    sent = repr(ann.athlete.activities)
    assert "startLatitude" in sent
    assert "Madrid" in sent
    with letters.town.world.sessions() as session:
        for table in ("activities", "garmin_accounts", "days", "members"):
            kept = repr(session.connection().exec_driver_sql(f"SELECT * FROM {table}").all())
            assert not re.search(r"(?i)latitude|longitude|polyline|location|madrid|40\.[34]\d{3}|-3\.[67]\d{3}", kept)
            assert "images.example" not in kept


def test_a_year_costs_two_requests_and_a_look_one(letters: Letters) -> None:
    ann = connected(letters)
    for number in range(300):
        ann.upload(1 + number * 1.2, seconds=1800)
    sync(ann)
    assert len(ann.ours()) == 300
    asked = letters.town.garmin.requests("data")
    assert [each.path == LIST for each in asked].count(True) == 1
    assert len(asked) <= 2
    letters.town.garmin.journal.clear()
    sync(ann, after=6 * HOUR)
    assert [each.path for each in letters.town.garmin.journal] == [LIST]


def test_who_asks_is_read_first_and_not_twice_in_a_quarter_of_an_hour(letters: Letters) -> None:
    first, second = connected(letters, 1), connected(letters, 2)
    for each in (first, second):
        sync(each)
    letters.town.clock.travel(hours=7)
    with letters.town.world.sessions.begin() as session:
        syncing.ask(session, session.merge(second.member), letters.now)
    assert sync_next(letters.town.world)
    assert (first.lists(), second.lists()) == (1, 2)
    assert said(letters, MessageKind.REPLY) == 3, "two for the first reading, one for who asked"
    for minutes, left in ((0, 15), (14, 1)):
        letters.town.clock.travel(minutes=minutes)
        with letters.town.world.sessions.begin() as session, pytest.raises(SyncedJustNow) as refusal:
            syncing.ask(session, session.merge(second.member), letters.now)
        assert refusal.value.facts["minutes"] == left
    letters.town.clock.travel(minutes=1)
    with letters.town.world.sessions.begin() as session:
        syncing.ask(session, session.merge(second.member), letters.now)


def test_asking_needs_an_account_that_can_be_read(letters: Letters, ann: Runner) -> None:
    with letters.town.world.sessions.begin() as session, pytest.raises(NotLinked):
        syncing.ask(session, session.merge(letters.member(9)), letters.now)
    letters.change(ann.account, status=GarminStatus.NEEDS_RELINK)
    with letters.town.world.sessions.begin() as session, pytest.raises(LinkNeedsRenewing):
        syncing.ask(session, session.merge(ann.member), letters.now)


@pytest.mark.parametrize(
    ("lever", "problem", "waits"),
    [
        ({"data_status": 503}, "SourceUnavailable", [15 * MINUTE, HOUR, 6 * HOUR, 6 * HOUR]),
        ({"data_html": True}, "SourceBlocked", [15 * MINUTE, HOUR]),
        ({"data_status": 429}, "SourceThrottled", [15 * MINUTE, HOUR]),
        ({"data_status": 429, "data_retry_after": 7200}, "SourceThrottled", [2 * HOUR, 2 * HOUR, 6 * HOUR]),
    ],
)
def test_on_a_bad_day_the_account_waits_longer_each_time_and_nothing_is_broken(
    ann: Runner, lever: dict[str, Any], problem: str, waits: list[timedelta]
) -> None:
    one = ann.upload(1)
    sync(ann)
    for name, value in lever.items():
        setattr(ann.letters.town.garmin.faults, name, value)
    found = []
    for _ in waits:
        sync(ann, after=DAY)
        found.append(ann.account.next_sync_at - ann.letters.now)
    assert found == waits
    account = ann.account
    assert (account.status, account.last_error, account.failures) == (GarminStatus.LINKED, problem, len(waits))
    assert ann.ours().keys() == {one}
    assert said(ann.letters, MessageKind.NOTICE) == 0
    ann.letters.town.garmin.faults.clear()
    sync(ann, after=DAY)
    assert (ann.account.failures, ann.account.last_error, ann.account.failed_at) == (0, None, None)


def test_garmin_that_is_down_is_not_asked_more_often_by_those_who_ask_or_by_a_digest(ann: Runner) -> None:
    sync(ann)
    letters, world = ann.letters, ann.letters.town.world
    letters.town.garmin.faults.data_status = 429
    letters.town.garmin.faults.data_retry_after = 7200
    sync(ann, after=7 * HOUR)
    due = ann.account.next_sync_at
    assert due == letters.now + 2 * HOUR
    with world.sessions.begin() as session, pytest.raises(SyncedJustNow):
        syncing.ask(session, session.merge(ann.member), letters.now)
    for _ in range(3):
        letters.town.clock.travel(minutes=1)
        with world.sessions.begin() as session:
            assert syncing.ask_for_syncs(session, [ann.member.id], letters.now, older_than=30 * MINUTE) == 0
        assert not sync_next(world)
    assert ann.account.next_sync_at == due


def test_before_a_digest_what_is_stale_is_read_soon(ann: Runner) -> None:
    sync(ann)
    letters, world = ann.letters, ann.letters.town.world
    for minutes, hurried in ((29, 0), (2, 1)):
        letters.town.clock.travel(minutes=minutes)
        with world.sessions.begin() as session:
            assert syncing.ask_for_syncs(session, [ann.member.id], letters.now, older_than=30 * MINUTE) == hurried
    assert sync_next(world)


def test_three_accounts_failing_together_leave_garmin_alone(letters: Letters) -> None:
    runners = [connected(letters, number) for number in (1, 2, 3, 4)]
    letters.town.garmin.faults.data_status = 503
    world = letters.town.world
    assert [sync_next(world) for _ in range(4)] == [True, True, True, False]
    with world.sessions() as session:
        assert session.get_one(Breaker, "garmin").shut_until == START + 30 * MINUTE
    letters.town.garmin.faults.clear()
    letters.town.clock.travel(minutes=30)
    assert [sync_next(world) for _ in range(5)] == [True] * 4 + [False]
    assert [runner.account.failures for runner in runners] == [0] * 4


def test_tokens_refused_for_good_are_told_of_once(ann: Runner) -> None:
    sync(ann)
    ann.letters.town.garmin.revoke(ann.athlete.email)
    sync(ann, after=7 * HOUR)
    assert ann.account.status is GarminStatus.NEEDS_RELINK
    assert said(ann.letters, MessageKind.NOTICE) == 1
    ann.letters.town.clock.travel(hours=7)
    ann.letters.change(ann.account, next_sync_at=ann.letters.now)
    assert not sync_next(ann.letters.town.world)
    assert said(ann.letters, MessageKind.NOTICE) == 1


def test_two_who_find_the_tokens_refused_tell_it_once(ann: Runner) -> None:
    with ann.letters.town.world.sessions.begin() as session:
        errand = syncing.take(session, ann.letters.now)
    for ended in (True, False):
        with ann.letters.town.world.sessions.begin() as session:
            assert syncing.note_refused(session, errand, certain=True, now=ann.letters.now) is ended


def test_many_workers_at_once_read_an_account_once(letters: Letters) -> None:
    runners = [connected(letters, number) for number in (1, 2)]
    runners[0].upload(1)
    letters.town.garmin.faults.hang_seconds = 0.05
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: sync_next(letters.town.world), range(6)))
    assert results.count(True) == 2
    assert [runner.lists() for runner in runners] == [1, 1]


def test_what_a_dead_worker_held_is_read_by_the_next_and_the_dead_ones_late_pages_do_no_harm(ann: Runner) -> None:
    one = ann.upload(1)
    world, now = ann.letters.town.world, ann.letters.now
    with world.sessions.begin() as session:
        errand = syncing.take(session, now)
    assert not sync_next(world)
    ann.letters.change(ann.account, leased_until=datetime(2020, 1, 1, tzinfo=UTC))
    assert sync_next(world)
    with world.sessions.begin() as session:
        found = syncing.store(session, errand, read_page(ann.athlete.activities, last=True), errand.tokens)
    assert (found.new, found.changed) == ([], 0)
    assert ann.ours().keys() == {one}


def test_rows_that_make_no_sense_do_not_keep_the_others_out(ann: Runner) -> None:
    good = ann.upload(1)
    odd = ann.upload(2, activityName="NUL \x00 and half \ud83d a sign")
    endless = ann.upload(3)
    ann.athlete.edit(endless, averageHR=float("nan"), calories=float("inf"))
    ann.upload(4, activityName=["a", "list"], activityType=None)
    ann.athlete._keep([{"activityId": "text", "startTimeLocal": "2026-11-17 09:00:00"}])
    ann.athlete._keep([{"activityId": 17, "startTimeLocal": "2026-11-16 09:00:00", "startTimeGMT": "soon"}])
    sync(ann)
    assert ann.account.failures == 0
    rows = {row.external_id: row for row in ann.rows()}
    assert {good, odd, endless} <= rows.keys()
    assert 17 not in rows
    assert rows[odd].name == "NUL  and half ? a sign"
    assert (rows[endless].average_hr, rows[endless].calories) == (None, None)


class Confused:
    """A library with a bug."""

    def open(self, tokens: str) -> OpenAccount:
        raise ZeroDivisionError(len(tokens))


def test_a_bug_with_one_account_puts_it_off_like_an_outage(ann: Runner) -> None:
    assert sync_next(replace(ann.letters.town.world, garmin=Confused()))
    assert (ann.account.last_error, ann.account.next_sync_at) == ("bug", START + 15 * MINUTE)
    assert ann.account.leased_until is None
