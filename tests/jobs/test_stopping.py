"""A job that is asked to stop ends at its next safe point, so that the next worker continues at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from rq import Queue
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot import receiving
from jobs import delivery, digests, garmin, housekeeping, spool, stopping
from jobs.tick import tick
from models import (
    AttemptStep,
    DigestRun,
    Export,
    GarminAccount,
    GarminMethod,
    InboundMessage,
    LinkAttempt,
    LinkPurpose,
    Member,
    MessageKind,
    MessageState,
    OneTimeLink,
    OutboundMessage,
    RunStatus,
    SentFile,
)
from providers.errors import ReadingBroke
from providers.messenger import Inbound
from providers.sources import Typed
from services.data import exports
from services.digest.digests import CHUNK
from services.training import attempts, binding, one_time_links, sign_ins
from services.training.binding import BeingAsked
from tests.letters import READY, Letters
from tests.recordings import TCX, session, tcx
from tests.scenes import november
from tests.town import LONG_AGO, Person, Town
from world import World


@pytest.fixture(autouse=True)
def _goes_on() -> Iterator[None]:
    stopping.begin()
    yield
    stopping.begin()


@dataclass
class Asking:
    """A clock that asks this process to stop when it is read, as soon as a condition is true."""

    town: Town
    is_so_far: Callable[[], bool]
    then: Callable[[], object]

    def __call__(self) -> datetime:
        if not stopping.is_stop_asked() and self.is_so_far():
            self.then()
        return self.town.clock()


def breaks_off(*_: Any) -> Any:
    """Raise what the alarm raises in the middle of a job."""
    stopping.ask()
    raise stopping.Stopped


def asked(town: Town, is_so_far: Callable[[], bool] = lambda: True, then: Callable[[], object] = stopping.ask) -> World:
    """Return the town's world, in which the process is asked to stop in the middle of a job."""
    return replace(town.world, now=Asking(town, is_so_far, then))


def one(town: Town, what: type, *where: Any) -> Any:
    with town.world.sessions() as found:
        return found.scalars(select(what).where(*where)).one()


def count(town: Town, *where: Any) -> int:
    with town.world.sessions() as found:
        return found.scalar(select(func.count()).select_from(OutboundMessage).where(*where))


def waiting(town: Town) -> list[str]:
    """Return the jobs that a worker would do next."""
    return [
        job.func_name
        for name in ("tick", "deliver", "work", "garmin")
        for job in Queue(name, connection=town.world.redis, serializer="json").jobs
    ]


def test_a_job_that_comes_too_late_is_left_to_another_process(town: Town) -> None:
    stopping.ask()
    tick()
    assert waiting(town) == ["jobs.tick.tick"]
    with pytest.raises(stopping.Stopped):
        stopping.check()


def test_claimed_messages_that_have_not_left_are_put_back_at_once(town: Town) -> None:
    letters = Letters(town)
    members = [letters.with_phone(number) for number in range(1, 6)]
    for member in members:
        letters.write(member, "News", kind=MessageKind.NOTICE, approved=READY)
    world = asked(town, lambda: count(town, OutboundMessage.state == MessageState.SENDING) > 0)
    assert delivery.drain.body(world) == 5
    assert count(town, OutboundMessage.state == MessageState.QUEUED) == 5
    assert [letters.why(row.id) for row in letters.rows()] == ["stopped"] * 5
    assert town.twilio.messages == {}
    stopping.begin()
    town.rest()
    assert len({each.to for each in town.twilio.messages.values()}) == len(town.twilio.messages) == 5


def test_a_digest_is_left_between_two_pieces_and_finished_by_the_next(town: Town) -> None:
    letters = Letters(town)
    members = letters.members(CHUNK + 1)
    due = town.clock()
    letters.group(*members, digest_schedule="0 17 * * 0", next_digest_at=due)
    tick.body(town.world)
    with pytest.raises(stopping.Stopped):
        digests.make.body(asked(town))
    left = one(town, DigestRun)
    assert (left.status, left.attempts, left.leased_until) == (RunStatus.PENDING, 0, None)
    assert count(town) == CHUNK
    stopping.begin()
    assert digests.make.body(town.world) == 1
    assert count(town) == CHUNK + 1
    assert one(town, DigestRun).attempts == 1


