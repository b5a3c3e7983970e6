"""Sending messages when the vendor has problems: each message arrives once, whatever happens."""

import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from rq import Queue

import world as worlds
from jobs import delivery, reconciling
from jobs.pace import MARGIN
from jobs.queue import enqueue
from messages.message import Button, Message
from models import Member, MessageKind, MessageState
from providers.charts import Leaderboard
from providers.errors import ChartError
from services.delivery import mailbox
from tests.letters import READY, Letters, deliver
from tests.patience import until
from tests.town import SENDER, START, Town, messenger_of
from world import World

REPLY, NOTICE, DIGEST = MessageKind.REPLY, MessageKind.NOTICE, MessageKind.DIGEST
PICKLE = b"\x80"


def eager(town: Town, **settings: object) -> World:
    """Return the town's world with the highest rate."""
    return replace(town.world, settings=town.world.settings.model_copy(update={"send_rate": 80, **settings}))


def waiting(town: Town, seconds: float, **settings: object) -> World:
    """Return the same with a time-out for requests. Only for requests that hang: on a busy machine
    any other may take as long.
    """
    world = eager(town, **settings)
    return replace(world, messenger=messenger_of(world.settings, seconds))


@pytest.fixture
def letters(town: Town) -> Iterator[Letters]:
    town.twilio.faults.hang_seconds = 600
    worlds.use(eager(town))
    yield Letters(town)
    town.twilio.closing.set()  # requests that still hang need not be waited for


def people_with_mail(letters: Letters, people: int, each: int, kind: MessageKind = NOTICE) -> list[Member]:
    """Add this many members, with this many waiting messages for each."""
    members = [letters.with_phone(number) for number in range(1, people + 1)]
    for number in range(each):
        letters.write_to_all(members, f"message {number}", kind, READY)
    return members


def heard(letters: Letters) -> dict[str, Counter[str]]:
    """Return the texts on the phones, and how often each arrived."""
    phones = letters.town.phones.by_number.values()
    return {phone.name: Counter(message.text for message in phone.heard) for phone in phones}


def expected(people: int, each: int) -> dict[str, Counter[str]]:
    texts = Counter(f"message {number}" for number in range(each))
    return {f"Friend {number}": texts for number in range(1, people + 1)}


def pass_minutes(letters: Letters, count: int) -> None:
    """Let this many minutes pass, and let the workers do their work in each."""
    for _ in range(count):
        letters.town.clock.travel(seconds=61)
        reconciling.reconcile()
        deliver(letters.town)


def states(letters: Letters) -> Counter[MessageState]:
    return Counter(row.state for row in letters.rows())


@pytest.mark.parametrize(
    ("fault", "callbacks", "then"),
    [
        ("429", "normal", MessageState.QUEUED),
        ("500", "normal", MessageState.UNKNOWN),
        ("reset", "normal", MessageState.UNKNOWN),
        ("hang", "normal", MessageState.UNKNOWN),
        ("500_after_accept", "normal", MessageState.READ),
        ("500_after_accept", "off", MessageState.UNKNOWN),
        ("hang_after_accept", "before_answer", MessageState.READ),
        ("hang_after_accept", "off", MessageState.UNKNOWN),
    ],
)
def test_every_fault_is_survived(letters: Letters, fault: str, callbacks: str, then: MessageState) -> None:
    people_with_mail(letters, 3, 2)
    letters.town.twilio.faults.callbacks = callbacks
    letters.town.twilio.faults.next.extend([fault] * 3)
    worlds.use(waiting(letters.town, 3) if fault.startswith("hang") else eager(letters.town))
    deliver(letters.town)
    worlds.use(eager(letters.town))
    assert letters.town.twilio.faults.drawn[fault] == 3
    assert states(letters)[then] >= 3
    pass_minutes(letters, 5)
    assert heard(letters) == expected(3, 2)
    letters.town.twilio.faults.callbacks = "normal"
    pass_minutes(letters, 11)
    assert states(letters) == {MessageState.READ: 6}


