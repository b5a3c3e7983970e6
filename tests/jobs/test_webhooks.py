"""Webhooks from the event to the program: what groups show, retries, slow servers, and ends of all kinds."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select, update

from jobs import metering
from jobs import webhooks as webhook_job
from jobs.queue import enqueue
from models import (
    DigestRun,
    Member,
    RunStatus,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookEvent,
    WebhookMessage,
    WebhookState,
    WhyOff,
)
from services.data import erasure, restoring, retention
from services.ground.counting import Count
from services.people import webhooks
from services.webhooks import sending
from services.webhooks.sending import BACK_OFF
from simulator.garmin.athletes import Athlete
from tests.api.programs import Program, rows, signed_in
from tests.patience import AT_MOST, until
from tests.receiver import Receiver, receiver
from tests.scenes import has_moved, hide, november, runs, start_group
from tests.town import LONG_AGO, Person, Town

EVERYTHING = [each.value for each in webhooks.SUBSCRIBABLE]
AFTER = datetime(2026, 11, 30, 11, 0, tzinfo=UTC)  # noon in Brussels, the day after the 29th
SUNDAY = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # when the digest of the first group is due


@pytest.fixture
def program() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def member_id(town: Town, person: Person) -> int:
    name = person.phone.name.split(maxsplit=1)[0]
    with town.world.sessions() as session:
        return session.scalars(select(Member.id).where(Member.name == name)).one()


def hook(town: Town, person: Person, program: Receiver, *events: str) -> WebhookEndpoint:
    """Add a webhook of this person, without the API."""
    key = member_id(town, person)
    with town.world.sessions.begin() as session:
        member = session.get_one(Member, key)
        row, _ = webhooks.add_webhook(session, member, program.url, events or EVERYTHING, None, "My plot", town.clock())
        return row


def api(town: Town, person: Person) -> Program:
    return signed_in(town.world, member_id(town, person))


def messages(town: Town) -> list[WebhookMessage]:
    return sorted(rows(town.world, WebhookMessage), key=lambda each: each.created_at)


def logs_a_swim(person: Person) -> None:
    assert "swim" in person.says("log swim 30 min 1 km").casefold()


def test_what_is_said_in_the_chat_is_told_too(town: Town, zoe: Person, program: Receiver) -> None:
    zoe.says("hi")
    hook(town, zoe, program)
    logs_a_swim(zoe)
    zoe.says("undo")
    assert program.types == ["activity.created", "activity.deleted"]
    logs_a_swim(zoe)
    zoe.says("exclude 1")
    zoe.says("undo")
    assert program.types[2:] == ["activity.created", "activity.corrected", "activity.corrected"]
    assert [each["is_excluded"] for each in program.of("activity.corrected")] == [True, False]


def test_a_first_sync_tells_nothing_and_later_ones_tell_what_is_new_changed_or_gone(
    town: Town, zoe: Person, program: Receiver
) -> None:
    zoe.says("hi")
    hook(town, zoe, program)
    linked: list[Athlete] = []

    def upload(athlete: Athlete) -> None:
        linked.append(athlete)
        runs(16, 17)(athlete)

    zoe.connects_garmin(upload=upload)
    assert program.received == []
    [athlete] = linked
    new = athlete.upload(type_key="running", start=november(18, 12), seconds=1800, metres=5000)
    town.travel(hours=7)
    assert [each["distance"] for each in program.of("activity.created")] == [5000]
    athlete.edit(new, distance=6000.0)
    town.travel(hours=7)
    assert [each["distance"] for each in program.of("activity.corrected")] == [6000]
    athlete.delete(new)
    town.travel(hours=7)
    told = program.of("activity.created")[0]
    assert program.of("activity.deleted") == [{"id": told["id"]}]
    assert told == {**program.of("activity.corrected")[0], "distance": 5000, "points": told["points"],
                    "metrics": told["metrics"], "updated_at": told["updated_at"]}  # fmt: skip
    assert api(town, zoe).ask("DELETE", "/me/garmin?activities=erase").status_code == 204
    town.work()
    assert len(program.of("activity.deleted")) == 3


def test_a_digest_is_told_once_with_the_text_that_its_reader_reads(
    town: Town, zoe: Person, jose: Person, program: Receiver
) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(17))
    has_moved(jose, runs(18, 19))
    hook(town, zoe, program, "digest.sent")
    town.travel_to(SUNDAY)
    [told] = program.of("digest.sent")
    shown = api(town, zoe).data(f"/groups/{told['group']['id']}/digests/{told['digest']['id']}")
    assert told["group"]["name"] == "Sunday Legends"
    assert {name: told["digest"][name] for name in ("since", "until", "text")} == shown
    assert "José" in told["digest"]["text"]
    with town.world.sessions.begin() as session:
        run = session.get_one(DigestRun, told["digest"]["id"])
        run.status = RunStatus.PENDING
    town.tick()
    assert len(program.of("digest.sent")) == 1, "a digest that is made anew is the same digest"


def test_what_somebody_hides_before_it_is_sent_is_not_sent(
    town: Town, zoe: Person, jose: Person, sara: Person, program: Receiver
) -> None:
    start_group(zoe, jose, sara)
    has_moved(zoe, runs(23))
    has_moved(jose, runs(24, 25))
    has_moved(sara, runs(24, 25, 26))
    zoe.says("challenge new distance run 23 to 29 nov ok")
    jose.says("challenge join 1")
    sara.says("challenge join 1")
    hook(town, zoe, program, "challenge.ended", "digest.sent")
    program.status = 503
    town.travel_to(AFTER)
    [first] = program.of("challenge.ended")
    assert [line["name"] for line in first["challenge"]["lines"]] == ["سارة", "José", "Zoë"]
    hide(jose)
    hide(sara, "distance")
    program.status = 200
    town.travel(minutes=6)
    again = program.of("challenge.ended")[-1]
    shown = api(town, zoe).data(f"/groups/{again['group']['id']}/challenges/1")
    assert again["challenge"] == {name: shown[name] for name in again["challenge"]}
    assert [line["name"] for line in again["challenge"]["lines"]] == ["Zoë"]
    assert not any("José" in each.body for each in program.received if each.told == again)


def test_a_failing_server_is_tried_ten_times_in_three_days_and_then_switched_off(
    town: Town, zoe: Person, program: Receiver
) -> None:
    zoe.says("hi")
    mine = hook(town, zoe, program)
    program.status = 500
    logs_a_swim(zoe)
    waits = []
    for wait in BACK_OFF:
        [message] = messages(town)
        due = message.next_attempt_at - town.clock()
        assert wait <= due <= wait * 1.11 or due <= wait, "the town may have let some seconds pass"
        waits.append(due)
        assert len(program.received) == len(waits)
        town.clock.travel_to(message.next_attempt_at - timedelta(seconds=1))
        webhook_job.send.body(town.world)
        assert len(program.received) == len(waits), "not before its time"
        town.travel(seconds=1)
    assert len(program.received) == 10
    assert len({each.id for each in program.received}) == 1
    [message], [row] = messages(town), rows(town.world, WebhookEndpoint, id=mine.id)
    assert (message.state, row.off_why) == (WebhookState.FAILED, WhyOff.FAILING)
    town.travel_to(november(22, 8))  # the night is over
    assert "a webhook of yours was switched off, because its server has failed for three days." in zoe.heard
    zoe.says("hi")
    assert "My plot, off" in zoe.says("signed in")
    logs_a_swim(zoe)
    assert len(messages(town)) == 1, "nothing more is kept for it"
    attempts = rows(town.world, WebhookAttempt)
    assert [each.status for each in attempts] == [500] * 10
    program.status = 204
    owner = api(town, zoe)
    assert owner.ask("PATCH", f"/webhooks/{mine.id}", {"is_on": True}).status_code == 200
    owner.post(f"/webhooks/{mine.id}/deliveries/{message.id}/resend")
    town.work()
    assert messages(town)[0].state is WebhookState.DELIVERED


def test_a_server_that_comes_back_gets_everything_and_its_failures_are_forgotten(
    town: Town, zoe: Person, program: Receiver
) -> None:
    zoe.says("hi")
    mine = hook(town, zoe, program)
    program.status = 502
    for _ in range(3):
        logs_a_swim(zoe)
    assert len({each.id for each in program.received}) < 3, "it is left alone for a moment after each failure"
    program.status = 200
    town.travel(minutes=10)
    town.travel(minutes=10)
    assert {each.state for each in messages(town)} == {WebhookState.DELIVERED}
    [row] = rows(town.world, WebhookEndpoint, id=mine.id)
    assert (row.failures, row.failing_since, row.off_at) == (0, None, None)


def test_a_server_that_says_gone_is_switched_off_at_once(town: Town, zoe: Person, program: Receiver) -> None:
    zoe.says("hi")
    hook(town, zoe, program)
    program.status = 410
    zoe.says("log swim 30 min 1 km")
    [row] = rows(town.world, WebhookEndpoint)
    assert row.off_why is WhyOff.GONE
    assert zoe.heard.startswith("⚠️ I switched your webhook *My plot* off: its server says that it is gone for good.")
    assert [each.state for each in messages(town)] == [WebhookState.SKIPPED]


def test_a_server_that_asks_for_a_pause_gets_it(town: Town, zoe: Person, program: Receiver) -> None:
    zoe.says("hi")
    hook(town, zoe, program)
    program.status, program.headers = 429, {"Retry-After": "7200"}
    logs_a_swim(zoe)
    program.status = 200
    logs_a_swim(zoe)
    town.travel(minutes=110)
    assert len(program.received) == 1
    town.travel(minutes=11)
    town.travel(minutes=1)
    assert len(program.received) == 3


def test_one_slow_server_holds_up_nobody_else(town: Town, zoe: Person, jose: Person, program: Receiver) -> None:
    zoe.says("hi")
    jose.says("hi")
    with receiver() as slow:
        hook(town, zoe, slow)
        hook(town, jose, program)
        slow.may_answer.clear()
        for person in (zoe, jose):
            api(town, person).post("/activities", {"sport": "swim", "date": "2026-11-17", "duration": 1800})
        town.world.redis.flushdb()  # so that only this test's thread sends
        working = Thread(target=webhook_job.send.body, args=(town.world,))
        working.start()
        until(lambda: slow.received and program.received)
        until(lambda: [each.state for each in messages(town)].count(WebhookState.DELIVERED) == 1)
        assert working.is_alive(), "it still waits for the slow one"
        slow.may_answer.set()
        working.join()
    assert {each.state for each in messages(town)} == {WebhookState.DELIVERED}


def test_other_work_is_not_held_up_by_a_slow_server(town: Town, zoe: Person, program: Receiver) -> None:
    zoe.says("hi")
    hook(town, zoe, program)
    program.may_answer.clear()
    api(town, zoe).post("/activities", {"sport": "swim", "date": "2026-11-17", "duration": 1800})
    town.world.redis.flushdb()
    working = Thread(target=webhook_job.send.body, args=(town.world,))
    working.start()
    until(lambda: program.received)
    enqueue(town.world.redis, "jobs.delivery.drain", "deliver", timeout=int(AT_MOST))
    working.join()  # although the server has not answered
    [message], [attempt] = messages(town), rows(town.world, WebhookAttempt)
    assert (message.state, message.attempts, attempt.problem) == (WebhookState.WAITING, 1, "interrupted")
    program.may_answer.set()
    town.work()
    town.travel(seconds=6)
    assert messages(town)[0].state is WebhookState.DELIVERED
    assert [each.id for each in program.received] == [str(message.id)] * 2


def test_a_lost_bell_and_a_dead_worker_lose_nothing(town: Town, zoe: Person, program: Receiver) -> None:
    zoe.says("hi")
    hook(town, zoe, program)
    api(town, zoe).post("/activities", {"sport": "swim", "date": "2026-11-17", "duration": 1800})
    town.world.redis.flushdb()
    with town.world.sessions.begin() as session:
        assert sending.take(session, town.clock()) is not None  # and then this worker dies
    town.tick()
    assert program.received == [], "its lease has not ended"
    with town.world.sessions.begin() as session:
        session.execute(update(WebhookEndpoint).values(leased_until=LONG_AGO))
    town.tick()
    assert program.types == ["activity.created"]


def test_nothing_is_sent_after_stop_or_after_signing_out(town: Town, zoe: Person, program: Receiver) -> None:
    zoe.says("hi")
    hook(town, zoe, program)
    owner = api(town, zoe)
    zoe.says("stop")
    swim = {"sport": "swim", "date": "2026-11-17", "duration": 1800}
    owner.post("/activities", swim)
    town.tick()
    assert messages(town) == []
    zoe.says("start")
    owner.post("/activities", swim)
    town.tick()
    assert program.types == ["activity.created"]
    asked = zoe.says("sign out")
    assert "and switches 1 webhook off" in asked
    assert "1 webhook is switched off" in zoe.taps("Yes, end them")
    logs_a_swim(zoe)
    assert len(program.received) == 1
    assert [each.off_why for each in rows(town.world, WebhookEndpoint)] == [WhyOff.SIGNED_OUT]


def test_while_it_is_in_doubt_whose_number_it_is_messages_wait(town: Town, zoe: Person, program: Receiver) -> None:
    zoe.says("hi")
    hook(town, zoe, program)
    api(town, zoe).post("/activities", {"sport": "swim", "date": "2026-11-17", "duration": 1800})
    for doubt, count in ((town.clock(), 0), (None, 1)):
        with town.world.sessions.begin() as session:
            session.execute(update(Member).values(doubted_at=doubt))
        town.tick()
        assert len(program.received) == count


def test_whoever_is_erased_is_told_to_nobody_and_their_webhooks_go(
    town: Town, zoe: Person, jose: Person, program: Receiver
) -> None:
    zoe.says("new group Sunday Legends")
    hook(town, zoe, program, "member.joined", "member.left")
    program.status = 500
    code = zoe.says("invite")
    assert code
    start_group(zoe, jose, name="Monday Legends")
    his = hook(town, jose, program)
    joined = [each for each in messages(town) if each.about_id == member_id(town, jose)]
    assert [each.event for each in joined] == [WebhookEvent.MEMBER_JOINED]
    program.received.clear()
    with town.world.sessions.begin() as session:
        erasure.erase(session, session.get_one(Member, his.member_id), town.clock())
    program.status = 200
    town.travel(hours=1)
    assert "José" not in "".join(each.body for each in program.received)
    assert "member.left" not in program.types
    assert rows(town.world, WebhookEndpoint, id=his.id) == []
    assert [each for each in messages(town) if each.id == joined[0].id] == []


def test_what_waits_when_the_operator_forbids_webhooks_is_not_sent_later(
    town: Town, zoe: Person, program: Receiver
) -> None:
    zoe.says("hi")
    hook(town, zoe, program)
    api(town, zoe).post("/activities", {"sport": "swim", "date": "2026-11-17", "duration": 1800})
    off = replace(town.world, settings=town.world.settings.model_copy(update={"webhooks": False}))
    webhook_job.send.body(off)
    town.tick()
    assert program.received == []
    assert [each.state for each in messages(town)] == [WebhookState.SKIPPED]


def test_messages_are_kept_for_30_days_and_a_restored_one_is_not_sent_again(
    town: Town, zoe: Person, program: Receiver
) -> None:
    zoe.says("hi")
    hook(town, zoe, program)
    owner = api(town, zoe)
    owner.post("/activities", {"sport": "swim", "date": "2026-11-17", "duration": 1800})
    with town.world.sessions.begin() as session:
        done: dict[str, Any] = restoring.settle_restored(session, [], town.clock(), town.clock())
    assert done["webhook messages left out"] == 1
    town.tick()
    assert program.received == []
    logs_a_swim(zoe)
    for days, kept in ((29, 2), (2, 0)):
        town.clock.travel(days=days)
        with town.world.sessions.begin() as session:
            retention.sweep_old(session, town.clock())
        assert len(messages(town)) == kept
    assert rows(town.world, WebhookAttempt) == []


def test_attempts_are_counted_for_the_operator(town: Town, zoe: Person, program: Receiver) -> None:
    zoe.says("hi")
    hook(town, zoe, program)
    logs_a_swim(zoe)
    program.status = 418
    logs_a_swim(zoe)
    counts = metering.read(town.world.redis).counts
    told = {dict(labels)["result"]: amount for (name, labels), amount in counts.items() if name == Count.WEBHOOKS}
    assert told == {"delivered": 1, "4xx": 1}