def test_a_copy_that_was_broken_off_counts_as_no_try(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    with town.world.sessions.begin() as writing:
        exports.ask_for_copy(writing, writing.scalars(select(Member)).one(), town.clock())
    with pytest.raises(stopping.Stopped):
        housekeeping.make_copy(asked(town, then=breaks_off))
    left = one(town, Export)
    assert (left.tries, left.leased_until, left.made_at) == (0, None, None)
    stopping.begin()
    housekeeping.make_copy(town.world)
    assert one(town, Export).made_at == town.clock()


def test_a_file_that_was_broken_off_counts_as_no_try(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    zoe.phone.sends_file(tcx(session(november(18, 17))), TCX, "evening.tcx")
    town.twilio.settle()
    with pytest.raises(stopping.Stopped):
        garmin.drain.body(replace(town.world, read_activity=breaks_off))
    left = one(town, SentFile)
    assert (left.tries, left.leased_until, left.done_at, left.next_try_at) == (0, None, None, town.clock())
    stopping.begin()
    town.rest()
    assert "Read and counted" in zoe.heard


def test_a_file_whose_reader_a_host_has_stopped_too_counts_as_no_try(town: Town, zoe: Person) -> None:
    """The reading process is signalled at the moment in which it starts, when it cannot ignore signals yet."""

    def is_stopped(*_: Any) -> Any:
        stopping.ask()
        raise ReadingBroke("it ended with -15")

    zoe.phone.sends_file(tcx(session(november(18, 17))), TCX, "evening.tcx")
    with pytest.raises(stopping.Stopped):
        garmin.drain.body(replace(town.world, read_activity=is_stopped))
    left = one(town, SentFile)
    assert (left.tries, left.leased_until, left.done_at, left.next_try_at) == (0, None, None, town.clock())
    stopping.begin()
    town.rest()
    assert "Read and counted" in zoe.heard


def attempt(town: Town, way: GarminMethod, secret: str) -> OneTimeLink:
    """Store what a member has typed into the page."""
    with town.world.sessions.begin() as writing:
        member = Member(name="Ann", address="whatsapp:+32470000009")
        writing.add(member)
        writing.flush()
        token = one_time_links.make_link(writing, member, LinkPurpose.GARMIN, town.clock())
        browser = one_time_links.open_link(writing, token, None, town.clock())
        link = one_time_links.find_link(writing, browser, town.clock())
        sign_ins.ask(writing, link, "garmin", way, Typed(secret, "ann@example.org"), town.clock())
        return link


def send_code(writing: Session, town: Town) -> None:
    """Send the code of the only sign-in from its chat."""
    waiting = writing.scalars(select(LinkAttempt)).one()
    code = binding.make_code(writing, waiting)
    assert binding.hear_link_code(writing, waiting.link.member, code, town.clock()) == BeingAsked("garmin")


@dataclass
class Slow:
    """A Garmin during whose sign-in the process must stop."""

    sign_in = sign_in_with_key = whose = staticmethod(breaks_off)


def test_a_password_that_was_broken_off_is_not_tried_again_and_costs_no_try(town: Town) -> None:
    link = attempt(town, GarminMethod.PASSWORD, "right")
    with pytest.raises(stopping.Stopped):
        garmin.drain.body(replace(town.world, garmin=Slow()))
    left = one(town, LinkAttempt)
    assert (left.step, left.problem, left.secret) == (AttemptStep.FAILED, "interrupted", None)
    with town.world.sessions() as reading:
        assert attempts.count_tries_left(reading, link) == attempts.MOST_PASSWORDS
        assert not reading.scalar(select(sign_ins.has_waiting_sign_in(town.clock())))


def test_a_key_that_was_broken_off_is_tried_by_the_next(town: Town) -> None:
    athlete = town.garmin.enrol("Ann", "ann@example.org", "right")
    attempt(town, GarminMethod.KEY, town.garmin.make_key(athlete.email))
    with pytest.raises(stopping.Stopped):
        garmin.drain.body(replace(town.world, garmin_by_key=Slow()))
    assert one(town, LinkAttempt).step is AttemptStep.ASKED
    stopping.begin()
    garmin.drain.body(town.world)
    assert one(town, LinkAttempt).step is AttemptStep.CONFIRM


def test_a_key_whose_code_was_heard_is_asked_about_by_the_next(town: Town) -> None:
    athlete = town.garmin.enrol("Ann", "ann@example.org", "right")
    attempt(town, GarminMethod.KEY, town.garmin.make_key(athlete.email))
    garmin.drain.body(town.world)
    with town.world.sessions.begin() as writing:
        send_code(writing, town)
    with pytest.raises(stopping.Stopped):
        garmin.drain.body(replace(town.world, garmin_by_key=Slow()))
    assert one(town, LinkAttempt).step is AttemptStep.CONFIRMED
    stopping.begin()
    garmin.drain.body(town.world)
    assert one(town, LinkAttempt).step is AttemptStep.DONE
    assert one(town, GarminAccount).method is GarminMethod.KEY


def test_a_key_is_asked_about_again_when_a_worker_died_with_it(town: Town) -> None:
    athlete = town.garmin.enrol("Ann", "ann@example.org", "right")
    attempt(town, GarminMethod.KEY, town.garmin.make_key(athlete.email))
    garmin.drain.body(town.world)
    with town.world.sessions.begin() as writing:
        send_code(writing, town)
        assert sign_ins.take(writing, town.clock())
    garmin.drain.body(town.world)
    assert one(town, LinkAttempt).step is AttemptStep.CONFIRMED, "somebody has it"
    with town.world.sessions.begin() as writing:
        writing.execute(update(LinkAttempt).values(leased_until=LONG_AGO))
        assert sign_ins.give_up_abandoned(writing, town.clock()) == []
    garmin.drain.body(town.world)
    assert one(town, GarminAccount).garmin_id == str(athlete.garmin_id)


AHEAD = timedelta(minutes=9)  # longer than a lease, and shorter than a sign-in is valid


def test_a_machine_whose_clock_is_ahead_does_not_end_a_sign_in_that_another_is_at(town: Town) -> None:
    attempt(town, GarminMethod.PASSWORD, "right")
    with town.world.sessions.begin() as writing:
        assert sign_ins.take(writing, town.clock())
    with town.world.sessions.begin() as writing:
        assert sign_ins.give_up_abandoned(writing, town.clock() + AHEAD) == []
        writing.execute(update(LinkAttempt).values(leased_until=LONG_AGO))
        [abandoned] = sign_ins.give_up_abandoned(writing, town.clock())
        assert (abandoned.step, abandoned.problem) == (AttemptStep.FAILED, "timed_out")


def test_a_machine_whose_clock_is_ahead_does_not_take_a_key_that_another_has(town: Town) -> None:
    athlete = town.garmin.enrol("Ann", "ann@example.org", "right")
    attempt(town, GarminMethod.KEY, town.garmin.make_key(athlete.email))
    garmin.drain.body(town.world)
    with town.world.sessions.begin() as writing:
        send_code(writing, town)
        assert sign_ins.take(writing, town.clock())
    with town.world.sessions.begin() as writing:
        assert sign_ins.take(writing, town.clock() + AHEAD) is None
        assert not writing.scalar(select(sign_ins.has_waiting_sign_in(town.clock() + AHEAD)))


def test_an_account_is_left_before_the_next_request_and_its_tokens_are_kept(town: Town, zoe: Person) -> None:
    zoe.connects_garmin()
    with town.world.sessions.begin() as writing:
        account = writing.scalars(select(GarminAccount)).one()
        account.next_sync_at, account.steps_at = town.clock(), None
    before = len(town.garmin.requests("data"))
    world = asked(town, lambda: len(town.garmin.requests("data")) > before)
    with pytest.raises(stopping.Stopped):  # activities are read; steps would be the next request
        garmin.drain.body(world)
    left = one(town, GarminAccount)
    assert (left.leased_until, left.failures, left.steps_at) == (None, 0, None)
    assert len(town.garmin.requests("data")) == before + 1
    stopping.begin()
    with town.world.sessions.begin() as writing:
        writing.scalars(select(GarminAccount)).one().next_sync_at = town.clock()
    garmin.drain.body(town.world)
    assert one(town, GarminAccount).steps_at == town.clock()


def test_lines_that_were_kept_are_answered_by_the_next(town: Town) -> None:
    lines = [Inbound(f"SM{number:032x}", f"+3247000000{number}", None, "Ann", "help") for number in range(3)]
    for line in lines:
        receiving.spool(town.world, line, town.clock())
    assert receiving.ingest.body(asked(town)) == 1
    assert town.world.redis.llen(spool.SPOOL) == 2
    stopping.begin()
    assert receiving.ingest.body(town.world) == 2
    with town.world.sessions() as reading:
        assert set(reading.scalars(select(InboundMessage.sid))) == {line.sid for line in lines}
    assert count(town) == 3


def test_what_hangs_in_a_library_is_waited_for_and_its_errors_are_raised(town: Town) -> None:
    assert stopping.wait_for(lambda: "done") == "done"
    with pytest.raises(ZeroDivisionError):
        stopping.wait_for(lambda: 1 / 0)
    shift = stopping.Shift(60)
    assert shift.goes_on
    stopping.ask()
    assert not shift.goes_on
    assert not stopping.is_late()
    assert not stopping.Shift(0).goes_on
