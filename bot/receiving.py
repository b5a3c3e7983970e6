"""Lines that came while Postgres was away, and lines whose webhook never came: taken up later, each once."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta

import structlog
from redis import RedisError
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.conversation import converse
from jobs import crash
from jobs.queue import job
from models import InboundMessage
from models.vault import Unreadable
from providers.errors import MessengerError
from providers.messenger import Inbound
from services.bells import Bell
from world import World

log = structlog.get_logger()

SPOOL, TAKEN, BROKEN = "spool:inbound", "spool:taken", "spool:broken"
PURPOSE, OWNER = "spool", "inbound"
BACKFILL = "backfill:done"
BACKFILL_EVERY = 300
YOUNG = timedelta(hours=6)  # an answer to an older line would only puzzle


def hear(world: World, inbound: Inbound) -> bool:
    """Answer a line now, or keep it, sealed, in Redis until Postgres is back. False when neither could be done."""
    try:
        converse(world, inbound)
    except OperationalError as error:
        log.warning("postgres is away", error=type(error.orig).__name__)
        return spool(world, inbound, world.now())
    return True


def spool(world: World, inbound: Inbound, now: datetime) -> bool:
    """Keep a line for later. False when Redis is away too: then the vendor must try again."""
    line = json.dumps({"inbound": asdict(inbound), "at": now.isoformat()})
    sealed = world.vault.seal(PURPOSE, OWNER, line)
    try:
        world.redis.lpush(SPOOL, sealed)
    except RedisError as error:
        log.error("line not kept", error=type(error).__name__)  # noqa: TRY400 - the traceback would add nothing
        return False
    return True


@job("deliver", timeout=300, answers=Bell.RECEIVE)
def ingest(world: World) -> int:
    """Take up what was kept, oldest first, and now and then what was missed. Gives how many lines.

    A line leaves the list only when it was answered: whoever dies on the way leaves it for the next one, and a line
    that is taken up twice was heard before.
    """
    count = 0
    _take_back(world)
    while sealed := world.redis.lmove(SPOOL, TAKEN, "RIGHT", "LEFT"):
        assert isinstance(sealed, bytes)  # noqa: S101 - this client never decodes
        try:
            facts = json.loads(world.vault.open(PURPOSE, OWNER, sealed))
        except (Unreadable, ValueError):
            world.redis.lmove(TAKEN, BROKEN, "LEFT", "LEFT")
            log.warning("kept line unreadable")
            continue
        facts["inbound"]["media"] = tuple(map(tuple, facts["inbound"]["media"]))
        try:
            converse(world, Inbound(**facts["inbound"]), datetime.fromisoformat(facts["at"]))
        except OperationalError:
            raise  # Postgres is away again: the line stays
        except Exception:
            log.exception("kept line not answered")
            world.redis.lmove(TAKEN, BROKEN, "LEFT", "LEFT")
            continue
        crash.here("after_ingested")
        world.redis.lrem(TAKEN, 1, sealed)  # type: ignore[arg-type]
        count += 1
    return count + backfill(world)


def backfill(world: World) -> int:
    """Ask the vendor what people wrote, and take up what we never heard. Gives how many lines."""
    if not world.redis.set(BACKFILL, 1, nx=True, ex=BACKFILL_EVERY):
        return 0
    try:
        listed = world.messenger.heard_since(world.now() - YOUNG)
    except MessengerError as error:
        log.warning("backfill failed", why=str(error))
        return 0
    with world.sessions() as session:
        missed = [each for each in listed if each.sid not in _known(session, [each.sid for each in listed])]
    for inbound in reversed(missed):
        log.warning("webhook never came", sid=inbound.sid)
        converse(world, inbound)
    return len(missed)


def _take_back(world: World) -> None:
    """Lines that a dead worker had taken go first again."""
    while world.redis.lmove(TAKEN, SPOOL, "LEFT", "RIGHT"):
        pass


def _known(session: Session, sids: list[str]) -> set[str]:
    return set(session.scalars(select(InboundMessage.sid).where(InboundMessage.sid.in_(sids))))
