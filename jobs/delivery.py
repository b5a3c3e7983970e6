"""Sends messages: claims them and commits, sends them with no transaction open, and then stores the results."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from redis import RedisError
from sqlalchemy.orm import Session

from jobs import pictures, schedule, stopping
from jobs.asking_again import ask_soon
from jobs.pace import Pace, Places
from jobs.queue import hold, is_waited_for, job, release, ring
from jobs.stopping import Shift
from jobs.work import insist_on, transaction
from models.outages import AWAY
from providers import doorbell
from providers.errors import ChartError, MessengerBroken, MessengerError, NotSent, Refused
from providers.messenger import Parcel, RefusalMeaning
from services.delivery import contents, outbox, outcomes, reach
from services.delivery.ceiling import Ceilings, Purse
from services.delivery.outbox import Claimed
from services.ground import breakers
from services.ground.bells import Bell
from world import World

log = structlog.get_logger()

# At 80 messages a second and 150 ms each, a dozen requests are open at a time; the other threads wait for their turn,
# or their results wait to be stored.
AT_ONCE = 40
# A digest for thousands takes minutes, and at each change to a new job nothing is sent for a second.
FOR_SECONDS = 110
TICK_IS_NEAR = 45
LOOK_EVERY = 0.05
# A worker that was paused for so long that its claim may have ended must not send, because another worker may be
# sending.
LONGEST_POST = 12


Step = Callable[[Session, datetime], None]


class NotTried(NotSent):
    """A message was not sent, for a reason on our side that says nothing about the vendor."""


@dataclass(frozen=True)
class HandOver:
    """The result of trying to send one message, which is to be stored.

    `was_taken` says that the vendor accepted it and gave it an id, `was_refused` that the vendor refused it, and
    `silence` why there was no answer. All three are empty if no request was made.
    """

    claimed: Claimed
    mark: Step
    was_taken: bool = False
    was_refused: bool = False
    silence: str = ""


@job("deliver", timeout=180, answers=Bell.DELIVER)
def drain(world: World) -> int:
    """Send all messages that may be sent now, many at a time, at the allowed rate. Returns how many were claimed.

    Afterwards it waits for a moment, because replies come in bursts, and the next one then needs no new process. One
    worker is enough for the highest rate, so while it sends, no other is woken, and the others can make digests.
    """
    shift, count = Shift(FOR_SECONDS), 0
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        while handed := _drain_once(world, pool, shift):
            count += handed
            if not _more_comes(world, shift):
                break
    finally:
        pool.shutdown(wait=not stopping.is_late(), cancel_futures=True)
    stopping.die_at("before_ring_again")
    release(world, drain)
    if _ready(world, 1):
        ring(world, drain)
    _ring_again(world)
    return count


def _drain_once(world: World, pool: ThreadPoolExecutor, shift: Shift) -> int:
    """Send until no more messages may be sent, or until the shift is over. Returns how many were claimed."""
    pace, purse, count = Pace(world.redis, world.settings.send_rate), Purse(), 0
    on_the_way: dict[Future[HandOver], Claimed] = {}
    while True:
        free = 0
        if shift.goes_on:
            hold(world, drain)
            free = AT_ONCE - len(on_the_way)
        deadline = time.monotonic() + world.settings.lease_seconds - LONGEST_POST
        try:
            wanted, places, claimed = _take(world, pace, free, purse)
        except AWAY:
            if not on_the_way:
                raise
            # The results of the open requests must be stored first, or they would be unknown.
            wanted, places, claimed = 0, Places(()), []
        count += len(claimed)
        turns = zip(claimed, places.moments, strict=False)
        for each, at in turns:
            on_the_way[pool.submit(copy_context().run, _hand_over, world, each, pace, at, deadline)] = each
        if not on_the_way:
            if places.moments or not wanted:
                return count
            time.sleep(LOOK_EVERY)
            continue
        done = wait(on_the_way, timeout=0.2, return_when=FIRST_COMPLETED).done
        _mark(world, [future.result() for future in done])
        on_the_way = {future: each for future, each in on_the_way.items() if future not in done}
        if stopping.is_late():
            _leave(world, on_the_way)
            return count


def _leave(world: World, on_the_way: dict[Future[HandOver], Claimed]) -> None:
    """Store the results of the open requests when there is no time left to wait. Messages without an answer are in
    doubt and are searched for later.
    """
    done = {future for future in on_the_way if future.done()}
    left = [HandOver(each, _doubt(world, each, "stopped")) for future, each in on_the_way.items() if future not in done]
    _mark(world, [*(future.result() for future in done), *left])


def _take(world: World, pace: Pace, free: int, purse: Purse) -> tuple[int, Places, list[Claimed]]:
    """Claim messages. Returns how many could be sent, the places that were free for them at the allowed rate, and the
    claimed messages.
    """
    wanted = _ready(world, free)
    if not wanted:
        return 0, Places(()), []
    places = pace.take(wanted)
    claimed = _claim(world, len(places.moments), purse)
    pace.give_back(places, len(places.moments) - len(claimed))
    return wanted, places, claimed


def _more_comes(world: World, shift: Shift) -> bool:
    """Wait a moment for more messages, unless other work waits for this worker. Returns whether there are more. Until
    then no other worker is woken.

    If somebody rang while the bell was held, their message is found by the last check, after the bell was released.
    """
    stay = min(time.monotonic() + world.settings.linger_seconds, shift.until)
    found = False
    while not found and shift.goes_on and time.monotonic() < stay and not is_waited_for(world, "tick", "work"):
        hold(world, drain)
        time.sleep(LOOK_EVERY)
        found = _ready(world, 1) > 0
    release(world, drain)
    return found or (shift.goes_on and _ready(world, 1) > 0)


def _ready(world: World, most: int) -> int:
    """Return how many messages may be sent now, at most `most`."""
    if most <= 0:
        return 0
    with world.sessions() as session:
        if breakers.is_shut(session, breakers.MESSENGER, world.now()):
            return 0
        return outbox.count_ready(session, world.now(), most)


def read_ceilings(world: World) -> Ceilings:
    """Return the operator's limits for the number of messages in 24 hours."""
    return Ceilings(world.settings.messages_a_day, world.settings.group_messages_a_day)


