"""Sends events to members' webhooks, many at a time and one for each webhook, with no transaction open meanwhile.

A server may take ten seconds to answer. If other work waits for a free worker, this job begins nothing new and ends a
second later; a server that has not answered by then is tried again later, and that counts as an attempt.
"""

import time
from collections import Counter
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import partial

import structlog
from redis import RedisError

from jobs import schedule, stopping
from jobs.queue import is_waited_for, job, ring
from jobs.stopping import Shift
from jobs.work import insist_on, transaction
from providers import doorbell
from providers.webhook_sender import WebhookAnswer
from services.ground.bells import Bell
from services.people import webhook_messages
from services.webhooks import sending
from services.webhooks.sending import Sending
from world import World

log = structlog.get_logger()

AT_ONCE = 20
AT_ONCE_FOR_ONE = 2  # of one member, so that one with several slow servers does not delay the others
FOR_SECONDS = 30
LEAVE_WITHIN = 1.0  # seconds, when other work waits
TICK_IS_NEAR = 45  # seconds
OTHERS = ("tick", "deliver", "work", "garmin")  # the queues that come before this one
INTERRUPTED = "interrupted"
LOOK_EVERY = 0.2  # seconds


@job("webhooks", timeout=120, answers=Bell.WEBHOOKS)
def send(world: World) -> int:
    """Send what may be sent now. Returns how many attempts were made."""
    if not world.settings.webhooks:
        return _skip_everything(world)
    shift, count = Shift(FOR_SECONDS), 0
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        count = _send_all(world, pool, shift)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    _ring_again(world)
    return count


def _send_all(world: World, pool: ThreadPoolExecutor, shift: Shift) -> int:
    on_the_way: dict[Future[WebhookAnswer], Sending] = {}
    count, leave_at = 0, 0.0
    while True:
        if shift.goes_on and not leave_at:
            for each in _take(world, on_the_way.values()):
                on_the_way[pool.submit(copy_context().run, _post, world, each)] = each
        if not on_the_way:
            return count
        done = wait(on_the_way, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED).done
        _note(world, [(on_the_way.pop(future), future.result()) for future in done])
        count += len(done)
        if not leave_at and (stopping.is_stop_asked() or is_waited_for(world, *OTHERS)):
            leave_at = time.monotonic() + LEAVE_WITHIN
        if leave_at and time.monotonic() > leave_at:
            spent = round(LEAVE_WITHIN * 1000)
            _note(world, [(each, WebhookAnswer(spent, problem=INTERRUPTED)) for each in on_the_way.values()])
            return count + len(on_the_way)


def _take(world: World, under_way: Collection[Sending]) -> list[Sending]:
    """Lease messages, as many as there are free threads."""
    free, taken = AT_ONCE - len(under_way), list[Sending]()
    if free <= 0:
        return taken
    with transaction(world) as session:
        while len(taken) < free:
            counts = Counter(each.member_id for each in (*under_way, *taken))
            busy = [member_id for member_id, number in counts.items() if number >= AT_ONCE_FOR_ONE]
            found = sending.take(session, world.now(), busy)
            if found is None:
                break
            taken.append(found)
    return taken


def _post(world: World, each: Sending) -> WebhookAnswer:
    """Make one attempt. Never raises: a bug is a failed attempt."""
    try:
        stopping.die_at("before_webhook")
        return world.webhooks.post(each.post)
    except Exception:
        log.exception("webhook broke", webhook=str(each.webhook_id))
        return WebhookAnswer(0, problem="bug")


def _note(world: World, results: list[tuple[Sending, WebhookAnswer]]) -> None:
    """Store the results, each in its own transaction, because each locks its webhook."""
    for each, answer in results:
        insist_on(world, partial(sending.note_answer, sending=each, answer=answer, now=world.now()))
        if not answer.is_good:
            log.info("webhook failed", webhook=str(each.webhook_id), status=answer.status, problem=answer.problem)


def _skip_everything(world: World) -> int:
    """The operator allows no webhooks: nothing that waits is kept for later."""
    with transaction(world) as session:
        return webhook_messages.drop_waiting(session, None, world.now())


def _ring_again(world: World) -> None:
    """Ring for what is left, or set a bell for a message that is due before the next tick."""
    with world.sessions() as session:
        due = sending.find_next_due(session, world.now())
    if due is None or stopping.is_stop_asked():
        return
    seconds = (due - world.now()).total_seconds()
    if seconds <= 0:
        ring(world, send)
    elif seconds < TICK_IS_NEAR:
        try:
            schedule.ring_in(world.redis, send, seconds)
        except RedisError as error:
            doorbell.tell("bell not set", error)