def test_a_refused_account_stops_everything_and_fails_nothing(letters: Letters) -> None:
    people_with_mail(letters, 2, 2, REPLY)
    letters.town.twilio.faults.next.append("401")
    deliver(letters.town)
    assert letters.breaker().shut_until == START + timedelta(minutes=1)
    shut_at = Counter(heard(letters))
    letters.town.clock.travel(seconds=59)
    asked = len(letters.town.twilio.journal)
    deliver(letters.town)
    assert (Counter(heard(letters)), len(letters.town.twilio.journal)) == (shut_at, asked)
    letters.town.clock.travel(seconds=1)
    letters.town.tick()
    pass_minutes(letters, 1)
    assert heard(letters) == expected(2, 2)


def test_many_workers_on_a_bad_day_deliver_each_message_once(letters: Letters) -> None:
    people_with_mail(letters, 12, 4)
    faults = letters.town.twilio.faults
    faults.random = Random(11)
    faults.fault_rate = {"429": 0.1, "500": 0.1, "500_after_accept": 0.1, "reset": 0.1, "hang_after_accept": 0.05}
    worlds.use(waiting(letters.town, 3))
    for callbacks in ("off", "doubled", "reordered", "before_answer"):
        faults.callbacks = callbacks
        with ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(delivery.drain) for _ in range(3)]:
                done.result()
        letters.town.twilio.settle()
        letters.town.clock.travel(seconds=61)
        reconciling.reconcile()
    assert sum(faults.drawn[name] for name in faults.fault_rate) >= 8
    faults.fault_rate, faults.callbacks = {}, "normal"
    worlds.use(eager(letters.town))
    pass_minutes(letters, 6)
    assert heard(letters) == expected(12, 4)


def test_what_waits_behind_a_doubtful_message_leaves_as_soon_as_that_is_settled(letters: Letters) -> None:
    [person] = people_with_mail(letters, 1, 1, REPLY)
    twilio = letters.town.twilio
    twilio.auto = False  # nothing is delivered automatically, so that no receipt comes
    twilio.faults.next.append("500_after_accept")
    deliver(letters.town)
    letters.write(person, "message 1")
    deliver(letters.town)
    assert len(twilio.messages) == 1
    letters.town.work()
    letters.town.world.redis.flushdb()
    twilio.auto = True
    twilio.advance()
    twilio.settle()
    letters.town.work()
    twilio.settle()
    assert heard(letters) == expected(1, 2)


@pytest.mark.parametrize("lag", [0, 90])
def test_what_the_vendor_took_is_found_in_its_list_even_if_that_lags(letters: Letters, lag: int) -> None:
    people_with_mail(letters, 2, 1)
    faults = letters.town.twilio.faults
    faults.callbacks, faults.list_lag = "off", lag
    faults.next.extend(["500_after_accept"] * 2)
    deliver(letters.town)
    pass_minutes(letters, 1)
    assert states(letters) == {(MessageState.UNKNOWN if lag else MessageState.READ): 2}
    pass_minutes(letters, 4)
    assert states(letters) == {MessageState.READ: 2}, "found, and asked after at once"
    assert heard(letters) == expected(2, 1)


@pytest.mark.parametrize("minutes", [15, -15, 13 * 60])
def test_a_worker_whose_clock_is_wrong_says_nothing_twice(letters: Letters, minutes: int) -> None:
    """Twilio's clock says when it accepted a message of which the worker does not know that."""
    town = letters.town
    people_with_mail(letters, 2, 1)
    town.twilio.faults.callbacks = "off"
    town.twilio.faults.next.extend(["500_after_accept"] * 2)
    town.twilio.now = lambda: town.clock() - timedelta(minutes=minutes)
    deliver(town)
    pass_minutes(letters, 4)
    assert states(letters) == {MessageState.READ: 2}
    assert heard(letters) == expected(2, 1)


