"""Reads the activity files that members sent into the chat, and answers what was in them."""

import structlog
from sqlalchemy.exc import NoResultFound

from jobs import stopping
from jobs.stopping import Stopped
from jobs.work import transaction
from models import Member, MessageKind
from models.outages import AWAY
from providers.errors import Flaw, NotAnActivityFile, NotKept, ReadingBroke, TooLarge
from providers.recordings import Recording
from services.delivery import mailbox
from services.training import doubts, files, garmin_notices, merging
from services.training.files import Waiting
from world import World

log = structlog.get_logger()

MOST_BYTES = 10 * 1024 * 1024
GIVEN_UP, GONE = "given_up", "gone"
ENDINGS = (".fit", ".tcx", ".gpx")


def read_next_file(world: World) -> bool:
    """Read one file and answer its sender. Returns False if none waits."""
    with transaction(world) as session:
        waiting = files.take(session, world.now())
    if waiting is None:
        return False
    try:
        _read_and_answer(world, waiting)
    except NoResultFound:  # its sender has erased everything in the meantime
        log.info("file gone while it was read", file=waiting.file_id)
    return True


def _read_and_answer(world: World, waiting: Waiting) -> None:
    """Read one file, or tell its sender why it was not read. Raises NoResultFound if the sender was erased."""
    try:
        _read(world, waiting)
    except Stopped:
        with transaction(world) as session:
            files.give_back(session, waiting, world.now())
        raise
    except (*AWAY, NoResultFound):
        raise  # if the database is away, the file is read again when its lease has ended
    except NotAnActivityFile as error:
        _not_read(world, waiting, error.why)
    except TooLarge:
        _not_read(world, waiting, Flaw.TOO_LARGE)
    except NotKept:
        _not_read(world, waiting, GONE)
    except Exception as error:  # noqa: BLE001 - what a stranger's file can break is not known beforehand
        _put_off(world, waiting, _kind(error))


def _read(world: World, waiting: Waiting) -> None:
    """Download and read the file with no transaction open; then store its activities and answer in one transaction."""
    if waiting.tries > files.MOST_TRIES:
        raise RuntimeError("it ended its readers")
    with world.sessions() as session:
        kept = files.open_content(session, waiting.file_id)
    data = world.messenger.download(waiting.url, MOST_BYTES) if kept is None else kept
    told = _recordings(world, waiting, data)
    with transaction(world) as session:
        if not files.note_done(session, waiting, world.now()):
            return
        member = session.get_one(Member, waiting.member_id)
        new = merging.import_recordings(session, member, told, world.now()).new
        doubts.ask(session, member, world.now())
        ids = [each.id for each in told]
        message = garmin_notices.tell_file_read(session, member, ids, len(new), world.now())
        mailbox.post(session, member.id, message, world.now(), kind=MessageKind.REPLY, key=_key(waiting))
    log.info("file read", file=waiting.file_id, new=len(new), bytes=len(data))


def _recordings(world: World, waiting: Waiting, data: bytes) -> list[Recording]:
    try:
        return world.read_activity(data, _name(waiting.content_type), waiting.zone)
    except ReadingBroke:
        stopping.check()  # a host that stops us ends the reading process too, so the failure is not the file's fault
        raise


def _not_read(world: World, waiting: Waiting, problem: str) -> None:
    """End the file, and tell its sender why it was not read and what to do."""
    with transaction(world) as session:
        if files.note_done(session, waiting, world.now(), problem):
            message = garmin_notices.tell_file_not_read(session.get_one(Member, waiting.member_id), problem)
            mailbox.post(session, waiting.member_id, message, world.now(), kind=MessageKind.REPLY, key=_key(waiting))
    if problem == GIVEN_UP:
        log.error("file given up", file=waiting.file_id)
    else:
        log.info("file not read", file=waiting.file_id, why=problem)


def _kind(error: Exception) -> str:
    """Return what is logged about an error: its class, and its message only if it comes from the reading process,
    because other messages may contain parts of the file.
    """
    kind = type(error).__name__
    return f"{kind}: {error}"[:60] if isinstance(error, ReadingBroke) else kind


def _put_off(world: World, waiting: Waiting, problem: str) -> None:
    """Plan another try, or give the file up if this was the last one."""
    log.warning("file put off", file=waiting.file_id, tries=waiting.tries, why=problem)
    if waiting.is_last_try:
        _not_read(world, waiting, GIVEN_UP)
        return
    with transaction(world) as session:
        files.put_off(session, waiting, world.now(), problem)


def _name(content_type: str) -> str:
    """Return the ending of a file's name for this content type, or "" if none fits. By the ending a damaged activity
    file is told from another kind of file.
    """
    return next((ending for ending in ENDINGS if ending[1:] in content_type), "")


def _key(waiting: Waiting) -> str:
    return f"file:{waiting.file_id}"
