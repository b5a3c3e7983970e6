"""Makes the copies of data that members asked for, finishes erasing members, and deletes data that has been
kept long enough.
"""

import structlog
from redis import RedisError

from jobs import backups, certificates, spool, stopping
from jobs.queue import job
from jobs.stopping import Shift, Stopped
from jobs.work import transaction
from providers import doorbell
from providers.errors import MessengerBroken, MessengerError, Refused
from services.data import erasure, exports, retention, vendor_copies
from services.ground.bells import Bell
from services.group import old_names
from world import World

log = structlog.get_logger()

FOR_SECONDS = 50
NO_SUCH_MESSAGE = 20404  # https://www.twilio.com/docs/api/errors/20404


@job("work", timeout=300, answers=Bell.HOUSEKEEPING)
def tidy(world: World) -> None:
    """Make the copies that wait, finish erasing members, and ask the vendor to delete their messages."""
    shift = Shift(FOR_SECONDS)
    keep_list_of_erased(world)
    while shift.goes_on and make_copy(world):
        pass
    with transaction(world) as session:
        gone = erasure.finish(session, world.now())
    if gone:
        log.info("members erased", count=gone, lines=_drop_kept_lines(world))
    while shift.goes_on and forget_messages(world):
        pass


@job("work", timeout=300)
def sweep(world: World) -> None:
    """Delete data that were kept long enough, erase members who said stop long ago, check names by new
    rules, and check our certificate.
    """
    certificates.look(world)
    keep_list_of_erased(world)
    with transaction(world) as session:
        log.info("swept", **retention.sweep_old(session, world.now()))
    shift = Shift(FOR_SECONDS)
    while shift.goes_on and mend_some_names(world):
        pass
    with transaction(world) as session:
        for member in erasure.find_stopped_long_ago(session, world.now()):
            if stopping.is_stop_asked():
                break  # the next sweep goes on
            erasure.erase(session, member, world.now())


def keep_list_of_erased(world: World) -> None:
    """Write who was erased beside the backups, if there are any: a restore must erase them again. If that fails, the
    next sweep tries again.
    """
    if not world.settings.backup_to:
        return
    try:
        backups.keep_erased(world)
    except backups.PROBLEMS as error:
        log.error("list of erased members not kept", why=str(error))


def mend_some_names(world: World) -> bool:
    """Check some names that were last checked by older rules. Returns False if none is left."""
    with transaction(world) as session:
        seen, mended = old_names.mend_old_names(session, world.now())
    if mended:
        log.info("old names mended", count=mended)
    return seen > 0


def _drop_kept_lines(world: World) -> int:
    """Delete the kept lines of erased members in Redis. Returns how many; 0 if Redis is away."""
    try:
        return spool.drop_of_erased(world)
    except RedisError as error:
        doorbell.tell("kept lines not dropped", error)
        return 0


def make_copy(world: World) -> bool:
    """Make one copy of a member's data. Returns False if none waits."""
    with transaction(world) as session:
        export = exports.take_copy(session)
    if export is None:
        return False
    try:
        with transaction(world) as session:
            exports.make_copy(session, export, world.settings.base_url, world.now())
    except Stopped:
        with transaction(world) as session:
            exports.give_back(session, export)
        raise
    return True


def forget_messages(world: World) -> bool:
    """Ask the vendor to delete some messages. Returns False if none is due or if our account is refused."""
    with transaction(world) as session:
        sids = vendor_copies.take_due_messages(session, world.now())
    for sid in sids:
        stopping.check()
        problem: str | None = None
        try:
            world.messenger.forget(sid)
        except MessengerBroken:
            return False
        except Refused as error:
            problem = None if error.code == NO_SUCH_MESSAGE else str(error.code)
        except MessengerError as error:
            problem = type(error).__name__
        with transaction(world) as session:
            if not vendor_copies.note_vendor_answer(session, sid, world.now(), problem):
                log.error("message not erased at the vendor", sid=sid, problem=problem)
    return bool(sids)
