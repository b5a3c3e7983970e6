"""Speaking with Garmin: sign-ins first, somebody is waiting; then accounts whose activities are due to be read."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import text

from jobs.queue import job
from jobs.work import transaction
from models import GarminAccount, Member, MessageKind
from providers.errors import (
    GarminBlocked,
    GarminError,
    GarminThrottled,
    LinkBroken,
    SignInTimedOut,
    WrongCode,
    WrongPassword,
)
from providers.garmin import NeedsCode
from services import linking, mailbox, notices, syncing
from services.bells import Bell
from services.syncing import Errand, Found
from world import World

log = structlog.get_logger()

FOR_SECONDS = 200
# Sign-ins take minutes when Garmin is slow: never let them have every worker, others deliver messages.
LANES = (710_001, 710_002)

PROBLEMS: dict[type[GarminError], str] = {
    WrongPassword: "wrong_password",
    WrongCode: "wrong_code",
    SignInTimedOut: "timed_out",
    GarminThrottled: "throttled",
    GarminBlocked: "blocked",
}


@job("garmin", timeout=480, answers=Bell.GARMIN)
def drain(world: World) -> int:
    """Work through what waits for Garmin, at most two workers at once. Gives how many things were done."""
    until, count = time.monotonic() + FOR_SECONDS, 0
    with _lane(world) as free:
        while free and time.monotonic() < until and (sign_in_next(world) or sync_next(world)):
            count += 1
    return count


def sign_in_next(world: World) -> bool:
    """Do one sign-in, once. Its password is already gone from the database. False when none waits."""
    with transaction(world) as session:
        task = linking.take(session, world.now())
    if task is None:
        return False
    try:
        if task.state is None:
            answer = world.garmin.sign_in(task.email, task.secret)
        else:
            answer = world.garmin.answer_code(task.state, task.secret)
    except GarminError as error:
        log.info("sign-in failed", attempt=str(task.attempt_id), why=type(error).__name__)
        with transaction(world) as session:
            linking.failed(session, task, PROBLEMS.get(type(error), "unavailable"))
        return True
    with transaction(world) as session:
        if isinstance(answer, NeedsCode):
            linking.needs_code(session, task, answer, world.now())
        else:
            linking.linked(session, task, answer, world.now())
    log.info("sign-in step done", attempt=str(task.attempt_id), step=type(answer).__name__)
    return True


def sync_next(world: World) -> bool:
    """Read one account whose time has come. False when none is due."""
    with transaction(world) as session:
        errand = syncing.take(session, world.now())
    if errand is None:
        return False
    began = time.monotonic()
    try:
        found = read(world, errand)
    except LinkBroken as error:
        _say_broken(world, errand)
        log.warning("link broken", account=errand.account_id, why=str(error))
    except GarminError as error:
        wish = error.retry_after if isinstance(error, GarminThrottled) else None
        with transaction(world) as session:
            syncing.put_off(session, errand, type(error).__name__, world.now(), wish)
        log.warning("sync put off", account=errand.account_id, why=type(error).__name__)
    else:
        log.info("synced", account=errand.account_id, new=len(found.new), changed=found.changed, gone=found.gone,
                 seconds=round(time.monotonic() - began, 2))  # fmt: skip
    return True


def read(world: World, errand: Errand) -> Found:
    """Read the window page by page, each kept in its own transaction; mark what is gone, and tell the member."""
    account, total, seen = world.garmin.open(errand.tokens), Found(), set[int]()
    for page in account.activities(errand.start, errand.end):
        with transaction(world) as session:
            found = syncing.store(session, errand, page, account.tokens)
        seen |= {row["activityId"] for row in page.rows if isinstance(row.get("activityId"), int)}
        total.new += found.new
        total.changed += found.changed
    with transaction(world) as session:
        total.gone = syncing.finish(session, errand, seen, world.now())
        if errand.is_first or errand.was_asked:
            member = session.get_one(Member, session.get_one(GarminAccount, errand.account_id).member_id)
            message = notices.synced(session, member, len(total.new), is_first=errand.is_first)
            key = f"synced:{errand.account_id}:{world.now().isoformat()}"
            mailbox.post(session, member.id, message, world.now(), kind=MessageKind.REPLY, key=key)
    return total


def _say_broken(world: World, errand: Errand) -> None:
    with transaction(world) as session:
        if syncing.break_link(session, errand):
            member = session.get_one(Member, session.get_one(GarminAccount, errand.account_id).member_id)
            key = f"relink:{errand.account_id}:{world.now().isoformat()}"
            message = notices.relink(member)
            mailbox.post(session, member.id, message, world.now(), kind=MessageKind.NOTICE, key=key)


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
