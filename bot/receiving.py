"""Receives lines and receipts. Lines that came while Postgres was away, and lines whose webhook never came, are
answered later, each once.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from redis import Redis, RedisError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot.conversation import converse
from jobs import schedule, stopping
from jobs.asking_again import BACKFILL, ask_soon
from jobs.outages import is_outage
from jobs.queue import job
from jobs.spool import BROKEN, KEPT_FOR, SPOOL, TAKEN, open_webhook, seal_webhook
from jobs.stopping import Stopped
from jobs.work import transaction
from models import MessageState
from models.outages import is_busy, name_of
from models.vault import UnknownKey, Unreadable, Vault
from providers.errors import MessengerBroken, MessengerError
from providers.messenger import Inbound, Receipt, RefusalMeaning
from services.delivery import inbox, outcomes, reach
from services.ground import signs
from services.ground.bells import Bell
from world import World

log = structlog.get_logger()

WAITING = "spool:waiting"  # lines that cannot be answered yet because a key is missing, by the time of the first try
BACKFILL_EVERY = 300
SOON = 2.0  # seconds
ON_ITS_WAY = timedelta(minutes=1)
HOUR = timedelta(hours=1)
YOUNG = 6 * HOUR  # an answer to an older line would confuse people


class NotALine(Exception):
    """The kept value is not one of our lines, because somebody changed it."""


def hear(world: World, inbound: Inbound) -> bool:
    """Answer a line now, or keep it encrypted in Redis until Postgres is back. Returns False if
    neither was possible.
    """
    with structlog.contextvars.bound_contextvars(inbound=inbound.sid):
        try:
            converse(world, inbound)
        except UnknownKey as error:
            _tell(error, inbound.sid)
            return spool(world, inbound, world.now())
        except SQLAlchemyError as error:
            # A newcomer's first lines may conflict more often than `converse` tries again.
            if not (isinstance(error, IntegrityError) or is_outage(world, error)):
                raise
            log.error("line kept for later", error=name_of(error))
            return spool(world, inbound, world.now()) and _hurry(world, is_needed=is_busy(error))
    return True


def _hurry(world: World, *, is_needed: bool) -> bool:
    """If only connections were missing, let the line be answered in a few seconds; else the next tick
    is early enough.
    """
    if is_needed:
        with suppress(RedisError):
            schedule.ring_in(world.redis, ingest, SOON)
    return True


def hear_receipt(world: World, message: UUID | None, receipt: Receipt) -> bool:
    """Store a receipt now, or keep it encrypted in Redis until Postgres is back, because the vendor does not repeat it.

    `message` is our own id of the message, if the callback's address has one. Returns False if neither was possible.
    """
    try:
        take_note(world, message, receipt)
    except SQLAlchemyError as error:
        if not is_outage(world, error):
            raise
        log.warning("receipt kept for later", error=name_of(error))
        facts = {"receipt": asdict(receipt), "message": str(message) if message else None}
        return _kept(world, facts, world.now()) and _hurry(world, is_needed=is_busy(error))
    return True


def take_note(world: World, message: UUID | None, receipt: Receipt) -> MessageState | None:
    """Change the message's state as its receipt says. Returns the new state, or None if it has not changed."""
    with transaction(world) as session:
        return outcomes.note_receipt(session, message, receipt, world.now())


def spool(world: World, inbound: Inbound, now: datetime) -> bool:
    """Keep a line for later. Returns False if Redis is away too; then the vendor must try again."""
    return _kept(world, {"inbound": asdict(inbound)}, now)


def _kept(world: World, facts: dict[str, Any], now: datetime) -> bool:
    try:
        world.redis.lpush(SPOOL, seal_webhook(world.vault, facts, now))
    except RedisError as error:
        log.error("webhook not kept", error=type(error).__name__)
        return False
    return True


@job("deliver", timeout=300, answers=Bell.RECEIVE)
def ingest(world: World) -> int:
    """Process the kept lines and receipts, oldest first, and now and then lines that never came. Returns how many.

    Each is removed from its list only when it is done: if this process dies, another one goes on, and a line that is
    processed twice is recognised as received before. A line that needs a missing key waits for the key.
    """
    _take_back(world)
    count = _look_again(world)
    while not stopping.is_stop_asked() and (kept := world.redis.lmove(SPOOL, TAKEN, "RIGHT", "LEFT")):
        assert isinstance(kept, bytes)  # noqa: S101 - this client never decodes
        try:
            count += _take_up(world, kept)
        except UnknownKey as error:
            _tell(error)
            world.redis.zadd(WAITING, {kept: world.now().timestamp()}, nx=True)
        world.redis.lrem(TAKEN, 1, kept)  # type: ignore[arg-type]
    return count + take_up_missed(world)


def take_up_missed(world: World) -> int:
    """Ask the vendor which lines people wrote, and answer those that never came. Returns how many."""
    if stopping.is_stop_asked() or not _is_backfill_due(world):
        return 0
    try:
        return _take_up_missed(world, world.now())
    except Stopped:
        world.redis.delete(BACKFILL)  # the next call asks again
        raise