def test_while_the_list_is_away_nothing_is_sent_again(letters: Letters) -> None:
    people_with_mail(letters, 12, 1)
    faults = letters.town.twilio.faults
    faults.callbacks, faults.list_status = "off", 503
    faults.next.extend(["500_after_accept", "reset"] * 6)
    deliver(letters.town)
    pass_minutes(letters, 4)
    assert states(letters) == {MessageState.UNKNOWN: 12}
    assert {row.looks for row in letters.rows()} == {0}
    asked = Counter(each.params["To"] for each in letters.town.twilio.journal if each.status == 503)
    assert asked.total() == 4 * reconciling.LOOKS_AT_ONCE, "failures end the round"
    assert len(asked) == 12, "and the next begins with other messages"
    assert min(asked.values()) >= 2
    faults.list_status = None
    pass_minutes(letters, 4)
    assert heard(letters) == expected(12, 1)


def test_a_doubt_that_cannot_be_resolved_does_not_silence_the_bot_for_ever(letters: Letters) -> None:
    [person] = people_with_mail(letters, 1, 1, REPLY)
    faults = letters.town.twilio.faults
    faults.list_status = 503
    faults.next.append("reset")
    deliver(letters.town)
    letters.town.clock.travel(minutes=69)
    pass_minutes(letters, 1)
    letters.write(person, "later")
    pass_minutes(letters, 1)
    assert states(letters) == {MessageState.EXPIRED: 1, MessageState.READ: 1}
    assert heard(letters) == {"Friend 1": Counter(["later"])}


def test_somebody_elses_message_to_the_same_person_is_not_taken_for_ours(letters: Letters) -> None:
    people_with_mail(letters, 1, 1)
    twilio = letters.town.twilio
    twilio.faults.callbacks = "off"
    twilio.faults.next.append("reset")
    twilio.accept({"To": "whatsapp:+32470000001", "From": SENDER, "Body": "from another system"}, [])
    deliver(letters.town)
    pass_minutes(letters, 4)
    assert heard(letters) == expected(1, 1)


def test_messages_without_receipts_are_asked_after(letters: Letters) -> None:
    people_with_mail(letters, 3, 1)
    twilio = letters.town.twilio
    twilio.faults.callbacks = "off"
    deliver(letters.town)
    assert states(letters) == {MessageState.ACCEPTED: 3}
    twilio.messages.drop(min(letters.rows(), key=lambda row: row.next_attempt_at).sid)
    pass_minutes(letters, 11)
    assert states(letters) == {MessageState.ACCEPTED: 1, MessageState.READ: 2}
    fetched = [request for request in twilio.journal if request.method == "GET" and "/Messages/" in request.path]
    assert len(fetched) == 3, "the one that the vendor knows no more is left until the next time"


def test_a_closed_window_is_found_out_and_the_template_sent_instead(letters: Letters) -> None:
    person = letters.with_phone()
    letters.town.phones.by_number["+32470000001"].last_inbound_at = START - timedelta(days=2)
    one = letters.write(person, "in full", DIGEST, approved=READY)
    deliver(letters.town)
    letters.town.clock.travel(seconds=6)
    deliver(letters.town)
    row = letters.row(one)
    assert (row.state, row.said_as, len(row.old_sids)) == (MessageState.READ, "digest_ready", 1)
    [message] = letters.town.phones.by_number["+32470000001"].heard
    assert message.text.startswith("Hi Ann, your Legends digest for 16–22 Nov is ready")
    assert dict(message.buttons)["Show digest"] == "digest last"


def test_buttons_leave_as_buttons_or_as_words_where_they_cannot(letters: Letters) -> None:
    for number in (1, 2):
        person = letters.with_phone(number)
        offer = Message("Which one?", buttons=(Button("This", "this one"), Button("That", "that one")))
        with letters.town.world.sessions.begin() as session:
            mailbox.post(session, person.id, offer, START, kind=REPLY, key=f"offer:{number}")
            if number == 2:
                session.delete(letters.template("buttons_2"))
        deliver(letters.town)
    first, second = (phone.heard[-1] for phone in letters.town.phones.by_number.values())
    assert (first.text, first.buttons) == ("Which one?", [("This", "this one"), ("That", "that one")])
    assert (second.text, second.buttons) == ("Which one?\n\n• This: send *this one*\n• That: send *that one*", [])