def _claim(world: World, most: int, purse: Purse | None = None) -> list[Claimed]:
    if most <= 0:
        return []
    lease = timedelta(seconds=world.settings.lease_seconds)
    rules = outbox.ClaimRules(lease, world.settings.people_a_day, read_ceilings(world))
    with transaction(world) as session:
        if breakers.is_shut(session, breakers.MESSENGER, world.now()):
            return []
        claimed = outbox.claim(
            session, world.now(), most, contents.find_usable(session, world.messenger.account), rules, purse
        )
        stopping.die_at("before_claim_commit")
    stopping.die_at("after_claim")
    return claimed


def _hand_over(world: World, claimed: Claimed, pace: Pace, at: float, deadline: float) -> HandOver:
    """Try to send one claimed message, once. Never raises: a failure is part of the result."""
    with structlog.contextvars.bound_contextvars(**claimed.about):
        return _tried(world, claimed, pace, at, deadline)


def _tried(world: World, claimed: Claimed, pace: Pace, at: float, deadline: float) -> HandOver:
    try:
        parcel = None if stopping.is_stop_asked() else _parcel(world, claimed)
        pace.wait_for(at)
        if parcel is None or stopping.is_stop_asked():
            return HandOver(claimed, lambda session, now: outcomes.put_back(session, claimed, now, "stopped"))
        stopping.die_at("before_post")
        sid = _send(world, parcel, deadline)
        stopping.die_at("after_post")
    except MessengerError as error:
        if isinstance(error, NotSent) and error.throttled:
            pace.slow_down()
        was_refused = isinstance(error, Refused | MessengerBroken)
        silence = "" if was_refused or isinstance(error, NotTried) else str(error)
        return HandOver(claimed, _failure(world, claimed, error), was_refused=was_refused, silence=silence)
    except Exception:
        # A bug of ours: it is unknown whether the message was sent.
        log.exception("hand-over broke")
        return HandOver(claimed, _doubt(world, claimed, "bug"), silence="a bug of ours: see the log")
    return HandOver(claimed, lambda session, now: outcomes.note_accepted(session, claimed, sid, now), was_taken=True)


