"""Lines that came while Postgres was away, and lines whose webhook never came: taken up later, each once."""

import json
from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta

import structlog
from redis import Redis, RedisError
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversation import converse
from jobs import crash, schedule, stopping
from jobs.queue import job
from jobs.stopping import Stopped
from models import InboundMessage
from models.base import AWAY, is_busy
from models.vault import UnknownKey, Unreadable, Vault
from providers.errors import MessengerError
from providers.messenger import Inbound
from services.delivery.bells import Bell
from world import World

log = structlog.get_logger()

SPOOL, TAKEN, BROKEN = "spool:inbound", "spool:taken", "spool:broken"
WAITING = "spool:waiting"  # lines that cannot be answered yet for want of a key, by the time they were first met
PURPOSE, OWNER = "spool", "inbound"
BACKFILL = "backfill:done"
BACKFILL_EVERY = 300
SOON = 2.0  # seconds
ON_ITS_WAY = timedelta(minutes=1)
HOUR = timedelta(hours=1)
YOUNG = 6 * HOUR  # an answer to an older line would only puzzle


class NotALine(Exception):
    """What was kept is none of our lines: it was tampered with."""


def hear(world: World, inbound: Inbound) -> bool:
    """Answer a line now, or keep it, sealed, in Redis until Postgres is back. False when neither could be done."""
    with structlog.contextvars.bound_contextvars(inbound=inbound.sid):
        try:
            converse(world, inbound)
        except AWAY as error:
            log.error("postgres is away", error=type(error).__name__)
            return spool(world, inbound, world.now()) and _hurry(world, is_needed=is_busy(error))
        except UnknownKey as error:
            _tell(error, inbound.sid)
            return spool(world, inbound, world.now())
    return True


def _hurry(world: World, *, is_needed: bool) -> bool:
    """Where only connections were lacking, the line is taken up in seconds; else the next tick is early enough."""
    if is_needed:
        with suppress(RedisError):
            schedule.ring_in(world.redis, ingest, SOON)
    return True


def spool(world: World, inbound: Inbound, now: datetime) -> bool:
    """Keep a line for later. False when Redis is away too: then the vendor must try again."""
    line = json.dumps({"inbound": asdict(inbound), "at": now.isoformat()})
    sealed = world.vault.seal(PURPOSE, OWNER, line)
    try:
        world.redis.lpush(SPOOL, sealed)
    except RedisError as error:
        log.error("line not kept", error=type(error).__name__)
        return False
    return True


@job("deliver", timeout=300, answers=Bell.RECEIVE)
def ingest(world: World) -> int:
    """Take up what was kept, oldest first, and now and then what was missed. Gives how many lines.

    A line leaves its list only when it was answered: whoever dies on the way leaves it for the next one, and a line
    that is taken up twice was heard before. One that cannot be opened or answered for want of a key waits for it.
    """
    _take_back(world)
    count = _look_again(world)
    while not stopping.asked() and (sealed := world.redis.lmove(SPOOL, TAKEN, "RIGHT", "LEFT")):
        assert isinstance(sealed, bytes)  # noqa: S101 - this client never decodes
        try:
            count += _take_up(world, sealed)
        except UnknownKey as error:
            _tell(error)
            world.redis.zadd(WAITING, {sealed: world.now().timestamp()}, nx=True)
        world.redis.lrem(TAKEN, 1, sealed)  # type: ignore[arg-type]
    return count + backfill(world)


def backfill(world: World) -> int:
    """Ask the vendor what people wrote, and take up what we never heard. Gives how many lines."""
    if stopping.asked() or not world.redis.set(BACKFILL, 1, nx=True, ex=BACKFILL_EVERY):
        return 0
    try:
        return _take_up_missed(world, world.now())
    except Stopped:
        world.redis.delete(BACKFILL)  # whoever comes next asks again
        raise