def _take_up_missed(world: World, now: datetime) -> int:
    since = max(now - YOUNG, _find_end_of_answered(world) or now - YOUNG)
    try:
        listed = [each for each in world.messenger.list_heard_since(since) if _is_late(each, since, now)]
    except MessengerBroken as error:
        with transaction(world) as session:
            outcomes.note_account_refused(session, now, str(error))
        world.redis.delete(BACKFILL)  # ask again at the next tick, because the operator may have repaired it
        return 0
    except MessengerError as error:
        log.warning("backfill failed", why=str(error))
        with transaction(world) as session:
            reach.note_not_answered(session, error, now)
        ask_soon(world)
        return 0
    with transaction(world) as session:
        outcomes.note_account_accepted(session)
        reach.note_answered(session)
    with world.sessions() as session:
        known = inbox.find_received(session, [each.sid for each in listed])
    missed = [each for each in listed if each.sid not in known]
    for inbound in reversed(missed):
        stopping.check()
        log.error("webhook never came", inbound=inbound.sid)
        try:
            converse(world, inbound, inbound.at)
        except UnknownKey as error:  # the line is in the vendor's list again next time
            _tell(error, inbound.sid)
    return len(missed)


def _is_backfill_due(world: World) -> bool:
    """Whether to ask the vendor now: every five minutes, and at once after a change of account or token, because that
    shows whether they are valid.
    """
    chosen = world.settings
    account = f"{chosen.twilio_account_sid}:{chosen.twilio_auth_token.get_secret_value()}"
    asked_as = world.vault.tags("backfill", account)[0][:16].encode()
    if world.redis.get(BACKFILL) == asked_as:
        return False
    world.redis.set(BACKFILL, asked_as, ex=BACKFILL_EVERY)
    return True


def _find_end_of_answered(world: World) -> datetime | None:
    """Return the time up to which lines may have been answered although a restored database does not show it; None if
    no backup was restored.
    """
    with world.sessions() as session:
        restored = signs.list_signs(session).get(signs.RESTORED)
    return datetime.fromisoformat(restored.detail) if restored else None


def _is_late(inbound: Inbound, since: datetime, now: datetime) -> bool:
    """Whether a listed line is so old that its webhook will no longer come (a webhook contains more than the list), but
    young enough to be answered.
    """
    return inbound.at is None or since <= inbound.at <= now - ON_ITS_WAY


def _take_back(world: World) -> None:
    """Put lines back that a dead worker had taken, so that they come first."""
    while world.redis.lmove(TAKEN, SPOOL, "LEFT", "RIGHT"):
        pass


def _look_again(world: World) -> int:
    """Try lines again that wait for a key, and set those aside that are too old. Returns how many were processed."""
    waiting: list[tuple[bytes, float]] = world.redis.zrange(WAITING, 0, -1, withscores=True)  # type: ignore[assignment]
    if not waiting:
        return 0
    count, too_late = 0, (world.now() - YOUNG).timestamp()
    for kept, since in waiting:
        try:
            count += _take_up(world, kept)
        except UnknownKey as error:
            _tell(error)
            if since > too_late:
                continue
            log.error("kept line given up: its key did not come", hours=YOUNG // HOUR)
            _set_aside(world, kept)
        world.redis.zrem(WAITING, kept)
    return count


def _tell(error: UnknownKey, sid: str | None = None) -> None:
    what = "line" if sid else "kept line"
    log.error("sealed under an unknown key: tried again later", key=error.name, what=what, which=sid)


def _take_up(world: World, kept: bytes) -> bool:
    """Process a kept line or receipt. Returns False if it was set aside. Raises `UnknownKey`, and errors that mean that
    Postgres is away.
    """
    try:
        _opened(world, kept)()
    except UnknownKey:
        raise
    except NotALine:
        log.error("sealed value was changed or moved: given up", what="kept line")
    except Exception as error:
        if is_outage(world, error):
            raise
        log.exception("kept line not answered")
    else:
        stopping.die_at("after_ingested")
        return True
    _set_aside(world, kept)
    return False


def count_kept_by_key(redis: Redis) -> Counter[str]:
    """Return how many kept lines are encrypted with each key. A key is still needed as long as there are any."""
    lists = (redis.lrange(SPOOL, 0, -1), redis.lrange(TAKEN, 0, -1), redis.zrange(WAITING, 0, -1))
    return Counter(_key_of(line) for lines in lists for line in lines if isinstance(line, bytes))


def _key_of(line: bytes) -> str:
    try:
        return Vault.key_of(line)
    except Unreadable:
        return "(none)"


def _opened(world: World, kept: bytes) -> Callable[[], Any]:
    """Return a function that processes a kept value. Raises `UnknownKey` or `NotALine`."""
    try:
        facts, heard_at = open_webhook(world.vault, kept)
        if "receipt" in facts:
            told = Receipt(**facts["receipt"] | {"meaning": RefusalMeaning(facts["receipt"]["meaning"])})
            message = UUID(facts["message"]) if facts["message"] else None
            return lambda: take_note(world, message, told)
        media = tuple((str(url), str(kind)) for url, kind in facts["inbound"].pop("media"))
        inbound = Inbound(**facts["inbound"], media=media)
    except UnknownKey:
        raise
    except (Unreadable, ValueError, TypeError, KeyError) as error:
        raise NotALine from error
    return lambda: converse(world, inbound, heard_at)


def _set_aside(world: World, sealed: bytes) -> None:
    """Move this value to the list of broken ones. It is removed by value, because another worker may
    have taken lines since.
    """
    with world.redis.pipeline(transaction=True) as all_at_once:
        all_at_once.lrem(TAKEN, 1, sealed)  # type: ignore[arg-type]
        all_at_once.zrem(WAITING, sealed)
        all_at_once.lpush(BROKEN, sealed)
        all_at_once.expire(BROKEN, KEPT_FOR)
        all_at_once.execute()
