"""Where activities come from: sign-ins and files first, somebody is waiting; then accounts that are due to be read."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import text

from jobs.files import read_next_file
from jobs.linking import sign_in_next
from jobs.queue import job
from jobs.stopping import Shift
from jobs.syncing import sync_next
from jobs.work import transaction
from models import MessageKind
from services.delivery import mailbox, notices
from services.delivery.bells import Bell
from services.garmin import linking
from world import World

log = structlog.get_logger()

FOR_SECONDS = 200
# Sign-ins take minutes when Garmin is slow: never let them have every worker, others deliver messages.
LANES = (710_001, 710_002)


@job("garmin", timeout=480, answers=Bell.GARMIN)
def drain(world: World) -> int:
    """Work through what waits for Garmin, at most two workers at once. Gives how many things were done."""
    shift, count = Shift(FOR_SECONDS), 0
    with transaction(world) as session:
        linking.note_unopened(session, world.now())
    with _lane(world) as free:
        while free and shift.goes_on and _do_one_thing(world):
            count += 1
    return count


def _do_one_thing(world: World) -> bool:
    return sign_in_next(world) or read_next_file(world) or sync_next(world)


@job("garmin", timeout=60)
def remind(world: World) -> int:
    """Tell members whose key ends in 14 days, in 3, or now. Gives how many."""
    with transaction(world) as session:
        accounts = linking.due_reminders(session, world.now())
        for account in accounts:
            days = linking.remind(account, world.now())
            message = notices.key_ends(account.member, days)
            key = f"key-ends:{account.id}:{account.reminded_days}:{account.linked_at.isoformat()}"
            mailbox.post(session, account.member_id, message, world.now(), kind=MessageKind.NOTICE, key=key)
    return len(accounts)


@contextmanager
def _lane(world: World) -> Iterator[bool]:
    """A place for one worker among those who speak with Garmin; the database frees it if the worker dies."""
    with world.sessions() as session:
        connection = session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        mine = next(
            (lane for lane in LANES if connection.scalar(text("SELECT pg_try_advisory_lock(:lane)"), {"lane": lane})),
            None,
        )
        try:
            yield mine is not None
        finally:
            if mine is not None:
                connection.execute(text("SELECT pg_advisory_unlock(:lane)"), {"lane": mine})
