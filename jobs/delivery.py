"""Handing messages over: claim and commit, send with no transaction open, mark."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
from redis import RedisError
from sqlalchemy.orm import Session

from jobs import schedule
from jobs.queue import job
from jobs.work import transaction
from messages.message import Message
from providers.charts import Leaderboard
from providers.errors import ChartError, MessengerBroken, MessengerError, NotSent, Refused, Unclear
from providers.messenger import Parcel
from services import contents, media, outbox
from services.bells import Bell
from services.outbox import Claimed
from world import World

log = structlog.get_logger()

AT_ONCE = 16
FOR_SECONDS = 50
WINDOW = timedelta(hours=23, minutes=50)  # WhatsApp's 24 hours, with a margin for the way there
TICK_IS_NEAR = 45
BROKEN_WAIT = timedelta(minutes=1)


@job("deliver", timeout=120, answers=Bell.DELIVER)
def drain(world: World) -> int:
    """Hand over all that may leave now, many at a time. Gives how many were claimed."""
    until, count = time.monotonic() + FOR_SECONDS, 0
    with world.sessions() as session:
        usable = dict(contents.usable(session))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while time.monotonic() < until:
            with world.sessions.begin() as session:
                claimed = outbox.claim(session, world.now(), AT_ONCE)
            if not claimed:
                break
            count += len(claimed)
            list(pool.map(lambda each: hand_over(world, each, usable), claimed))
    _ring_again(world)
    return count


def _ring_again(world: World) -> None:
    """What may not leave yet, because its reader has just got something or it failed, leaves without a tick."""
    with world.sessions() as session:
        due = outbox.next_due(session)
    if due is None:
        return
    wait = (due - world.now()).total_seconds()
    if wait < TICK_IS_NEAR:
        try:
            schedule.ring_in(world.redis, drain, wait)
        except RedisError as error:
            log.warning("bell not set", error=type(error).__name__)


def hand_over(world: World, claimed: Claimed, usable: dict[str, str]) -> None:
    """Send one claimed message and mark what became of it. Never raises: the others must go on."""
    log_line = log.bind(message=str(claimed.id), kind=claimed.kind, attempt=claimed.attempt)
    try:
        parcel, said_as = _parcel(world, claimed, usable)
        if parcel is None:
            _mark(world, lambda session, _now: outbox.refused(session, claimed, 63016))
            log_line.info("not sent", why="window closed")
            return
        sid = world.messenger.send(parcel)
    except MessengerError as error:
        _mark_failure(world, claimed, error)
        log_line.warning("not accepted", why=str(error))
    except Exception:
        # Whatever this is, nobody knows whether the message left.
        log_line.exception("hand-over broke")
        _mark(world, lambda session, now: outbox.doubtful(session, claimed, now, "bug"))
    else:
        _mark(world, lambda session, now: outbox.accepted(session, claimed, sid, said_as, parcel.text, now))
        log_line.info("accepted", sid=sid, said_as=said_as)


def look_up(world: World) -> int:
    """Find out about doubtful messages by the vendor's own list. Gives how many were looked for."""
    with transaction(world) as session:
        outbox.expire_leases(session, world.now())
        due = outbox.due_looks(session, world.now())
    for identity, address, first in due:
        try:
            listed = [each.sid for each in world.messenger.sent_to(address) if _young(each.created_at, first)]
        except MessengerError as error:
            log.warning("look failed", message=str(identity), why=str(error))
            continue
        with transaction(world) as session:
            strangers = [sid for sid in listed if sid not in outbox.ours(session, listed)]
            outbox.looked(session, identity, strangers[0] if strangers else None, world.now())
    return len(due)


def _young(created_at: datetime | None, first: datetime) -> bool:
    return created_at is None or created_at >= first - timedelta(seconds=60)


def _parcel(world: World, claimed: Claimed, usable: dict[str, str]) -> tuple[Parcel | None, str]:
    """How this message is said now: in full inside the 24 hours, as an approved template after, else not at all."""
    message, now = claimed.message, world.now()
    reference, valid = str(claimed.id), int((claimed.expires_at - now).total_seconds())
    if claimed.last_inbound_at is None or now - claimed.last_inbound_at > WINDOW:
        approved = message.approved
        if approved is None or approved.name not in usable:
            return None, ""
        text, content, values = contents.said(approved), usable[approved.name], dict(approved.values)
        return Parcel(claimed.to, reference, text, None, content, values, valid), approved.name
    name = f"buttons_{len(message.buttons)}"
    if message.buttons and name in usable:
        values = contents.buttons_values(message)
        return Parcel(claimed.to, reference, message.text, None, usable[name], values, valid), name
    picture = _picture(world, message)
    return Parcel(claimed.to, reference, message.plain, picture, None, None, valid), "picture" if picture else "text"


def _picture(world: World, message: Message) -> str | None:
    """The address of the message's picture, drawn now if it must be. A picture that fails costs nobody the text."""
    path = message.picture
    if path is None and message.chart is not None:
        try:
            png = world.charts.draw(Leaderboard.from_facts(message.chart))
        except ChartError as error:
            log.warning("picture not drawn", why=str(error))
            return None
        with transaction(world) as session:
            path = media.publish(session, png, world.now())
    return f"{world.settings.base_url}{path}" if path else None


def _mark_failure(world: World, claimed: Claimed, error: MessengerError) -> None:
    now = world.now()
    if isinstance(error, Refused):
        _mark(world, lambda session, _: outbox.refused(session, claimed, error.code))
    elif isinstance(error, NotSent):
        again = now + (error.retry_after or timedelta(seconds=2**claimed.attempt))
        _mark(world, lambda session, _: outbox.put_back(session, claimed, again, str(error)))
    elif isinstance(error, MessengerBroken):
        _mark(world, lambda session, _: outbox.put_back(session, claimed, now + BROKEN_WAIT, str(error)))
    else:
        why = str(error) if isinstance(error, Unclear) else type(error).__name__
        _mark(world, lambda session, now: outbox.doubtful(session, claimed, now, why))


def _mark(world: World, step: Callable[[Session, datetime], None]) -> None:
    with transaction(world) as session:
        step(session, world.now())