def _take_up_missed(world: World, now: datetime) -> int:
    try:
        listed = [each for each in world.messenger.heard_since(now - YOUNG) if _is_late(each, now)]
    except MessengerError as error:
        log.warning("backfill failed", why=str(error))
        return 0
    with world.sessions() as session:
        known = _known(session, [each.sid for each in listed])
    missed = [each for each in listed if each.sid not in known]
    for inbound in reversed(missed):
        stopping.check()
        log.error("webhook never came", inbound=inbound.sid)
        try:
            converse(world, inbound, inbound.at)
        except UnknownKey as error:  # it is listed again at the next backfill
            _tell(error, inbound.sid)
    return len(missed)


def _is_late(inbound: Inbound, now: datetime) -> bool:
    """Too old for a webhook still on its way, which says more than the list; not too old to be answered."""
    return inbound.at is None or now - YOUNG <= inbound.at <= now - ON_ITS_WAY


def _take_back(world: World) -> None:
    """Lines that a dead worker had taken go first again."""
    while world.redis.lmove(TAKEN, SPOOL, "LEFT", "RIGHT"):
        pass


def _look_again(world: World) -> int:
    """Take up lines that wait for a key; those for which it is too late by now are set aside. Gives how many."""
    count, too_late = 0, (world.now() - YOUNG).timestamp()
    waiting: list[tuple[bytes, float]] = world.redis.zrange(WAITING, 0, -1, withscores=True)  # type: ignore[assignment]
    for sealed, since in waiting:
        try:
            count += _take_up(world, sealed)
        except UnknownKey as error:
            _tell(error)
            if since > too_late:
                continue
            log.error("kept line given up: its key did not come", hours=YOUNG // HOUR)
            _set_aside(world, sealed)
        world.redis.zrem(WAITING, sealed)
    return count


def _tell(error: UnknownKey, sid: str | None = None) -> None:
    what = "line" if sid else "kept line"
    log.error("sealed under an unknown key: tried again later", key=error.name, what=what, which=sid)


def _take_up(world: World, sealed: bytes) -> bool:
    """Answer a kept line. False when it was set aside. Raises `UnknownKey`, and what says that Postgres is away."""
    try:
        line, heard_at = _opened(world, sealed)
        converse(world, line, heard_at)
    except (*AWAY, UnknownKey):
        raise
    except NotALine:
        log.error("sealed value was changed or moved: given up", what="kept line")
    except Exception:
        log.exception("kept line not answered")
    else:
        crash.here("after_ingested")
        return True
    _set_aside(world, sealed)
    return False


def kept_by_key(redis: Redis) -> Counter[str]:
    """How many kept lines each key seals: while it is one, the key is still needed."""
    lists = (redis.lrange(SPOOL, 0, -1), redis.lrange(TAKEN, 0, -1), redis.zrange(WAITING, 0, -1))
    return Counter(_key_of(line) for lines in lists for line in lines if isinstance(line, bytes))


def _key_of(line: bytes) -> str:
    try:
        return Vault.key_of(line)
    except Unreadable:
        return "(none)"


def _opened(world: World, sealed: bytes) -> tuple[Inbound, datetime]:
    """What `spool` kept, and when it was heard. Raises `UnknownKey` or `NotALine`."""
    try:
        facts = json.loads(world.vault.open(PURPOSE, OWNER, sealed))
        media = tuple((str(url), str(kind)) for url, kind in facts["inbound"].pop("media"))
        return Inbound(**facts["inbound"], media=media), datetime.fromisoformat(facts["at"])
    except UnknownKey:
        raise
    except (Unreadable, ValueError, TypeError, KeyError) as error:
        raise NotALine from error


def _set_aside(world: World, sealed: bytes) -> None:
    """Out of the way, and kept for whoever wants to know: by itself, as another worker may have taken lines since."""
    with world.redis.pipeline(transaction=True) as all_at_once:
        all_at_once.lrem(TAKEN, 1, sealed)  # type: ignore[arg-type]
        all_at_once.zrem(WAITING, sealed)
        all_at_once.lpush(BROKEN, sealed)
        all_at_once.execute()


def _known(session: Session, sids: list[str]) -> set[str]:
    return set(session.scalars(select(InboundMessage.sid).where(InboundMessage.sid.in_(sids))))
