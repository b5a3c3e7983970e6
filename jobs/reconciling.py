"""Finds out what became of messages in doubt and messages without receipts, and whether templates are approved."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from itertools import batched

import structlog

from jobs import stopping
from jobs.queue import job
from jobs.stopping import Shift
from jobs.work import transaction
from providers.errors import MessengerError, Refused
from services.delivery import contents, looking_up, outcomes, reach
from services.delivery.looking_up import Look
from world import World

log = structlog.get_logger()

LOOKS_AT_ONCE = 8
FOR_SECONDS = 50


@job("work", timeout=300)
def reconcile(world: World) -> None:
    """Find out what became of messages whose state is unknown."""
    _look_up(world)
    _ask_after(world)


@job("work", timeout=120)
def check_templates(world: World) -> None:
    """Store contents again that the vendor does not have, and ask whether templates are approved.

    If WhatsApp pauses or recategorises a template, its messages wait, and the log says so.
    """
    try:
        _push_missing(world)
        changes = _polled(world)
    except MessengerError as error:
        log.warning("contents not checked", why=str(error))
        return
    if missing := [change.name for change in changes if change.status == contents.MISSING]:
        log.error("contents missing at the vendor", names=missing, account=world.messenger.account)
    for change in changes:
        if change.status == contents.MISSING:
            continue
        facts = {"name": change.name, "status": change.status, "category": change.category, "why": change.reason}
        if change.is_bad:
            log.error("template held", **facts)
        else:
            log.info("template", **facts)


def _polled(world: World) -> list[contents.Change]:
    """Ask the vendor about the contents that are due, each in its own transaction. Returns what has changed."""
    with world.sessions() as session:
        names = contents.list_to_poll(session, world.messenger.account, world.now())
    changes = []
    for name in names:
        with transaction(world) as session:
            changes.append(contents.poll_one(session, world.messenger, name, world.now()))
    return changes


def _push_missing(world: World) -> None:
    """Store the missing contents. Each is committed by itself, so that after an interruption none is stored twice."""
    with world.sessions() as session:
        missing = contents.list_to_push(session, world.now(), world.messenger.account)
    stored: list[contents.Change] = []
    try:
        for content in missing:
            with transaction(world) as session:
                stored.append(contents.push_one(session, world.messenger, content, world.now()))
    finally:
        if stored:
            told = {change.name: change.reason or change.status for change in stored}
            log.error("missing contents stored at the vendor", account=world.messenger.account, contents=told)


def _look_up(world: World) -> None:
    """Search the vendor's list for messages in doubt."""
    pause = timedelta(seconds=world.settings.look_seconds)
    with transaction(world) as session:
        looking_up.expire_leases(session, world.now() + pause)
        looking_up.give_up_doubts(session, world.now())
    stopping.die_at("after_leases_expired")
    shift = Shift(FOR_SECONDS)
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        while looks := _due_looks(world, shift):
            for some in batched(looks, LOOKS_AT_ONCE):
                stopping.check()
                looking = [pool.submit(copy_context().run, _looked, world, each, pause) for each in some]
                if not all(each.result() for each in looking):
                    return  # the vendor has a problem; the next tick tries again, beginning with other messages


def _due_looks(world: World, shift: Shift) -> Sequence[Look]:
    """Return the messages to search for. A message that was searched for is due again only after a pause, so
    the loop ends.
    """
    if not shift.goes_on:
        return ()
    with world.sessions() as session:
        return looking_up.find_due_looks(session, world.now())


def _looked(world: World, look: Look, pause: timedelta) -> bool:
    """Search for one message. Returns False if the vendor's list cannot be read."""
    try:
        listed = world.messenger.list_sent_to(look.address)
    except MessengerError as error:
        log.warning("look failed", why=str(error), **look.about)
        with transaction(world) as session:
            looking_up.note_no_look(session, look, world.now() + pause)
            reach.note_not_answered(session, error, world.now())
        return False
    stopping.die_at("after_list")
    with transaction(world) as session:
        looking_up.note_look(session, look, listed, world.now(), pause)
        reach.note_answered(session)
        stopping.die_at("before_looked_commit")
    return True


def _ask_after(world: World) -> None:
    """Ask the vendor about messages whose receipts have not come."""
    with world.sessions() as session:
        silent = looking_up.find_due_polls(session, world.now())
    for each in silent:
        stopping.check()
        try:
            found = world.messenger.fetch(each.sid)
        except Refused as error:
            log.warning("the vendor knows it no more", sid=each.sid, why=str(error), **each.about)
            found = None
        except MessengerError as error:
            log.warning("poll failed", sid=each.sid, why=str(error), **each.about)
            with transaction(world) as session:
                reach.note_not_answered(session, error, world.now())
            return
        with transaction(world) as session:
            reach.note_answered(session)
            looking_up.note_poll(session, each.sid, world.now())
            if found is not None:
                outcomes.note_receipt(session, None, found.receipt, world.now())