class SlowCharts:
    """Draws so slowly that a claim may end meanwhile, or fails."""

    def draw(self, chart: Leaderboard) -> bytes:
        time.sleep(0.4)
        raise ChartError(chart.title)


def test_a_worker_that_stood_still_does_not_send_beside_its_successor(letters: Letters) -> None:
    person = letters.with_phone()
    chart = {"title": "Legends", "subtitle": "", "bars": [], "legend": []}
    with letters.town.world.sessions.begin() as session:
        message = Message("with a picture", chart=chart)
        mailbox.post(session, person.id, message, START, kind=REPLY, key="pictured")
    slow = replace(eager(letters.town, lease_seconds=delivery.LONGEST_POST + 0.2), charts=SlowCharts())
    worlds.use(slow)
    delivery.drain()
    [row] = letters.rows()
    assert (row.state, letters.why(row.id)) == (MessageState.QUEUED, "its claim may have ended")
    worlds.use(replace(eager(letters.town), charts=SlowCharts()))
    letters.town.clock.travel(seconds=3)
    deliver(letters.town)
    assert heard(letters) == {"Friend 1": Counter(["with a picture"])}
    assert letters.town.phones.by_number["+32470000001"].heard[0].picture_url is None


def test_those_that_hang_hold_up_nobody_else(letters: Letters) -> None:
    people_with_mail(letters, 20, 1)
    twilio = letters.town.twilio
    twilio.faults.next.extend(["hang"] * 5)
    worlds.use(waiting(letters.town, 600, lease_seconds=600))
    with ThreadPoolExecutor(1) as pool:
        draining = pool.submit(delivery.drain)
        until(lambda: states(letters)[MessageState.READ] == 15)
        assert states(letters)[MessageState.SENDING] == 5, "they still hang"
        twilio.closing.set()
        draining.result()
    assert states(letters) == {MessageState.READ: 15, MessageState.UNKNOWN: 5}


def test_slow_down_is_heard_by_all(letters: Letters) -> None:
    people_with_mail(letters, 1, 1)
    letters.town.twilio.faults.next.append("429")
    deliver(letters.town)
    assert float(letters.town.world.redis.hget("pace:rate", "rate")) == pytest.approx(80 * MARGIN / 2)
    [row] = letters.rows()
    assert row.next_attempt_at == START + timedelta(seconds=2)
    assert [each.source for each in letters.events(row.id)] == ["claim", "api"]


def test_what_waits_for_the_six_seconds_rings_again_by_itself(letters: Letters) -> None:
    people_with_mail(letters, 1, 2)
    began = time.time()
    deliver(letters.town)
    assert heard(letters) == expected(1, 1)
    entries = letters.town.world.redis.zrange("rq:scheduler:scheduled_jobs", 0, -1, withscores=True)
    [(name, at)] = entries
    assert name.startswith(b"jobs-delivery-drain-")
    assert began + 6 <= at <= time.time() + 6 + 1, "the next whole second, by the real clock that the bells go by"


def test_jobs_are_json_and_nothing_else_is_done(letters: Letters, tmp_path: Path) -> None:
    redis = letters.town.world.redis
    enqueue(redis, delivery.drain.name, delivery.drain.queue, timeout=delivery.drain.timeout)
    [name] = redis.lrange("rq:queue:deliver", 0, -1)
    data = zlib.decompress(redis.hget(f"rq:job:{name.decode()}", "data"))
    assert data.startswith(b'["jobs.delivery.drain"')
    redis.delete("rq:queue:deliver")
    Queue("deliver", connection=redis).enqueue("os.mkdir", str(tmp_path / "harm"))
    [name] = redis.lrange("rq:queue:deliver", 0, -1)
    assert zlib.decompress(redis.hget(f"rq:job:{name.decode()}", "data")).startswith(PICKLE), "RQ itself still pickles"
    with pytest.raises(AssertionError, match="jobs failed"):
        letters.town.work()
    assert not (tmp_path / "harm").exists()
