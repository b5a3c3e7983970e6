"""The job for sign-ins, activity files and Garmin accounts. Sign-ins come first, because somebody is waiting for them;
files and accounts that are due take turns.

A file takes at most about ten seconds of CPU (`providers/files/reading_process.py`), and all workers together read only
one at a time. So an account waits for one file at most, and not at all if a second worker is free.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection, text

from jobs.files import read_next_file
from jobs.linking import sign_in_next
from jobs.queue import job
from jobs.stopping import Shift
from jobs.syncing import sync_next
from jobs.work import transaction
from models import MessageKind
from services.delivery import mailbox
from services.ground.bells import Bell
from services.training import accounts, garmin_notices, sign_ins
from world import World

FOR_SECONDS = 200
# Sign-ins take minutes when Garmin is slow. They must not occupy every worker, because others must send messages.
LANES = (710_001, 710_002)
FILES = 710_003  # the advisory lock of the worker that reads a file


@job("garmin", timeout=480, answers=Bell.GARMIN)
def drain(world: World) -> int:
    """Do the sign-ins, files and accounts that wait; at most two workers do this at once. Returns how
    many were done.
    """
    shift, count = Shift(FOR_SECONDS), 0
    with transaction(world) as session:
        sign_ins.note_unopened(session, world.now())
    with _lane(world) as lane:
        if lane is not None:
            turns = Turns(world, lane)
            while shift.goes_on and turns.take_one():
                count += 1
    return count


class Turns:
    """Decides what one worker does next: sign-ins come first, then a file and an account in turn."""

    def __init__(self, world: World, lane: Connection) -> None:
        self._world, self._lane = world, lane
        self._in_turn = [self._read_file, sync_next]

    def take_one(self) -> bool:
        """Do one of them. Returns False if nothing waits, or if only files wait and another worker is reading one."""
        if sign_in_next(self._world):
            return True
        for work in list(self._in_turn):
            if work(self._world):
                self._in_turn.remove(work)
                self._in_turn.append(work)  # next time the other kind comes first
                return True
        return False

    def _read_file(self, world: World) -> bool:
        with _held(self._lane, FILES) as mine:
            return mine and read_next_file(world)


@job("garmin", timeout=60)
def remind(world: World) -> int:
    """Remind members whose key expires in 14 days, in 3 days, or now. Returns how many."""
    with transaction(world) as session:
        ending = accounts.take_due_reminders(session, world.now())
        for account in ending:
            days = accounts.remind(account, world.now())
            message = garmin_notices.tell_key_ends(account.member, world.label_of(account.source), days)
            key = f"key-ends:{account.id}:{account.reminded_days}:{account.linked_at.isoformat()}"
            mailbox.post(session, account.member_id, message, world.now(), kind=MessageKind.NOTICE, key=key)
    return len(ending)


@contextmanager
def _lane(world: World) -> Iterator[Connection | None]:
    """Occupy one of the places for workers that use Garmin. Yields None if all places are taken.

    Otherwise it yields the database connection that holds the place. The database frees the place if the worker dies.
    """
    with world.sessions() as session:
        connection = session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        with ExitStack() as stack:
            has_place = any(stack.enter_context(_held(connection, lane)) for lane in LANES)
            yield connection if has_place else None


@contextmanager
def _held(connection: Connection, lock: int) -> Iterator[bool]:
    """Try to take one of Postgres's advisory locks. Yields whether it was free, and releases it at the end."""
    mine = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": lock}))
    try:
        yield mine
    finally:
        if mine:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": lock})