def _send(world: World, parcel: Parcel, deadline: float) -> str:
    """Send the message and return the vendor's id. Raises `NotTried` if the claim may have ended, because then another
    worker may send it.
    """
    if time.monotonic() > deadline:
        raise NotTried("its claim may have ended")
    return world.messenger.send(parcel)


def _mark(world: World, done: list[HandOver]) -> None:
    """Store the results in one transaction. A busy database is waited for, because a message without a stored result is
    in doubt.
    """
    if not done:
        return
    was_answered = any(each.was_taken or each.was_refused for each in done)
    silence = next((each.silence for each in done if each.silence), "")

    def mark(session: Session) -> None:
        for each in sorted(done, key=lambda each: each.claimed.id):
            each.mark(session, world.now())
        if any(each.was_taken for each in done):
            outcomes.note_account_accepted(session)
        if was_answered:
            reach.note_taken(session)
        elif silence:
            reach.note_not_taken(session, world.now(), silence)
        stopping.die_at("before_mark_commit")

    insist_on(world, mark)
    if silence and not was_answered:
        ask_soon(world)
    stopping.die_at("after_mark")


def _parcel(world: World, claimed: Claimed) -> Parcel:
    """Return the message in the form that was chosen when it was claimed."""
    message, reference = claimed.message, str(claimed.id)
    valid = max(int((claimed.expires_at - world.now()).total_seconds()), 1)
    if claimed.said_as in ("text", "picture"):
        return Parcel(claimed.to, reference, claimed.text, _picture(world, claimed), valid_for=valid)
    form = claimed.said_as
    session_form = contents.fill_buttons_content if form.startswith("buttons_") else contents.list_values
    buttons = form.startswith(("buttons_", "list_"))
    values = session_form(message) if buttons else dict(message.approved.values if message.approved else {})
    return Parcel(claimed.to, reference, claimed.text, None, claimed.content_id, values, valid)


def _picture(world: World, claimed: Claimed) -> str | None:
    """Return the address of the message's picture, and draw the picture if it does not exist yet. Returns None if there
    is no picture or it cannot be drawn; then the text is sent alone. Raises `NotTried` if the database is away: then
    the message is sent later.
    """
    path, chart = claimed.message.picture, claimed.message.chart
    if path is None and chart is not None:
        try:
            path = pictures.draw_once(world, chart)
        except ChartError as error:
            log.warning("picture not drawn", why=str(error))
        except AWAY as error:
            raise NotTried("the database is away") from error
    return f"{world.settings.base_url}{path}" if path else None


def _failure(world: World, claimed: Claimed, error: MessengerError) -> Step:
    """Return how the result of this error is stored."""
    why = str(error)
    if isinstance(error, Refused):
        if error.meaning is RefusalMeaning.CONTENT_MISSING:
            log.error("content missing at the vendor", content=claimed.said_as, code=error.code)
        return lambda session, now: outcomes.note_refused(session, claimed, error.code, error.meaning, now)
    if isinstance(error, NotSent):
        pause = outcomes.choose_delay(error.retry_after, claimed.attempt)
        return lambda session, now: outcomes.put_back(session, claimed, now + pause, why)
    if isinstance(error, MessengerBroken):
        return lambda session, now: _shut_off(session, claimed, now, why)
    return _doubt(world, claimed, why)


def _doubt(world: World, claimed: Claimed, why: str) -> Step:
    pause = timedelta(seconds=world.settings.look_seconds)
    return lambda session, now: outcomes.note_doubtful(session, claimed, now + pause, why)


def _shut_off(session: Session, claimed: Claimed, now: datetime, why: str) -> None:
    """Note that the vendor refuses our account, so that all messages wait."""
    outcomes.note_account_refused(session, now, why)
    outcomes.put_back(session, claimed, now + outcomes.ACCOUNT_REFUSED_FOR, why)


def _ring_again(world: World) -> None:
    """Ring again for messages that may not be sent yet, because their reader has just got one or because they failed,
    so that they do not have to wait for a tick.
    """
    with world.sessions() as session:
        due = outbox.find_next_due(session)
        shut = breakers.is_shut(session, breakers.MESSENGER, world.now())
    if due is None or shut:
        return
    seconds = (due - world.now()).total_seconds()
    if seconds < TICK_IS_NEAR:
        try:
            schedule.ring_in(world.redis, drain, seconds)
        except RedisError as error:
            doorbell.tell("bell not set", error)
