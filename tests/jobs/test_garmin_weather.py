"""An hour of problems at Garmin costs few requests, ends no link, is told on the boards, and is recovered from."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fitness.metrics import Metric
from fitness.periods import Dates
from jobs.syncing import sync_next
from models import Breaker, GarminAccount, GarminMethod, GarminStatus, Group, Member, OutboundMessage
from services.ground import breakers
from services.play import standings
from services.training import accounts, syncing
from services.training.syncing import FAILING_TOGETHER, MOST_FAILING, SHUT_AT_FIRST, SHUT_AT_MOST
from tests.accounts import Linked, asked, every, link, lists, said
from tests.letters import Letters
from tests.town import START, Person, Town

PASSWORD, KEY = GarminMethod.PASSWORD, GarminMethod.KEY
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
# A page that Garmin fails to return is requested in smaller sizes, at most three times: 1000, 200, 45, 20; by key 45,
# 22, 11, 5.
PAGES_TRIED = 4


def budget(pages: int) -> int:
    """Return how many requests one hour may cost, whatever the number of accounts.

    Garmin is paused as soon as three accounts fail within ten minutes: for half an hour, then for an hour. So within
    one hour it is tried at the beginning and once more, each time with three accounts; each needs the requests of one
    try, and by key one exchange in all.
    """
    tries = 1 + int(HOUR / (SHUT_AT_FIRST + FAILING_TOGETHER))
    return MOST_FAILING * tries * (pages + 1)


WEATHER: list[tuple[dict[str, Any], str, int]] = [
    ({"data_status": 429}, "SourceThrottled", 1),
    ({"data_status": 429, "data_retry_after": 90}, "SourceThrottled", 1),
    ({"data_status": 403}, "SourceBlocked", 1),
    ({"data_html": True, "data_status": 200}, "SourceBlocked", 1),
    ({"data_status": 503}, "SourceUnavailable", 1),
    ({"data_status": 500}, "SourceUnavailable", PAGES_TRIED),
    ({"token_status": 429, "key_status": 429}, "SourceThrottled", 1),
    ({"token_status": 403, "key_html": True}, "SourceBlocked", 1),
    ({"token_status": 500, "key_status": 500}, "SourceUnavailable", 1),
]


def crowd(town: Town, count: int = 20) -> list[Linked]:
    """Connect this many accounts, every second one by key, all of which were read six hours ago and are due now."""
    people = [link(town, number, (PASSWORD, KEY)[number % 2]) for number in range(1, count + 1)]
    for number, each in enumerate(people):
        read = START - 6 * HOUR - number * MINUTE
        each.change(last_sync_at=read, whole_year_at=read, steps_at=START, next_sync_at=START)
    return people


def pass_time(town: Town, span: timedelta, step: timedelta = MINUTE) -> None:
    """Let minutes pass; in each, workers read the accounts that are due."""
    until = town.clock() + span
    while town.clock() < until:
        while sync_next(town.world):
            pass
        town.clock.travel(seconds=step.total_seconds())


def silent_since(town: Town, *people: Linked) -> datetime | None:
    with town.world.sessions() as session:
        return syncing.find_silent_since(session, [each.member_id for each in people])


@pytest.mark.parametrize(("faults", "why", "pages"), WEATHER)
def test_an_hour_of_bad_weather(town: Town, faults: dict[str, Any], why: str, pages: int) -> None:
    town.garmin.token_lifetime = 60 if "token_status" in faults else 86_400
    people = crowd(town)
    for name, value in faults.items():
        setattr(town.garmin.faults, name, value)
    pass_time(town, HOUR, 2 * MINUTE)
    assert MOST_FAILING <= len(town.garmin.journal) <= budget(pages) < len(people) * 4
    assert {each.row.status for each in people} == {GarminStatus.LINKED}
    assert {each.row.last_error for each in people} == {None, why}
    for number, each in enumerate(people):
        assert silent_since(town, each) == START - 6 * HOUR - number * MINUTE, "also of those who were not tried"
    town.garmin.faults.clear()
    pass_time(town, SHUT_AT_MOST, 15 * MINUTE)
    assert all(each.row.last_sync_at > START + HOUR for each in people)
    assert {(each.row.status, each.row.last_error) for each in people} == {(GarminStatus.LINKED, None)}
    assert silent_since(town, *people) is None
    assert said(town, "relink") == 0


def test_a_day_of_bad_weather_is_asked_less_and_less(town: Town) -> None:
    crowd(town)
    town.garmin.faults.data_status = 503
    pass_time(town, 24 * HOUR, 5 * MINUTE)
    hours = Counter((each.at - START) // HOUR for each in town.garmin.requests("data"))
    assert sum(hours.values()) <= MOST_FAILING * 7, "at 0, 0:30, 1:30, 3:30, 7:30, 13:30, 19:30"
    assert set(hours) <= {0, 1, 3, 7, 13, 14, 19, 20}


def test_after_a_good_day_patience_is_small_again(town: Town) -> None:
    with town.world.sessions.begin() as session:
        for hours in (0, 1, 3, 100):
            breakers.shut_longer(session, "garmin", START + hours * HOUR, HOUR, 6 * HOUR, "why")
            lasts = breakers.shut_until(session, "garmin") - (START + hours * HOUR)
            assert lasts == {0: HOUR, 1: 2 * HOUR, 3: 4 * HOUR, 100: HOUR}[hours]
            session.flush()
    assert [each.trips for each in every(town, Breaker)] == [1]


def test_one_who_fails_alone_does_not_stop_the_others(town: Town) -> None:
    lonely, *others = crowd(town, 8)
    town.garmin.athletes[lonely.athlete.email].activities = [{"activityId": 1, "startTimeLocal": "no date"}]
    pass_time(town, MINUTE)
    assert lonely.row.last_error is not None
    assert all(each.row.last_error is None and each.row.last_sync_at == START for each in others)
    assert lonely.row.next_sync_at == START + 15 * MINUTE


def test_the_board_tells_until_when_it_knows(town: Town) -> None:
    letters, (one, other, ended) = Letters(town), crowd(town, 3)
    with town.world.sessions() as session:
        people = [session.get_one(Member, each.member_id) for each in (one, other, ended)]
    group: Group = letters.group(*people)
    ended.change(status=GarminStatus.NEEDS_RELINK, failed_at=None)

    def told() -> datetime | None:
        with town.world.sessions() as session:
            week = Dates(date(2026, 11, 16), date(2026, 11, 22))
            return standings.make_board(session, group, Metric.TIME, week, week).silent_since

    assert told() is None
    town.garmin.faults.data_status = 503
    one.sync()
    assert told() == one.row.last_sync_at
    town.garmin.faults.clear()
    one.sync()
    assert told() is None, "one whose link has ended is not silent, but asked to connect again"


def failing(linked: Linked) -> tuple[GarminStatus, int]:
    return linked.row.status, said(linked.town, "relink")


@pytest.mark.parametrize("way", [PASSWORD, KEY])
def test_401_ends_a_link_only_when_it_comes_again(town: Town, way: GarminMethod) -> None:
    linked = link(town, 1, way)
    linked.sync()
    town.garmin.faults.data_status = 401
    for minutes in (0, 20, 39):
        town.clock.travel(minutes=minutes)
        linked.sync()
        assert failing(linked) == (GarminStatus.LINKED, 0)
    town.garmin.faults.clear()
    linked.sync()
    assert linked.row.refused_at is None, "a good answer is a new beginning"
    town.garmin.faults.data_status = 401
    linked.sync()
    town.clock.travel(minutes=60)
    assert failing(linked) == (GarminStatus.LINKED, 0)
    linked.sync()
    assert failing(linked) == (GarminStatus.NEEDS_RELINK, 1)
    linked.change(next_sync_at=START)
    assert not sync_next(town.world)
    assert failing(linked) == (GarminStatus.NEEDS_RELINK, 1)


def test_a_refused_renewal_ends_a_link_at_once(town: Town) -> None:
    for number, status in enumerate((400, 401), 1):
        town.garmin.token_lifetime = 60
        linked = link(town, number)
        town.garmin.faults.token_status = status
        linked.sync()
        assert failing(linked) == (GarminStatus.NEEDS_RELINK, number)
    by_key = link(town, 3, KEY, lasts=1)
    town.clock.travel(days=2)
    by_key.sync()
    assert failing(by_key) == (GarminStatus.NEEDS_RELINK, 3)


def test_who_asked_is_told_when_there_will_be_an_answer(town: Town) -> None:
    linked = link(town)
    town.garmin.faults.data_status = 503
    for _ in range(2):
        linked.change(asked_at=town.clock())
        linked.sync()
    with town.world.sessions() as session:
        query = select(OutboundMessage).where(OutboundMessage.dedupe_key.startswith("away:"))
        (message,) = session.scalars(query.limit(1)).all()
        words = town.world.vault.open("message", message.id, message.content)
    assert "Garmin doesn't answer at the moment" in words
    assert "19:15" in words
    linked.sync()
    assert said(town, "away") == 1, "nobody asked this time"


def test_who_asks_while_garmin_is_left_alone_is_told_when_at_once(town: Town, zoe: Person) -> None:
    zoe.connects_garmin()
    mine = linked_of(town, zoe)
    others = [link(town, number) for number in range(2, 5)]
    town.garmin.faults.data_status = 503
    town.clock.travel(minutes=20)
    for each in others:
        each.sync()
    asked_before, heard_before = lists(town), zoe.count()
    heard = zoe.says("sync")
    assert heard.startswith("Garmin doesn't answer at the moment, so I can't tell what is new. I try again at 20:50")
    assert "show your data up to Wed 18 Nov, 20:00." in heard
    assert "I try again at 20:50" in zoe.says("status")
    assert (lists(town), zoe.count()) == (asked_before, heard_before + 2), "nothing is asked, and nothing promised"
    town.garmin.faults.clear()
    town.travel(hours=8)
    assert mine.row.last_sync_at > START + HOUR
    assert "I try again" not in zoe.says("status")


def test_a_wish_of_garmins_is_kept_whoever_asks(town: Town, zoe: Person) -> None:
    zoe.connects_garmin()
    town.garmin.faults.data_status, town.garmin.faults.data_retry_after = 429, 7200
    town.clock.travel(minutes=20)
    assert zoe.says("sync").startswith("Garmin asks me to slow down. I try again at 22:20; no need to do anything.")
    asked_before = lists(town)
    town.clock.travel(minutes=20)
    assert zoe.says("sync").startswith("Garmin asks me to slow down. I try again at 22:20; no need to do anything.")
    assert lists(town) == asked_before


def test_all_workers_keep_one_pace_with_garmin(town: Town) -> None:
    town.world = replace(town.world, settings=town.world.settings.model_copy(update={"garmin_rate": 10}))
    people = [link(town, number, (PASSWORD, KEY)[number % 2]) for number in range(1, 5)]
    began = time.monotonic()
    with ThreadPoolExecutor(4) as workers:
        assert all(workers.map(lambda _: sync_next(town.world), people))
    requests = len(town.garmin.requests())
    assert requests >= 2 * len(people)
    assert time.monotonic() - began > (requests - 1) / 10, "ten a second, whoever asks"


def linked_of(town: Town, person: Person) -> Linked:
    """Return the account that a person connected with the page."""
    with town.world.sessions() as session:
        account = session.scalar(select(GarminAccount))
    return Linked(town, account.id, account.member_id, town.garmin.athletes[person.email])


def kept(town: Town, number: int, password: str) -> Linked:
    """Return an account of a member who let us keep the password."""
    linked = link(town, number)
    linked.change(password=town.world.vault.seal("kept-password", linked.member_id, password))
    return linked


def test_a_kept_password_is_used_at_most_once_a_day(town: Town) -> None:
    linked = kept(town, 1, "right")
    town.garmin.revoke(linked.athlete.email)
    linked.sync()
    assert failing(linked) == (GarminStatus.LINKED, 0)
    signed_in = len(asked(town, "sign_in"))
    linked.sync()
    assert linked.row.last_error is None
    town.clock.travel(hours=23)
    town.garmin.revoke(linked.athlete.email)
    linked.sync()
    assert failing(linked) == (GarminStatus.NEEDS_RELINK, 1)
    assert len(asked(town, "sign_in")) == signed_in
    assert linked.row.password is None, "what cannot be used any more is not kept"


def test_a_kept_password_is_used_again_on_another_day(town: Town) -> None:
    linked = kept(town, 1, "right")
    for _ in range(3):
        town.garmin.revoke(linked.athlete.email)
        linked.sync()
        linked.sync()
        assert linked.row.last_error is None
        town.clock.travel(hours=24)
    assert failing(linked) == (GarminStatus.LINKED, 0)


@pytest.mark.parametrize("trouble", ["wrong", "code", "throttled", "forbidden"])
def test_a_kept_password_that_does_not_help_leads_to_one_message(town: Town, trouble: str) -> None:
    linked = kept(town, 1, "wrong" if trouble == "wrong" else "right")
    linked.athlete.code = "314159" if trouble == "code" else None
    town.garmin.faults.sign_in_status = 429 if trouble == "throttled" else None
    settings = town.world.settings.model_copy(update={"garmin_keep_password": trouble != "forbidden"})
    town.garmin.revoke(linked.athlete.email)
    assert sync_next(replace(town.world, settings=settings))
    assert failing(linked) == (GarminStatus.NEEDS_RELINK, 1)
    tried = len(asked(town, "sign_in"))
    assert (tried == 0) == (trouble == "forbidden")
    linked.change(next_sync_at=START)
    assert not sync_next(town.world)
    assert len(asked(town, "sign_in")) == tried


def test_a_401_that_may_pass_is_no_reason_to_sign_in(town: Town) -> None:
    linked = kept(town, 1, "right")
    town.garmin.faults.data_status = 401
    linked.sync()
    assert asked(town, "sign_in") == []
    assert linked.row.password_used_at is None


def test_no_account_is_ever_left_leased(town: Town) -> None:
    people = crowd(town, 4)
    for fault in ({"data_status": 401}, {"data_status": 503}, {"truncate_lists": True}, {}):
        town.garmin.faults.clear()
        for name, value in fault.items():
            setattr(town.garmin.faults, name, value)
        Letters(town).open_again()
        people[0].sync()
        assert [each.leased_until for each in every(town, GarminAccount)] == [None] * 4


def test_reminders_come_once_each_and_say_the_days(town: Town) -> None:
    """The ticks come only every six hours, and late: the number of days in the message is still right."""
    linked, heard = link(town, 1, KEY), []
    ends = START + timedelta(days=20)
    linked.change(key_ends_at=ends)
    for hour in range(0, 21 * 24, 6):
        with town.world.sessions.begin() as session:
            now = START + hour * HOUR
            heard += [(accounts.remind(each, now), ends - now) for each in accounts.take_due_reminders(session, now)]
    assert heard == [(14, timedelta(days=14)), (3, timedelta(days=3)), (0, timedelta())]
    for late, days in ((13.4, 14), (2.2, 3), (0.3, 1), (-2, 0)):
        linked.change(reminded_days=None)
        with town.world.sessions.begin() as session:
            now = ends - timedelta(days=late)
            assert [accounts.remind(each, now) for each in accounts.take_due_reminders(session, now)] == [days], late
